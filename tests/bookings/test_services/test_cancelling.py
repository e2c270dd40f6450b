import datetime as dt

import pytest

from bookings import services
from bookings.enums import BookingStatus, ParticipationStatus, Party, ReasonCategory
from bookings.models import Booking, Participation, ParticipationTransition
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refused
from justdriving.kernel.tenancy import school_scope
from tests.bookings.test_services.words import KR_550, LATE, codes, taken
from tests.factories import NOON, NOW


def test_a_cancelled_lesson_frees_everybodys_time_at_once(cast, book, told):
    booking = book()
    told.clear()

    moved = services.cancel_booking(
        booking_id=booking.pk,
        by=cast.office,
        at=NOW,
        reason="Snow",
        category=ReasonCategory.WEATHER,
    )

    booking.refresh_from_db()
    assert (booking.status, booking.cancelled_by, booking.reason_category) == (
        BookingStatus.CANCELLED,
        Party.SCHOOL,
        ReasonCategory.WEATHER,
    )
    assert taken() == set()
    assert (moved.reason, moved.reason_category) == ("Snow", "weather")
    assert Participation.objects.get().status == ParticipationStatus.CANCELLED
    place = ParticipationTransition.objects.get(to_status="cancelled")
    assert told == [("Participation", place.pk, "cancelled"), ("Booking", moved.pk, "cancelled")]
    assert book().pk != booking.pk


@pytest.mark.parametrize(
    ("who", "party"),
    (
        ("student", Party.STUDENT),
        ("teacher", Party.TEACHER),
        ("office", Party.SCHOOL),
        ("owner", Party.SCHOOL),
    ),
)
def test_a_cancellation_knows_whose_it_is(cast, book, who, party):
    by = getattr(cast, who)

    services.cancel_booking(booking_id=book().pk, by=getattr(by, "membership", by), at=NOW)

    assert Booking.objects.get().cancelled_by == party


@pytest.mark.parametrize("who", ("other_student", "other_teacher"))
def test_others_do_not_even_find_it(cast, book, who):
    booking = book()

    with pytest.raises(Refused) as refused:
        services.cancel_booking(booking_id=booking.pk, by=getattr(cast, who).membership, at=NOW)

    assert codes(refused) == ["not-found"]


def test_another_school_does_not_find_it(cast, book, other_school):
    booking = book()

    with school_scope(other_school.school.pk), pytest.raises(Refused) as refused:
        services.cancel_booking(booking_id=booking.pk, by=other_school.owner, at=NOW)

    assert codes(refused) == ["not-found"]


def test_a_fee_that_is_not_the_one_shown_is_refused_with_the_new_one(cast, book):
    booking = book()

    with pytest.raises(Refused) as refused:
        services.cancel_booking(
            booking_id=booking.pk,
            by=cast.student.membership,
            at=LATE,
            expected_fee=Money(0, "DKK"),
        )

    assert codes(refused) == ["fee-changed"]
    assert refused.value.refusal.facts["fee_minor"] == 550_00
    assert Booking.objects.get().status == BookingStatus.CONFIRMED
    services.cancel_booking(
        booking_id=booking.pk, by=cast.student.membership, at=LATE, expected_fee=KR_550
    )


@pytest.mark.parametrize(
    ("offset", "is_refused"), ((-1, False), (0, True), (1, True)), ids=("before", "at", "after")
)
def test_a_student_cancels_until_the_lesson_starts(cast, book, offset, is_refused):
    booking = book()
    at = NOON + dt.timedelta(seconds=offset)

    if not is_refused:
        services.cancel_booking(booking_id=booking.pk, by=cast.student.membership, at=at)
        return
    with pytest.raises(Refused) as refused:
        services.cancel_booking(booking_id=booking.pk, by=cast.student.membership, at=at)
    assert codes(refused) == ["already-started"]


def test_a_cancelled_lesson_cannot_be_cancelled_again(cast, book):
    booking = book()
    services.cancel_booking(booking_id=booking.pk, by=cast.office, at=NOW)

    with pytest.raises(Refused, match="already cancelled") as refused:
        services.cancel_booking(booking_id=booking.pk, by=cast.office, at=NOW)

    assert codes(refused) == ["illegal-move"]
