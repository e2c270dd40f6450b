"""How full the school is: hours planned, bookable, booked and attended, by week."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import DurationField, ExpressionWrapper, F, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, TruncWeek

from administration.models import Department, Membership, TeacherDepartment
from bookings.enums import OCCUPYING, BookingStatus, ParticipationStatus, ResourceKind
from bookings.models import Booking, Participation, Resource, ResourceOutage
from bookings.queries.diary import Span
from bookings.queries.lanes import Lane, lanes_of
from bookings.queries.opening import unavailable
from justdriving.kernel.clock import instant_or_next

Key = tuple[int, int]
"""Whose (an id), and which week (from 0)."""

MEASURES = ("planned", "bookable", "booked", "attended")

# What each teacher means to work: the weekly pattern, or what holds instead of it on one day.
PLANNED = """
WITH days AS (
    SELECT n / 7 AS week, (%(first)s::date + n) AS day
    FROM generate_series(0, %(days)s - 1) AS n
),
worked AS (
    SELECT pattern.teacher_id, days.week, days.day, pattern.starts_at, pattern.ends_at
    FROM days
    JOIN bookings_weeklyavailability AS pattern
      ON pattern.weekday = extract(isodow FROM days.day) - 1
     AND pattern.valid_from <= days.day
     AND (pattern.valid_until IS NULL OR pattern.valid_until > days.day)
    WHERE pattern.teacher_id = ANY(%(teachers)s) AND NOT EXISTS (
        SELECT FROM bookings_availabilityexception AS other
        WHERE other.teacher_id = pattern.teacher_id AND other."on" = days.day
    )
    UNION ALL
    SELECT other.teacher_id, days.week, days.day, other.starts_at, other.ends_at
    FROM days
    JOIN bookings_availabilityexception AS other ON other."on" = days.day
    WHERE other.teacher_id = ANY(%(teachers)s) AND other.starts_at IS NOT NULL
),
joined AS (
    SELECT teacher_id, week, unnest(range_agg(tstzrange(
        (day + starts_at) AT TIME ZONE %(zone)s, (day + ends_at) AT TIME ZONE %(zone)s
    ))) AS period
    FROM worked
    GROUP BY teacher_id, week
)
SELECT teacher_id, week, sum(extract(epoch FROM upper(period) - lower(period)) / 60)::int
FROM joined
GROUP BY teacher_id, week
"""


@dataclass(frozen=True, slots=True)
class Load:
    """Minutes of one row in one week, or in all of them.

    ``planned`` is what people mean to work, ``bookable`` what absences, closed days and outages
    leave of it, ``booked`` the lessons without buffers, ``attended`` those really given.
    """

    planned: int = 0
    bookable: int = 0
    booked: int = 0
    attended: int = 0

    def __add__(self, other: "Load") -> "Load":
        return Load(*(getattr(self, one) + getattr(other, one) for one in MEASURES))

    @property
    def percent(self) -> int | None:
        """Booked of bookable; None when there is nothing to book."""
        return round(100 * self.booked / self.bookable) if self.bookable else None


@dataclass(frozen=True, slots=True)
class Row:
    """One teacher, vehicle or department, and its load in each week."""

    id: int
    title: str
    weeks: tuple[Load, ...]

    @property
    def total(self) -> Load:
        return sum(self.weeks, Load())


@dataclass(frozen=True, slots=True)
class Weeks:
    """``count`` whole weeks from ``first``, a Monday of the school."""

    first: date
    count: int
    zone: ZoneInfo

    @property
    def mondays(self) -> list[date]:
        return [self.first + timedelta(weeks=number) for number in range(self.count)]

    @property
    def last_day(self) -> date:
        return self.first + timedelta(weeks=self.count, days=-1)

    @property
    def bounds(self) -> list[datetime]:
        """The UTC instants at which the weeks begin, and at which the last one ends."""
        days = (self.first + timedelta(weeks=number) for number in range(self.count + 1))
        return [instant_or_next(day, time(), self.zone) for day in days]

    def minutes_in(self, spans: Iterable[Span]) -> list[int]:
        """How many minutes of these spans, which do not overlap, lie in each week."""
        minutes, bounds = [0.0] * self.count, self.bounds
        for lower, upper in spans:
            for week in range(self.count):
                shared = min(upper, bounds[week + 1]) - max(lower, bounds[week])
                minutes[week] += max(shared.total_seconds(), 0) / 60
        return [round(number) for number in minutes]


def occupancy_by(member: Membership, what: str, weeks: Weeks) -> list[Row]:
    """A row for each ``what`` (teacher, vehicle or department) this member may look at.

    A teacher sees only their own. A fixed number of queries however many rows.
    """
    match what:
        case "vehicle":
            return _vehicles(member, weeks)
        case "department":
            return _departments(member, weeks)
        case _:
            lanes = own_lanes(member)
            loads = _of_teachers([lane.id for lane in lanes], weeks)
            booked = _booked(member, weeks, "teacher")
            return [_row(lane.id, lane.title, loads, booked, weeks) for lane in lanes]


def own_lanes(member: Membership) -> list[Lane]:
    """Every teacher for the office, a teacher for themselves."""
    lanes = lanes_of(member, "teacher")
    if member.is_office:
        return lanes
    own = getattr(member, "teacher", None)
    return [lane for lane in lanes if own and lane.id == own.pk]


def _row(
    key: int, title: str, loads: Mapping[Key, Load], booked: Mapping[Key, Load], weeks: Weeks
) -> Row:
    nothing = Load()
    return Row(
        key,
        title,
        tuple(
            loads.get((key, week), nothing) + booked.get((key, week), nothing)
            for week in range(weeks.count)
        ),
    )


def _of_teachers(teacher_ids: list[int], weeks: Weeks) -> dict[Key, Load]:
    """Planned and bookable of each teacher."""
    planned = _planned(teacher_ids, weeks)
    free = _available(teacher_ids, weeks)
    return {
        (teacher, week): Load(planned.get((teacher, week), 0), bookable)
        for teacher in teacher_ids
        for week, bookable in enumerate(weeks.minutes_in(free[teacher]))
    }


def _planned(teacher_ids: list[int], weeks: Weeks) -> dict[Key, int]:
    values: dict[str, Any] = {
        "first": weeks.first,
        "days": 7 * weeks.count,
        "teachers": teacher_ids,
        "zone": weeks.zone.key,
    }
    with connection.cursor() as cursor:
        cursor.execute(PLANNED, values)
        return {(teacher, week): minutes for teacher, week, minutes in cursor}


def _available(teacher_ids: Collection[int], weeks: Weeks) -> dict[int, list[Span]]:
    """When each teacher can be booked: what ``unavailable`` leaves."""
    bounds = weeks.bounds
    shut = unavailable(teacher_ids, first_day=weeks.first, last_day=weeks.last_day, zone=weeks.zone)
    return {one: left_of([(bounds[0], bounds[-1])], shut[one]) for one in teacher_ids}


def left_of(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """The spans without what is taken; both without overlaps of their own."""
    left: list[Span] = []
    away = sorted(taken)
    for lower, upper in spans:
        reached = lower
        for begins, ends in away:
            if ends <= reached or begins >= upper:
                continue
            if begins > reached:
                left.append((reached, begins))
            reached = max(reached, ends)
        if reached < upper:
            left.append((reached, upper))
    return left


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same times with nothing in them twice."""
    found: list[Span] = []
    for lower, upper in sorted(spans):
        if found and lower <= found[-1][1]:
            found[-1] = (found[-1][0], max(upper, found[-1][1]))
        else:
            found.append((lower, upper))
    return found


