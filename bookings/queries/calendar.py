"""The calendar's pages: whole days and weeks in a fixed number of queries."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Prefetch, QuerySet

from administration.enums import Role
from administration.models import Membership
from bookings.enums import BookingStatus, ParticipationStatus
from bookings.models import Booking, BookingResource, Participation
from justdriving.kernel.clock import instant_or_next


@dataclass(frozen=True, slots=True)
class CalendarFilters:
    """What to show; None means all. Cancelled bookings only on request."""

    teacher_id: int | None = None
    department_id: int | None = None
    lesson_type_id: int | None = None
    student_id: int | None = None
    resource_id: int | None = None
    student_name: str = ""
    status: str | None = None
    with_cancelled: bool = False


EVERYTHING = CalendarFilters()


def with_everyone(bookings: QuerySet[Booking]) -> QuerySet[Booking]:
    """With lesson type, department, teacher, live places with their students, and resources."""
    places = Participation.objects.exclude(status=ParticipationStatus.CANCELLED)
    return bookings.select_related(
        "school", "lesson_type", "department", "teacher__membership__user", "group", "template"
    ).prefetch_related(
        Prefetch(
            "participations",
            places.select_related("student__membership__user").order_by("pk"),
        ),
        Prefetch("booking_resources", BookingResource.objects.select_related("resource")),
    )


def filtered_bookings(
    member: Membership, lower: datetime, upper: datetime, filters: CalendarFilters = EVERYTHING
) -> QuerySet[Booking]:
    """The bookings this member sees that touch ``[lower, upper)`` (UTC), narrowed."""
    found: QuerySet[Booking] = Booking.objects.visible_to(member).overlapping(lower, upper)
    for lookup, value in (
        ("teacher", filters.teacher_id),
        ("department", filters.department_id),
        ("lesson_type", filters.lesson_type_id),
        ("status", filters.status),
    ):
        if value is not None:
            found = found.filter(**{lookup: value})
    if filters.student_id is not None:
        found = found.filter(pk__in=_taking_part(filters, student=filters.student_id))
    if filters.student_name:
        called = {"student__membership__user__full_name__icontains": filters.student_name}
        found = found.filter(pk__in=_taking_part(filters, **called))
    if filters.resource_id is not None:
        using = BookingResource.objects.filter(resource=filters.resource_id)
        found = found.filter(pk__in=using.values("booking"))
    if not filters.with_cancelled and filters.status is None:
        found = found.exclude(status=BookingStatus.CANCELLED)
    return found


def _taking_part(filters: CalendarFilters, **lookup: object) -> QuerySet[Participation, Any]:
    """The bookings in which somebody like this has a place: a live one, if the booking lives."""
    places = Participation.objects.filter(**lookup)
    if filters.status != BookingStatus.CANCELLED:
        places = places.exclude(status=ParticipationStatus.CANCELLED)
    return places.values("booking")


def calendar_bookings(
    member: Membership,
    lower: datetime,
    upper: datetime,
    filters: CalendarFilters = EVERYTHING,
    *,
    most: int | None = None,
) -> list[Booking]:
    """The same bookings with everyone in them, in order, at most ``most``: 3 queries."""
    found = filtered_bookings(member, lower, upper, filters)
    return list(with_everyone(found).order_by("period", "pk")[:most])


def todays_lessons(member: Membership, day: date) -> list[Booking]:
    """The lessons of one day on the school's clock: a teacher's own, all that others may see."""
    zone = member.school.zone
    lower = instant_or_next(day, time(), zone)
    upper = instant_or_next(day + timedelta(days=1), time(), zone)
    own = getattr(member, "teacher", None) if member.role == Role.TEACHER else None
    return calendar_bookings(
        member, lower, upper, CalendarFilters(teacher_id=own.pk if own else None)
    )
