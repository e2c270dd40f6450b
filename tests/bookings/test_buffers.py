"""A teacher and a thing may need longer between two lessons than the kind of lesson does."""

import datetime as dt
from importlib import import_module

import pytest
from django.db import connection

from bookings import services
from bookings.buffers import agreed_buffers
from bookings.models import (
    BookingResource,
    LessonType,
    Occupancy,
    Resource,
    ResourceDueDate,
    ResourceOutage,
)
from bookings.queries.series import Thing
from bookings.services.occurrences import Scope, SessionEdit
from bookings.services.series import change_sessions
from tests.bookings.sessions import plan, room, theory, values
from tests.bookings.test_services.words import DAY, END, TOMORROW, taken, unsound
from tests.factories import NOON, NOW

__all__ = ["plan", "room", "theory", "values"]

MINUTE = dt.timedelta(minutes=1)
WRONG = "bookings.occupancy_is_what_bookings_imply"


def needs(owner, before, after):
    """Give a lesson type, a teacher or a thing buffers of their own."""
    owner.buffer_before_minutes, owner.buffer_after_minutes = before, after
    owner.save()


def times_of(booking, owner) -> tuple[int, int]:
    """The minutes before and after a booking for which a teacher or a thing is taken."""
    whose = {"resource": owner} if isinstance(owner, Resource) else {"user": owner.membership.user}
    period = Occupancy.objects.get(booking=booking, **whose).period
    booking.refresh_from_db()
    return (booking.starts_at - period.lower) // MINUTE, (period.upper - booking.ends_at) // MINUTE


@pytest.mark.parametrize(
    ("of_the_type", "own", "agreed"),
    (
        ((0, 0), (0, 0), (0, 0)),
        ((10, 20), (0, 0), (10, 20)),
        ((0, 0), (10, 20), (10, 20)),
        ((10, 20), (5, 30), (10, 30)),
        ((10, 20), (10, 20), (10, 20)),
        ((10, 20), (11, 19), (11, 20)),
    ),
)
def test_the_larger_one_counts_on_each_side_and_never_the_sum(of_the_type, own, agreed):
    lesson_type, car = (
        model(buffer_before_minutes=before, buffer_after_minutes=after)
        for model, (before, after) in ((LessonType, of_the_type), (Resource, own))
    )

    assert tuple(agreed_buffers(lesson_type, car).values()) == agreed


def test_everybody_is_taken_for_as_long_as_they_need(cast, book):
    LessonType.objects.update(buffer_before_minutes=5, buffer_after_minutes=5)
    needs(cast.teacher, 15, 0)
    needs(cast.vehicle, 0, 25)

    book()

    assert taken() == {
        (cast.teacher.membership.user_id, NOON - 15 * MINUTE, END + 5 * MINUTE),
        (cast.student.membership.user_id, NOON, END),
        (f"resource {cast.vehicle.pk}", NOON - 5 * MINUTE, END + 25 * MINUTE),
    }
    assert unsound() == []


@pytest.mark.parametrize("whose", ("teacher", "vehicle"))
@pytest.mark.parametrize(("gap", "is_free"), ((29, False), (30, True), (31, True)))
def test_their_own_buffers_lie_between_two_lessons(cast, book, codes, whose, gap, is_free):
    LessonType.objects.update(buffer_before_minutes=5, buffer_after_minutes=5)
    needs(getattr(cast, whose), 10, 20)
    book()

    other = {"student_ids": (cast.other_student.pk,), "starts_at": END + gap * MINUTE}
    code = {"teacher": "teacher-booked", "vehicle": "resource-booked"}[whose]
    assert codes(**other) == ([] if is_free else [code])


@pytest.mark.parametrize(
    ("starts_at", "apart"),
    ((END + 19 * MINUTE, 20), (NOON - 119 * MINUTE, 30), (END - MINUTE, None)),
)
@pytest.mark.usefixtures("in_english")
def test_the_refusal_says_how_far_apart_two_lessons_must_be(cast, book, against, starts_at, apart):
    needs(cast.teacher, 20, 10)
    book()
    needs(cast.teacher, 10, 10)

    (refused,) = against(
        student_ids=(cast.other_student.pk,), resource_ids=None, starts_at=starts_at
    )

    free = f"booked 12:00–13:30, and {apart} minutes must be free in between."
    clash = "already booked 12:00–13:30."
    assert refused == ("teacher-booked", f"Mette Holm is {free if apart else clash}")


def test_the_next_car_is_picked_while_the_first_is_cleaned(cast, book):
    needs(cast.vehicle, 0, 10)
    book()

    soon, later = (
        book(starts_at=END + gap * MINUTE, resource_ids=None, student_ids=(cast.other_student.pk,))
        for gap in (0, 100)
    )

    assert [one.booking_resources.get().resource for one in (soon, later)] == [
        cast.other_vehicle,
        cast.vehicle,
    ]


