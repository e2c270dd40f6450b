"""The own messages, the office's log, and who may see which of them."""

import pytest
from django.urls import reverse

from administration.enums import Role
from notifications.enums import Channel, Event, MessageStatus, Outcome
from notifications.models import MessageAttempt
from tests.factories import NOW, DepartmentFactory, MembershipFactory, StudentFactory
from tests.notifications.factories import MessageFactory

S = MessageStatus


def url(cast, name, *args):
    return reverse(f"notifications:{name}", args=[cast.school.slug, *args])


def to(person, **fields):
    user = getattr(person, "membership", person).user
    values = {"school": person.school, "recipient": user, "status": S.SENT, "body": "Words"}
    return MessageFactory(**values | fields)


def listed(response) -> list[int]:
    return [message.pk for message in response.context["page"]]


def test_the_inbox_shows_ones_own_mail_newest_first(signed_in, cast):
    old, new = to(cast.student, subject="Old"), to(cast.student, subject="New")
    to(cast.student, channel=Channel.SMS)
    to(cast.student, status=S.QUEUED)
    to(cast.student, status=S.FAILED)
    to(cast.other_student)

    response = signed_in(cast.student).get(url(cast, "inbox"))

    assert listed(response) == [new.pk, old.pk]


def test_the_inbox_of_one_school_shows_nothing_of_another(signed_in, cast, other_school):
    MessageFactory(
        school=other_school.school, recipient=cast.student.membership.user, status=S.SENT
    )

    assert listed(signed_in(cast.student).get(url(cast, "inbox"))) == []


def test_an_empty_inbox_says_what_will_come(signed_in, cast):
    response = signed_in(cast.student).get(url(cast, "inbox"))

    assert b"No messages yet" in response.content


@pytest.mark.parametrize("count", (1, 60))
@pytest.mark.parametrize(("page", "who"), (("inbox", "student"), ("log", "office")))
def test_a_list_needs_the_same_few_queries_however_long(
    signed_in, cast, django_assert_max_num_queries, count, page, who
):
    person = getattr(cast, who)
    for _ in range(count):
        to(person)
    client = signed_in(person)
    client.get(url(cast, page))

    with django_assert_max_num_queries(7):
        client.get(url(cast, page))


def test_the_log_shows_everything_the_school_sent(signed_in, cast, other_school):
    mine = to(cast.student)
    failed = to(cast.other_student, status=S.FAILED, last_error="550 no such mailbox")
    to(other_school.student)
    MessageFactory(school=None)

    response = signed_in(cast.office).get(url(cast, "log"))

    assert sorted(listed(response)) == [mine.pk, failed.pk]
    assert b"550 no such mailbox" in response.content


@pytest.mark.parametrize(
    ("query", "expected"),
    (
        ({"status": "failed"}, ["failed"]),
        ({"status": "unknown"}, ["unsure"]),
        ({"status": "attention"}, ["failed", "unsure"]),
        ({"status": "nonsense"}, ["failed", "sent", "unsure"]),
        ({"q": "åse invoice"}, ["sent"]),
        ({"q": "berg"}, ["failed", "unsure"]),
        ({"q": "nobody"}, []),
    ),
)
def test_the_log_is_narrowed_by_status_and_words(signed_in, cast, query, expected):
    rows = {
        "sent": to(cast.student, subject="Invoice 1"),
        "failed": to(cast.other_student, status=S.FAILED, subject="Lesson"),
        "unsure": to(cast.other_student, status=S.UNKNOWN, subject="Lesson"),
    }

    response = signed_in(cast.office).get(url(cast, "log"), query)

    assert sorted(listed(response)) == sorted(rows[name].pk for name in expected)


def test_pages_of_a_narrowed_log_stay_narrowed(signed_in, cast):
    for _ in range(51):
        to(cast.student, subject="Invoice")

    response = signed_in(cast.office).get(url(cast, "log"), {"q": "invoice", "page": 2})

    assert len(listed(response)) == 1
    assert b"?q=invoice&amp;page=1" in response.content


@pytest.mark.parametrize(
    ("who", "status"), (("owner", 200), ("office", 200), ("teacher", 403), ("student", 403))
)
def test_the_log_is_for_the_office(signed_in, cast, who, status):
    assert signed_in(getattr(cast, who)).get(url(cast, "log")).status_code == status


def test_an_office_limited_to_a_department_sees_its_people_only(signed_in, cast):
    elsewhere = DepartmentFactory(school=cast.school)
    office = MembershipFactory(school=cast.school, role=Role.OFFICE, department=elsewhere)
    theirs = to(StudentFactory(school=cast.school, department=elsewhere))
    to(cast.student)
    own = to(office)

    response = signed_in(office).get(url(cast, "log"))

    assert sorted(listed(response)) == [theirs.pk, own.pk]


def test_a_reader_sees_the_words_and_not_the_machinery(signed_in, cast):
    message = to(
        cast.student, subject="Your lesson", body="See https://drive.example/x", attempts=1
    )

    page = signed_in(cast.student).get(url(cast, "message", message.pk)).content.decode()

    assert 'href="https://drive.example/x"' in page
    assert "What became of it" not in page


def test_the_office_sees_each_try(signed_in, cast):
    message = to(cast.student, status=S.FAILED, last_error="550 no", body="")
    MessageAttempt.across_schools.create(
        school=cast.school,
        message=message,
        number=1,
        outcome=Outcome.REFUSED,
        error="550 no such mailbox",
        happened_at=NOW,
    )

    page = signed_in(cast.office).get(url(cast, "message", message.pk)).content.decode()

    assert "Refused for good" in page
    assert "550 no such mailbox" in page
    assert "This is how it reads as things stand now." in page


def test_an_uncertain_message_says_what_to_do(signed_in, cast):
    message = to(cast.student, status=S.UNKNOWN)

    page = signed_in(cast.office).get(url(cast, "message", message.pk)).content.decode()

    assert "Nobody can say whether it arrived." in page


def test_the_message_of_somebody_else_is_not_there(signed_in, cast, other_school):
    for message in (to(cast.other_student), to(other_school.student), MessageFactory(school=None)):
        response = signed_in(cast.student).get(url(cast, "message", message.pk))
        assert response.status_code == 404


def test_a_body_cannot_become_markup(signed_in, cast):
    message = to(cast.student, body="<script>alert(1)</script>", event=Event.WELCOME)

    page = signed_in(cast.student).get(url(cast, "message", message.pk)).content.decode()

    assert "<script>alert" not in page


def test_a_message_that_is_no_longer_true_says_so(signed_in, cast):
    message = to(cast.student, status=S.SUPPRESSED, event=Event.INVITATION, body="")
    message.context = {"membership": cast.office.pk, "inviter": ""}
    message.save()

    page = signed_in(cast.office).get(url(cast, "message", message.pk)).content.decode()

    assert "It was not sent, because it is no longer true." in page
