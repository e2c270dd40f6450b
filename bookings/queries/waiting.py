"""Who waits for what: whom a vacancy suits, one's place in line, and what it all brought."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from administration.models import Membership, Student, TeacherDepartment
from bookings.enums import LessonKind, OfferStatus, Party, WaitingStatus
from bookings.models import (
    Booking,
    Participation,
    Vacancy,
    WaitingListEntry,
    WaitingListOffer,
)
from bookings.ports import stages
from justdriving.kernel.clock import instant_or_next

IN_LINE = (WaitingStatus.WAITING, WaitingStatus.OFFERED)
RELATED = (
    "student__membership__user",
    "student__membership__school",
    "lesson_type__cancellation_terms",
    "teacher__membership__user",
    "department",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody in line whom a vacancy suits, and when their lesson would begin (UTC)."""

    entry: WaitingListEntry
    starts_at: datetime


def candidates_for(vacancy: Vacancy, *, zone: ZoneInfo) -> list[Candidate]:
    """Who may be offered this, in order: the best stage, then the best fit, then first come.

    Nobody twice for the same vacancy, nobody with an open offer. Whether the rules of booking
    allow it is asked for each of them when it is offered. ``zone`` is the school's.
    """
    suited = _suited(vacancy, zone).filter(status=WaitingStatus.WAITING)
    entries = list(suited.select_related(*RELATED).order_by("created_at", "pk"))
    found = [
        Candidate(entry, starts_at)
        for entry in entries
        if (starts_at := start_for(entry, vacancy, zone)) is not None
    ]
    ready = _ready(found)
    return sorted(
        found,
        key=lambda one: (
            one.entry.student_id not in ready,
            -fit(one.entry, vacancy),
            one.entry.created_at,
            one.entry.pk,
        ),
    )


def others_hope(vacancy: Vacancy, *, zone: ZoneInfo) -> bool:
    """Whether somebody it would suit is still deciding about another offer."""
    deciding = _suited(vacancy, zone).filter(status=WaitingStatus.OFFERED)
    return any(
        start_for(entry, vacancy, zone) is not None
        for entry in deciding.select_related("lesson_type")
    )


def _suited(vacancy: Vacancy, zone: ZoneInfo) -> QuerySet[WaitingListEntry]:
    day = vacancy.period.lower.astimezone(zone).date()
    places = TeacherDepartment.objects.filter(teacher=vacancy.teacher_id)
    wish = (
        Q(booking=None, lesson_type__is_active=True)
        & (Q(teacher=None) | Q(teacher=vacancy.teacher_id))
        & (
            Q(department=None)
            | Q(department=vacancy.booking.department_id)
            | Q(department__in=places.values("department"))
        )
        & (Q(weekdays=[]) | Q(weekdays__contains=[day.weekday()]))
        & (Q(first_day=None) | Q(first_day__lte=day))
        & (Q(last_day=None) | Q(last_day__gte=day))
    )
    if vacancy.is_seat:
        wish &= Q(lesson_type=vacancy.booking.lesson_type_id)
        wish |= Q(booking=vacancy.booking_id)
    else:
        wish &= Q(lesson_type__capacity=1)
    offered = WaitingListOffer.objects.filter(freed_by=vacancy.freed_by_id)
    suited: QuerySet[WaitingListEntry] = WaitingListEntry.objects.filter(wish).exclude(
        Q(pk__in=offered.values("entry")) | Q(student__in=_gave_it_up(vacancy))
    )
    return suited


def _gave_it_up(vacancy: Vacancy) -> QuerySet[Participation, int]:
    """Who let this very seat or time go themselves: it is no news to them."""
    left = Participation.objects.filter(
        booking__transitions=vacancy.freed_by_id,
        booking__transitions__requested_by=Party.STUDENT,
    )
    if vacancy.is_seat:
        left = left.filter(transitions__booking_transition=vacancy.freed_by_id)
    return left.values_list("student", flat=True)