def test_an_outage_must_not_begin_before_the_car_is_cleaned(cast, codes):
    needs(cast.vehicle, 0, 10)
    outage = ResourceOutage.objects.create(
        school=cast.school, resource=cast.vehicle, period=(END + 9 * MINUTE, END + DAY)
    )

    assert codes() == ["resource-unsuitable"]
    outage.period = (END + 10 * MINUTE, END + DAY)
    outage.save()
    assert codes() == []


def test_a_car_is_in_date_until_it_is_cleaned(cast, codes):
    ResourceDueDate.objects.create(
        school=cast.school, resource=cast.vehicle, kind="inspection", due_on=NOON.date()
    )
    before_midnight = dt.datetime(2026, 3, 5, 22, 59, tzinfo=dt.UTC)
    at = {"starts_at": before_midnight - 90 * MINUTE}

    assert "resource-lapsed-inspection" not in codes(**at)
    needs(cast.vehicle, 0, 2)
    assert "resource-lapsed-inspection" in codes(**at)


def test_what_was_agreed_stays_when_somebody_edits_the_buffers(cast, book):
    LessonType.objects.update(capacity=2)
    needs(cast.teacher, 10, 10)
    needs(cast.vehicle, 0, 20)
    booking = book()

    needs(cast.teacher, 0, 0)
    needs(cast.vehicle, 60, 60)
    services.join_booking(
        booking_id=booking.pk, student_id=cast.other_student.pk, by=cast.office, at=NOW
    )

    assert (times_of(booking, cast.teacher), times_of(booking, cast.vehicle)) == ((10, 10), (0, 20))
    assert unsound() == []


@pytest.mark.parametrize("table", ("booking", "bookingresource"))
def test_the_doctor_sees_a_buffer_that_nobody_agreed_on(cast, book, table):
    book()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE bookings_{table} SET buffer_after_minutes = 1")  # noqa: S608 -- a name from above

    assert unsound() == [WRONG]


def test_a_moved_lesson_has_the_buffers_of_the_day_it_is_moved(cast, book):
    booking = book()
    needs(cast.teacher, 10, 0)
    needs(cast.vehicle, 0, 20)

    services.move_booking(booking_id=booking.pk, by=cast.office, at=NOW, starts_at=TOMORROW)

    assert (times_of(booking, cast.teacher), times_of(booking, cast.vehicle)) == ((10, 0), (0, 20))
    assert unsound() == []


def test_a_substitute_brings_its_own_buffers(cast, book):
    needs(cast.teacher, 10, 0)
    needs(cast.vehicle, 0, 20)
    needs(cast.other_vehicle, 5, 0)
    booking = book()

    services.move_booking(
        booking_id=booking.pk,
        by=cast.office,
        at=NOW,
        starts_at=NOON,
        teacher_id=cast.other_teacher.pk,
        resource_ids=(cast.other_vehicle.pk,),
    )

    assert times_of(booking, cast.other_teacher) == (0, 0)
    assert times_of(booking, cast.other_vehicle) == (5, 0)
    assert unsound() == []


def test_a_draft_takes_the_time_that_is_needed_when_it_is_submitted(cast, book):
    booking = book(draft=True)
    needs(cast.teacher, 10, 0)
    needs(cast.vehicle, 0, 20)

    services.submit_booking(booking_id=booking.pk, by=cast.office, at=NOW)

    assert (times_of(booking, cast.teacher), times_of(booking, cast.vehicle)) == ((10, 0), (0, 20))
    assert unsound() == []


def test_a_weekly_session_keeps_everything_free_for_as_long_as_it_needs(cast, plan, room):
    needs(cast.other_teacher, 20, 0)
    needs(room, 0, 15)
    _template, made = plan(weeks_ahead=2, things=[Thing(room, is_place=False)])
    first, _second = made.made

    change_sessions(
        booking_id=first.pk,
        scope=Scope.ONE,
        edit=SessionEdit(teacher_id=cast.other_teacher.pk),
        by=cast.office,
        at=NOW,
    )

    assert (times_of(first, cast.other_teacher), times_of(first, room)) == ((20, 0), (0, 15))
    assert unsound() == []


def test_what_was_booked_before_things_had_buffers_is_taken_as_long_as_its_teacher(cast, book):
    LessonType.objects.update(buffer_before_minutes=5, buffer_after_minutes=15)
    booking = book()
    BookingResource.objects.update(buffer_before_minutes=0, buffer_after_minutes=0)
    assert unsound() == [WRONG]

    migration = import_module("bookings.migrations.0011_things_keep_what_was_agreed")
    with connection.cursor() as cursor:
        cursor.execute(migration.AS_THE_TEACHER)

    assert times_of(booking, cast.vehicle) == (5, 15)
    assert unsound() == []
