"""A lesson booked when it can no longer be cancelled for free: said first, agreed to, and kept."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.enums import Party
from bookings.models import Booking, Participation
from bookings.policies import CancellationPolicy
from bookings.queries.opening import business_days
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal


def late_terms(
    booking: Booking,
    places: Sequence[Participation],
    party: Party,
    *,
    at: datetime,
    accepts: bool,
) -> Refusal | None:
    """Refuse ``late-terms`` until a student agrees; then their unsaved places say when they did.

    ``at`` is now, UTC. ``facts`` are the fee that cancelling at once would cost, as
    ``fee_minor``, ``currency`` and ``fee``. Staff book without being asked.
    """
    if party != Party.STUDENT or not places:
        return None
    fee = _fee_now(booking, places, at)
    if not fee:
        return None
    if accepts:
        for place in places:
            place.late_terms_accepted_at = at
        return None
    message = _(
        "This lesson can no longer be cancelled free of charge: cancelling costs %(fee)s from the"
        " moment you book it. Tick that you know this."
    )
    facts = {"fee_minor": fee.minor, "currency": fee.currency, "fee": fee}
    return Refusal("late-terms", message % {"fee": fee.localized()}, facts)


def _fee_now(booking: Booking, places: Sequence[Participation], at: datetime) -> Money:
    policy = CancellationPolicy.of(booking.cancellation_terms)
    zone = booking.timezone
    last_day = timezone.localdate(booking.starts_at, zone)
    is_open = business_days(department_id=booking.department_id, until=last_day)
    fees = [policy.fee(one.price, booking.starts_at, at, zone, is_open) for one in places]
    return sum(fees[1:], fees[0])