def _booked(member: Membership, weeks: Weeks, key: str) -> dict[Key, Load]:
    """Booked and attended, by week of the start and by ``key``, a field of the booking. One query.

    A lesson attended counts the minutes its longest student used.
    """
    bounds, used = weeks.bounds, _minutes_used()
    rows = Booking.objects.visible_to(member).filter(
        status__in=OCCUPYING, period__startswith__gte=bounds[0], period__startswith__lt=bounds[-1]
    )
    if not member.is_office:
        rows = rows.filter(teacher__membership=member)
    if key == "booking_resources__resource":
        rows = rows.filter(booking_resources__resource__kind=ResourceKind.VEHICLE)
    length = ExpressionWrapper(
        F("period__endswith") - F("period__startswith"), output_field=DurationField()
    )
    counted = (
        rows.annotate(
            monday=TruncWeek("period__startswith", tzinfo=weeks.zone), length=length, used=used
        )
        .order_by()
        .values_list(key, "monday")
        .annotate(
            booked=Sum("length"),
            attended=Coalesce(Sum("used", filter=Q(status=BookingStatus.COMPLETED)), 0),
        )
    )
    return {
        (one, (monday.date() - weeks.first).days // 7): Load(
            booked=int(booked.total_seconds() // 60), attended=attended
        )
        for one, monday, booked, attended in counted
    }


def _minutes_used() -> Subquery:
    attended = Participation.objects.filter(
        booking=OuterRef("pk"), status=ParticipationStatus.ATTENDED
    )
    return Subquery(attended.values("booking").annotate(most=Max("minutes_used")).values("most"))


def _departments(member: Membership, weeks: Weeks) -> list[Row]:
    """Each teacher's hours count where they work first; each lesson where it is given."""
    departments = list(Department.objects.visible_to(member).order_by("name"))
    teachers = [lane.id for lane in own_lanes(member)]
    homes = _first_department(teachers)
    loads: dict[Key, Load] = defaultdict(Load)
    for (teacher, week), load in _of_teachers(teachers, weeks).items():
        if teacher in homes:
            loads[homes[teacher], week] += load
    booked = _booked(member, weeks, "department")
    return [_row(one.pk, one.name, loads, booked, weeks) for one in departments]


def _first_department(teacher_ids: Collection[int]) -> dict[int, int]:
    works = TeacherDepartment.objects.filter(teacher__in=teacher_ids).order_by("-pk")
    return dict(works.values_list("teacher", "department"))


def _vehicles(member: Membership, weeks: Weeks) -> list[Row]:
    """A vehicle can be used while anybody of its department works, unless it is out of service."""
    if not member.is_office:
        return []
    vehicles = list(
        Resource.objects.visible_to(member)
        .filter(is_active=True, kind=ResourceKind.VEHICLE)
        .order_by("name")
    )
    hours = _hours_of_departments({one.department_id for one in vehicles}, weeks)
    outages = _outages([one.pk for one in vehicles], weeks)
    loads: dict[Key, Load] = {}
    for one in vehicles:
        there = hours[one.department_id]
        left = left_of(there, outages[one.pk])
        minutes = zip(weeks.minutes_in(there), weeks.minutes_in(left), strict=True)
        loads |= {(one.pk, week): Load(*pair) for week, pair in enumerate(minutes)}
    booked = _booked(member, weeks, "booking_resources__resource")
    return [_row(one.pk, one.name, loads, booked, weeks) for one in vehicles]


def _hours_of_departments(department_ids: Collection[int], weeks: Weeks) -> dict[int, list[Span]]:
    works = TeacherDepartment.objects.filter(
        department__in=department_ids, teacher__is_active=True
    ).values_list("department", "teacher")
    pairs = list(works)
    free = _available({teacher for _department, teacher in pairs}, weeks)
    spans: dict[int, list[Span]] = defaultdict(list)
    for department, teacher in pairs:
        spans[department] += free[teacher]
    return defaultdict(list, {department: joined(found) for department, found in spans.items()})


def _outages(resource_ids: Collection[int], weeks: Weeks) -> dict[int, list[Span]]:
    bounds = weeks.bounds
    rows = ResourceOutage.objects.filter(
        resource__in=resource_ids, period__overlap=(bounds[0], bounds[-1])
    )
    spans: dict[int, list[Span]] = defaultdict(list)
    for row in rows:
        # A half-open outage lasts as long as anybody looks.
        spans[row.resource_id].append(
            (row.period.lower or bounds[0], row.period.upper or bounds[-1])
        )
    return defaultdict(list, {one: joined(found) for one, found in spans.items()})
