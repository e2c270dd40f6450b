"""Each invariant finds the fault planted for it, and nothing in a healthy calendar."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from bookings import services
from bookings.enums import BookingStatus, SelfBooking
from bookings.invariants import INVARIANTS
from bookings.models import (
    Booking,
    BookingTransition,
    LessonType,
    Occupancy,
    Participation,
    ParticipationTransition,
    WaitingListEntry,
    WaitingListOffer,
)
from justdriving.doctor import examine
from tests.factories import NOON, BookingFactory, ParticipationFactory, VehicleFactory

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def soon():
    """Noon in Copenhagen, a week from now: the doctor looks at the real clock."""
    day = timezone.localdate() + dt.timedelta(days=7)
    return timezone.make_aware(dt.datetime.combine(day, dt.time(12))).astimezone(dt.UTC)


@pytest.fixture
def lesson(book, soon):
    return book(starts_at=soon, at=timezone.now())


def faults() -> list[tuple[str, tuple[str, ...]]]:
    return [(finding.code, finding.sample) for finding in examine(INVARIANTS)]


def fault(code: str, school, *texts: str) -> tuple[str, tuple[str, ...]]:
    return f"bookings.{code}", tuple(f"school {school.pk}: {text}" for text in texts)


def drop(constraint: str, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")


def test_every_invariant_has_a_name_of_its_own():
    assert len({invariant.code for invariant in INVARIANTS}) == len(INVARIANTS)


def test_a_lived_in_calendar_is_healthy(cast, book, soon, lesson):
    at = timezone.now()
    LessonType.objects.update(capacity=2, buffer_before_minutes=5, buffer_after_minutes=15)
    class_ = book(starts_at=soon + 2 * HOUR, resource_ids=None, at=at)
    services.join_booking(
        booking_id=class_.pk, student_id=cast.other_student.pk, by=cast.office, at=at
    )
    services.move_booking(booking_id=lesson.pk, by=cast.office, at=at, starts_at=soon - 2 * HOUR)
    services.cancel_booking(booking_id=class_.pk, by=cast.student.membership, at=at)
    double = book(
        starts_at=soon - 2 * HOUR,
        at=at,
        teacher_id=cast.other_teacher.pk,
        resource_ids=(cast.other_vehicle.pk,),
        overrides={"student-booked": "Motorcade"},
    )
    services.complete_booking(
        booking_id=double.pk,
        by=cast.office,
        at=double.ends_at,
        attendance={double.participations.get().pk: services.Attendance(attended=False)},
    )
    services.cancel_booking(booking_id=lesson.pk, by=cast.office, at=at)

    assert faults() == []


@pytest.mark.parametrize(
    ("same", "what"),
    (
        ("teacher", lambda cast: f"user {cast.teacher.membership.user_id}"),
        ("student", lambda cast: f"user {cast.student.membership.user_id}"),
        ("vehicle", lambda cast: f"resource {cast.vehicle.pk}"),
    ),
)
def test_a_double_booking_is_found_without_the_occupancy_table(
    cast, book, soon, lesson, same, what
):
    drop("person_in_one_booking_at_a_time", "bookings_occupancy")
    drop("resource_in_one_booking_at_a_time", "bookings_occupancy")
    second = book(
        starts_at=soon + 3 * HOUR,
        at=timezone.now(),
        teacher_id=(cast.teacher if same == "teacher" else cast.other_teacher).pk,
        student_ids=((cast.student if same == "student" else cast.other_student).pk,),
        resource_ids=((cast.vehicle if same == "vehicle" else cast.other_vehicle).pk,),
    )
    shift(second, -2 * HOUR)

    assert faults() == [
        fault(
            "nobody_in_two_lessons",
            cast.school,
            f"{what(cast)} is double-booked by booking {second.pk}",
        )
    ]


def shift(booking, by) -> None:
    """Move a booking and everything that repeats its time, behind the services' back."""
    with connection.cursor() as cursor:
        for statement in (
            "ALTER TABLE bookings_bookingtransition DISABLE TRIGGER USER",
            (
                "UPDATE bookings_bookingtransition SET to_period ="
                " tstzrange(lower(to_period) + %(by)s, upper(to_period) + %(by)s)"
                " WHERE booking_id = %(id)s"
            ),
            (
                "UPDATE bookings_booking SET period ="
                " tstzrange(lower(period) + %(by)s, upper(period) + %(by)s),"
                " wall_time = wall_time + %(by)s WHERE id = %(id)s"
            ),
            (
                "UPDATE bookings_occupancy SET period ="
                " tstzrange(lower(period) + %(by)s, upper(period) + %(by)s)"
                " WHERE booking_id = %(id)s"
            ),
            "SET CONSTRAINTS ALL IMMEDIATE",
            "ALTER TABLE bookings_bookingtransition ENABLE TRIGGER USER",
        ):
            cursor.execute(statement, {"by": by, "id": booking.pk})


