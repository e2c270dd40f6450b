"""A fee is waived after the lesson: a line of its own in the history, who said so and why."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from administration.models import Membership
from bookings.enums import BookingChange, BookingStatus, ParticipationStatus
from bookings.models import Booking, BookingTransition, Participation
from bookings.queries.proposals import not_found
from bookings.services.history import announce, record
from bookings.services.holding import changeable_by, hold
from bookings.services.reasons import Grounds, grounded
from justdriving.kernel.policy import Refusal, enforce
from justdriving.kernel.transactions import use_case

WAIVABLE = (ParticipationStatus.CANCELLED, ParticipationStatus.ABSENT)


@use_case
def note_waiver(
    *, participation_id: int, by: Membership, at: datetime, grounds: Grounds
) -> BookingTransition:
    """Write down that a missed or cancelled place is not to be paid for.

    Finance calls this where it gives the credit (``finance.services.waive_fee``). ``at`` is now,
    UTC. Raises Refused: ``not-found``, ``not-allowed``, ``reason-missing``, ``document-missing``,
    ``nothing-to-waive``.
    """
    place = _waivable(changeable_by(by)).filter(pk=participation_id).first()
    if place is None:
        raise not_found()
    booking = hold(place.booking_id, changeable_by(by))
    doing = grounded(by, at, grounds, muted=True)
    enforce(_still_open(booking, place))
    transition = record(booking, doing, BookingChange.CHANGED)
    announce(transition, [])
    return transition


def _waivable(bookings: QuerySet[Booking]) -> QuerySet[Participation]:
    return Participation.objects.filter(booking__in=bookings.values("pk"))


def _still_open(booking: Booking, place: Participation) -> Refusal | None:
    if place.status in WAIVABLE and booking.status != BookingStatus.DRAFT:
        return None
    return Refusal("nothing-to-waive", _("There is no fee to waive."))
