"""Several lessons rearranged in one go: all of it happens, or none."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from django.utils.translation import gettext as _

from administration.models import Membership, Teacher
from administration.permissions import Permission, may
from bookings.enums import Party
from bookings.models import (
    Booking,
    BookingResource,
    BookingTransition,
    LessonTypeNeed,
    Occupancy,
    Resource,
)
from bookings.policies import counts_as_a_move, may_act_for, may_move_again, party_of
from bookings.queries.proposals import not_found, overruled, teacher_for
from bookings.queries.settings import settings_for
from bookings.services.booking import NO_OVERRIDES
from bookings.services.history import Doing, announce, overridden_rules
from bookings.services.holding import changeable_by, hold_all, keys_of
from bookings.services.moving import rewrite
from bookings.services.together import Bench, Change, Judged, judge_all
from justdriving.kernel.clock import NoSuchWallTime, instant
from justdriving.kernel.locks import LockKey
from justdriving.kernel.policy import Refusal, Refused, enforce, enforce_all
from justdriving.kernel.transactions import use_case
from justdriving.templatetags.formats import when


class Exchange(StrEnum):
    """What two lessons give each other: the start, the teacher, or both (each other's slot)."""

    TIMES = "times"
    TEACHERS = "teachers"
    BOTH = "both"


class Plan(Protocol):
    """What shall become of some lessons, worked out on the rows as they are under their locks."""

    @property
    def booking_ids(self) -> Sequence[int]: ...

    @property
    def teacher_id(self) -> int | None: ...

    def changes(self, bookings: Mapping[int, Booking]) -> list[Change]: ...


@dataclass(frozen=True, slots=True)
class Swap:
    """Two lessons exchange when they begin, who gives them, or both; length and students stay.

    Each keeps its vehicle where that is free, else it gets another that suits.
    """

    first: int
    second: int
    exchange: Exchange
    teacher_id: None = None

    @property
    def booking_ids(self) -> Sequence[int]:
        return (self.first, self.second)

    def changes(self, bookings: Mapping[int, Booking]) -> list[Change]:
        return [
            self._one(bookings[mine], bookings[theirs])
            for mine, theirs in ((self.first, self.second), (self.second, self.first))
        ]

    def _one(self, mine: Booking, theirs: Booking) -> Change:
        times = self.exchange in {Exchange.TIMES, Exchange.BOTH}
        teachers = self.exchange in {Exchange.TEACHERS, Exchange.BOTH}
        return Change(
            mine.pk,
            starts_at=theirs.starts_at if times else None,
            teacher_id=theirs.teacher_id if teachers else None,
        )


@dataclass(frozen=True, slots=True)
class MoveDay:
    """Lessons move to another day at the same time on the clock, and, or, by some minutes."""

    booking_ids: Sequence[int]
    to_day: date | None = None
    shift_minutes: int = 0
    teacher_id: None = None

    def changes(self, bookings: Mapping[int, Booking]) -> list[Change]:
        return [Change(pk, starts_at=self._start(bookings[pk])) for pk in self.booking_ids]

    def _start(self, booking: Booking) -> datetime:
        local = booking.starts_at.astimezone(booking.timezone).replace(tzinfo=None)
        moved = datetime.combine(self.to_day or local.date(), local.time())
        moved += timedelta(minutes=self.shift_minutes)
        try:
            return instant(moved.date(), moved.time(), booking.timezone)
        except NoSuchWallTime as error:
            message = _("The clock skips this time on that night.")
            raise Refused(Refusal("no-such-time", message)) from error


@dataclass(frozen=True, slots=True)
class GiveTeacher:
    """Lessons get another teacher; their times stay."""

    booking_ids: Sequence[int]
    teacher_id: int

    def changes(self, bookings: Mapping[int, Booking]) -> list[Change]:  # noqa: ARG002 -- a plan
        return [Change(pk, teacher_id=self.teacher_id) for pk in self.booking_ids]


@dataclass(frozen=True, slots=True)
class GiveResource:
    """Lessons give up a thing for another: ``instead``, or the least used one that suits each."""

    booking_ids: Sequence[int]
    without: int
    instead: int | None = None
    teacher_id: None = None

    def changes(self, bookings: Mapping[int, Booking]) -> list[Change]:  # noqa: ARG002 -- a plan
        return [Change(pk, without=self.without, instead=self.instead) for pk in self.booking_ids]


@dataclass(frozen=True, slots=True)
class Manner:
    """How lessons are rearranged: on whose behalf, why, against which rules, told or not."""

    requested_by: Party | None = None
    reason: str = ""
    overrides: Mapping[str, str] = field(default_factory=lambda: NO_OVERRIDES)
    muted: bool = False


PLAINLY = Manner()


@use_case
def rearrange_bookings(
    *,
    plan: Plan,
    by: Membership,
    at: datetime,
    manner: Manner = PLAINLY,
    seen: Mapping[int, int] | None = None,
) -> list[BookingTransition]:
    """Carry out a plan: ``Swap``, ``MoveDay``, ``GiveTeacher`` or ``GiveResource``.

    Each lesson keeps its number, length, price and students. The history rows share a ``batch``.
    What stays as it is, is not written. ``at`` is now, UTC. ``seen`` is the version of each booking
    (by id) in the preview that is carried out, None where there was none. Raises Refused with every
    refusal of every lesson (``facts["booking_id"]``), and nothing has happened: a rule's code, or
    ``not-found``, ``lessons-changed`` since the preview, ``illegal-move``, ``moved-too-often``,
    ``no-such-time``, ``nothing-changed``, ``not-allowed``. Source: seed 000, "adjustments".
    """
    party = manner.requested_by or party_of(by)
    enforce(may_act_for(party_of(by), party))
    keys = keys_in_reach(plan.booking_ids, _teachers(plan, by))
    bookings = hold_all(plan.booking_ids, changeable_by(by), keys)
    if seen is not None and seen != {one.pk: one.version for one in bookings}:
        raise Refused(lessons_changed())
    judged = _judged(plan, bookings, by, at, manner)
    enforce_all(said_of(one, refusal) for one in judged for refusal in one.refusals)
    changed = [one for one in judged if one.is_change]
    if not changed:
        raise Refused(Refusal("nothing-changed", _("That changes nothing.")))
    doing = Doing(by.user, party, at, reason=manner.reason, muted=manner.muted, batch=uuid.uuid4())
    return write_together(changed, doing, manner.overrides)


def preview_rearrangement(
    *, plan: Plan, by: Membership, at: datetime, manner: Manner = PLAINLY
) -> list[Judged]:
    """What ``rearrange_bookings`` would do to each lesson, and what refuses it.

    No locks, nothing written. Raises Refused ``not-found`` or ``no-such-time``.
    """
    rows = changeable_by(by).filter(pk__in=plan.booking_ids)
    related = rows.select_related("lesson_type", "teacher__membership__user", "cancellation_terms")
    return _judged(plan, list(related.order_by("pk")), by, at, manner)


def _judged(
    plan: Plan, bookings: Sequence[Booking], by: Membership, at: datetime, manner: Manner
) -> list[Judged]:
    known = {booking.pk: booking for booking in bookings}
    if known.keys() != set(plan.booking_ids) or not known:
        raise not_found()
    changes = plan.changes(known)
    starts = {one.booking_id: one.starts_at for one in changes if one.starts_at}
    bench = Bench(bookings, by=by, at=at, teachers=_teachers(plan, by), starts=starts)
    judged = judge_all(bench, changes, manner.overrides)
    if (manner.requested_by or party_of(by)) != Party.STUDENT:
        return judged
    return _within_limits(judged, by, manner.overrides)


def _teachers(plan: Plan, by: Membership) -> list[Teacher]:
    return [teacher_for(by, plan.teacher_id)] if plan.teacher_id else []


def _within_limits(
    judged: Sequence[Judged], by: Membership, overrides: Mapping[str, str]
) -> list[Judged]:
    """What a student asks for counts towards the moves they have of each lesson."""
    departments = {one.booking.department_id for one in judged}
    most = {pk: settings_for(pk).max_moves for pk in departments}
    may_override = may(by, Permission.OVERRIDE_RULE)
    limited = []
    for one in judged:
        booking = one.booking
        refusal = may_move_again(moves=booking.moves, most=most[booking.department_id])
        is_counted = counts_as_a_move(Party.STUDENT, capacity=booking.capacity)
        found = [refusal] if refusal and one.is_other_time and is_counted else []
        standing, set_aside = overruled(found, overrides, may_override=may_override)
        verdict = replace(one.verdict, set_aside=[*one.verdict.set_aside, *set_aside])
        limited.append(replace(one, verdict=verdict, refusals=(*standing, *one.refusals)))
    return limited


def keys_in_reach(booking_ids: Collection[int], teachers: Collection[Teacher]) -> list[LockKey]:
    """The locks of whoever and whatever some lessons might get."""
    types = Booking.objects.filter(pk__in=booking_ids).values("lesson_type")
    needed = LessonTypeNeed.objects.filter(lesson_type__in=types).values_list("kind", flat=True)
    used = BookingResource.objects.filter(booking__in=booking_ids)
    kinds = {*needed, *used.values_list("resource__kind", flat=True)}
    things = Resource.objects.filter(is_active=True, kind__in=kinds).values_list("pk", flat=True)
    return keys_of((one.membership.user_id for one in teachers), things)


def write_together(
    judged: Sequence[Judged], doing: Doing, overrides: Mapping[str, str] = NO_OVERRIDES
) -> list[BookingTransition]:
    """Write locked bookings that all may change: first everybody leaves, then everybody arrives."""
    Occupancy.objects.filter(booking__in=[one.booking.pk for one in judged]).delete()
    written = []
    for one in judged:
        overridden = overridden_rules(one.verdict.set_aside, overrides)
        written.append(rewrite(one.booking, one.verdict, replace(doing, overridden=overridden)))
    for transition in written:
        announce(transition, [])
    return written


def lessons_changed() -> Refusal:
    """What somebody confirms is not what they were shown."""
    message = _("The lessons have changed meanwhile. Look through them again.")
    return Refusal("lessons-changed", message)


def said_of(judged: Judged, refusal: Refusal) -> Refusal:
    """A refusal that says which lesson it is about."""
    booking = judged.booking
    message = _("%(booking)s, %(when)s: %(why)s") % {
        "booking": booking.number,
        "when": when(booking.period),
        "why": refusal.message,
    }
    return replace(refusal, message=message, facts={**refusal.facts, "booking_id": booking.pk})
