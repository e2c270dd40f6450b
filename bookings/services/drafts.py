"""A draft is written anew: nobody's time is taken and nobody is told until it is confirmed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from administration.models import Membership
from bookings.enums import BookingChange, BookingStatus, ParticipationStatus
from bookings.models import Booking, BookingResource, BookingTransition, Participation
from bookings.queries.proposals import LessonRequest, narrowed, parties_of, standing_refusals
from bookings.services.booking import (
    NO_OVERRIDES,
    Verdict,
    decide,
    new_booking,
    new_places,
    write_resources,
)
from bookings.services.history import Doing, announce, overridden_rules, record, record_places
from bookings.services.holding import changeable_by, granted_to, hold, keys_of, live_places
from justdriving.kernel.policy import Refusal, enforce, enforce_all
from justdriving.kernel.rows import insert
from justdriving.kernel.transactions import use_case

WRITTEN = (
    "lesson_type", "teacher", "department_id", "period", "wall_date", "wall_time",
    "buffer_before_minutes", "buffer_after_minutes", "place", "capacity", "entered_afterwards",
    "cancellation_terms_id", "note",
)  # fmt: skip
AGREED = ("price_minor", "currency", "price_parts", "planned_minutes")


@use_case
def change_draft(
    *,
    booking_id: int,
    wanted: LessonRequest,
    by: Membership,
    at: datetime,
    overrides: Mapping[str, str] = NO_OVERRIDES,
) -> BookingTransition:
    """Make a draft the lesson that is ``wanted``, at today's price and terms; it stays a draft.

    ``at`` is now, UTC. Every rule is asked. What was overruled for the draft holds while its time,
    people and things stay the same; ``overrides`` (code -> reason) as in ``book_lesson``. Raises
    Refused: ``not-found``, ``illegal-move`` for what is no draft any more, or as ``book_lesson``.
    """
    wanted = replace(wanted, draft=True)
    parties = narrowed(parties_of(wanted, by))
    also = keys_of(parties.user_ids, (one.pk for one in parties.resources))
    booking = hold(booking_id, changeable_by(by), also)
    enforce(_is_no_draft(booking))
    enforce_all(standing_refusals(parties, wanted))
    places = live_places(booking)
    is_same = _is_same(booking, places, wanted)
    verdict = decide(
        parties,
        wanted.starts_at,
        at=at,
        minutes=wanted.minutes_of(parties.lesson_type),
        overrides=overrides,
        booking_id=booking.pk,
        granted=granted_to(booking) if is_same else (),
    )
    overridden = overridden_rules(verdict.set_aside, overrides)
    doing = Doing(by.user, parties.party, at, muted=True, overridden=overridden)
    change = BookingChange.CHANGED if is_same else BookingChange.MOVED
    period, teacher_id = booking.period, booking.teacher_id
    fresh = new_booking(parties, verdict, wanted, at=at, request_key=booking.request_key)
    _rewrite(booking, fresh, verdict)
    seats = new_places(booking, parties.students, None, wanted.own_minutes, at=at)
    transition = record(booking, doing, change, from_period=period, from_teacher_id=teacher_id)
    announce(transition, record_places(transition, _seat(places, seats)))
    return transition


def _is_no_draft(booking: Booking) -> Refusal | None:
    if booking.status == BookingStatus.DRAFT:
        return None
    return Refusal("illegal-move", _("The lesson is no longer a draft."))


def _is_same(booking: Booking, places: Sequence[Participation], wanted: LessonRequest) -> bool:
    """Whether everything stays that the rules were asked about."""
    things = BookingResource.objects.filter(booking=booking).values_list("resource", flat=True)
    return (
        wanted.lesson_type_id == booking.lesson_type_id
        and wanted.teacher_id == booking.teacher_id
        and wanted.starts_at == booking.starts_at
        and wanted.minutes_of(booking.lesson_type) == booking.minutes
        and set(wanted.student_ids) == {place.student_id for place in places}
        and set(wanted.resource_ids or ()) == set(things)
    )


def _rewrite(booking: Booking, fresh: Booking, verdict: Verdict) -> None:
    """Write the booking as ``fresh`` says, and the things the verdict gives it."""
    for name in WRITTEN:
        setattr(booking, name, getattr(fresh, name))
    booking.version += 1
    booking.save(update_fields=[*WRITTEN, "version"])
    BookingResource.objects.filter(booking=booking).delete()
    write_resources(booking, verdict.proposal.resources)


def _seat(
    places: Sequence[Participation], seats: Sequence[Participation]
) -> list[tuple[Participation, ParticipationStatus]]:
    """Whoever stays keeps their place at the new price; returns who leaves and who comes."""
    agreed = {seat.student_id: seat for seat in seats}
    leaving = [place for place in places if place.student_id not in agreed]
    for place in places:
        if seat := agreed.pop(place.student_id, None):
            for name in AGREED:
                setattr(place, name, getattr(seat, name))
            place.save(update_fields=AGREED)
    coming = list(agreed.values())
    insert(coming)
    return [
        *((place, ParticipationStatus.CANCELLED) for place in leaving),
        *((seat, ParticipationStatus.BOOKED) for seat in coming),
    ]
