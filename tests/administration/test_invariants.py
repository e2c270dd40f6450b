"""Each invariant finds its planted fault, and only that."""

import pytest
from allauth.account.models import EmailAddress
from django.db import connection

from administration.enums import MembershipStatus, Role
from administration.invariants import INVARIANTS
from administration.models import Membership, MembershipEvent
from justdriving.doctor import examine
from tests.factories import NOW, SchoolFactory

pytestmark = pytest.mark.django_db


def findings():
    return [(finding.code, finding.sample) for finding in examine(INVARIANTS)]


def test_a_healthy_school_has_no_findings(cast, other_school):
    assert findings() == []


@pytest.mark.parametrize("status", (MembershipStatus.INVITED, MembershipStatus.INACTIVE))
def test_a_school_without_an_owner_is_found(cast, other_school, status):
    Membership.objects.filter(pk=cast.owner.pk).update(status=status)

    assert findings() == [
        (
            "administration.school_without_owner",
            (f"school {cast.school.pk}: school {cast.school.slug}",),
        )
    ]


def test_an_owner_who_cannot_sign_in_is_no_owner(cast):
    user = cast.owner.user
    user.is_active = False
    user.save()

    assert [code for code, _ in findings()] == ["administration.school_without_owner"]


def test_a_suspended_school_needs_no_owner(db):
    SchoolFactory(status="suspended")

    assert findings() == []


def test_an_unknown_role_is_found(cast):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "ALTER TABLE administration_membership DROP CONSTRAINT membership_role_known"
        )
    Membership.objects.filter(pk=cast.office.pk).update(role="superman")

    assert findings() == [
        (
            "administration.unknown_role",
            (f"school {cast.school.pk}: membership {cast.office.pk}: superman, active",),
        )
    ]


def test_a_profile_under_the_wrong_role_is_found(cast):
    Membership.objects.filter(pk=cast.student.membership_id).update(role=Role.OFFICE)
    Membership.objects.filter(pk=cast.teacher.membership_id).update(role=Role.STUDENT)

    assert findings() == [
        (
            "administration.profile_without_its_role",
            (
                f"school {cast.school.pk}: student {cast.student.pk} is office",
                f"school {cast.school.pk}: teacher {cast.teacher.pk} is student",
            ),
        )
    ]


def test_a_login_that_is_not_the_primary_address_is_found(cast):
    user = cast.office.user
    EmailAddress.objects.create(user=user, email="other@people.example", primary=True)

    assert [(code, len(sample)) for code, sample in findings()] == [
        ("administration.address_and_login_differ", 1)
    ]


def test_a_change_without_an_actor_is_found(cast):
    event = MembershipEvent.objects.create(
        school=cast.school, membership=cast.office, change="updated", happened_at=NOW
    )

    assert findings() == [
        (
            "administration.change_without_actor",
            (f"school {cast.school.pk}: membership event {event.pk}",),
        )
    ]
