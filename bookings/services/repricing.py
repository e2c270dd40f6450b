"""A lesson that its student moves costs what the new time costs; what the school moves does not."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from administration.models import Membership
from bookings.enums import Party
from bookings.models import Booking, Participation
from bookings.policies import party_of
from bookings.ports import Proposal, Quote, pricing
from bookings.services.booking import price_changed
from justdriving.kernel.money import Money
from justdriving.kernel.policy import enforce

AGREED = ("price_minor", "price_parts")


@dataclass(frozen=True, slots=True)
class Repriced:
    """A place and what it costs from now on."""

    place: Participation
    quote: Quote

    def write(self) -> None:
        self.place.price_minor = self.quote.amount.minor
        self.place.price_parts = [asdict(part) for part in self.quote.parts]
        self.place.save(update_fields=AGREED)


def quotes_after_move(
    booking: Booking,
    places: Sequence[Participation],
    proposal: Proposal,
    by: Membership,
    *,
    at: datetime,
) -> list[Repriced]:
    """The places whose price a move changes; ``at`` (UTC) is when it is agreed.

    None when the school moves the lesson, and none where the type has no price any more: what was
    agreed holds. Source: feature F01.
    """
    if party_of(by) != Party.STUDENT or not places:
        return []
    quotes = pricing().quotes(
        [booking.lesson_type],
        students=[place.student for place in places],
        lower=proposal.starts_at,
        upper=proposal.starts_at,
        at=at,
    )
    if not quotes.has(booking.lesson_type):
        return []
    found = [
        Repriced(
            place,
            quotes.quote(
                booking.lesson_type,
                student_id=place.student_id,
                teacher_id=proposal.teacher.pk,
                department_id=booking.department_id,
                starts_at=proposal.starts_at,
                minutes=place.planned_minutes or booking.minutes,
            ),
        )
        for place in places
    ]
    return [one for one in found if one.quote.amount != one.place.price]


def enforce_expected(repriced: Sequence[Repriced], expected: Money | None) -> None:
    """Raises Refused ``price-changed`` unless each new price is the one that was shown."""
    for one in repriced:
        enforce(price_changed(one.quote.amount, expected))
