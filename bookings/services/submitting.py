"""A draft becomes a lesson: only now it takes anybody's time, and only now anybody is told."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from administration.models import Membership
from bookings.buffers import BUFFER_FIELDS
from bookings.enums import BookingChange, BookingStatus
from bookings.models import Booking, BookingTransition
from bookings.policies import may_book, may_move, party_of, still_learn
from bookings.services.booking import (
    NO_OVERRIDES,
    Verdict,
    clash_refusals,
    decide,
    hold_ends,
    keep_free,
)
from bookings.services.history import Doing, announce, overridden_rules, record
from bookings.services.holding import (
    changeable_by,
    granted_to,
    hold,
    live_places,
    parties_in,
)
from bookings.services.occupancy import occupy
from justdriving.kernel.policy import Refusal, enforce
from justdriving.kernel.transactions import use_case


@use_case
def submit_booking(
    *,
    booking_id: int,
    by: Membership,
    at: datetime,
    overrides: Mapping[str, str] = NO_OVERRIDES,
    as_request: bool = False,
) -> BookingTransition:
    """Confirm a draft, or with ``as_request`` hold its time until the school answers.

    ``at`` is now, UTC. Every rule is asked again; what was overruled for the draft stays overruled.
    Raises Refused: ``not-found``, ``illegal-move``, ``not-allowed``, ``not-learning``,
    ``lesson-type-closed``, or a rule's code. Source: seed 000, "schedule a new lesson", 3.
    """
    booking = hold(booking_id, changeable_by(by))
    to = BookingStatus.PENDING if as_request else BookingStatus.CONFIRMED
    enforce(_may_submit(booking, to, by))
    places = live_places(booking)
    enforce(may_book(by, booking.lesson_type))
    enforce(still_learn(place.student for place in places))
    parties = parties_in(booking, places, by)
    verdict = decide(
        parties,
        booking.starts_at,
        at=at,
        minutes=booking.minutes,
        overrides=overrides,
        booking_id=booking.pk,
        granted=granted_to(booking),
    )
    overridden = overridden_rules(verdict.set_aside, overrides)
    doing = Doing(by.user, parties.party, at, overridden=overridden)
    return _take_the_time(booking, verdict, doing, to)


def _may_submit(booking: Booking, to: BookingStatus, by: Membership) -> Refusal | None:
    if booking.status != BookingStatus.DRAFT:
        return Refusal("illegal-move", _("The lesson is no longer a draft."))
    return may_move(booking.status, to, party_of(by))


def _take_the_time(
    booking: Booking, verdict: Verdict, doing: Doing, to: BookingStatus
) -> BookingTransition:
    if to == BookingStatus.PENDING:
        booking.held_until = hold_ends(booking.lesson_type, booking.starts_at, doing.at)
    booking.entered_afterwards = booking.entered_afterwards or verdict.is_afterwards
    keep_free(booking, verdict.proposal)
    booking.save(update_fields=["entered_afterwards", *BUFFER_FIELDS])
    transition = record(booking, doing, BookingChange.STATUS, to=to)
    occupy(booking, verdict.claim(), clash_refusals(verdict.proposal), is_new=True)
    announce(transition, [])
    return transition
