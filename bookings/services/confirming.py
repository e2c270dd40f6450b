"""The school says yes to a request."""

from collections.abc import Mapping
from datetime import datetime

from administration.models import Membership
from bookings.enums import BookingChange, BookingStatus
from bookings.models import BookingTransition
from bookings.policies import may_move, party_of, still_held
from bookings.services.booking import NO_OVERRIDES, decide
from bookings.services.history import Doing, announce, overridden_rules, record
from bookings.services.holding import changeable_by, granted_to, hold, live_places, parties_in
from justdriving.kernel.policy import enforce
from justdriving.kernel.transactions import use_case


@use_case
def confirm_booking(
    *,
    booking_id: int,
    by: Membership,
    at: datetime,
    overrides: Mapping[str, str] = NO_OVERRIDES,
) -> BookingTransition:
    """Confirm a request; the rules are asked again. ``at`` is now, UTC.

    Raises Refused: ``not-found``, ``illegal-move``, ``not-allowed``, ``hold-over`` from the very
    second its hold ends, or a rule's code.
    """
    booking = hold(booking_id, changeable_by(by))
    enforce(may_move(booking.status, BookingStatus.CONFIRMED, party_of(by)))
    enforce(still_held(booking.held_until, at=at))
    parties = parties_in(booking, live_places(booking), by)
    verdict = decide(
        parties,
        booking.starts_at,
        at=at,
        minutes=booking.minutes,
        overrides=overrides,
        booking_id=booking.pk,
        granted=granted_to(booking),
    )
    if verdict.is_afterwards and not booking.entered_afterwards:
        booking.entered_afterwards = True
        booking.save(update_fields=["entered_afterwards"])
    overridden = overridden_rules(verdict.set_aside, overrides)
    doing = Doing(by=by.user, party=parties.party, at=at, overridden=overridden)
    transition = record(booking, doing, BookingChange.STATUS, to=BookingStatus.CONFIRMED)
    announce(transition, [])
    return transition
