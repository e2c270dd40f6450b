"""What is due on vehicles and rooms, and which lessons stand in the way of what is planned."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, Least

from bookings.enums import OCCUPYING
from bookings.models import Booking, BookingResource, Occupancy, Resource, ResourceDueDate

SOON = timedelta(weeks=6)
"""How long before a due date it is shown as coming up."""
NEAR_KM = 1000
"""How many km before a due reading it is shown as coming up."""


@dataclass(frozen=True, slots=True)
class DueSoon:
    """One due date that has passed or comes up; ``days`` until then, below zero when it passed.

    ``km`` is the reading it is due by, too, if any, and ``km_left`` what is left of it. ``lessons``
    is how many are booked after it: they could not be given.
    """

    label: str
    on: date
    days: int
    blocks: bool
    lessons: int
    km: int | None = None
    km_left: int | None = None

    @property
    def is_overdue(self) -> bool:
        return self.days < 0 or self.has_driven_too_far

    @property
    def has_driven_too_far(self) -> bool:
        return self.km_left is not None and self.km_left < 0

    @property
    def is_by_km(self) -> bool:
        """Whether it is the reading that passed or comes up, rather than the day."""
        comes_up = self.km_left is not None and self.km_left <= NEAR_KM
        return self.days >= 0 and comes_up and (self.has_driven_too_far or self.days > SOON.days)


def due_dates(resources: Iterable[Resource], *, today: date) -> dict[int, list[DueSoon]]:
    """For each resource what has passed or comes up within SOON or NEAR_KM, the earliest first.

    One query.
    """
    by_km = Q(resource__odometer_km__gte=F("due_km") - NEAR_KM)
    rows = ResourceDueDate.objects.filter(
        Q(due_on__lte=today + SOON) | by_km, resource__in=resources
    )
    found: dict[int, list[DueSoon]] = {}
    for row in with_lessons_after(rows, today=today).order_by("due_on", "pk"):
        due = DueSoon(
            label=row.get_kind_display(),
            on=row.due_on,
            days=(row.due_on - today).days,
            blocks=row.blocks,
            lessons=row.lessons_after,
            km=row.due_km,
            km_left=row.km_left,
        )
        found.setdefault(row.resource_id, []).append(due)
    return found


def with_lessons_after(rows: QuerySet[ResourceDueDate], *, today: date) -> Any:
    """Each due date with ``km_left`` and ``lessons_after``: those booked after the day.

    Once the odometer has passed the reading it is due by, those from ``today`` on, too.
    """
    too_far = When(
        resource__odometer_km__gt=F("due_km"), then=Least(F("due_on"), today - timedelta(days=1))
    )
    rows = rows.annotate(
        km_left=F("due_km") - F("resource__odometer_km"),
        last_day=Case(too_far, default=F("due_on")),
    )
    later = (
        BookingResource.objects.filter(
            resource=OuterRef("resource"),
            booking__wall_date__gt=OuterRef("last_day"),
            booking__status__in=OCCUPYING,
        )
        .order_by()
        .values("resource")
        .annotate(number=Count("booking", distinct=True))
        .values("number")
    )
    return rows.annotate(lessons_after=Coalesce(Subquery(later, output_field=IntegerField()), 0))


def lessons_with(resource: Resource, lower: datetime, upper: datetime) -> QuerySet[Booking]:
    """The lessons that a resource is kept for between two instants, the first one first.

    So are those that end before or begin after, but for which it is kept free then.
    """
    kept = Occupancy.objects.filter(resource=resource, period__overlap=(lower, upper))
    lessons: QuerySet[Booking] = (
        Booking.objects.filter(pk__in=kept.values("booking"))
        .select_related("lesson_type", "teacher__membership__user")
        .order_by("period", "pk")
    )
    return lessons
