"""The one writer of statuses and history rows, and the one sender of what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from administration.models import User
from bookings.enums import (
    BookingChange,
    BookingResourceStatus,
    BookingStatus,
    ParticipationStatus,
    Party,
    ReasonCategory,
)
from bookings.models import (
    Booking,
    BookingResource,
    BookingTransition,
    CancellationReason,
    Participation,
    ParticipationTransition,
)
from bookings.signals import booking_changed, participation_changed
from justdriving.kernel.policy import Refusal
from justdriving.kernel.rows import insert

ENDING_FIELDS = ("status", "cancelled_by", "reason_category", "no_show_by", "held_until")

NO_THINGS: tuple[list[str], list[str]] = ([], [])


@dataclass(frozen=True, slots=True)
class Doing:
    """Who does something, for whom, when, why, and which rules they overruled.

    ``by`` is None only for the system. ``batch`` is shared by changes made together.
    """

    by: User | None
    party: Party
    at: datetime
    reason: str = ""
    category: str = ""
    muted: bool = False
    overridden: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    batch: UUID | None = None
    cancellation_reason: CancellationReason | None = None
    fee_waived: bool = False
    document_seen: bool = False


def overridden_rules(
    refusals: Sequence[Refusal], overrides: Mapping[str, str]
) -> tuple[dict[str, Any], ...]:
    """What history keeps of the rules that were overruled, and why."""
    return tuple(
        {
            "code": refusal.code,
            "message": str(refusal.message),
            "reason": overrides[refusal.code].strip(),
        }
        for refusal in refusals
    )


def record(  # noqa: PLR0913 -- everything a row of history says
    booking: Booking,
    doing: Doing,
    change: BookingChange,
    *,
    to: BookingStatus | None = None,
    from_period: Any = None,
    from_teacher_id: int | None = None,
    prices: tuple[int, int] | None = None,
    things: tuple[list[str], list[str]] = NO_THINGS,
) -> BookingTransition:
    """Write what happened to a booking, and its status if that changed.

    ``from_period`` and ``from_teacher_id`` are those before the change, if it changed them;
    ``prices`` are the student's before and after, in minor units, if it did; ``things`` the names
    of the vehicles and rooms it took away and brought.
    """
    is_new = change == BookingChange.CREATED
    transition = BookingTransition(
        school_id=booking.school_id,
        booking=booking,
        sequence=1 if is_new else _next_sequence(booking),
        change=change,
        from_status="" if is_new else booking.status,
        to_status=to or booking.status,
        from_period=None if is_new else from_period or booking.period,
        to_period=booking.period,
        from_teacher_id=None if is_new else from_teacher_id or booking.teacher_id,
        to_teacher_id=booking.teacher_id,
        from_things=things[0] or None,
        to_things=things[1] or None,
        from_price_minor=prices[0] if prices else None,
        to_price_minor=prices[1] if prices else None,
        happened_at=doing.at,
        made_by=doing.by,
        requested_by=doing.party,
        reason=doing.reason,
        reason_category=ReasonCategory(doing.category) if doing.category else "",
        overridden_rules=list(doing.overridden),
        is_muted=doing.muted,
        batch=doing.batch,
        cancellation_reason=doing.cancellation_reason,
        fee_waived=doing.fee_waived,
        document_seen=doing.document_seen,
    )
    insert([transition])
    if to and not is_new:
        booking.status = to
        _note_end(booking, transition)
        booking.save(update_fields=ENDING_FIELDS)
    return transition


def _note_end(booking: Booking, transition: BookingTransition) -> None:
    if booking.status != BookingStatus.PENDING:
        booking.held_until = None
    if booking.status == BookingStatus.CANCELLED:
        booking.cancelled_by = transition.requested_by
        booking.reason_category = transition.reason_category


def _next_sequence(booking: Booking) -> int:
    last = BookingTransition.objects.filter(booking=booking).aggregate(last=Max("sequence"))
    return (last["last"] or 0) + 1


def record_places(
    transition: BookingTransition, moved: Sequence[tuple[Participation, ParticipationStatus]]
) -> list[ParticipationTransition]:
    """Write what happened to each place; a new place comes with the status ``BOOKED`` it has."""
    rows = [
        ParticipationTransition(
            school_id=transition.school_id,
            participation=place,
            booking_transition=transition,
            from_status="" if to == ParticipationStatus.BOOKED else place.status,
            to_status=to,
            minutes_used=place.minutes_used,
            happened_at=transition.happened_at,
            made_by=transition.made_by,
        )
        for place, to in moved
    ]
    insert(rows)
    changed = []
    for place, to in moved:
        if place.status != to:
            place.status = to
            changed.append(place)
    if changed:
        Participation.objects.bulk_update(changed, ["status", "minutes_used"])
    free_places([place for place, to in moved if to == ParticipationStatus.CANCELLED])
    return rows


def free_places(leaving: Sequence[Participation]) -> None:
    """Whoever has no seat any more has no place either: it is available again."""
    given = [place.place_id for place in leaving if place.place_id]
    if not given:
        return
    Participation.objects.filter(pk__in=[place.pk for place in leaving]).update(place=None)
    for place in leaving:
        place.place_id = None
    BookingResource.objects.filter(pk__in=given, status=BookingResourceStatus.RESERVED).update(
        status=BookingResourceStatus.AVAILABLE
    )


def announce(transition: BookingTransition, places: Sequence[ParticipationTransition]) -> None:
    """Tell the apps above, inside this transaction: first each place, then the booking."""
    for place in places:
        participation_changed.send(sender=Participation, transition=place)
    touched = [place.participation for place in places]
    booking_changed.send(sender=Booking, transition=transition, places=touched)
