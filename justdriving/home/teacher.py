"""A teacher's Today: one day as a timeline, each lesson with what the teacher must know."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from administration.access import MemberRequest
from administration.models import Student, Teacher
from bookings.enums import BookingStatus, LessonKind
from bookings.models import Booking
from bookings.queries import todays_lessons, with_everyone
from bookings.queries.attendance import Presence, presence_in
from bookings.queries.grounds import ran_out
from bookings.queries.tags import VENUE
from bookings.queries.venues import awaits_venue
from finance.queries import balances_of
from justdriving.home.queries import taught_before, unfinished_lessons, unsigned_by_student
from justdriving.kernel.clock import day_named, instant_or_next
from justdriving.kernel.money import Money
from learning.queries import next_steps_of

LONG_GAP = timedelta(minutes=90)
SHORTEST_GAP = timedelta(minutes=5)
UNFINISHED_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Flag:
    text: str
    tone: str
    icon: str


@dataclass(frozen=True, slots=True)
class Card:
    """One lesson of the day."""

    booking: Booking
    students: list[Student]
    steps: list[str]
    flags: list[Flag]
    missing: list[Presence]
    is_now: bool
    can_finish: bool
    can_answer: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """Free time between two lessons."""

    text: str
    is_long: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What the flags are read from, for all students of the day at once."""

    seen_before: set[int]
    balances: dict[int, Money]
    unsigned: dict[int, int]
    times_today: Counter[int]
    steps: dict[int, Any]
    presence: dict[int, list[Presence]]


def teacher_home(request: MemberRequest) -> HttpResponse:
    member, now = request.membership, timezone.now()
    teacher = Teacher.objects.filter(membership=member).first()
    today = timezone.localdate(now)
    day = _asked_day(request.GET.get("date", "")) or today
    lessons = todays_lessons(member, day) if teacher else []
    midnight = instant_or_next(today, time(), request.school.zone)
    old = unfinished_lessons(member, before=midnight)
    context = {
        "teacher": teacher,
        "day": day,
        "is_today": day == today,
        "previous": day - timedelta(days=1),
        "next": day + timedelta(days=1),
        "count": len(lessons),
        "timeline": _timeline(lessons, teacher, day, now) if teacher else [],
        "unfinished": with_everyone(old).order_by("period")[:UNFINISHED_SHOWN],
        "unfinished_count": old.count(),
    }
    return render(request, "home/teacher.html", context)


def _asked_day(asked: str) -> date | None:
    try:
        return day_named(asked)
    except ValueError as error:
        raise Http404 from error


def _timeline(
    lessons: Sequence[Booking], teacher: Teacher, day: date, now: datetime
) -> list[Card | Gap]:
    known = _known(lessons, teacher, day)
    timeline: list[Card | Gap] = []
    reached: datetime | None = None
    met: set[int] = set()
    for booking in lessons:
        if reached and booking.starts_at - reached >= SHORTEST_GAP:
            timeline.append(_gap(booking.starts_at - reached))
        timeline.append(_card(booking, known, met, now))
        reached = max(reached or booking.ends_at, booking.ends_at)
    return timeline


def _known(lessons: Sequence[Booking], teacher: Teacher, day: date) -> Known:
    times = Counter(place.student_id for one in lessons for place in one.participations.all())
    ids = list(times)
    begins = instant_or_next(day, time(), teacher.school.zone)
    return Known(
        seen_before=taught_before(teacher, ids, before=begins),
        balances=balances_of(ids),
        unsigned=unsigned_by_student(ids),
        times_today=times,
        steps=next_steps_of(ids, kind=LessonKind.PRACTICAL),
        presence=presence_in(lessons),
    )


def _card(booking: Booking, known: Known, met: set[int], now: datetime) -> Card:
    students = [place.student for place in booking.participations.all()]
    flags = [flag for student in students for flag in _flags(student, known, met)]
    is_asked = booking.status == BookingStatus.PENDING
    has_run_out = ran_out(booking, at=now)
    if is_asked and has_run_out:
        flags.insert(0, Flag(_("Not answered in time"), "bad", "clock-history"))
    elif is_asked:
        flags.insert(0, Flag(_("Requested: answer it"), "warn", "hourglass-split"))
    if awaits_venue(booking):
        flags.append(Flag(str(VENUE.text), VENUE.tone, VENUE.icon))
    met.update(student.pk for student in students)
    steps = [step.title for student in students[:1] for step in known.steps.get(student.pk, [])]
    begun = booking.starts_at <= now
    confirmed = booking.status == BookingStatus.CONFIRMED
    return Card(
        booking=booking,
        students=students,
        steps=steps if confirmed else [],
        flags=flags,
        missing=[one for one in known.presence.get(booking.pk, []) if not one.was_there],
        is_now=confirmed and begun and now < booking.ends_at,
        can_finish=confirmed and begun,
        can_answer=is_asked and not has_run_out,
    )


def _flags(student: Student, known: Known, met: set[int]) -> list[Flag]:
    flags = []
    if student.pk not in known.seen_before and student.pk not in met:
        flags.append(Flag(_("First lesson with you"), "accent", "star"))
    if known.times_today[student.pk] > 1:
        flags.append(Flag(_("Twice today"), "neutral", "arrow-repeat"))
    if (balance := known.balances[student.pk]).minor > 0:
        owed = _("Owes %(amount)s") % {"amount": balance.localized()}
        flags.append(Flag(owed, "bad", "wallet2"))
    if waiting := known.unsigned.get(student.pk):
        words = ngettext("%(count)s lesson not signed", "%(count)s lessons not signed", waiting)
        flags.append(Flag(words % {"count": waiting}, "info", "pen"))
    return flags


def _gap(length: timedelta) -> Gap:
    minutes = int(length.total_seconds() // 60)
    if length < LONG_GAP:
        text = ngettext("%(count)s minute free", "%(count)s minutes free", minutes)
        return Gap(text % {"count": minutes}, is_long=False)
    hours, rest = divmod(minutes, 60)
    text = ngettext("%(count)s hour free", "%(count)s hours free", hours) % {"count": hours}
    if rest:
        text = _("%(hours)s h %(minutes)s min. free") % {"hours": hours, "minutes": rest}
    return Gap(text, is_long=True)
