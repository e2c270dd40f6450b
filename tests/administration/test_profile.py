"""What people change about themselves, their language, and their sessions."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from administration.models import Student, User
from administration.services import Profile, edit_profile
from tests.factories import NOW, MembershipFactory

pytestmark = pytest.mark.django_db
COOKIE = settings.LANGUAGE_COOKIE_NAME


def profile(**changes):
    return Profile(
        **{"full_name": "Åse Lind", "phone": "", "language": "en", "address": "", **changes}
    )


def test_a_students_own_change_is_told(cast, student_events):
    edit_profile(
        profile=profile(full_name="Åse Linde", pickup_place="Nørreport"),
        by=cast.student.membership,
        at=NOW,
    )

    student = Student.objects.get(pk=cast.student.pk)
    assert (str(student), student.pickup_place, student.version) == ("Åse Linde", "Nørreport", 2)
    assert [(event.details, event.made_by) for event in student_events] == [
        (
            {"full_name": ["Åse Lind", "Åse Linde"], "pickup_place": ["", "Nørreport"]},
            cast.student.membership.user,
        )
    ]


def test_saving_what_is_there_already_tells_nobody(cast, student_events):
    edit_profile(profile=profile(), by=cast.student.membership, at=NOW)

    assert student_events == []
    assert Student.objects.get(pk=cast.student.pk).version == 1


@pytest.mark.parametrize("who", ("owner", "office", "teacher", "student"))
def test_everybody_has_a_profile_page(cast, signed_in, who):
    page = reverse("administration:profile", args=[cast.school.slug])
    client = signed_in(getattr(cast, who))
    assert client.get(page).status_code == 200

    typed = {"full_name": "New Name", "phone": "20112233", "language": "da", "address": "Her 1"}
    answer = client.post(page, typed)

    person = getattr(cast, who)
    user = User.objects.get(pk=getattr(person, "membership", person).user_id)
    assert answer.url == page
    assert (user.full_name, str(user.phone), user.language) == ("New Name", "+4520112233", "da")
    assert answer.cookies[COOKIE].value == "da"


def test_only_a_student_is_asked_for_places(cast, signed_in):
    page = reverse("administration:profile", args=[cast.school.slug])

    assert "pickup_place" in signed_in(cast.student).get(page).context["form"].fields
    assert "pickup_place" not in signed_in(cast.teacher).get(page).context["form"].fields


def test_a_profile_that_cannot_be_is_refused(cast, signed_in):
    answer = signed_in(cast.student).post(
        reverse("administration:profile", args=[cast.school.slug]),
        {"full_name": "", "phone": "1", "language": "xx"},
    )

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"full_name", "phone", "language"}


def test_a_persons_language_wins_over_the_browsers(cast, signed_in):
    page = reverse("administration:profile", args=[cast.school.slug])

    def language(**headers):
        return signed_in(cast.student).get(page, headers=headers)["Content-Language"]

    assert language(accept_language="da") == "en"
    User.objects.update(language="da")
    assert language(accept_language="en") == "da"


# The switch


def test_a_visitors_language_is_kept_in_a_cookie(client, db):
    answer = client.post(reverse("set_language"), {"language": "en", "next": "/?a=1"})

    assert (answer.url, answer.cookies[COOKIE].value) == ("/?a=1", "en")
    assert client.get("/")["Content-Language"] == "en"


def test_a_signed_in_persons_language_stays_with_them(cast, signed_in):
    signed_in(cast.student).post(reverse("set_language"), {"language": "da", "next": "/"})

    assert User.objects.get(pk=cast.student.membership.user_id).language == "da"


@pytest.mark.parametrize("target", ("https://evil.example/", "//evil.example", "javascript:x", ""))
def test_the_switch_leads_nowhere_else(client, db, target):
    answer = client.post(reverse("set_language"), {"language": "en", "next": target})

    assert answer.url == "/"


def test_an_unknown_language_changes_nothing(cast, signed_in):
    answer = signed_in(cast.student).post(reverse("set_language"), {"language": "xx"})

    assert (answer.status_code, COOKIE in answer.cookies) == (302, False)
    assert User.objects.get(pk=cast.student.membership.user_id).language == "en"


def test_following_a_link_does_not_change_the_language(client, db):
    assert client.get(reverse("set_language")).status_code == 405


# Sessions


def test_signing_out_everywhere_else_leaves_this_session(cast):
    here, there = Client(), Client()
    user = cast.student.membership.user
    for browser in (here, there):
        browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("administration:profile", args=[cast.school.slug])
    assert [browser.get(page).status_code for browser in (here, there)] == [200, 200]

    here.post(reverse("administration:end_sessions", args=[cast.school.slug]))

    assert [browser.get(page).status_code for browser in (here, there)] == [200, 302]


def test_a_session_of_one_person_is_not_ended_by_another(cast):
    ours, theirs = Client(), Client()
    ours.force_login(
        cast.student.membership.user, backend="django.contrib.auth.backends.ModelBackend"
    )
    theirs.force_login(
        MembershipFactory(school=cast.school).user,
        backend="django.contrib.auth.backends.ModelBackend",
    )

    ours.post(reverse("administration:end_sessions", args=[cast.school.slug]))

    page = reverse("administration:profile", args=[cast.school.slug])
    assert theirs.get(page).status_code == 200
