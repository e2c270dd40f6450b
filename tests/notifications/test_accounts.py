"""The account pages' mails: queued like any other, their secrets never in the table."""

import re
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as site
from django.core import mail
from django.urls import reverse

from notifications import services
from notifications.accounts import AccountAdapter
from notifications.enums import Event
from notifications.models import DemoMessage, Message
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.usefixtures("demo_channels")


@pytest.fixture(autouse=True)
def nobody_was_here_before(settings):
    """The rate limits count in the cache; these tests start with an empty one."""
    memory = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": memory, "LOCATION": uuid4().hex}}


@pytest.fixture
def user(db):
    user = UserFactory(full_name="Åse Lind")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def everything_stored() -> str:
    rows = Message.across_schools.values_list("context", "subject", "body", "last_error")
    return repr(list(rows))


def letters(clock) -> list[DemoMessage]:
    services.deliver_due(clock=clock)
    return list(DemoMessage.objects.all())


@pytest.fixture
def clock():
    from django.utils import timezone  # noqa: PLC0415 -- the real clock: links expire by it

    return timezone.now


def ask_for_password(client, email):
    return client.post(reverse("account_reset_password"), {"email": email})


def test_a_forgotten_password_is_answered_by_a_link_that_works(client, user, clock):
    ask_for_password(client, user.email)
    assert mail.outbox == []
    assert Message.across_schools.get().context == {}

    (letter,) = letters(clock)
    link = re.search(r"https?://\S+/accounts/password/reset/key/\S+", letter.text).group()
    page = client.get(link.removeprefix(site.SITE_URL), follow=True)
    assert page.status_code == 200
    new = "a new and long one"
    client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new})
    user.refresh_from_db()
    assert user.check_password(new)
    assert link not in everything_stored()


def test_the_link_is_in_no_row_before_and_after_sending(client, user, clock):
    ask_for_password(client, user.email)
    assert "/key/" not in everything_stored()

    letters(clock)
    assert "/key/" not in everything_stored()


def test_an_unknown_address_is_told_so_and_the_page_is_the_same(client, user, clock):
    known = ask_for_password(client, user.email)
    unknown = ask_for_password(client, "nobody@people.example")

    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    events = Message.across_schools.order_by("pk").values_list("event", flat=True)
    assert list(events) == [Event.PASSWORD_RESET, Event.UNKNOWN_ACCOUNT]
    assert letters(clock)[0].address == "nobody@people.example"


def test_a_new_address_is_confirmed_by_the_link_in_the_mail(client, user, clock):
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    address = EmailAddress.objects.create(user=user, email="new@people.example")
    client.post(reverse("account_email"), {"action_send": "", "email": address.email})
    letter = next(one for one in letters(clock) if "confirm" in one.subject.lower())
    link = re.search(r"https?://\S+/accounts/confirm-email/\S+", letter.text).group()
    client.post(link.removeprefix(site.SITE_URL))

    address.refresh_from_db()
    assert address.verified
    assert link not in everything_stored()


def test_a_changed_password_is_told_to_its_owner(client, user, clock):
    client.login(email=user.email, password=PASSWORD)
    new = "a new and long one"
    typed = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    client.post(reverse("account_change_password"), typed)

    (letter,) = letters(clock)
    assert letter.address == user.email
    assert "Your password was changed." in letter.text


def test_nobody_signs_up_outside_a_school(client, db):
    assert not AccountAdapter().is_open_for_signup(None)
    assert client.get(reverse("account_signup")).status_code == 200
    typed = {"email": "a@b.example", "password1": PASSWORD, "password2": PASSWORD}
    client.post(reverse("account_signup"), typed)
    assert not EmailAddress.objects.filter(email="a@b.example").exists()


def test_asking_again_and_again_is_stopped(client, user):
    for _ in range(10):
        ask_for_password(client, user.email)

    assert Message.across_schools.count() == 5
