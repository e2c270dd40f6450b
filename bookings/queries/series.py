"""Which days a weekly template gives a session, and what speaks against each of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from administration.models import Student
from bookings.buffers import buffers_of
from bookings.enums import Party
from bookings.models import (
    Booking,
    GroupMember,
    Resource,
    SessionTemplate,
    SessionTemplateResource,
    SkippedSession,
)
from bookings.policies import no_seat_left, still_learn
from bookings.ports import BookingRule, Proposal, Search, codes_sparing_classes
from bookings.queries.diary import NOTHING, Diary, diary_of
from bookings.queries.proposals import load_rules, overruled, refusals_of
from justdriving.kernel.clock import NoSuchWallTime, instant
from justdriving.kernel.policy import Refusal

CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody decided for one day of a series.

    Left out, or held on another ``day`` or at another wall time, or held against the rules in
    ``overrides`` (code -> reason).
    """

    is_skipped: bool = False
    day: date | None = None
    starts_at: time | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)


AS_PLANNED = Choice()


@dataclass(frozen=True, slots=True)
class Thing:
    """A room or track all share, or with ``is_place`` one of the places."""

    resource: Resource
    is_place: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A student of the class who cannot be in a session, or a place it cannot have, and why."""

    who: Student | Resource
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class DayPlan:
    """One day of a series before it is written down.

    ``starts_at`` and ``ends_at`` are UTC instants, None for a wall time the clock skips.
    ``resources`` are those it would get, ``students`` those of the class who can come.
    """

    day: date
    held_on: date
    starts_at: datetime | None
    ends_at: datetime | None
    refusals: tuple[Refusal, ...] = ()
    set_aside: tuple[Refusal, ...] = ()
    resources: tuple[Resource, ...] = ()
    places: frozenset[int] = frozenset()
    students: tuple[Student, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    without: tuple[LeftOut, ...] = ()
    is_skipped: bool = False

    @property
    def is_moved(self) -> bool:
        return self.held_on != self.day

    @property
    def code(self) -> str:
        """``ok``, or what speaks against it: a rule's code, or ``chosen``."""
        if self.is_skipped:
            return CHOSEN
        return self.refusals[0].code if self.refusals else "ok"

    @property
    def message(self) -> str:
        return " ".join(str(refusal.message) for refusal in self.refusals)


class Seen(NamedTuple):
    """What a preview showed of a day: the code of what was found in the calendar, and of what
    comes of it with all that was decided; empty where the day has none.
    """

    found: str
    shown: str


class LaterDay(NamedTuple):
    """A day of a plan that is too far ahead, and the day on which it will be planned."""

    day: date
    planned_on: date


