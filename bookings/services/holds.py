"""Requests that nobody answered in time give their time back."""

from datetime import datetime

from bookings.enums import BookingStatus, Party, ReasonCategory
from bookings.models import Booking
from bookings.services.cancelling import end_booking
from bookings.services.history import Doing
from bookings.services.holding import hold, live_places
from justdriving.kernel.transactions import use_case


def expire_holds(*, at: datetime) -> int:
    """Cancel, as the system, this school's requests whose hold ended at ``at`` (UTC) or before.

    Each in a transaction of its own. Returns how many. A time held for an offer ends with it, see
    ``expire_offers``.
    """
    due = Booking.objects.filter(status=BookingStatus.PENDING, held_until__lte=at).not_on_offer()
    return sum(
        _expire(booking_id=pk, at=at) for pk in due.order_by("pk").values_list("pk", flat=True)
    )


@use_case
def _expire(*, booking_id: int, at: datetime) -> bool:
    booking = hold(booking_id, Booking.objects.all())
    is_due = booking.held_until is not None and booking.held_until <= at
    if booking.status != BookingStatus.PENDING or not is_due:
        return False
    doing = Doing(None, Party.SYSTEM, at, category=ReasonCategory.EXPIRED)
    end_booking(booking, live_places(booking), doing)
    return True
