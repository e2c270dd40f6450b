"""The same person registers at once from eight browsers; two owners let each other go."""

import datetime as dt
import threading
import uuid

import pytest
from django.db import IntegrityError
from django.utils import timezone

from administration.enums import MembershipStatus, Role
from administration.models import Membership, Student, User
from administration.services import (
    StudentDetails,
    accounts,
    deactivate_member,
    members,
    register_student,
)
from justdriving.doctor import examine
from tests.factories import MembershipFactory

pytestmark = pytest.mark.race
EMAIL = "freja@people.example"


def registration(cast, key=None):
    details = StudentDetails(
        full_name="Freja Dam",
        email=EMAIL,
        phone="+4520112233",
        born_on=dt.date(2000, 5, 4),
        department=cast.department,
        request_key=key or uuid.uuid4(),
        accepted_terms=True,
    )
    return lambda: register_student(school=cast.school, details=details, at=timezone.now())


def test_eight_registrations_of_one_address_make_one_person(cast, at_once):
    outcomes = at_once([registration(cast) for _ in range(8)])

    assert len([outcome for outcome in outcomes if isinstance(outcome, Student)]) == 1
    assert outcomes.count(None) == 7
    assert User.objects.filter(email=EMAIL).count() == 1
    assert Student.objects.filter(membership__user__email=EMAIL).count() == 1
    assert examine() == []


def test_without_the_lock_the_registrations_collide(cast, at_once, monkeypatch):
    """The negative control: the constraint still saves the data, the visitors get an error."""
    monkeypatch.setattr(accounts, "take_sorted", lambda keys: None)

    def collide():
        try:
            return registration(cast)()
        except IntegrityError:
            return "collided"

    outcomes = at_once([collide] * 8)

    assert "collided" in outcomes
    assert User.objects.filter(email=EMAIL).count() == 1


def farewells(cast):
    """Two owners, each of whom lets the other one go."""
    second = MembershipFactory(school=cast.school, role=Role.OWNER)
    return [
        lambda one=one, other=other: deactivate_member(
            membership_id=other.pk, by=one, at=timezone.now()
        )
        for one, other in ((cast.owner, second), (second, cast.owner))
    ]


def owners_left():
    return Membership.objects.filter(role=Role.OWNER, status=MembershipStatus.ACTIVE).count()


def test_two_owners_who_let_each_other_go_leave_one(cast, at_once):
    outcomes = at_once(farewells(cast))

    assert outcomes.count("last_owner") == 1
    assert owners_left() == 1
    assert examine() == []


def test_without_the_lock_no_owner_is_left(cast, at_once, monkeypatch):
    """The negative control: each sees the other still there."""
    monkeypatch.setattr(members, "take_sorted", lambda keys: None)
    count = members._enforce_owner_remains
    together = threading.Barrier(2, timeout=10)

    def slowly(membership):
        count(membership)
        together.wait()

    monkeypatch.setattr(members, "_enforce_owner_remains", slowly)

    at_once(farewells(cast))

    assert owners_left() == 0
