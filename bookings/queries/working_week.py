"""When a teacher really works in a week: pattern, other days, time away, closed days."""

from dataclasses import dataclass
from datetime import date, time, timedelta

from django.db.models import Q

from administration.models import Teacher
from bookings.models import Absence, AvailabilityException, ClosedDay, WeeklyAvailability
from justdriving.kernel.clock import instant_or_next

DAYS = 7


@dataclass(frozen=True, slots=True)
class Hours:
    starts_at: time
    ends_at: time
    department: str = ""


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """One day as it holds. ``closed`` is the name of the closed day, ``away`` what keeps away."""

    on: date
    hours: tuple[Hours, ...]
    is_exception: bool
    closed: str = ""
    away: tuple[str, ...] = ()
    is_away: bool = False


def working_week(teacher: Teacher, first_day: date) -> list[WorkingDay]:
    """The seven days from ``first_day`` (school's zone). Four queries."""
    days = [first_day + timedelta(days=number) for number in range(DAYS)]
    weekly, planned = _weekly(teacher, days), _planned(teacher, days)
    closed = dict(ClosedDay.objects.filter(department=None, on__in=days).values_list("on", "name"))
    away = _away(teacher, days)
    return [
        WorkingDay(
            on=day,
            hours=tuple(planned[day] if day in planned else weekly.get(day, ())),
            is_exception=day in planned,
            closed=closed.get(day, ""),
            away=tuple(reason for reason in away.get(day, ()) if reason),
            is_away=day in away,
        )
        for day in days
    ]


def _weekly(teacher: Teacher, days: list[date]) -> dict[date, list[Hours]]:
    holds = Q(valid_until__isnull=True) | Q(valid_until__gt=days[0])
    rows = WeeklyAvailability.objects.filter(holds, teacher=teacher, valid_from__lte=days[-1])
    found: dict[date, list[Hours]] = {}
    for row in rows.select_related("department").order_by("starts_at"):
        for day in days:
            has_begun, is_over = day >= row.valid_from, row.valid_until and day >= row.valid_until
            if day.weekday() == row.weekday and has_begun and not is_over:
                found.setdefault(day, []).append(_hours(row))
    return found


def _planned(teacher: Teacher, days: list[date]) -> dict[date, list[Hours]]:
    rows = AvailabilityException.objects.filter(teacher=teacher, on__in=days)
    found: dict[date, list[Hours]] = {}
    for row in rows.select_related("department").order_by("starts_at"):
        found.setdefault(row.on, []).extend([_hours(row)] if row.starts_at else [])
    return found


def _hours(row: WeeklyAvailability | AvailabilityException) -> Hours:
    starts_at, ends_at = row.starts_at or time(), row.ends_at or time()
    return Hours(starts_at, ends_at, str(row.department) if row.department else "")


def _away(teacher: Teacher, days: list[date]) -> dict[date, list[str]]:
    zone = teacher.school.zone
    bounds = [instant_or_next(day, time(), zone) for day in (*days, days[-1] + timedelta(days=1))]
    rows = Absence.objects.filter(teacher=teacher, period__overlap=(bounds[0], bounds[-1]))
    found: dict[date, list[str]] = {}
    for row in rows:
        for day, lower, upper in zip(days, bounds, bounds[1:], strict=False):
            if row.period.lower < upper and row.period.upper > lower:
                found.setdefault(day, []).append(row.reason)
    return found
