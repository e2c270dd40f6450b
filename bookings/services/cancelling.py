"""Cancelling a lesson, or one place in a class; the time is free again at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from administration.models import Membership
from bookings.enums import BookingChange, BookingStatus, ParticipationStatus
from bookings.models import Booking, BookingTransition, Participation, ParticipationTransition
from bookings.policies import may_move, may_withdraw, party_of
from bookings.queries.cancellation import places_to_cancel, quote
from bookings.queries.proposals import not_found
from bookings.services.history import Doing, announce, record, record_places
from bookings.services.holding import changeable_by, hold, live_places, standing_claim
from bookings.services.occupancy import occupy
from bookings.services.reasons import Grounds, grounded
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal, enforce
from justdriving.kernel.transactions import use_case
from justdriving.templatetags.formats import clock, day


@use_case
def cancel_booking(  # noqa: PLR0913 -- a use case names everything it needs
    *,
    booking_id: int,
    by: Membership,
    at: datetime,
    reason: str = "",
    category: str = "",
    grounds: Grounds | None = None,
    expected_fee: Money | None = None,
    expected_status: BookingStatus | None = None,
    muted: bool = False,
) -> BookingTransition:
    """Cancel a booking; a student in a class cancels only their own place in it.

    ``at`` is now, UTC. ``grounds`` say why, or just ``reason`` (words) and ``category`` (a
    ReasonCategory). ``expected_fee`` is the sum that was shown before the click
    (``queries.cancellation_quote``), before any waiver: if it is another by now, nothing happens
    and the refusal ``fee-changed`` carries the new one. ``expected_status`` is what was shown to be
    cancelled: who declines a request does not cancel the lesson it has become. Raises Refused:
    ``not-found``, ``illegal-move``, ``not-allowed``, ``already-started``, ``status-changed``,
    ``already-cancelled`` (a place), ``fee-changed``, ``reason-missing``, ``document-missing``.
    Source: seed 000, "cancel a booking".
    """
    booking = hold(booking_id, changeable_by(by))
    said = grounds or Grounds(words=reason, category=category)
    doing = _may_cancel(booking, by, grounded(by, at, said, muted=muted))
    enforce(_status_changed(booking, expected_status))
    places = live_places(booking)
    ending = places_to_cancel(places, by)
    if not ending and not by.is_staff_role:
        enforce(_given_up(booking.participations.filter(student__membership=by)))
        raise not_found()
    doing = _at_the_fee(ending, by, doing, expected_fee)
    if by.is_staff_role or booking.capacity == 1:
        return end_booking(booking, places, doing)
    return end_places(booking, places, ending, doing)


@use_case
def cancel_place(  # noqa: PLR0913 -- a use case names everything it needs
    *,
    participation_id: int,
    by: Membership,
    at: datetime,
    reason: str = "",
    category: str = "",
    grounds: Grounds | None = None,
    expected_fee: Money | None = None,
    muted: bool = False,
) -> BookingTransition:
    """Take one student out of a class; everybody else's lesson stays.

    Arguments and refusals as ``cancel_booking``.
    """
    found = Participation.objects.filter(pk=participation_id).values_list("booking", flat=True)
    booking = hold(next(iter(found), 0), changeable_by(by))
    said = grounds or Grounds(words=reason, category=category)
    doing = _may_cancel(booking, by, grounded(by, at, said, muted=muted))
    places = live_places(booking)
    ending = [place for place in places_to_cancel(places, by) if place.pk == participation_id]
    if not ending:
        mine = booking.participations.filter(pk=participation_id)
        enforce(_given_up(mine if by.is_staff_role else mine.filter(student__membership=by)))
        raise not_found()
    doing = _at_the_fee(ending, by, doing, expected_fee)
    if booking.capacity == 1:
        return end_booking(booking, places, doing)
    return end_places(booking, places, ending, doing)


def _given_up(places: QuerySet[Participation]) -> Refusal | None:
    """Whether one of these places was cancelled before, and when."""
    gone = ParticipationTransition.objects.filter(
        participation__in=places, to_status=ParticipationStatus.CANCELLED
    )
    row = gone.order_by("happened_at").last()
    if row is None:
        return None
    words = {"day": day(row.happened_at), "clock": clock(row.happened_at)}
    message = _("The place was already cancelled %(day)s %(clock)s.")
    return Refusal("already-cancelled", message % words, {"at": row.happened_at})


def _may_cancel(booking: Booking, by: Membership, doing: Doing) -> Doing:
    enforce(may_move(booking.status, BookingStatus.CANCELLED, party_of(by)))
    enforce(may_withdraw(party_of(by), starts_at=booking.starts_at, at=doing.at))
    return doing


def _at_the_fee(
    ending: Sequence[Participation], by: Membership, doing: Doing, expected: Money | None
) -> Doing:
    """Refuse another fee than was shown; where nothing is owed there is nothing to waive."""
    fee = quote(ending, by=by, at=doing.at, party=doing.party).total
    enforce(_fee_changed(fee, expected))
    return doing if fee else replace(doing, fee_waived=False)


def end_booking(
    booking: Booking, places: Sequence[Participation], doing: Doing
) -> BookingTransition:
    """Cancel a locked booking with all its places and free everybody's time."""
    transition = record(booking, doing, BookingChange.STATUS, to=BookingStatus.CANCELLED)
    occupy(booking, None)
    cancelled = [(place, ParticipationStatus.CANCELLED) for place in places]
    announce(transition, record_places(transition, cancelled))
    return transition


def end_places(
    booking: Booking,
    places: Sequence[Participation],
    ending: Sequence[Participation],
    doing: Doing,
) -> BookingTransition:
    """Take these places out of a locked booking that goes on without them."""
    staying = [place for place in places if place not in ending]
    occupy(booking, standing_claim(booking, staying))
    transition = record(booking, doing, BookingChange.CHANGED)
    cancelled = [(place, ParticipationStatus.CANCELLED) for place in ending]
    announce(transition, record_places(transition, cancelled))
    return transition


def _status_changed(booking: Booking, expected: BookingStatus | None) -> Refusal | None:
    if expected is None or expected == booking.status:
        return None
    message = _("It has been confirmed meanwhile. Do you still want to cancel the lesson?")
    return Refusal("status-changed", message)


def _fee_changed(fee: Money, expected: Money | None) -> Refusal | None:
    if expected is None or expected == fee:
        return None
    message = _("Cancelling now costs %(fee)s. Do you still want to cancel?")
    return Refusal(
        "fee-changed",
        message % {"fee": fee.localized()},
        {"fee_minor": fee.minor, "currency": fee.currency, "fee": fee},
    )
