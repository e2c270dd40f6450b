"""Sessions as the office looks at them: seats, places, who sits where, what needs a hand."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from administration.models import Membership, Student
from bookings.enums import BookingResourceStatus, BookingStatus, ParticipationStatus
from bookings.models import (
    Booking,
    BookingResource,
    GroupMember,
    Participation,
    ResourceOutage,
    SessionTemplate,
    SkippedSession,
    StudentGroup,
)
from bookings.queries.seats import seats_left
from justdriving.kernel.clock import instant_or_next

OPEN = (BookingStatus.PENDING, BookingStatus.CONFIRMED)


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session with its numbers. ``left`` is negative where places broke down."""

    booking: Booking
    seats: int
    left: int
    places: int
    unassigned: int

    @property
    def taken(self) -> int:
        return self.seats - self.left

    @property
    def is_over(self) -> bool:
        return self.left < 0

    @property
    def is_short_of_places(self) -> bool:
        """More seats would not help: the places in order are fewer."""
        return self.seats < self.booking.capacity

    @property
    def is_cancelled(self) -> bool:
        return bool(self.booking.status == BookingStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Sifting:
    """What to look at; None and empty mean everything."""

    teacher_id: int | None = None
    lesson_type_id: int | None = None
    department_id: int | None = None
    group_id: int | None = None
    status: str = ""


def sessions(member: Membership) -> QuerySet[Booking]:
    """What several can attend: seats for more than one, a weekly plan, a class, or places."""
    places = BookingResource.objects.filter(booking=OuterRef("pk"), is_place=True)
    several = Q(capacity__gt=1) | Q(template__isnull=False) | Q(group__isnull=False)
    rows: QuerySet[Booking] = Booking.objects.visible_to(member)
    return (
        rows.filter(several | Exists(places))
        .exclude(status=BookingStatus.DRAFT)
        .select_related("lesson_type", "teacher__membership__user", "department", "group")
    )


def sessions_in_week(
    member: Membership, *, monday: date, zone: ZoneInfo, sifting: Sifting
) -> QuerySet[Booking]:
    """The sessions of the week that begins on ``monday`` in ``zone``, in the order they begin."""
    first = instant_or_next(monday, datetime.min.time(), zone)
    last = instant_or_next(monday + timedelta(days=7), datetime.min.time(), zone)
    wanted = {
        "teacher": sifting.teacher_id,
        "lesson_type": sifting.lesson_type_id,
        "department": sifting.department_id,
        "group": sifting.group_id,
        "status": sifting.status,
    }
    chosen = {name: value for name, value in wanted.items() if value}
    rows = sessions(member).filter(period__startswith__gte=first, period__startswith__lt=last)
    return rows.filter(**chosen).order_by("period", "pk")


def session_lines(bookings: Sequence[Booking]) -> list[SessionLine]:
    """The numbers of these sessions, in four queries."""
    ids = [booking.pk for booking in bookings]
    left = seats_left(bookings)
    places: dict[int, int] = {}
    rows = BookingResource.objects.filter(booking__in=ids, is_place=True)
    for row in rows.exclude(status=BookingResourceStatus.OUT_OF_SERVICE):
        places[row.booking_id] = places.get(row.booking_id, 0) + 1
    sitting: dict[int, list[Participation]] = {}
    for seat in live_seats(ids):
        sitting.setdefault(seat.booking_id, []).append(seat)
    lines = []
    for booking in bookings:
        seats = sitting.get(booking.pk, [])
        total = left[booking.pk] + len(seats)
        has_places = booking.pk in places
        without = sum(1 for seat in seats if seat.place_id is None) if has_places else 0
        lines.append(
            SessionLine(booking, total, left[booking.pk], places.get(booking.pk, 0), without)
        )
    return lines


def open_to_a_class(lines: Sequence[SessionLine], *, at: datetime) -> frozenset[int]:
    """The ids of those that have no class yet and are still to come at ``at`` (UTC)."""
    return frozenset(
        line.booking.pk
        for line in lines
        if line.booking.status in OPEN and line.booking.starts_at > at and not line.booking.group_id
    )


def live_seats(booking_ids: Collection[int]) -> QuerySet[Participation]:
    """The seats that are taken in these bookings, by the name of the student."""
    rows: QuerySet[Participation] = Participation.objects.filter(booking__in=booking_ids)
    return (
        rows.exclude(status=ParticipationStatus.CANCELLED)
        .select_related("student__membership__user", "place__resource")
        .order_by("student__membership__user__full_name", "pk")
    )


def places_of(booking: Booking) -> list[BookingResource]:
    """The places of a session; each says whether an outage keeps it from serving then."""
    outage = ResourceOutage.objects.filter(
        resource=OuterRef("resource"), period__overlap=booking.period
    )
    rows = BookingResource.objects.filter(booking=booking, is_place=True)
    return list(
        rows.annotate(is_down=Exists(outage)).select_related("resource").order_by("resource__name")
    )


def stranded_in(
    seats: Sequence[Participation], places: Sequence[BookingResource]
) -> list[Participation]:
    """Who has no place that works, where one of these places (from ``places_of``) is broken."""
    broken = {place.pk for place in places if is_broken(place)}
    return [seat for seat in seats if broken and (not seat.place_id or seat.place_id in broken)]


def is_broken(place: Any) -> bool:
    """Of a place from ``places_of``."""
    return bool(place.is_down or place.status == BookingResourceStatus.OUT_OF_SERVICE)


def groups_to_seat(groups: QuerySet[StudentGroup], seated: Collection[int]) -> list[StudentGroup]:
    """These classes, each with ``to_seat``: its students without those (ids) seated already."""
    waiting = Q(members__left_at__isnull=True) & ~Q(members__student__in=seated)
    return list(groups.annotate(to_seat=Count("members", filter=waiting)))


def needing_places(member: Membership, *, at: datetime) -> QuerySet[Booking]:
    """Sessions ahead where somebody has a seat and no place, or more sit than places are left."""
    places = BookingResource.objects.filter(booking=OuterRef("pk"), is_place=True)
    seats = Participation.objects.filter(booking=OuterRef("pk"), place__isnull=True).exclude(
        status=ParticipationStatus.CANCELLED
    )
    ahead = sessions(member).filter(status__in=OPEN, period__startswith__gt=at)
    return ahead.filter(Exists(places), Exists(seats)).order_by("period", "pk")


def missing_members(booking: Booking) -> list[Student]:
    """Students of the session's class who have no seat in it."""
    if not booking.group_id:
        return []
    seated = live_seats([booking.pk]).values("student")
    members = GroupMember.objects.filter(group=booking.group_id, left_at__isnull=True)
    rows = members.exclude(student__in=seated).select_related("student__membership__user")
    return [member.student for member in rows.order_by("joined_at", "pk")]


def templates(member: Membership) -> QuerySet[SessionTemplate]:
    """The weekly plans this member manages, those in use first."""
    rows: QuerySet[Any] = SessionTemplate.objects.visible_to(member)
    return rows.select_related(
        "school", "lesson_type", "teacher__membership__user", "department", "group", "created_by"
    ).order_by("-is_active", "weekday", "starts_at", "pk")


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A weekly plan with those a change split from it: the one before it, and those after."""

    template: SessionTemplate
    before: SessionTemplate | None
    after: tuple[SessionTemplate, ...]


def plan_lines(rows: Iterable[SessionTemplate]) -> list[PlanLine]:
    """Each of these plans, linked to those among them that it continues or that continue it."""
    rows = list(rows)
    known = {row.pk: row for row in rows}
    return [
        PlanLine(
            row,
            known.get(row.continues_id or 0),
            tuple(other for other in rows if other.continues_id == row.pk),
        )
        for row in rows
    ]


def plan_line(member: Membership, template: SessionTemplate) -> PlanLine:
    """One weekly plan with those beside it that this member manages, in one query."""
    beside = templates(member).filter(Q(pk=template.continues_id) | Q(continues=template))
    return plan_lines([template, *beside])[0]


def skipped_ahead(template: SessionTemplate, *, today: date) -> QuerySet[SkippedSession]:
    """The days ahead on which a template gives nothing, and why."""
    rows: QuerySet[SkippedSession] = SkippedSession.objects.filter(template=template)
    return rows.filter(on__gte=today).order_by("on")