def test_a_lost_and_a_forgotten_occupancy_are_found(cast, lesson):
    Occupancy.objects.filter(user=cast.teacher.membership.user_id).delete()
    stray = VehicleFactory(school=cast.school)
    Occupancy.objects.create(
        school=cast.school, booking=lesson, resource=stray, period=lesson.period
    )

    assert faults() == [
        fault(
            "occupancy_is_what_bookings_imply",
            cast.school,
            f"booking {lesson.pk}: user {cast.teacher.membership.user_id} missing",
            f"booking {lesson.pk}: resource {stray.pk} left over",
        )
    ]


def test_a_student_without_a_seat_is_found(cast, lesson):
    place = ParticipationFactory(booking=lesson, student=cast.other_student)
    ParticipationTransition.objects.create(
        school=cast.school,
        participation=place,
        booking_transition=lesson.transitions.get(),
        to_status="booked",
        happened_at=timezone.now(),
    )
    Occupancy.objects.create(
        school=cast.school,
        booking=lesson,
        user=cast.other_student.membership.user,
        period=lesson.period,
    )

    assert faults() == [fault("seats_are_enough", cast.school, f"booking {lesson.pk}: 2 of 1")]


def test_a_place_in_a_cancelled_lesson_is_found(cast, lesson):
    services.cancel_booking(booking_id=lesson.pk, by=cast.office, at=timezone.now())
    Participation.objects.update(status="absent")

    place = lesson.participations.get()
    assert faults() == [
        fault(
            "no_place_in_a_cancelled_lesson",
            cast.school,
            f"participation {place.pk} of booking {lesson.pk}",
        ),
        fault("history_tells_the_place", cast.school, f"participation {place.pk}"),
    ]


def test_a_lesson_completed_too_early_is_found(cast, lesson):
    Booking.objects.update(status=BookingStatus.COMPLETED)
    BookingTransition.objects.create(
        school=cast.school,
        booking=lesson,
        sequence=2,
        change="status",
        from_status="confirmed",
        to_status="completed",
        to_period=lesson.period,
        happened_at=lesson.ends_at - dt.timedelta(seconds=1),
        made_by=cast.office.user,
        requested_by="school",
    )

    assert faults() == [fault("completed_after_the_end", cast.school, f"booking {lesson.pk}")]


def test_a_lesson_nobody_completed_is_found(cast, book):
    past = timezone.now().replace(hour=11, minute=0) - dt.timedelta(days=16)
    lesson = book(starts_at=past, at=past - HOUR, overrides={"teacher-not-available": "Winter"})

    assert faults() == [fault("resolved_in_two_weeks", cast.school, f"booking {lesson.pk}")]


def test_a_hold_that_nobody_ended_is_found(cast, book, soon):
    LessonType.objects.update(self_booking=SelfBooking.REQUEST)
    lesson = book(by=cast.student.membership, resource_ids=None, starts_at=soon, at=timezone.now())
    Booking.objects.update(held_until=timezone.now() - dt.timedelta(minutes=6))

    assert faults() == [fault("expired_holds_are_gone", cast.school, f"booking {lesson.pk}")]


def test_a_wall_time_that_is_not_the_instant_is_found(cast, lesson):
    Booking.objects.update(wall_time=dt.time(13))

    assert faults() == [fault("instant_is_wall_time", cast.school, f"booking {lesson.pk}")]


def test_a_status_without_history_is_found(cast, lesson):
    Booking.objects.update(status=BookingStatus.PENDING, held_until=NOON + dt.timedelta(days=9999))

    assert faults() == [fault("history_tells_the_status", cast.school, f"booking {lesson.pk}")]


