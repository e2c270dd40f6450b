"""When a teacher works: the weekly pattern from a day on, and the times away from it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django.utils.translation import gettext as _

from administration.models import Membership, Teacher
from administration.permissions import Permission, may
from bookings.models import Absence, AvailabilityException, WeeklyAvailability
from justdriving.kernel.policy import Refusal, Refused
from justdriving.kernel.transactions import use_case


@dataclass(frozen=True, slots=True, order=True)
class WeeklyHours:
    """Every week on ``weekday`` (0 is Monday), between two wall times of the school's zone.

    With ``department_id`` the teacher works there in these hours, with 0 anywhere.
    """

    weekday: int
    starts_at: time
    ends_at: time
    department_id: int = 0


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What holds on a day instead of the weekly hours; without spans the teacher is off."""

    spans: tuple[tuple[time, time], ...] = ()
    department_id: int | None = None


@use_case
def set_weekly_hours(
    *,
    teacher_id: int,
    by: Membership,
    at: datetime,
    hours: Collection[WeeklyHours],
    first_day: date,
) -> None:
    """Let these hours hold from ``first_day`` (school's zone) on; earlier days keep theirs.

    Raises Refused ``not_yours`` when ``by`` is neither this teacher nor manages teachers, and
    ``day_over`` for a first day before today. Doing it again changes nothing.
    """
    teacher = _locked_teacher(teacher_id, by)
    if first_day < at.astimezone(by.school.zone).date():
        raise Refused(Refusal("day_over", _("New hours can not begin on a day that has passed.")))
    later = Q(valid_until__isnull=True) | Q(valid_until__gt=first_day)
    standing = WeeklyAvailability.objects.filter(later, teacher=teacher)
    standing.filter(valid_from__gte=first_day).delete()
    standing.filter(valid_from__lt=first_day).update(valid_until=first_day)
    WeeklyAvailability.objects.bulk_create(
        WeeklyAvailability(
            school_id=teacher.school_id,
            teacher=teacher,
            weekday=span.weekday,
            starts_at=span.starts_at,
            ends_at=span.ends_at,
            department_id=span.department_id or None,
            valid_from=first_day,
        )
        for span in sorted(set(hours))
    )


@use_case
def add_absence(
    *,
    teacher_id: int,
    by: Membership,
    at: datetime,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
) -> Absence:
    """Note that a teacher is away between two instants. Lessons in that time stay where they are.

    Raises Refused ``not_yours``, or ``absence_over`` when all of it lies before ``at``. The same
    absence given twice is one absence.
    """
    teacher = _locked_teacher(teacher_id, by)
    if ends_at <= at:
        raise Refused(Refusal("absence_over", _("That time has already passed.")))
    absence, _created = Absence.objects.get_or_create(
        school_id=teacher.school_id,
        teacher=teacher,
        period=DateTimeTZRange(starts_at, ends_at),
        defaults={"reason": reason},
    )
    return absence


@use_case
def remove_absence(*, teacher_id: int, absence_id: int, by: Membership) -> None:
    """The teacher is there after all. Removing what is gone already changes nothing."""
    teacher = _locked_teacher(teacher_id, by)
    Absence.objects.filter(pk=absence_id, teacher=teacher).delete()


@use_case
def plan_days(
    *, teacher_id: int, days: Collection[date], plan: DayPlan, by: Membership, at: datetime
) -> int:
    """Let ``plan`` hold on these days (school's zone) instead of the weekly hours; what was planned
    for them before is replaced. Returns the number of days. Lessons already booked stay.

    Raises Refused ``not_yours``, ``day_over`` when one lies before today, ``no-days`` without any.
    """
    teacher = _locked_teacher(teacher_id, by)
    if not days:
        raise Refused(Refusal("no-days", _("Choose at least one day.")))
    if min(days) < at.astimezone(by.school.zone).date():
        raise Refused(Refusal("day_over", _("A day that has passed can not be planned.")))
    AvailabilityException.objects.filter(teacher=teacher, on__in=days).delete()
    AvailabilityException.objects.bulk_create(
        AvailabilityException(
            school_id=teacher.school_id,
            teacher=teacher,
            department_id=plan.department_id,
            on=day,
            starts_at=starts_at,
            ends_at=ends_at,
        )
        for day in sorted(set(days))
        for starts_at, ends_at in plan.spans or ((None, None),)
    )
    return len(set(days))


@use_case
def unplan_day(*, teacher_id: int, day: date, by: Membership) -> None:
    """Let the weekly hours hold again on a day. Doing it again changes nothing."""
    teacher = _locked_teacher(teacher_id, by)
    AvailabilityException.objects.filter(teacher=teacher, on=day).delete()


def _locked_teacher(teacher_id: int, by: Membership) -> Teacher:
    """The teacher's row, locked so that two edits of one pattern follow each other."""
    teacher = Teacher.objects.select_for_update(of=("self",)).get(pk=teacher_id)
    if teacher.membership_id != by.pk and not may(by, Permission.MANAGE_TEACHERS):
        raise Refused(Refusal("not_yours", _("You can only change your own working hours.")))
    return teacher
