"""One session of a series while it is changed: what it is, what was edited, what becomes of it."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from django.db import transaction as database
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from administration.models import Membership
from bookings.buffers import BUFFER_FIELDS
from bookings.enums import BookingChange, BookingStatus, OfferStatus
from bookings.models import Booking, Participation, SessionTemplate
from bookings.policies import party_of
from bookings.queries.proposals import teacher_for
from bookings.services.booking import clash_refusals, decide, keep_free
from bookings.services.history import Doing, announce, overridden_rules, record
from bookings.services.holding import granted_to, live_places, parties_in
from bookings.services.occupancy import occupy
from bookings.services.venues import lapse_numbers, standing_numbers
from justdriving.kernel.clock import NoSuchWallTime, instant
from justdriving.kernel.policy import Refusal, Refused, enforce

OPEN = (BookingStatus.PENDING, BookingStatus.CONFIRMED)
CHANGED_FIELDS = (
    "period", "wall_date", "wall_time", "teacher", *BUFFER_FIELDS, "place", "capacity",
    "edited_fields", "version",
)  # fmt: skip
OF_THE_TIME = frozenset({"day", "starts_at", "minutes"})


class Scope(StrEnum):
    ONE = "one"
    FOLLOWING = "following"
    ALL = "all"


class Fate(StrEnum):
    """What a change means for one session."""

    CHANGED = "changed"
    KEPT = "kept"
    CANCELLED = "cancelled"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class SessionEdit:
    """New values; None keeps the old one.

    ``day`` is that of the session it is typed for; several move by as many days as that one.
    ``starts_at`` is wall time of the school.
    """

    day: date | None = None
    starts_at: time | None = None
    minutes: int | None = None
    teacher_id: int | None = None
    capacity: int | None = None
    place: str | None = None


class Values(NamedTuple):
    """What a session is: the same fields that ``Booking.edited_fields`` names."""

    day: date
    starts_at: time
    minutes: int
    teacher: int
    capacity: int
    place: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one session; ``keeps`` are the fields edited before, which stay."""

    booking: Booking
    fate: Fate
    before: Values
    after: Values
    students: int = 0
    keeps: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def is_moved(self) -> bool:
        """Whether it begins on another day or at another time."""
        return self.before[:2] != self.after[:2]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a series while it is made; ``shift`` is by how many days it moves."""

    edit: SessionEdit
    scope: Scope
    shift: timedelta
    by: Membership
    at: datetime
    overrides: Mapping[str, str]
    batch: uuid.UUID = field(default_factory=uuid.uuid4)


def values_of(template: SessionTemplate, booking: Booking) -> Values:
    """What the template says a session is."""
    return Values(
        day=booking.template_day or booking.wall_date,
        starts_at=template.starts_at,
        minutes=template.minutes,
        teacher=template.teacher_id,
        capacity=template.capacity,
        place=template.place,
    )


def _standing(booking: Booking) -> Values:
    return Values(
        day=booking.wall_date,
        starts_at=booking.wall_time,
        minutes=booking.minutes,
        teacher=booking.teacher_id,
        capacity=booking.capacity,
        place=booking.place,
    )


def edits_of(booking: Booking, planned: Values) -> tuple[str, ...]:
    """The fields of a session that somebody changed, noted or to be seen by comparing."""
    standing = _standing(booking)
    return tuple(
        name
        for name in Values._fields
        if name in booking.edited_fields or getattr(standing, name) != getattr(planned, name)
    )


def applied(booking: Booking, planned: Values, change: Change) -> Outcome:
    """Change one held session as far as it may be."""
    before = _standing(booking)
    keeps = edits_of(booking, planned) if change.scope is not Scope.ONE else ()
    after = _wanted(before, keeps, booking, change)
    outcome = Outcome(booking, Fate.CHANGED, before, after, keeps=keeps)
    if booking.status not in OPEN:
        return replace(outcome, fate=Fate.CANCELLED, after=before)
    booking.edited_fields = sorted({*booking.edited_fields, *_noted(keeps, before, after, change)})
    places = live_places(booking)
    outcome = replace(outcome, students=len(places))
    if after == before:
        booking.save(update_fields=["edited_fields"])
        return replace(outcome, fate=Fate.KEPT)
    try:
        with database.atomic():
            _rewrite(booking, before, after, places, change)
    except Refused as refused:
        _keep(booking)
        return replace(outcome, fate=Fate.REFUSED, after=before, refusals=refused.refusals)
    return outcome


def _wanted(
    before: Values,
    keeps: Sequence[str],
    booking: Booking,
    change: Change,
) -> Values:
    """What the session shall be: the edit, without what was edited in it before."""
    edit = change.edit
    day = (
        edit.day if change.scope is Scope.ONE else (booking.template_day if change.shift else None)
    )
    asked: dict[str, Any] = {
        "day": day,
        "starts_at": edit.starts_at,
        "minutes": edit.minutes,
        "teacher": edit.teacher_id,
        "capacity": edit.capacity,
        "place": edit.place,
    }
    new = {name: value for name, value in asked.items() if value is not None and name not in keeps}
    return before._replace(**new)


def _noted(keeps: Sequence[str], before: Values, after: Values, change: Change) -> Iterable[str]:
    """The fields that count as edited from now on."""
    if change.scope is not Scope.ONE:
        return keeps
    return [name for name in Values._fields if getattr(before, name) != getattr(after, name)]


def _rewrite(
    booking: Booking,
    before: Values,
    after: Values,
    places: Sequence[Participation],
    change: Change,
) -> None:
    """Write a held session as it shall be, judged by every rule; raises Refused."""
    enforce(_seats_taken(booking, after, places))
    parties = parties_in(booking, places, change.by)
    if after.teacher != before.teacher:
        parties = replace(parties, teacher=teacher_for(change.by, after.teacher))
    try:
        starts_at = instant(after.day, after.starts_at, booking.timezone)
    except NoSuchWallTime as error:
        message = _("The clock skips this time on that night.")
        raise Refused(Refusal("no-such-time", message)) from error
    reasons = {**_template_reasons(booking), **change.overrides}
    verdict = decide(
        parties,
        starts_at,
        at=change.at,
        minutes=after.minutes,
        overrides=reasons,
        booking_id=booking.pk,
        granted=frozenset() if before[:3] != after[:3] else granted_to(booking),
    )
    from_period, from_teacher = booking.period, booking.teacher_id
    numbers = standing_numbers(booking)
    booking.period = DateTimeTZRange(verdict.proposal.starts_at, verdict.proposal.ends_at)
    booking.wall_date, booking.wall_time = after.day, after.starts_at
    booking.teacher = parties.teacher
    booking.place, booking.capacity = after.place, after.capacity
    keep_free(booking, verdict.proposal)
    booking.version += 1
    booking.save(update_fields=CHANGED_FIELDS)
    occupy(booking, verdict.claim(), clash_refusals(verdict.proposal))
    doing = Doing(
        change.by.user,
        party_of(change.by),
        change.at,
        muted=not places,
        overridden=overridden_rules(verdict.set_aside, reasons),
        batch=change.batch,
    )
    lapse_numbers(booking, numbers, doing)
    moved = BookingChange.MOVED if from_period != booking.period else BookingChange.CHANGED
    announce(
        record(booking, doing, moved, from_period=from_period, from_teacher_id=from_teacher), []
    )


def _template_reasons(booking: Booking) -> Mapping[str, str]:
    reasons: Mapping[str, str] = booking.template.overridden_rules if booking.template else {}
    return reasons


def _seats_taken(
    booking: Booking, after: Values, places: Sequence[Participation]
) -> Refusal | None:
    """Seats that somebody has or was offered stay theirs."""
    if after.capacity >= booking.capacity:
        return None
    offered = booking.offers.filter(status=OfferStatus.OPEN, is_seat=True).count()
    taken = len(places) + offered
    if after.capacity >= taken:
        return None
    message = _("%(seats)d seats are taken or on offer.") % {"seats": taken}
    return Refusal("seats-taken", message)


def _keep(booking: Booking) -> None:
    """A refused session stays as it is, and no later change of the series touches it unseen."""
    kept = Booking.objects.get(pk=booking.pk)
    for name in ("period", "wall_date", "wall_time", "teacher", "place", "capacity", "version"):
        setattr(booking, name, getattr(kept, name))
    booking.save(update_fields=["edited_fields"])