def template_days(template: SessionTemplate, *, first: date, last: date) -> list[date]:
    """The days from ``first`` to ``last`` (both included) on which a template gives a session."""
    begins = template.first_day + timedelta(
        days=(template.weekday - template.first_day.weekday()) % 7
    )
    last = min(last, template.last_day) if template.last_day else last
    step = 7 * template.every_weeks
    missed = max((first - begins).days, 0)
    day = begins + timedelta(days=-(-missed // step) * step)
    days = []
    while day <= last:
        days.append(day)
        day += timedelta(days=step)
    return days


def linked_plans(template_id: int) -> set[int]:
    """The ids of a plan, of those it was split from and of those split from it, in one query."""
    split = SessionTemplate.objects.filter(continues__isnull=False)
    pairs = list(split.values_list("pk", "continues_id"))
    linked: set[int] = set()
    found = {template_id}
    while found:
        linked |= found
        beside = {pk for pair in pairs if linked.intersection(pair) for pk in pair if pk}
        found = beside - linked
    return linked


def things_of(template: SessionTemplate) -> list[Thing]:
    """What the sessions of a saved template get, shared things first."""
    rows = SessionTemplateResource.objects.filter(template=template).select_related("resource")
    return [Thing(row.resource, row.is_place) for row in rows.order_by("is_place", "pk")]


def class_of(template: SessionTemplate) -> list[Student]:
    """The students of the template's class, in the order they joined it."""
    if not template.group_id:
        return []
    members = GroupMember.objects.filter(group=template.group_id, left_at__isnull=True)
    rows = members.select_related("student__membership__user").order_by("joined_at", "pk")
    return [member.student for member in rows]


def open_days(
    template: SessionTemplate, *, at: datetime, anew: Collection[date] = ()
) -> list[date]:
    """The days ahead that have no session yet and that nobody left out, at ``at`` (UTC).

    A day among ``anew`` that was left out is asked about again.
    """
    today = at.astimezone(template.school.zone).date()
    days = template_days(template, first=today, last=_planned_until(template, at))
    if template._state.adding:  # noqa: SLF001 -- Django's own way to know an unsaved row
        return days
    made = Booking.objects.filter(template=template, template_day__in=days)
    left_out = SkippedSession.objects.filter(template=template, on__in=days, code=CHOSEN)
    closed = set(left_out.values_list("on", flat=True)) - set(anew)
    taken = {*made.values_list("template_day", flat=True), *closed}
    return [day for day in days if day not in taken]


def _planned_until(template: SessionTemplate, at: datetime) -> date:
    today = at.astimezone(template.school.zone).date()
    return today + timedelta(weeks=template.weeks_ahead)


def later_day(template: SessionTemplate, *, at: datetime) -> LaterDay | None:
    """The first day beyond the weeks planned ahead at ``at`` (UTC); None where none comes."""
    first = max(_planned_until(template, at) + timedelta(days=1), template.first_day)
    last = first + timedelta(weeks=template.every_weeks)
    days = template_days(template, first=first, last=last)
    if not days:
        return None
    return LaterDay(days[0], planned_on=days[0] - timedelta(weeks=template.weeks_ahead))


def preview_template(
    *,
    template: SessionTemplate,
    things: Sequence[Thing],
    at: datetime,
    choices: Mapping[date, Choice] = MappingProxyType({}),
    may_override: bool = True,
) -> list[DayPlan]:
    """What each open day of a template would become, judged by the rules of every booking.

    ``template`` may be unsaved; its relations are read from it. ``at`` is now, UTC. A fixed number
    of queries, however many days and students. Days whose time has passed are left out.
    """
    days = open_days(template, at=at, anew=choices.keys())
    slots = [_slot(template, day, choices.get(day, AS_PLANNED)) for day in days]
    slots = [slot for slot in slots if slot.starts_at is None or slot.starts_at > at]
    if not slots:
        return []
    judge = _judge(template, things, slots, at)
    plans = []
    for slot in slots:
        plan = judge.plan(slot, choices.get(slot.day, AS_PLANNED), may_override=may_override)
        if plan.code == "ok":
            judge.diary.note_visits(plan.resources, plan.held_on)
        plans.append(plan)
    return plans


def seen_days(
    plans: Sequence[DayPlan],
    *,
    template: SessionTemplate,
    things: Sequence[Thing],
    at: datetime,
    choices: Mapping[date, Choice],
) -> dict[date, Seen]:
    """What ``plans`` show, beside what the calendar gives before anything is decided.

    The days are judged once more only where something was decided. ``at`` is now, UTC.
    """
    shown = {plan.day: plan.code for plan in plans}
    found = shown
    if choices or template.overridden_rules:
        bare = preview_template(template=template, things=things, at=at, may_override=False)
        found = {plan.day: plan.code for plan in bare}
    days = sorted({*found, *shown})
    return {day: Seen(found.get(day, ""), shown.get(day, "")) for day in days}


def _slot(template: SessionTemplate, day: date, choice: Choice) -> DayPlan:
    """The day with its instants; a wall time that the clock skips is refused."""
    held_on = choice.day or day
    begins = choice.starts_at or template.starts_at
    plan = DayPlan(day, held_on, None, None, is_skipped=choice.is_skipped)
    try:
        starts_at = instant(held_on, begins, template.school.zone)
    except NoSuchWallTime:
        message = _("The clock skips this time on that night.")
        return replace(plan, refusals=(Refusal("no-such-time", message),))
    ends_at = starts_at + timedelta(minutes=template.minutes)
    return replace(plan, starts_at=starts_at, ends_at=ends_at)


@dataclass(frozen=True, slots=True)
class _Judge:
    """The rules with their facts for every day of a series."""

    template: SessionTemplate
    shared: tuple[Resource, ...]
    places: tuple[Resource, ...]
    members: tuple[Student, ...]
    search: Search
    rules: Sequence[tuple[BookingRule, Any]] = field(repr=False)

    @property
    def diary(self) -> Diary:
        return diary_of(self.search)

    def plan(self, slot: DayPlan, choice: Choice, *, may_override: bool) -> DayPlan:
        if slot.is_skipped or slot.starts_at is None or slot.ends_at is None:
            return slot
        usable, without = self._usable(slot)
        resources = (*self.shared, *usable)
        plan = replace(
            slot,
            resources=resources,
            places=frozenset(one.pk for one in usable),
            without=tuple(without),
        )
        against = list(refusals_of(self.rules, self._proposal(plan, ())))
        if self.places and not usable:
            against.append(Refusal("no-place-usable", _("None of the places can be used then.")))
        reasons = {**self.template.overridden_rules, **choice.overrides}
        standing, set_aside = overruled(against, reasons, may_override=may_override)
        students, left_out = self._class(plan, {refusal.code for refusal in against})
        return replace(
            plan,
            refusals=tuple(standing),
            set_aside=tuple(set_aside),
            students=tuple(students),
            left_out=tuple(left_out),
        )

    def _usable(self, slot: DayPlan) -> tuple[list[Resource], list[LeftOut]]:
        """The places that can come; one that is broken or taken does not stop the session."""
        usable, without = [], []
        for place in self.places:
            before, after = buffers_of(self.template.lesson_type, place)
            lower: datetime = slot.starts_at - before  # type: ignore[operator,assignment]  # only with instants
            upper: datetime = slot.ends_at + after  # type: ignore[operator,assignment]  # as above
            if self.diary.outages.get(place.pk, NOTHING).first_overlap(lower, upper):
                message = _("%(resource)s is out of service at that time.") % {"resource": place}
                without.append(LeftOut(place, (Refusal("resource-unsuitable", message),)))
            elif self.diary.things.get(place.pk, NOTHING).first_overlap(lower, upper):
                message = _("%(name)s is busy at that time.") % {"name": place}
                without.append(LeftOut(place, (Refusal("resource-booked", message),)))
            else:
                usable.append(place)
        return usable, without

    def _class(self, plan: DayPlan, codes: Collection[str]) -> tuple[list[Student], list[LeftOut]]:
        """Who of the class can come, in the order they joined, while seats are left."""
        capacity = self.template.capacity
        if self.places:
            capacity = min(capacity, len(plan.places))
        coming: list[Student] = []
        left_out: list[LeftOut] = []
        spared = {*codes, *codes_sparing_classes()}
        for student in self.members:
            standing = [
                refusal
                for refusal in refusals_of(self.rules, self._proposal(plan, (student,)))
                if refusal.code not in spared
            ]
            if gone := still_learn((student,)):
                standing.insert(0, gone)
            if not standing and len(coming) >= capacity:
                standing = [no_seat_left()]
            if standing:
                left_out.append(LeftOut(student, tuple(standing)))
            else:
                coming.append(student)
        return coming, left_out

    def _proposal(self, plan: DayPlan, students: tuple[Student, ...]) -> Proposal:
        template = self.template
        return Proposal(
            lesson_type=template.lesson_type,
            teacher=template.teacher,
            students=students,
            resources=plan.resources,
            starts_at=plan.starts_at,  # type: ignore[arg-type]  # a plan without instants is not judged
            ends_at=plan.ends_at,  # type: ignore[arg-type]
            by=template.created_by,
            party=Party.SCHOOL,
            at=self.search.at,
            department_id=template.department_id,
            places=plan.places,
        )


def _judge(
    template: SessionTemplate, things: Sequence[Thing], slots: Sequence[DayPlan], at: datetime
) -> _Judge:
    resources = tuple(thing.resource for thing in things)
    before, after = buffers_of(template.lesson_type, template.teacher, *resources)
    lowers = [slot.starts_at for slot in slots if slot.starts_at]
    uppers = [slot.ends_at for slot in slots if slot.ends_at]
    members = tuple(class_of(template))
    search = Search(
        lesson_type=template.lesson_type,
        teachers=(template.teacher,),
        students=members,
        resources=resources,
        lower=min(lowers, default=at) - before,
        upper=max(uppers, default=at) + after,
        zone=template.school.zone,
        department_id=template.department_id,
        party=Party.SCHOOL,
        at=at,
    )
    return _Judge(
        template=template,
        shared=tuple(thing.resource for thing in things if not thing.is_place),
        places=tuple(thing.resource for thing in things if thing.is_place),
        members=members,
        search=search,
        rules=load_rules(search),
    )
