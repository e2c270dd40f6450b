"""Reads that only the homes need, across the apps, each in a fixed number of queries."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from administration.enums import StudentStatus
from administration.models import Membership, Student, Teacher
from bookings.enums import BookingStatus, ParticipationStatus
from bookings.models import Booking, Participation
from bookings.queries import with_everyone
from bookings.queries.opening import unavailable
from finance.models import Invoice
from finance.queries import InvoiceSums, sums_of
from justdriving.kernel.clock import instant_or_next
from learning.models import LessonRecord, StudentPlan
from notifications.enums import MessageStatus
from notifications.models import Message

LEARNING = (StudentStatus.REGISTERED, StudentStatus.ACTIVE)
CAME = (ParticipationStatus.BOOKED, ParticipationStatus.ATTENDED)
RECENT = timedelta(days=14)


def next_lesson(member: Membership, *, at: datetime) -> Booking | None:
    """The next lesson this member takes part in or gives, running ones included."""
    upcoming = Booking.objects.visible_to(member).upcoming(after=at)
    if not member.is_staff_role:
        upcoming = upcoming.not_given_up_by(Student.objects.visible_to(member))
    return with_everyone(upcoming).order_by("period", "pk").first()


def requests_waiting(member: Membership, *, at: datetime) -> QuerySet[Booking]:
    mine = Booking.objects.taught_by_or_managed_by(member)
    held = mine.filter(status=BookingStatus.PENDING, held_until__gt=at)
    waiting: QuerySet[Booking] = held.not_on_offer()
    return waiting


def unfinished_lessons(member: Membership, *, before: datetime) -> QuerySet[Booking]:
    mine = Booking.objects.taught_by_or_managed_by(member)
    unresolved: QuerySet[Booking] = mine.unresolved(at=before)
    return unresolved


def unassigned_students(member: Membership) -> QuerySet[Student]:
    """Students in training who have no teacher, or follow no lesson plan; ``has_plan`` says."""
    followed = StudentPlan.objects.current().filter(student=OuterRef("pk"))
    students = Student.objects.visible_to(member).annotate(has_plan=Exists(followed))
    unassigned: QuerySet[Student] = students.filter(
        Q(teacher=None) | Q(has_plan=False), status__in=LEARNING
    )
    return unassigned


def failed_messages(member: Membership, *, at: datetime) -> QuerySet[Message]:
    """Messages of the last two weeks that did not arrive, or of which nobody knows it."""
    lost = (MessageStatus.FAILED, MessageStatus.UNKNOWN)
    failed: QuerySet[Message] = Message.objects.visible_to(member).filter(
        status__in=lost, created_at__gt=at - RECENT
    )
    return failed


@dataclass(frozen=True, slots=True)
class MoneyOwed:
    open: InvoiceSums
    overdue: InvoiceSums


def money_owed(member: Membership, *, today: date) -> MoneyOwed:
    seen = Invoice.objects.visible_to(member)
    overdue = seen.overdue(today=today)
    return MoneyOwed(sums_of(seen.open(), member.school), sums_of(overdue, member.school))


def taught_before(teacher: Teacher, student_ids: Collection[int], *, before: datetime) -> set[int]:
    """Which of these students have had a lesson with this teacher that began before ``before``."""
    return set(
        Participation.objects.filter(
            student__in=student_ids,
            status__in=CAME,
            booking__teacher=teacher,
            booking__period__startswith__lt=before,
        ).values_list("student", flat=True)
    )


def unsigned_by_student(student_ids: Collection[int]) -> dict[int, int]:
    """How many lessons wait for each student's signature."""
    waiting = LessonRecord.objects.awaiting_student().filter(student__in=student_ids)
    return dict(Counter(waiting.values_list("student", flat=True)))


@dataclass(frozen=True, slots=True)
class Load:
    """How much of the working time is booked, in minutes."""

    booked: int
    available: int

    @property
    def percent(self) -> int:
        return round(100 * self.booked / self.available) if self.available else 0

    def __add__(self, other: "Load") -> "Load":
        return Load(self.booked + other.booked, self.available + other.available)


NOTHING = Load(0, 0)


@dataclass(frozen=True, slots=True)
class Occupancy:
    """The load of one week, by day and by teacher."""

    by_day: dict[date, Load]
    by_teacher: dict[int, Load]

    @property
    def total(self) -> Load:
        return sum(self.by_day.values(), NOTHING)


def week_occupancy(
    member: Membership, teachers: Sequence[Teacher], *, monday: date, zone: ZoneInfo
) -> Occupancy:
    """Booked against working minutes of these teachers from ``monday`` to Sunday: four queries."""
    days = [monday + timedelta(days=number) for number in range(7)]
    ids = [teacher.pk for teacher in teachers]
    shut = unavailable(ids, first_day=monday, last_day=days[-1], zone=zone)
    lower, upper = _midnight(monday, zone), _midnight(days[-1] + timedelta(days=1), zone)
    lessons = (
        Booking.objects.visible_to(member)
        .live()
        .overlapping(lower, upper)
        .filter(teacher__in=ids)
        .annotate(length=F("period__endswith") - F("period__startswith"))
        .values_list("teacher", "wall_date", "length")
    )
    booked: dict[tuple[int, date], int] = defaultdict(int)
    for teacher, day, length in lessons:
        booked[teacher, day] += _minutes(length)
    loads = {
        (teacher, day): Load(booked[teacher, day], _open_minutes(shut[teacher], day, zone))
        for teacher in ids
        for day in days
    }
    return Occupancy(
        by_day={day: sum((loads[one, day] for one in ids), NOTHING) for day in days},
        by_teacher={one: sum((loads[one, day] for day in days), NOTHING) for one in ids},
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return instant_or_next(day, time(), zone)


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds() // 60)


def _open_minutes(shut: Iterable[tuple[datetime, datetime]], day: date, zone: ZoneInfo) -> int:
    begins, ends = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
    overlaps = (min(upper, ends) - max(lower, begins) for lower, upper in shut)
    closed = sum((length for length in overlaps if length > timedelta()), timedelta())
    return _minutes(ends - begins - closed)
