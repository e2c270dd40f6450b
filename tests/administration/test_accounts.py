"""The first password, and the links that mails carry."""

import datetime as dt
from uuid import uuid4

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from administration.services import (
    StudentDetails,
    accept_link,
    join_link,
    password_link,
    register_student,
)
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
NEW = "a very good new password"


@pytest.fixture
def newcomer(cast):
    return register_student(
        school=cast.school,
        details=StudentDetails(
            full_name="Freja Dam",
            email="freja@people.example",
            phone="+4520112233",
            born_on=dt.date(2000, 5, 4),
            department=cast.department,
            request_key=uuid4(),
            accepted_terms=True,
        ),
        at=timezone.now(),
    ).membership.user


def choose_password(link, password=NEW):
    """Follow the link as a browser does; the browser, and its last answer."""
    browser = Client()
    path = link.removeprefix("http://site.example")
    form = browser.get(path)
    if form.status_code != 302:
        return browser, form
    return browser, browser.post(form.url, {"password1": password, "password2": password})


@pytest.fixture(autouse=True)
def site(settings):
    settings.SITE_URL = "http://site.example"


def test_the_first_password_is_chosen_by_the_link_and_proves_the_address(newcomer, cast):
    browser, answer = choose_password(password_link(newcomer))

    newcomer.refresh_from_db()
    assert answer.status_code == 302
    assert newcomer.check_password(NEW)
    assert EmailAddress.objects.get(user=newcomer).verified
    page = reverse("administration:profile", args=[cast.school.slug])
    assert browser.get(page).status_code == 200


def test_looking_at_the_link_changes_nothing(newcomer):
    Client().get(password_link(newcomer).removeprefix("http://site.example"))

    newcomer.refresh_from_db()
    assert not newcomer.has_usable_password()
    assert not EmailAddress.objects.get(user=newcomer).verified


def test_the_link_works_once(newcomer):
    link = password_link(newcomer)
    choose_password(link)

    choose_password(link, "another very good password")

    newcomer.refresh_from_db()
    assert newcomer.check_password(NEW)


@pytest.mark.parametrize(("seconds", "works"), ((-1, True), (2, False)))
def test_the_link_lives_for_three_days(newcomer, seconds, works):
    link = password_link(newcomer)

    later = timezone.now() + dt.timedelta(days=3, seconds=seconds)
    with time_machine.travel(later.timestamp()):
        choose_password(link)

    newcomer.refresh_from_db()
    assert newcomer.has_usable_password() is works


def test_a_link_is_of_one_person(newcomer):
    other = UserFactory()
    mine, theirs = password_link(newcomer), password_link(other)
    forged = mine.rsplit("-", 2)[0].rsplit("/", 1)[0] + "/" + theirs.rsplit("/", 2)[1] + "x/"

    choose_password(forged)

    newcomer.refresh_from_db()
    other.refresh_from_db()
    assert not newcomer.has_usable_password()
    assert other.check_password(PASSWORD)


def test_links_in_mails_are_absolute(cast):
    slug = cast.school.slug
    assert accept_link(cast.school) == f"http://site.example/schools/{slug}/accept/"
    assert join_link(cast.school) == f"http://site.example/schools/{slug}/join/"


def test_nobody_opens_an_account_past_a_school(client, db):
    answer = client.post(
        reverse("account_signup"),
        {"email": "sneaky@people.example", "password1": NEW, "password2": NEW},
    )

    assert not EmailAddress.objects.filter(email="sneaky@people.example").exists()
    assert answer.status_code == 200
