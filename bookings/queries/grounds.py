"""Why a lesson was changed or cancelled, in words."""

from collections.abc import Iterator

from bookings.enums import BookingChange, BookingStatus
from bookings.models import Booking, BookingTransition


def grounds_of(row: BookingTransition) -> Iterator[str]:
    """The reason that was chosen, and what was written to it; a part may be empty."""
    if row.cancellation_reason:
        yield row.cancellation_reason.name
    elif row.reason_category:
        yield str(row.get_reason_category_display())
    yield row.reason


def why_cancelled(booking: Booking) -> str:
    """The reason a lesson was cancelled for, and what was written to it; empty without any."""
    ended = booking.transitions.filter(
        change=BookingChange.STATUS, to_status=BookingStatus.CANCELLED
    )
    row = ended.select_related("cancellation_reason").first()
    return ": ".join(filter(None, grounds_of(row))) if row else ""
