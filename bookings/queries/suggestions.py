"""The next lesson of a student: a few times that suit, each with the reason for it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from administration.models import Membership, Student
from bookings.enums import BookingStatus, LessonKind, Party
from bookings.models import Booking, LessonType
from bookings.policies import offers_length, party_of
from bookings.ports import stages
from bookings.queries.times import Slot, free_times

MOST = 3
DAYS = 14
"""How far ahead to look."""
TAKES_PLACE = (BookingStatus.PENDING, BookingStatus.CONFIRMED, BookingStatus.COMPLETED)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A free time for a lesson of ``minutes``, and why just this one."""

    slot: Slot
    lesson_type: LessonType
    minutes: int
    reason: str


def suggestions_for(
    *, student: Student, by: Membership, at: datetime, instead_of: Booking | None = None
) -> list[Suggestion]:
    """Up to three times for the student's next lesson, best first, each on a day of its own.

    They follow the last lesson there is or will be, or stand ``instead_of`` a cancelled one: the
    same weekday and time, then one's own teacher, then the soonest. The type is what the plan has
    next and can be booked, in the length of the last one. ``at`` is now, UTC. Empty when nothing
    fits in two weeks. A fixed number of queries for each type that is tried.
    """
    last = instead_of or _last_lesson(student)
    today = at.astimezone(by.school.zone).date()
    ahead = today + timedelta(days=1)
    if last is not None and instead_of is None:
        ahead = max(ahead, last.wall_date + timedelta(days=1))
    for lesson_type in [instead_of.lesson_type] if instead_of else _next_types(student, by, last):
        lesson_type.school = by.school
        minutes = _length(lesson_type, last)
        found = free_times(
            lesson_type=lesson_type,
            students=(student,),
            by=by,
            at=at,
            teacher=None,
            first_day=ahead,
            days=DAYS,
            minutes=minutes,
        )
        if found:
            ranked = _ranked(found, student, last, by)
            return [Suggestion(slot, lesson_type, minutes, reason) for slot, reason in ranked]
    return []


def _last_lesson(student: Student) -> Booking | None:
    lessons = Booking.objects.of_student(student).filter(status__in=TAKES_PLACE, capacity=1)
    return lessons.select_related("lesson_type").order_by("-period").first()


def _next_types(student: Student, by: Membership, last: Booking | None) -> list[LessonType]:
    """The type of the last lesson while the plan has more of its kind, else what comes next.

    After it one of each other kind that the plan has left, for when it can not be booked.
    """
    types = LessonType.objects.visible_to(by).filter(
        is_active=True, capacity=1, licence_category=student.licence_category
    )
    if party_of(by) == Party.STUDENT:
        types = types.bookable_by_students()
    offered = list(types.order_by("name"))
    kinds = stages().next_kinds(student.pk)
    ready = _by_plan([one for one in offered if one.kind in kinds] or offered, kinds)
    same = [one for one in ready if last and one.pk == last.lesson_type_id]
    first = [*same, *ready][:1]
    tried = {one.kind for one in first}
    others = {one.kind: one for one in reversed(ready) if one.kind in kinds}
    return [*first, *_by_plan((others[kind] for kind in others.keys() - tried), kinds)]


def in_order_of_plan(lesson_types: Iterable[LessonType], student: Student) -> list[LessonType]:
    """What the student's plan has next comes first, and what it has nothing left of last."""
    return _by_plan(lesson_types, stages().next_kinds(student.pk))


def _by_plan(lesson_types: Iterable[LessonType], kinds: Sequence[LessonKind]) -> list[LessonType]:
    places = {str(kind): place for place, kind in enumerate(kinds)}
    return sorted(lesson_types, key=lambda one: places.get(one.kind, len(places)))


def _length(lesson_type: LessonType, last: Booking | None) -> int:
    """As long as the last one, if the type has that length."""
    is_offered = last is not None and offers_length(lesson_type, last.minutes) is None
    return last.minutes if last and is_offered else lesson_type.duration_minutes


def _ranked(
    found: Sequence[Slot], student: Student, last: Booking | None, by: Membership
) -> Iterator[tuple[Slot, str]]:
    own = student.teacher_id or (last.teacher_id if last else None)
    mine = [slot for slot in found if slot.teacher.pk == own]
    again = [slot for slot in mine if last and _is_like(slot, last, by)]
    choices = (
        (again, _("Same weekday and time")),
        (mine, _("Own teacher")),
        (found[:1], _("Soonest")),
        (mine, _("Own teacher")),
        (found, _("Also free")),
        (found, _("Also free")),
    )
    days: set[date] = set()
    for slots, reason in choices:
        fresh = (slot for slot in slots if _day(slot, by) not in days)
        if (slot := next(fresh, None)) and len(days) < MOST:
            days.add(_day(slot, by))
            yield slot, reason


def _day(slot: Slot, by: Membership) -> date:
    return slot.starts_at.astimezone(by.school.zone).date()


def _is_like(slot: Slot, last: Booking, by: Membership) -> bool:
    """Whether a time is on the weekday and at the wall time of a lesson."""
    wall = slot.starts_at.astimezone(by.school.zone)
    return wall.weekday() == last.wall_date.weekday() and wall.time() == last.wall_time
