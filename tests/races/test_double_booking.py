"""Forty people want the same hour; one gets it."""

import contextlib
import datetime as dt
import random
import uuid

import pytest
from django.utils import timezone

from bookings import services
from bookings.models import Booking, LessonType, Participation
from bookings.services import LessonRequest, booking, joining
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from tests.cast import make_teacher
from tests.factories import StudentFactory, VehicleFactory
from tests.races.conftest import unlocked

pytestmark = pytest.mark.race

MANY = 40
CONSTRAINTS = ("person_in_one_booking_at_a_time", "resource_in_one_booking_at_a_time")


@pytest.fixture
def students(cast):
    return StudentFactory.create_batch(
        MANY, school=cast.school, department=cast.department, teacher=cast.teacher
    )


@pytest.fixture
def vehicles(cast):
    return VehicleFactory.create_batch(MANY, school=cast.school, department=cast.department)


@pytest.fixture
def booker(cast, soon):
    """A function that returns a function that books, and returns the booking's id."""

    def prepare(*, key=None, **changes):
        values = {
            "lesson_type_id": cast.lesson_type.pk,
            "teacher_id": cast.teacher.pk,
            "student_ids": (cast.student.pk,),
            "resource_ids": (cast.vehicle.pk,),
            "starts_at": soon,
        }
        wanted = LessonRequest(**values | changes)
        now = timezone.now()
        return lambda: (
            services.book_lesson(
                wanted=wanted, by=cast.office, at=now, request_key=key or uuid.uuid4()
            ).pk
        )

    return prepare


@pytest.fixture
def one_teacher(booker, students, vehicles):
    """Forty students, each with a vehicle, all with the same teacher at the same time."""
    return [
        booker(student_ids=(student.pk,), resource_ids=(vehicle.pk,))
        for student, vehicle in zip(students, vehicles, strict=True)
    ]


def successes(outcomes):
    return [outcome for outcome in outcomes if isinstance(outcome, int)]


def refusals(outcomes):
    return {outcome for outcome in outcomes if isinstance(outcome, str)}


def test_without_locks_and_constraints_many_get_the_same_hour(
    at_once, one_teacher, without_constraints, all_look_first, monkeypatch
):
    without_constraints("bookings_occupancy", *CONSTRAINTS)
    monkeypatch.setattr(booking, "take_sorted", lambda keys: None)
    all_look_first(len(one_teacher))

    outcomes = at_once(one_teacher)

    assert len(successes(outcomes)) > 1
    assert "bookings.nobody_in_two_lessons" in {finding.code for finding in examine()}


def test_one_of_forty_gets_the_teachers_hour(at_once, one_teacher):
    outcomes = at_once(one_teacher)

    assert len(successes(outcomes)) == 1
    assert refusals(outcomes) == {"teacher-booked"}
    assert Booking.objects.count() == 1
    assert examine() == []


def test_the_constraint_alone_refuses_with_the_same_words(at_once, one_teacher, monkeypatch):
    monkeypatch.setattr(booking, "take_sorted", lambda keys: None)

    outcomes = at_once(one_teacher)

    assert len(successes(outcomes)) == 1
    assert refusals(outcomes) <= {"teacher-booked", "busy"}
    assert examine() == []


def test_one_of_forty_gets_the_vehicle(cast, at_once, booker, students):
    teachers = [make_teacher(cast.school, cast.department, f"Teacher {n}") for n in range(MANY)]
    calls = [
        booker(teacher_id=teacher.pk, student_ids=(student.pk,))
        for teacher, student in zip(teachers, students, strict=True)
    ]

    outcomes = at_once(calls)

    assert len(successes(outcomes)) == 1
    assert refusals(outcomes) == {"resource-booked"}
    assert examine() == []


def test_one_student_is_in_one_of_two_lessons(cast, at_once, booker, vehicles):
    teachers = [cast.teacher, cast.other_teacher]
    calls = [
        booker(teacher_id=teachers[number % 2].pk, resource_ids=(vehicle.pk,))
        for number, vehicle in enumerate(vehicles)
    ]

    outcomes = at_once(calls)

    assert len(successes(outcomes)) == 1
    assert refusals(outcomes) <= {"teacher-booked", "student-booked"}
    assert examine() == []


def test_vehicles_picked_at_once_are_different_ones(cast, at_once, booker):
    calls = [
        booker(teacher_id=teacher.pk, student_ids=(student.pk,), resource_ids=None)
        for teacher, student in (
            (cast.teacher, cast.student),
            (cast.other_teacher, cast.other_student),
        )
    ]

    outcomes = at_once(calls)

    assert len(successes(outcomes)) == 2
    assert examine() == []


def test_a_form_sent_eight_times_at_once_books_once(at_once, booker):
    key = uuid.uuid4()

    outcomes = at_once([booker(key=key)] * 8)

    assert len(set(successes(outcomes))) == 1
    assert len(successes(outcomes)) == 8
    assert Booking.objects.count() == 1
    assert examine() == []


@pytest.fixture
def last_seat(cast, booker, students):
    """A class with one seat left, and forty who want it."""
    LessonType.objects.update(capacity=2)
    booking_id = booker()()
    now = timezone.now()

    def joiner(student):
        return lambda: (
            services.join_booking(
                booking_id=booking_id, student_id=student.pk, by=cast.office, at=now
            ).pk
        )

    return [joiner(student) for student in students]


def test_without_locks_and_constraints_many_take_the_last_seat(
    at_once, last_seat, without_constraints, all_look_first, monkeypatch
):
    without_constraints("bookings_bookingtransition", "booking_history_in_one_line")
    without_constraints("bookings_occupancy", *CONSTRAINTS)
    monkeypatch.setattr(joining, "hold", unlocked)
    all_look_first(len(last_seat))

    outcomes = at_once(last_seat)

    assert len(successes(outcomes)) > 1


def test_one_of_forty_takes_the_last_seat(at_once, last_seat):
    outcomes = at_once(last_seat)

    assert len(successes(outcomes)) == 1
    assert refusals(outcomes) == {"no-seat-left"}
    assert Participation.objects.count() == 2
    assert examine() == []


def test_a_storm_of_bookings_moves_and_cancellations_leaves_a_sound_calendar(
    cast, at_once, booker, students, soon
):
    hours = [soon + dt.timedelta(minutes=30 * step) for step in range(-6, 6)]

    def person(seed):
        chance = random.Random(seed)  # noqa: S311 -- a repeatable story, not a secret

        def act():
            for _ in range(6):
                with contextlib.suppress(Refused):
                    act_once(chance)
            return 0

        return act

    def act_once(chance):
        teacher = chance.choice((cast.teacher, cast.other_teacher))
        ids = list(Booking.objects.filter(status="confirmed").values_list("pk", flat=True))
        match chance.choice(("book", "book", "move", "cancel")):
            case "move" if ids:
                services.move_booking(
                    booking_id=chance.choice(ids),
                    by=cast.office,
                    at=timezone.now(),
                    starts_at=chance.choice(hours),
                    teacher_id=teacher.pk,
                )
            case "cancel" if ids:
                services.cancel_booking(
                    booking_id=chance.choice(ids), by=cast.office, at=timezone.now()
                )
            case _:
                booker(
                    teacher_id=teacher.pk,
                    student_ids=(chance.choice(students).pk,),
                    resource_ids=None,
                    starts_at=chance.choice(hours),
                )()

    at_once([person(seed) for seed in range(8)])

    assert Booking.objects.count() > 1
    assert examine() == []
