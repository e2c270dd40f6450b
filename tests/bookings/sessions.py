"""What tests of weekly sessions begin with: a theory evening, its room, a track day with cars."""

import datetime as dt

import pytest

from bookings import services
from bookings.enums import ResourceKind
from bookings.models import GroupMember, StudentGroup
from bookings.queries.series import Thing
from tests.cast import make_catalogue
from tests.factories import NOW, LessonTypeFactory, VehicleFactory


@pytest.fixture
def theory(cast):
    theory = LessonTypeFactory(
        school=cast.school, name="Theory", kind="theory", needs=(), capacity=20
    )
    make_catalogue(theory, 200_00)
    return theory


@pytest.fixture
def room(cast):
    return VehicleFactory(
        school=cast.school,
        department=cast.department,
        kind=ResourceKind.ROOM,
        name="Room 1",
        gearbox="",
        licence_categories=[],
    )


@pytest.fixture
def values(cast, theory):
    return {
        "department": cast.department,
        "name": "Theory evening",
        "lesson_type": theory,
        "teacher": cast.teacher,
        "group": None,
        "weekday": 3,
        "starts_at": dt.time(15),
        "minutes": 120,
        "capacity": 12,
        "place": "Room 1",
        "first_day": dt.date(2026, 3, 2),
        "last_day": None,
        "every_weeks": 1,
        "weeks_ahead": 8,
    }


@pytest.fixture
def plan(cast, values, room):
    """A function: save the weekly theory evening, changed as told."""

    def save(*, things=None, by=None, at=NOW, **changes):
        said = {
            name: changes.pop(name)
            for name in ("overrides", "choices", "expected")
            if name in changes
        }
        return services.save_template(
            by=by or cast.office,
            at=at,
            values=values | changes,
            things=[Thing(room, is_place=False)] if things is None else things,
            **said,
        )

    return save


@pytest.fixture
def track(cast):
    track = LessonTypeFactory(
        school=cast.school,
        name="Closed track",
        kind="closed_track",
        needs=(ResourceKind.VEHICLE,),
        capacity=6,
    )
    make_catalogue(track, 900_00)
    return track


@pytest.fixture
def group(cast):
    """A class with both students of the cast."""
    group = StudentGroup.objects.create(
        school=cast.school, department=cast.department, name="Spring"
    )
    for student in (cast.student, cast.other_student):
        GroupMember.objects.create(school=cast.school, group=group, student=student, joined_at=NOW)
    return group


@pytest.fixture
def typed(cast, theory, room):
    """The form of a new weekly plan: the theory evening."""
    return {
        "name": "Theory evening",
        "lesson_type": theory.pk,
        "teacher": cast.teacher.pk,
        "department": cast.department.pk,
        "weekday": 3,
        "starts_at": "15:00",
        "minutes": 120,
        "capacity": 12,
        "first_day": "2026-03-02",
        "every_weeks": 1,
        "weeks_ahead": 8,
        "place": "Room 1",
        "shared": [room.pk],
    }
