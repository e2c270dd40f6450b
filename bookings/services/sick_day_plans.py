"""Who could give the lessons of a teacher who is ill: the same rules, asked once for all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from administration.models import Membership, Teacher
from administration.permissions import Permission, may
from bookings.enums import BookingStatus
from bookings.models import Booking, Participation
from bookings.queries.diary import NOTHING, diary_of
from bookings.queries.proposals import found, not_found
from bookings.services.booking import NO_OVERRIDES
from bookings.services.together import Bench, Change, Judged
from justdriving.kernel.policy import Refusal

OPEN = (BookingStatus.PENDING, BookingStatus.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Hindered:
    """A colleague who cannot take a lesson just like that, and all that speaks against it."""

    teacher: Teacher
    refusals: tuple[Refusal, ...]
    may_be_overruled: bool
    """By the person who asks, every one of them."""


@dataclass(frozen=True, slots=True)
class Affected:
    """One lesson of the ill teacher, who could take it, and what is planned for it.

    ``judged`` is the plan with the chosen substitute, None when the lesson is cancelled.
    """

    booking: Booking
    places: Sequence[Participation]
    substitutes: tuple[Teacher, ...]
    hindered: tuple[Hindered, ...]
    chosen: Teacher | None
    judged: Judged | None


def ill_teacher(teacher_id: int, by: Membership) -> Teacher:
    """A teacher whom this member may report ill: themselves, or whoever manages teachers.

    Raises Refused ``not-found``.
    """
    rows = Teacher.objects.visible_to(by).select_related("membership__user")
    teacher = found(rows.filter(pk=teacher_id))
    if teacher.membership_id != by.pk and not may(by, Permission.MANAGE_TEACHERS):
        raise not_found()
    return teacher


def affected_lessons(
    teacher: Teacher, *, starts_at: datetime, ends_at: datetime, at: datetime
) -> list[Booking]:
    """The open lessons of a teacher between two instants (UTC) that are not over at ``at``."""
    rows = Booking.objects.filter(
        teacher=teacher,
        status__in=OPEN,
        period__overlap=DateTimeTZRange(starts_at, ends_at),
        period__endswith__gt=at,
    )
    related = rows.select_related("lesson_type", "teacher__membership__user", "cancellation_terms")
    return list(related.order_by("period", "pk"))


def colleagues_of(teacher: Teacher, by: Membership) -> list[Teacher]:
    """Everybody else who teaches now, as far as ``by`` sees them."""
    others = Teacher.objects.visible_to(by).filter(is_active=True).exclude(pk=teacher.pk)
    related = others.select_related("membership__user").prefetch_related("departments")
    return list(related.order_by("membership__user__full_name"))


def sick_day_plan(  # noqa: PLR0913 -- the same arguments as the report
    *,
    teacher_id: int,
    starts_at: datetime,
    ends_at: datetime,
    by: Membership,
    at: datetime,
    choices: Mapping[int, int | None] | None = None,
    overrides: Mapping[str, str] = NO_OVERRIDES,
) -> list[Affected]:
    """Every lesson of an ill teacher between two instants (UTC), with who is free to take it.

    ``choices`` says by booking which teacher shall, None to cancel; without it the best plan in
    which nobody is in two places is proposed. What speaks against a lesson as it stands, with the
    teacher who is ill, speaks against no colleague; whatever else does is told of each.
    ``overrides`` maps the code of a rule to the reason for overruling it. A fixed number of queries
    for each lesson type. Raises Refused ``not-found``.
    """
    teacher = ill_teacher(teacher_id, by)
    lessons = affected_lessons(teacher, starts_at=starts_at, ends_at=ends_at, at=at)
    if not lessons:
        return []
    colleagues = colleagues_of(teacher, by)
    bench = Bench(lessons, by=by, at=at, teachers=colleagues, as_they_stand=True)
    alone = {lesson.pk: _alone(bench, lesson, colleagues) for lesson in lessons}
    plan = []
    for lesson in lessons:
        free, hindered = alone[lesson.pk]
        judged = (
            _wished(bench, lesson, choices.get(lesson.pk), overrides)
            if choices is not None
            else _proposed(bench, lesson, free)
        )
        if judged and not judged.refusals:
            bench.note(judged)
        chosen = judged.proposal.teacher if judged else None
        places = bench.places[lesson.pk]
        plan.append(Affected(lesson, places, free, hindered, chosen, judged))
    return plan


def _alone(
    bench: Bench, lesson: Booking, colleagues: Sequence[Teacher]
) -> tuple[tuple[Teacher, ...], tuple[Hindered, ...]]:
    """Were it for this lesson alone: who could take it, best first, and what hinders the others."""
    may_override = may(bench.by, Permission.OVERRIDE_RULE)
    able, hindered = [], []
    for one in colleagues:
        refusals = bench.judge(Change(lesson.pk, teacher_id=one.pk)).refusals
        if refusals:
            overruled = may_override and all(refusal.overridable for refusal in refusals)
            hindered.append(Hindered(one, refusals, overruled))
        else:
            able.append(one)
    hindered.sort(key=lambda one: not one.may_be_overruled)
    return _ranked(bench, lesson, able), tuple(hindered)


def _ranked(bench: Bench, lesson: Booking, able: Sequence[Teacher]) -> tuple[Teacher, ...]:
    own = {place.student.teacher_id for place in bench.places[lesson.pk]}
    diary = diary_of(bench.search_of(lesson))

    def rank(teacher: Teacher) -> tuple[bool, bool, int]:
        elsewhere = lesson.department_id not in {one.pk for one in teacher.departments.all()}
        busy = len(diary.people.get(teacher.membership.user_id, NOTHING))
        return teacher.pk not in own, elsewhere, busy

    return tuple(sorted(able, key=rank))


def _wished(
    bench: Bench, lesson: Booking, teacher_id: int | None, overrides: Mapping[str, str]
) -> Judged | None:
    if teacher_id is None:
        return None
    if teacher_id not in bench.teachers:
        raise not_found()
    return bench.judge(Change(lesson.pk, teacher_id=teacher_id), overrides)


def _proposed(bench: Bench, lesson: Booking, free: Sequence[Teacher]) -> Judged | None:
    """The first of them who is still free beside what is planned already."""
    plans = (bench.judge(Change(lesson.pk, teacher_id=one.pk)) for one in free)
    return next((judged for judged in plans if not judged.refusals), None)
