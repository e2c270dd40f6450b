"""The demo inbox: everything that would have left, and nothing of it outside the demonstration."""

from base64 import b64encode

import pytest
from django.urls import reverse

from notifications import services
from notifications.enums import Channel, Event
from notifications.models import DemoMessage, Message
from tests.notifications.factories import DemoMessageFactory, MessageFactory
from tests.notifications.stories import text_message

LETTER = (
    "<html><head></head><body><script>alert(1)</script><p style='color:red'>Hi</p></body></html>"
)


@pytest.fixture(autouse=True)
def demonstration(db, settings, demo_channels):
    settings.DEMO, settings.ROOT_URLCONF = True, "tests.notifications.demo_site"


@pytest.fixture
def clock():
    from django.utils import timezone  # noqa: PLC0415 -- the worker's own clock

    return timezone.now


def test_what_the_worker_sends_lies_in_the_inbox(client, clock):
    mail = text_message(clock(), channel=Channel.EMAIL, address="aase@people.example")
    text_message(clock(), like=mail)
    services.deliver_due(clock=clock)

    page = client.get(reverse("demo_inbox")).content.decode()

    assert "Your lesson is booked" in page
    assert "is booked." in page
    assert set(Message.across_schools.values_list("status", flat=True)) == {"delivered"}


def test_a_message_is_shown_once_however_often_it_is_handed_over(clock):
    message = MessageFactory(due_at=clock())
    services.deliver_due(clock=clock)
    Message.across_schools.update(status="sending", wake_at=clock(), sent_at=None)

    services.deliver_due(clock=clock)

    assert DemoMessage.objects.filter(message=message).count() == 1


def test_the_inbox_is_narrowed_to_one_reader(client):
    mine, _other = DemoMessageFactory(address="a@b.example"), DemoMessageFactory()

    response = client.get(reverse("demo_inbox"), {"to": "a@b.example"})

    assert [mail.pk for mail in response.context["page"]] == [mine.pk]


@pytest.mark.parametrize("count", (1, 40))
def test_the_inbox_needs_the_same_few_queries(client, django_assert_num_queries, count):
    DemoMessageFactory.create_batch(count)

    with django_assert_num_queries(3):
        client.get(reverse("demo_inbox"))


def test_a_letter_may_do_nothing_but_look_good(client):
    mail = DemoMessageFactory(html=LETTER)

    response = client.get(reverse("demo_letter", args=[mail.pk]))

    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"


def test_the_page_around_a_letter_keeps_the_strict_policy(client):
    mail = DemoMessageFactory(html=LETTER)

    response = client.get(reverse("demo_message", args=[mail.pk]))

    assert "unsafe" not in response["Content-Security-Policy"]
    assert "<script>alert" not in response.content.decode()
    assert f'src="{reverse("demo_letter", args=[mail.pk])}"' in response.content.decode()


def test_an_attachment_is_handed_out_as_a_download(client):
    file = {"name": "invite.ics", "type": "text/calendar", "base64": b64encode(b"BEGIN").decode()}
    mail = DemoMessageFactory(attachments=[file])

    response = client.get(reverse("demo_file", args=[mail.pk, 0]))

    assert response.content == b"BEGIN"
    assert response["Content-Disposition"] == 'attachment; filename="invite.ics"'
    assert client.get(reverse("demo_file", args=[mail.pk, 1])).status_code == 404


def test_a_text_message_looks_like_one(client):
    mail = DemoMessageFactory(message=MessageFactory(channel=Channel.SMS, status="delivered"))

    page = client.get(reverse("demo_message", args=[mail.pk])).content.decode()

    assert "bubble" in page
    assert "<iframe" not in page


@pytest.mark.parametrize("name", ("demo_message", "demo_letter"))
def test_outside_the_demonstration_there_is_no_inbox(client, settings, name):
    mail = DemoMessageFactory()
    settings.DEMO = False

    assert client.get(reverse(name, args=[mail.pk])).status_code == 404
    assert client.get(reverse("demo_file", args=[mail.pk, 0])).status_code == 404
    assert client.get(reverse("demo_inbox")).status_code == 404


def test_an_empty_inbox_says_what_to_do(client):
    response = client.get(reverse("demo_inbox"), headers={"Accept-Language": "en"})

    assert b"Nothing here yet" in response.content


def test_a_demo_text_message_comes_from_the_school(clock):
    text_message(clock(), event=Event.BOOKING_CONFIRMED)
    services.deliver_due(clock=clock)

    sms = DemoMessage.objects.get()
    assert sms.sender.startswith("School")
    assert sms.html == ""
