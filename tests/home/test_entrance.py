"""The front door, the way to one's own school, and what a load balancer asks."""

import pytest
from django.db import OperationalError, connection
from django.urls import reverse

from administration.enums import MembershipStatus, Role
from administration.models import School
from justdriving.home import health
from tests.factories import MembershipFactory, SchoolFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_the_front_door_shows_the_schools_that_are_open(client):
    SchoolFactory(name="Åben Køreskole")
    SchoolFactory(name="Gone", status="archived")
    SchoolFactory(name="Quiet", status="suspended")

    answer = client.get(reverse("landing"))

    assert [school.name for school in answer.context["schools"]] == ["Åben Køreskole"]
    assert "Åben Køreskole" in answer.content.decode()


def test_the_front_door_stands_without_a_school(client):
    School.objects.all().delete()

    assert client.get(reverse("landing")).status_code == 200


def test_who_is_signed_in_passes_through_the_front_door(cast, signed_in):
    assert signed_in(cast.student).get(reverse("landing")).url == reverse("home")


def test_a_person_of_one_school_lands_there(cast, signed_in):
    answer = signed_in(cast.student).get(reverse("home"))

    assert answer.url == reverse("home:home", args=[cast.school.slug])


def test_a_person_of_two_schools_chooses_and_comes_back_to_the_last(cast, other_school, signed_in):
    user = UserFactory()
    for school in (cast.school, other_school.school):
        MembershipFactory(school=school, user=user, role=Role.OFFICE)
    client = signed_in(user)

    chosen = client.get(reverse("home"))
    assert chosen.status_code == 200
    assert {member.school for member in chosen.context["memberships"]} == {
        cast.school,
        other_school.school,
    }

    for school, other in (
        (cast.school, other_school.school),
        (other_school.school, cast.school),
    ):
        page = client.get(reverse("administration:profile", args=[school.slug]))
        assert other.name in page.content.decode()
        assert client.get(reverse("home")).url == reverse("home:home", args=[school.slug])


def test_the_other_schools_of_somebody_else_do_not_show(cast, other_school, signed_in):
    page = signed_in(cast.office).get(reverse("administration:profile", args=[cast.school.slug]))

    assert other_school.school.name not in page.content.decode()


@pytest.mark.parametrize("status", (MembershipStatus.INVITED, MembershipStatus.INACTIVE))
def test_a_school_one_is_not_active_in_is_no_way_in(cast, other_school, signed_in, status):
    MembershipFactory(
        school=other_school.school, user=cast.office.user, role=Role.OFFICE, status=status
    )
    client = signed_in(cast.office)

    page = reverse("administration:profile", args=[other_school.school.slug])
    assert client.get(page).status_code == 404


def test_an_open_invitation_is_shown_first(cast, other_school, signed_in):
    MembershipFactory(
        school=other_school.school,
        user=cast.office.user,
        role=Role.OFFICE,
        status=MembershipStatus.INVITED,
    )

    answer = signed_in(cast.office).get(reverse("home"))

    assert answer.status_code == 200
    assert (
        reverse("administration:accept", args=[other_school.school.slug]) in answer.content.decode()
    )


def test_a_person_without_a_school_is_helped_on(cast, signed_in):
    answer = signed_in(UserFactory()).get(reverse("home"))

    assert reverse("administration:school", args=[cast.school.slug]) in answer.content.decode()


def test_platform_staff_land_in_the_admin(client, signed_in):
    staff = UserFactory(is_staff=True)

    assert signed_in(staff).get(reverse("home")).url == reverse("admin:index")


def test_an_archived_school_is_gone_for_its_people(cast, signed_in):
    School.objects.filter(pk=cast.school.pk).update(status="archived")

    client = signed_in(cast.owner)
    assert client.get(reverse("home")).status_code == 200
    page = reverse("administration:profile", args=[cast.school.slug])
    assert client.get(page).status_code == 404


def test_the_process_is_up(client):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


def test_the_process_reaches_what_it_needs(client):
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ready", "database": True, "redis": True},
    )


def test_a_lost_redis_is_told(client, settings):
    gone = settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": gone}

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "not ready", "database": True, "redis": False},
    )


def test_a_database_that_does_not_answer_is_told():
    with connection.execute_wrapper(_refuse):
        assert health._answers(health._ask_database) is False


def _refuse(execute, sql, params, many, context):
    message = "the server closed the connection"
    raise OperationalError(message)


def test_the_sign_in_page_of_a_demo_offers_a_login_of_every_role(client, settings):
    login = reverse("account_login")
    settings.DEMO = True
    shown = client.get(login)

    emails = [one.email for one in shown.context["demo_logins"]]
    assert len(emails) == len(set(emails)) > 4
    assert all(email in shown.content.decode() for email in emails)
    assert client.get(reverse("landing")).context["demo_logins"] == ()
    settings.DEMO = False
    assert client.get(login).context["demo_logins"] == ()
