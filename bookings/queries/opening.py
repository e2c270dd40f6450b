"""When the school and its teachers are open: closed hours of a calendar, business days."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Model, Q, QuerySet

from administration.models import TeacherDepartment
from bookings.models import (
    Absence,
    AvailabilityException,
    ClosedDay,
    OpeningHours,
    WeeklyAvailability,
)
from bookings.policies import business_day_test
from bookings.queries.diary import Span, WallHours, joined
from justdriving.kernel.clock import IsBusinessDay, instant_or_next

FARTHEST_BACK = timedelta(days=120)
"""No deadline is so many days before its lesson."""

FEW = 5
"""So many teachers are named to the database; for more, the whole school is read."""

Department = int | None
R = TypeVar("R", bound=Model)


def unavailable(
    teacher_ids: Collection[int], *, first_day: date, last_day: date, zone: ZoneInfo
) -> dict[int, list[Span]]:
    """For each teacher the UTC spans ``[)`` from ``first_day`` to the end of ``last_day`` in which
    they give no lessons by the rules of booking: outside their hours, away, or the school is closed
    or outside its opening hours.

    Hours that are for no department in particular count where one the teacher works at is open. A
    fixed number of queries.
    """
    days = [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]
    bounds = (_midnight(first_day, zone), _midnight(last_day + timedelta(days=1), zone))
    doors = _Doors.read(first_day, last_day)
    worked = _worked(teacher_ids, days)
    places = _places(teacher_ids)
    away = _away(teacher_ids, bounds)
    spans: dict[int, list[Span]] = {}

    @cache  # colleagues keep the same hours
    def opened(day: date, department: Department, hours: WallHours) -> list[Span]:
        return [
            (instant_or_next(day, one.starts_at, zone), instant_or_next(day, one.ends_at, zone))
            for one in doors.within(hours, day, department)
        ]

    for teacher in teacher_ids:
        open_: list[Span] = []
        for day, department, hours in worked[teacher]:
            for place in [department] if department else places.get(teacher, [None]):
                open_ += opened(day, place, hours)
        spans[teacher] = list(joined([*_gaps(open_, bounds), *away[teacher]]))
    return spans


def business_days(*, department_id: int, until: date) -> IsBusinessDay:
    """Which of the days up to ``until`` a department does business on. One query."""
    here = Q(department=None) | Q(department=department_id)
    closed = ClosedDay.objects.filter(here, on__range=(until - FARTHEST_BACK, until))
    return business_day_test(frozenset(closed.values_list("on", flat=True)))


@dataclass(frozen=True, slots=True)
class _Doors:
    """Which departments are open when; None is the school."""

    closed: frozenset[tuple[Department, date]]
    opening: Mapping[Department, Mapping[int, Sequence[WallHours]]]

    @classmethod
    def read(cls, first_day: date, last_day: date) -> "_Doors":
        closed = ClosedDay.objects.filter(on__range=(first_day, last_day))
        opening: dict[Department, dict[int, list[WallHours]]] = {}
        for row in OpeningHours.objects.order_by("opens_at"):
            week = opening.setdefault(row.department_id, {})
            week.setdefault(row.weekday, []).append(WallHours(row.opens_at, row.closes_at))
        return cls(frozenset(closed.values_list("department", "on")), opening)

    def within(self, hours: WallHours, day: date, department: Department) -> Iterable[WallHours]:
        """The part of some hours in which a department is open on a day."""
        if {(None, day), (department, day)} & self.closed:
            return
        week = self.opening.get(department) or self.opening.get(None)
        for one in [hours] if week is None else week.get(day.weekday(), ()):
            lower = max(one.starts_at, hours.starts_at)
            upper = min(one.ends_at, hours.ends_at)
            if lower < upper:
                yield WallHours(lower, upper)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return instant_or_next(day, time(), zone)


def _of(rows: QuerySet[R], teacher_ids: Collection[int]) -> QuerySet[R]:
    """Theirs among the school's; of many teachers, everyone's: naming them costs more."""
    return rows.filter(teacher__in=teacher_ids) if len(teacher_ids) <= FEW else rows


def _worked(
    teacher_ids: Collection[int], days: Sequence[date]
) -> dict[int, list[tuple[date, Department, WallHours]]]:
    """By teacher the hours of each day and where: the day's exceptions, else the week's."""
    worked: dict[int, list[tuple[date, Department, WallHours]]] = defaultdict(list)
    instead: set[tuple[int, date]] = set()
    exceptions = AvailabilityException.objects.filter(on__range=(days[0], days[-1]))
    for other in _of(exceptions, teacher_ids):
        instead.add((other.teacher_id, other.on))
        if other.starts_at is not None and other.ends_at is not None:
            hours = WallHours(other.starts_at, other.ends_at)
            worked[other.teacher_id].append((other.on, other.department_id, hours))
    standing = Q(valid_until__isnull=True) | Q(valid_until__gt=days[0])
    weekly = WeeklyAvailability.objects.filter(standing, valid_from__lte=days[-1])
    on_weekday: dict[int, list[date]] = defaultdict(list)
    for day in days:
        on_weekday[day.weekday()].append(day)
    for teacher, department, weekday, starts_at, ends_at, since, until in _of(
        weekly, teacher_ids
    ).values_list(
        "teacher", "department", "weekday", "starts_at", "ends_at", "valid_from", "valid_until"
    ):
        hours = WallHours(starts_at, ends_at)
        worked[teacher] += [
            (day, department, hours)
            for day in on_weekday[weekday]
            if day >= since
            and not (until is not None and day >= until)
            and (teacher, day) not in instead
        ]
    return worked


def _places(teacher_ids: Collection[int]) -> dict[int, list[Department]]:
    places: dict[int, list[Department]] = {}
    rows = _of(TeacherDepartment.objects.all(), teacher_ids)
    for teacher, department in rows.values_list("teacher", "department"):
        places.setdefault(teacher, []).append(department)
    return places


def _away(teacher_ids: Collection[int], bounds: Span) -> dict[int, list[Span]]:
    spans: dict[int, list[Span]] = defaultdict(list)
    for row in _of(Absence.objects.filter(period__overlap=bounds), teacher_ids):
        lower, upper = max(row.period.lower, bounds[0]), min(row.period.upper, bounds[1])
        spans[row.teacher_id].append((lower, upper))
    return spans


def _gaps(spans: Iterable[Span], bounds: Span) -> Iterable[Span]:
    """What the spans leave open between the bounds."""
    reached, end = bounds
    for lower, upper in joined(spans):
        if lower > reached:
            yield reached, lower
        reached = max(reached, upper)
    if reached < end:
        yield reached, end
