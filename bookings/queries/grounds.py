"""Why a lesson was changed, cancelled or refused, in words."""

from collections.abc import Iterator
from datetime import datetime

from bookings.enums import BookingChange, BookingStatus, Party, ReasonCategory
from bookings.models import Booking, BookingTransition
from bookings.policies import still_held


def grounds_of(row: BookingTransition) -> Iterator[str]:
    """The reason that was chosen, and what was written to it; a part may be empty."""
    if row.cancellation_reason:
        yield row.cancellation_reason.name
    elif row.reason_category:
        yield str(row.get_reason_category_display())
    yield row.reason


def why_cancelled(booking: Booking) -> str:
    """The reason a lesson was cancelled for, and what was written to it; empty without any."""
    row = _end_of(booking)
    return ": ".join(filter(None, grounds_of(row))) if row else ""


def is_declined(row: BookingTransition) -> bool:
    """Whether the school said no to what a student asked for.

    A time held for an offer from the waiting list was asked for by nobody.
    """
    is_no = (row.from_status, row.to_status) == (BookingStatus.PENDING, BookingStatus.CANCELLED)
    if not is_no or row.requested_by not in {Party.TEACHER, Party.SCHOOL}:
        return False
    return not row.booking.offers.filter(is_seat=False).exists()


def ran_out(booking: Booking, *, at: datetime) -> bool:
    """Whether a request was not answered in time, also before the system has said so."""
    if booking.status == BookingStatus.PENDING:
        return still_held(booking.held_until, at=at) is not None
    is_off = booking.status == BookingStatus.CANCELLED
    return is_off and booking.reason_category == ReasonCategory.EXPIRED


def was_declined(booking: Booking) -> bool:
    """Whether a lesson is off because the school said no to the request for it."""
    if booking.status != BookingStatus.CANCELLED or booking.cancelled_by == Party.STUDENT:
        return False
    row = _end_of(booking)
    return row is not None and is_declined(row)


def _end_of(booking: Booking) -> BookingTransition | None:
    ended = booking.transitions.filter(
        change=BookingChange.STATUS, to_status=BookingStatus.CANCELLED
    )
    row: BookingTransition | None = ended.select_related("cancellation_reason").first()
    return row
