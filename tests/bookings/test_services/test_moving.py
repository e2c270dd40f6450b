import datetime as dt

import pytest

from bookings import services
from bookings.enums import BookingChange, Party
from bookings.models import Booking
from bookings.services import Attendance
from justdriving.kernel.policy import Refused
from tests.bookings.test_services.words import END, LATE, TOMORROW, attendance, codes, taken
from tests.factories import NOON, NOW


def test_a_moved_lesson_stays_the_same_booking_with_a_longer_history(cast, book):
    booking = book()
    uid, price = booking.uid, booking.participations.get().price

    moved = services.move_booking(
        booking_id=booking.pk, by=cast.office, at=NOW, starts_at=TOMORROW, reason="Ill"
    )

    booking.refresh_from_db()
    assert (booking.starts_at, booking.minutes, booking.status) == (TOMORROW, 90, "confirmed")
    assert (booking.wall_date, booking.wall_time) == (dt.date(2026, 3, 6), dt.time(12))
    assert (booking.uid, booking.version, booking.participations.get().price) == (uid, 2, price)
    assert (moved.change, moved.sequence, moved.reason, moved.requested_by) == (
        BookingChange.MOVED,
        2,
        "Ill",
        Party.SCHOOL,
    )
    assert (moved.from_period.lower, moved.to_period.lower) == (NOON, TOMORROW)
    end = TOMORROW + dt.timedelta(minutes=90)
    assert taken() == {
        (cast.teacher.membership.user_id, TOMORROW, end),
        (cast.student.membership.user_id, TOMORROW, end),
        (f"resource {cast.vehicle.pk}", TOMORROW, end),
    }


def test_a_lesson_does_not_stand_in_its_own_way(cast, book):
    booking = book()

    services.move_booking(
        booking_id=booking.pk, by=cast.office, at=NOW, starts_at=NOON + dt.timedelta(minutes=30)
    )

    assert Booking.objects.get().starts_at == NOON + dt.timedelta(minutes=30)


def test_a_lesson_gets_another_teacher_and_vehicle(cast, book):
    booking = book()

    moved = services.move_booking(
        booking_id=booking.pk,
        by=cast.office,
        at=NOW,
        starts_at=NOON,
        teacher_id=cast.other_teacher.pk,
        resource_ids=(cast.other_vehicle.pk,),
    )

    booking.refresh_from_db()
    assert (moved.change, booking.teacher) == (BookingChange.CHANGED, cast.other_teacher)
    assert taken() == {
        (cast.other_teacher.membership.user_id, NOON, END),
        (cast.student.membership.user_id, NOON, END),
        (f"resource {cast.other_vehicle.pk}", NOON, END),
    }


def test_a_moved_lesson_takes_another_vehicle_when_its_own_is_taken(cast, book):
    booking = book()
    book(
        starts_at=TOMORROW,
        teacher_id=cast.other_teacher.pk,
        student_ids=(cast.other_student.pk,),
    )

    services.move_booking(booking_id=booking.pk, by=cast.office, at=NOW, starts_at=TOMORROW)

    assert [row.resource for row in booking.booking_resources.all()] == [cast.other_vehicle]


@pytest.mark.parametrize(
    ("who", "at", "changes", "code"),
    (
        ("student", NOW, {"teacher_id": "other_teacher"}, None),
        ("student", NOW, {"resource_ids": "other_vehicle"}, "not-found"),
        ("student", LATE, {}, "too-late-to-move"),
        ("teacher", NOW, {"teacher_id": "other_teacher"}, "not-found"),
        ("other_teacher", NOW, {}, "not-found"),
        ("other_student", NOW, {}, "not-found"),
        ("office", NOW, {"starts_at": NOON}, "nothing-changed"),
        ("office", NOW, {"starts_at": NOW - dt.timedelta(days=1)}, "in-the-past"),
    ),
)
def test_who_may_move_a_lesson_where(cast, book, who, at, changes, code):
    booking = book()
    by = getattr(cast, who)
    values = {"starts_at": TOMORROW} | changes
    if "teacher_id" in values:
        values["teacher_id"] = getattr(cast, values["teacher_id"]).pk
    if "resource_ids" in values:
        values["resource_ids"] = (getattr(cast, values["resource_ids"]).pk,)
    arguments = {"booking_id": booking.pk, "by": getattr(by, "membership", by), "at": at, **values}

    if code is None:
        services.move_booking(**arguments)
        return
    with pytest.raises(Refused) as refused:
        services.move_booking(**arguments)
    assert codes(refused)[0] == code
    assert Booking.objects.get().starts_at == NOON


def test_a_confirmed_request_is_moved_by_the_school_only(cast, request_):
    services.confirm_booking(booking_id=request_.pk, by=cast.office, at=NOW)

    with pytest.raises(Refused) as refused:
        services.move_booking(
            booking_id=request_.pk, by=cast.student.membership, at=NOW, starts_at=TOMORROW
        )

    assert codes(refused) == ["not-allowed"]


def test_a_completed_lesson_is_not_moved(cast, book):
    booking = book()
    services.complete_booking(
        booking_id=booking.pk,
        by=cast.teacher.membership,
        at=END,
        attendance=attendance(booking, Attendance(attended=True)),
    )

    with pytest.raises(Refused) as refused:
        services.move_booking(booking_id=booking.pk, by=cast.office, at=END, starts_at=TOMORROW)

    assert codes(refused) == ["illegal-move"]


def test_a_student_moves_a_lesson_to_a_time_that_is_offered(cast, book):
    booking = book()

    with pytest.raises(Refused) as refused:
        services.move_booking(
            booking_id=booking.pk,
            by=cast.student.membership,
            at=NOW,
            starts_at=NOON + dt.timedelta(minutes=67),
        )

    assert codes(refused) == ["start-not-offered"]
