import datetime as dt

import pytest

from bookings import services
from bookings.enums import BookingStatus
from bookings.models import Booking, Participation, ParticipationTransition
from bookings.services import Attendance
from justdriving.kernel.policy import Refused
from tests.bookings.test_services.words import END, attendance, codes, taken


@pytest.mark.parametrize(
    ("entry", "status", "place_status", "minutes"),
    (
        (Attendance(attended=True), "completed", "attended", 90),
        (Attendance(attended=True, minutes=75), "completed", "attended", 75),
        (Attendance(attended=False), "no_show", "absent", None),
    ),
)
def test_a_lesson_that_is_over_is_completed(cast, book, entry, status, place_status, minutes):
    booking = book()

    moved = services.complete_booking(
        booking_id=booking.pk,
        by=cast.teacher.membership,
        at=END,
        attendance=attendance(booking, entry),
    )

    place = Participation.objects.get()
    assert (Booking.objects.get().status, moved.to_status) == (status, status)
    assert (place.status, place.minutes_used) == (place_status, minutes)
    event = ParticipationTransition.objects.get(booking_transition=moved)
    assert (event.to_status, event.minutes_used) == (place_status, minutes)
    assert len(taken()) == 3


def test_a_lesson_cannot_be_completed_a_second_before_it_ends(cast, book):
    booking = book()

    with pytest.raises(Refused) as refused:
        services.complete_booking(
            booking_id=booking.pk,
            by=cast.teacher.membership,
            at=END - dt.timedelta(seconds=1),
            attendance=attendance(booking, Attendance(attended=True)),
        )

    assert codes(refused) == ["not-over"]


def test_completing_again_is_refused(cast, book):
    booking = book()
    done = {
        "booking_id": booking.pk,
        "by": cast.teacher.membership,
        "at": END,
        "attendance": attendance(booking, Attendance(attended=True)),
    }
    services.complete_booking(**done)

    with pytest.raises(Refused, match="already completed") as refused:
        services.complete_booking(**done)

    assert codes(refused) == ["illegal-move"]
    assert ParticipationTransition.objects.filter(to_status="attended").count() == 1


@pytest.mark.parametrize(
    ("who", "entries", "code"),
    (
        ("teacher", {}, "attendance-missing"),
        ("teacher", {0: Attendance(attended=True), 10**9: Attendance(attended=True)}, "not-found"),
        ("teacher", {0: Attendance(attended=True, minutes=0)}, "minutes-wrong"),
        ("teacher", {0: Attendance(attended=True, minutes=181)}, "minutes-wrong"),
        ("student", {0: Attendance(attended=True)}, "not-allowed"),
        ("other_teacher", {0: Attendance(attended=True)}, "not-found"),
    ),
)
def test_a_completion_that_cannot_be(cast, book, who, entries, code):
    booking = book()
    place = booking.participations.get().pk

    with pytest.raises(Refused) as refused:
        services.complete_booking(
            booking_id=booking.pk,
            by=getattr(cast, who).membership,
            at=END,
            attendance={key or place: entry for key, entry in entries.items()},
        )

    assert codes(refused) == [code]
    assert Booking.objects.get().status == BookingStatus.CONFIRMED