def start_for(entry: WaitingListEntry, vacancy: Vacancy, zone: ZoneInfo) -> datetime | None:
    """When the lesson of this wish would begin in the time that came free, None if it cannot.

    A wish "not before 15" may use the later part of a time that came free at 14.30.
    """
    lower: datetime = vacancy.period.lower
    upper: datetime = vacancy.period.upper
    if entry.booking_id is not None:
        return lower
    day = lower.astimezone(zone).date()
    starts_at = max(lower, instant_or_next(day, entry.earliest or time(), zone))
    length = upper - lower
    if not vacancy.is_seat:
        length = timedelta(minutes=entry.lesson_type.duration_minutes)
    ends_at = starts_at + length
    is_late = entry.latest is not None and ends_at > instant_or_next(day, entry.latest, zone)
    if is_late or (starts_at > lower and (vacancy.is_seat or ends_at > upper)):
        return None
    return starts_at


def fit(entry: WaitingListEntry, vacancy: Vacancy) -> int:
    """How well it suits: this very session, a teacher asked for, their own teacher, the rest."""
    if entry.booking_id is not None:
        return 3
    if entry.teacher_id is not None:
        return 2
    return 1 if entry.student.teacher_id == vacancy.teacher_id else 0


def _ready(candidates: Sequence[Candidate]) -> frozenset[int]:
    """The students whose plan goes on with this kind of lesson."""
    by_kind: dict[str, set[int]] = {}
    for one in candidates:
        by_kind.setdefault(one.entry.lesson_type.kind, set()).add(one.entry.student_id)
    return frozenset().union(
        *(stages().next_in(LessonKind(kind), students) for kind, students in by_kind.items())
    )


def in_line(member: Membership) -> QuerySet[WaitingListEntry]:
    """The open entries this member may see, each with its ``position`` in its line, from 1.

    A session has a line of its own, wishes for one type of lesson share one.
    """
    line = Coalesce("booking_id", 0)
    earlier = Q(created_at__lt=OuterRef("created_at")) | Q(
        created_at=OuterRef("created_at"), pk__lt=OuterRef("pk")
    )
    ahead = (
        WaitingListEntry.objects.filter(earlier, status__in=IN_LINE)
        .annotate(line=line)
        .filter(line=OuterRef("line"), lesson_type=OuterRef("lesson_type"))
        .order_by()
        .values("line")
        .annotate(ahead=Count("pk"))
        .values("ahead")
    )
    seen = WaitingListEntry.objects.visible_to(member).filter(status__in=IN_LINE)
    found: QuerySet[WaitingListEntry] = seen.annotate(line=line).annotate(
        position=1 + Coalesce(Subquery(ahead), 0)
    )
    return found


def open_offers(students: Collection[Student], *, at: datetime) -> list[WaitingListOffer]:
    """What these students can accept now, the one that runs out first at the top."""
    offers = WaitingListOffer.objects.filter(
        entry__student__in=students, status=OfferStatus.OPEN, expires_at__gt=at
    )
    return list(offers.select_related(*OFFER_RELATED).order_by("expires_at", "pk"))


OFFER_RELATED = (
    "school",
    "booking__school",
    "booking__lesson_type",
    "booking__department",
    "booking__teacher__membership__user",
    "booking__cancellation_terms",
    "entry__lesson_type",
    "entry__student__membership__user",
    "entry__student__membership__school",
)


@dataclass(frozen=True, slots=True)
class Recovered:
    """Minutes of lessons that the waiting list filled, this month and by week (its Monday)."""

    this_month: int
    weeks: tuple[tuple[date, int], ...]


def recovered(member: Membership, *, at: datetime, weeks: int = 8) -> Recovered:
    """What accepted offers brought, by when they were accepted, on the school's clock."""
    zone = member.school.zone
    today = at.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday(), weeks=weeks - 1)
    first = min(monday, today.replace(day=1))
    seen = Booking.objects.visible_to(member)
    accepted = WaitingListOffer.objects.filter(
        booking__in=seen,
        status=OfferStatus.ACCEPTED,
        answered_at__gte=instant_or_next(first, time(), zone),
    )
    sums = {monday + timedelta(weeks=number): 0 for number in range(weeks)}
    this_month = 0
    for answered_at, period in accepted.values_list("answered_at", "booking__period"):
        day = timezone.localdate(answered_at, zone)
        minutes = int((period.upper - period.lower).total_seconds() // 60)
        this_month += minutes if day.replace(day=1) == today.replace(day=1) else 0
        week = day - timedelta(days=day.weekday())
        if week in sums:
            sums[week] += minutes
    return Recovered(this_month, tuple(sums.items()))
