"""A teacher is ill: every lesson gets another teacher or is cancelled, all in one step."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from administration.models import Membership, Teacher
from bookings.enums import (
    BookingStatus,
    ParticipationStatus,
    Party,
    ReasonCategory,
    SickDayOutcome,
)
from bookings.models import (
    Absence,
    Booking,
    BookingTransition,
    Participation,
    SickDay,
    SickDayLesson,
)
from bookings.queries.cancellation import quote
from bookings.queries.proposals import found, not_found
from bookings.services.booking import NO_OVERRIDES
from bookings.services.cancelling import end_booking
from bookings.services.history import Doing
from bookings.services.holding import hold_all
from bookings.services.rearranging import (
    keys_in_reach,
    lessons_changed,
    said_of,
    write_together,
)
from bookings.services.sick_day_plans import affected_lessons, colleagues_of, ill_teacher
from bookings.services.together import Bench, Change, Judged, judge_all, places_of
from bookings.signals import sick_day_settled
from justdriving.kernel.policy import Refusal, enforce, enforce_all
from justdriving.kernel.transactions import use_case

UNDO_WITHIN = timedelta(minutes=10)


@use_case
def report_sick_day(  # noqa: PLR0913 -- a use case names everything it needs
    *,
    teacher_id: int,
    starts_at: datetime,
    ends_at: datetime,
    choices: Mapping[int, int | None],
    by: Membership,
    at: datetime,
    overrides: Mapping[str, str] = NO_OVERRIDES,
) -> SickDay:
    """Note that a teacher is ill between two instants (UTC), and settle all lessons at once.

    ``choices`` names every open lesson in that time: who gives it instead (a teacher's id), or None
    to cancel it, free of charge. ``overrides`` maps the code of a rule that refuses a substitute to
    the reason for overruling it (needs OVERRIDE_RULE). Until ten minutes after ``at`` nobody is
    told and ``undo_sick_day`` takes it all back. The same report again returns the first one.
    Raises Refused ``not-found``, ``lessons-changed`` when the lessons are others than those in
    ``choices``, or with every rule that refuses a substitute and not the ill teacher. Source: seed
    000, "teacher unavailability".
    """
    teacher = ill_teacher(teacher_id, by)
    substitutes = _substitutes(teacher, choices, by)
    keys = keys_in_reach(choices, [teacher, *substitutes])
    held = hold_all(choices, Booking.objects.filter(teacher=teacher), keys)
    period = DateTimeTZRange(starts_at, ends_at)
    for reported in SickDay.objects.filter(teacher=teacher, period=period, undone_at=None):
        return reported
    lessons = affected_lessons(teacher, starts_at=starts_at, ends_at=ends_at, at=at)
    enforce(_lessons_changed(lessons, choices))
    bench = Bench(held, by=by, at=at, teachers=substitutes, as_they_stand=True)
    plan = _judged(bench, choices, overrides) if substitutes else []
    sick_day = _enter(teacher, period, by, at)
    doing, gone = _doing(by, at), [one for one in held if choices[one.pk] is None]
    assigned = _assigned(gone)
    settled = _cancel(gone, by, doing)
    settled += write_together(plan, doing, overrides)
    _note_lessons(sick_day, settled, assigned)
    return sick_day


@use_case
def announce_sick_day(*, sick_day_id: int, by: Membership, at: datetime) -> SickDay:
    """Tell everybody now instead of when the time to undo is over. Raises Refused ``not-found``."""
    sick_day = _locked(sick_day_id)
    ill_teacher(sick_day.teacher_id, by)
    return _announce(sick_day, at)


def announce_due_sick_days(*, at: datetime) -> int:
    """Tell what became of this school's sick days that can not be undone any more at ``at``.

    Each in a transaction of its own, each once. Returns how many.
    """
    due = SickDay.objects.filter(undo_until__lte=at, undone_at=None, announced_at=None)
    ids = list(due.order_by("pk").values_list("pk", flat=True))
    for sick_day_id in ids:
        _announce_due(sick_day_id=sick_day_id, at=at)
    return len(ids)


@use_case
def _announce_due(*, sick_day_id: int, at: datetime) -> SickDay:
    return _announce(_locked(sick_day_id), at)


def _announce(sick_day: SickDay, at: datetime) -> SickDay:
    if sick_day.undone_at is None and sick_day.announced_at is None:
        sick_day.announced_at = at
        sick_day.save(update_fields=["announced_at"])
        sick_day_settled.send(sender=SickDay, sick_day=sick_day)
    return sick_day


def _locked(sick_day_id: int) -> SickDay:
    rows = SickDay.objects.select_for_update(of=("self",)).select_related("teacher__membership")
    return found(rows.filter(pk=sick_day_id))


def _substitutes(
    teacher: Teacher, choices: Mapping[int, int | None], by: Membership
) -> list[Teacher]:
    wanted = {pk for pk in choices.values() if pk is not None}
    chosen = [one for one in colleagues_of(teacher, by) if one.pk in wanted]
    if {one.pk for one in chosen} != wanted:
        raise not_found()
    return chosen


def _lessons_changed(lessons: Iterable[Booking], choices: Mapping[int, object]) -> Refusal | None:
    return None if {lesson.pk for lesson in lessons} == set(choices) else lessons_changed()


def _judged(
    bench: Bench, choices: Mapping[int, int | None], overrides: Mapping[str, str]
) -> list[Judged]:
    """The plan for the lessons that go on; raises Refused with all that stands against it."""
    ordered = sorted(bench.bookings.values(), key=lambda lesson: (lesson.starts_at, lesson.pk))
    given = [Change(one.pk, teacher_id=choices[one.pk]) for one in ordered if choices[one.pk]]
    judged = judge_all(bench, given, overrides)
    enforce_all(said_of(one, refusal) for one in judged for refusal in one.refusals)
    return judged


def _enter(teacher: Teacher, period: DateTimeTZRange, by: Membership, at: datetime) -> SickDay:
    absence, is_new = Absence.objects.get_or_create(
        school_id=teacher.school_id, teacher=teacher, period=period, defaults={"reason": _("Ill")}
    )
    return SickDay.objects.create(
        school_id=teacher.school_id,
        teacher=teacher,
        period=period,
        absence=absence if is_new else None,
        reported_at=at,
        reported_by=by.user,
        undo_until=at + UNDO_WITHIN,
    )


def _doing(by: Membership, at: datetime) -> Doing:
    return Doing(
        by.user, Party.TEACHER, at, category=ReasonCategory.ILLNESS, muted=True, batch=uuid.uuid4()
    )


def _cancel(lessons: Sequence[Booking], by: Membership, doing: Doing) -> list[BookingTransition]:
    """End lessons at no cost, whatever the terms say of a teacher who cancels."""
    taken = places_of(lessons)
    ended = []
    for lesson in lessons:
        places = taken[lesson.pk]
        fee = quote(places, by=by, at=doing.at, party=Party.TEACHER).total
        ended.append(end_booking(lesson, places, replace(doing, fee_waived=bool(fee))))
    return ended


def _assigned(lessons: Iterable[Booking]) -> dict[int, dict[int, int]]:
    """By lesson, the thing (id) that each student (id) has as their place in it."""
    seats = Participation.objects.filter(booking__in=[one.pk for one in lessons])
    taken = seats.filter(place__isnull=False).exclude(status=ParticipationStatus.CANCELLED)
    assigned: dict[int, dict[int, int]] = defaultdict(dict)
    for booking_id, student_id, thing_id in taken.values_list(
        "booking", "student", "place__resource"
    ):
        assigned[booking_id][student_id] = thing_id
    return assigned


def _note_lessons(
    sick_day: SickDay,
    settled: Iterable[BookingTransition],
    assigned: Mapping[int, Mapping[int, int]],
) -> None:
    SickDayLesson.objects.bulk_create(
        SickDayLesson(
            school_id=sick_day.school_id,
            sick_day=sick_day,
            booking_id=transition.booking_id,
            outcome=SickDayOutcome.CANCELLED
            if transition.to_status == BookingStatus.CANCELLED
            else SickDayOutcome.REASSIGNED,
            transition=transition,
            assigned=assigned.get(transition.booking_id, {}),
        )
        for transition in settled
    )
