"""Who books too late to cancel for free is told first, and it is kept that they knew."""

import datetime as dt

import pytest

from bookings.enums import SelfBooking
from bookings.models import Booking, LessonType
from justdriving.kernel.policy import Refused
from tests.bookings.test_services.words import codes

SECOND = dt.timedelta(seconds=1)
FREE_UNTIL = dt.datetime(2026, 3, 4, 11, tzinfo=dt.UTC)
"""Wednesday 12.00 in Copenhagen, the business day before the lesson."""


@pytest.fixture
def late(cast, book):
    """A function: the student books so long after the last free moment."""
    LessonType.objects.update(min_notice_hours=0)

    def make(after, **said):
        by = cast.student.membership
        return book(by=by, resource_ids=None, at=FREE_UNTIL + after, **said)

    return make


@pytest.mark.parametrize(
    ("after", "is_late"), ((-SECOND, False), (0 * SECOND, False), (SECOND, True))
)
def test_the_terms_are_late_from_the_second_after_the_deadline(late, after, is_late):
    if not is_late:
        assert (
            late(after, accepts_late_terms=False).participations.get().late_terms_accepted_at
            is None
        )
        return
    with pytest.raises(Refused) as refused:
        late(after, accepts_late_terms=False)
    assert codes(refused) == ["late-terms"]
    assert refused.value.refusal.facts["fee_minor"] == 275_00
    assert not Booking.objects.exists()


def test_it_is_kept_when_a_student_agreed(late):
    place = late(SECOND).participations.get()

    assert place.late_terms_accepted_at == FREE_UNTIL + SECOND


def test_agreeing_where_nothing_is_late_keeps_nothing(late):
    assert late(-SECOND).participations.get().late_terms_accepted_at is None


def test_a_request_made_too_late_is_asked_as_well(late):
    LessonType.objects.update(self_booking=SelfBooking.REQUEST)

    with pytest.raises(Refused) as refused:
        late(SECOND, accepts_late_terms=False)

    assert codes(refused) == ["late-terms"]


def test_staff_are_not_asked(cast, book):
    booking = book(at=FREE_UNTIL + SECOND, accepts_late_terms=False)

    assert booking.participations.get().late_terms_accepted_at is None


def test_terms_that_never_cost_anything_are_never_late(cast, late):
    cast.lesson_type.cancellation_terms.steps.all().delete()

    assert late(SECOND, accepts_late_terms=False).pk