def test_a_booking_that_no_service_made_is_found(cast, soon):
    lesson = BookingFactory(school=cast.school, starts=soon)

    place = lesson.participations.get()
    assert faults() == [
        fault("history_tells_the_status", cast.school, f"booking {lesson.pk}"),
        fault("history_tells_the_place", cast.school, f"participation {place.pk}"),
    ]


def test_a_place_without_history_is_found(cast, lesson):
    Participation.objects.update(status="attended", minutes_used=90)

    place = lesson.participations.get()
    assert faults() == [fault("history_tells_the_place", cast.school, f"participation {place.pk}")]


def test_a_change_without_an_actor_is_found(cast, lesson):
    drop("booking_change_has_an_actor", "bookings_bookingtransition")
    BookingTransition.objects.create(
        school=cast.school,
        booking=lesson,
        sequence=2,
        change="changed",
        from_status="confirmed",
        to_status="confirmed",
        to_period=lesson.period,
        happened_at=timezone.now(),
        requested_by="school",
    )

    assert faults() == [
        fault("changes_have_an_actor", cast.school, f"booking {lesson.pk} change 2")
    ]


@pytest.fixture
def waiting(cast, book, soon):
    """Another student is offered the time of a lesson that was cancelled."""
    at = timezone.now()
    lesson = book(starts_at=soon, at=at)
    entry = services.add_wish(
        student_id=cast.other_student.pk, lesson_type_id=cast.lesson_type.pk, by=cast.office, at=at
    )
    services.cancel_booking(booking_id=lesson.pk, by=cast.office, at=at)
    services.fill_vacancies(at=at)
    return WaitingListOffer.objects.get(entry=entry)


def test_a_waiting_list_with_an_offer_is_healthy(waiting):
    assert faults() == []


def test_an_offered_time_that_nobody_holds_is_found(cast, waiting):
    Booking.objects.filter(pk=waiting.booking_id).update(held_until=timezone.now() + 3 * HOUR)

    assert faults() == [
        fault(
            "offered_times_are_held",
            cast.school,
            f"offer {waiting.pk} of booking {waiting.booking_id}",
        )
    ]


def test_an_offered_time_that_is_held_for_somebody_else_is_found(cast, waiting):
    Participation.objects.filter(booking=waiting.booking_id).update(student=cast.student)

    assert "bookings.offered_times_are_held" in dict(faults())


def test_an_entry_that_says_something_else_than_its_offer_is_found(cast, waiting):
    WaitingListEntry.objects.update(status="waiting")

    assert faults() == [
        fault("waiting_tells_the_offer", cast.school, f"entry {waiting.entry_id} is waiting")
    ]


def test_an_entry_that_was_served_nothing_is_found(cast):
    entry = WaitingListEntry.objects.create(
        school=cast.school,
        student=cast.student,
        lesson_type=cast.lesson_type,
        status="served",
        created_at=timezone.now(),
        created_by=cast.office.user,
    )

    assert faults() == [
        fault("waiting_tells_the_offer", cast.school, f"entry {entry.pk} is served")
    ]


def test_a_seat_that_is_offered_and_taken_is_found(cast, book, soon):
    LessonType.objects.update(capacity=2)
    session = book(starts_at=soon, at=timezone.now())
    entry = services.add_wish(
        student_id=cast.other_student.pk,
        lesson_type_id=cast.lesson_type.pk,
        by=cast.office,
        at=timezone.now(),
    )
    services.offer_seat(entry_id=entry.pk, booking_id=session.pk, by=cast.office, at=timezone.now())
    assert faults() == []

    Booking.objects.filter(pk=session.pk).update(capacity=1)

    assert faults() == [
        fault("offered_seats_are_there", cast.school, f"booking {session.pk}: 2 of 1")
    ]


def test_an_offer_that_nobody_ended_is_found(cast, waiting):
    over = timezone.now() - 2 * HOUR
    Booking.objects.filter(pk=waiting.booking_id).update(held_until=over)
    WaitingListOffer.objects.update(expires_at=over)

    assert {code for code, _ in faults()} == {
        "bookings.expired_offers_are_gone",
        "bookings.expired_holds_are_gone",
    }
