"""What cancelling would cost: asked before the click, and again when it happens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from administration.enums import Role
from administration.models import Membership
from bookings.enums import ParticipationStatus, Party
from bookings.models import Booking, Participation
from bookings.policies import party_of
from bookings.ports import CancellationFee, pricing
from justdriving.kernel.money import Money


@dataclass(frozen=True, slots=True)
class CancellationQuote:
    """The sum to show before the click, and what it is made of, one fee for each place."""

    total: Money
    fees: tuple[CancellationFee, ...]

    @property
    def free_until(self) -> datetime | None:
        """The last instant (UTC) at which all of it is free, None when it always is."""
        return min((fee.free_until for fee in self.fees if fee.free_until), default=None)


def places_to_cancel(places: Sequence[Participation], by: Membership) -> list[Participation]:
    """The places that this member's cancelling ends: in a class, a student's own place only."""
    if by.is_staff_role:
        return list(places)
    if by.role == Role.GUARDIAN:
        return []
    return [place for place in places if place.student.membership_id == by.pk]


def quote(
    places: Sequence[Participation], *, by: Membership, at: datetime, party: Party | None = None
) -> CancellationQuote:
    """What cancelling these places costs when ``by`` does it at ``at`` (UTC).

    ``party`` is the side that asked for it, None for their own.
    """
    asked = party or party_of(by)
    fees = tuple(pricing().cancellation_fee(place, by=asked, at=at) for place in places)
    total = sum((fee.amount for fee in fees), by.school.money(0))
    return CancellationQuote(total, fees)


def cancellation_quote(
    *, booking: Booking, by: Membership, at: datetime, party: Party | None = None
) -> CancellationQuote:
    """What ``cancel_booking`` would cost now: show ``total`` and send it as ``expected_fee``.

    ``party`` is the side in whose name it is cancelled, None for that of ``by``.
    """
    places = (
        Participation.objects.filter(booking=booking)
        .exclude(status=ParticipationStatus.CANCELLED)
        .select_related("student__membership", "booking__cancellation_terms", "booking__school")
        .order_by("pk")
    )
    return quote(places_to_cancel(list(places), by), by=by, at=at, party=party)
