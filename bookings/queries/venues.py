"""Bookings at somebody else's venue, and what the venue has said about them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch, Q, QuerySet

from administration.models import Membership
from bookings.enums import BookingResourceStatus, BookingStatus, ParticipationStatus
from bookings.models import Booking, BookingResource, Participation, Resource

OPEN = (BookingStatus.PENDING, BookingStatus.CONFIRMED)
AWAITED = Q(venue_number="") | Q(is_number_lapsed=True)


@dataclass(frozen=True, slots=True)
class VenueFilters:
    """``show`` is "" for what has no number that holds, ``lapsed``, ``confirmed`` or ``all``."""

    show: str = ""
    venue_id: int | None = None
    days: int | None = None
    student: str = ""


EVERY_WAIT = VenueFilters()


def at_venues(
    member: Membership, *, at: datetime, filters: VenueFilters = EVERY_WAIT
) -> QuerySet[BookingResource]:
    """The coming uses of other people's venues in bookings that this member may change.

    ``at`` is now, UTC. What is only held for an offer is left out: nobody has said yes to it.
    """
    bookings: QuerySet[Booking] = (
        Booking.objects.taught_by_or_managed_by(member).upcoming(after=at).not_on_offer()
    )
    if filters.days is not None:
        bookings = bookings.filter(period__startswith__lt=at + timedelta(days=filters.days))
    if filters.student:
        called = {"student__membership__user__full_name__icontains": filters.student}
        live = Participation.objects.exclude(status=ParticipationStatus.CANCELLED)
        bookings = bookings.filter(pk__in=live.filter(**called).values("booking"))
    rows = BookingResource.objects.filter(booking__in=bookings.values("pk"))
    rows = rows.exclude(resource__owner="").exclude(status=BookingResourceStatus.OUT_OF_SERVICE)
    if filters.venue_id is not None:
        rows = rows.filter(resource=filters.venue_id)
    match filters.show:
        case "confirmed":
            rows = rows.exclude(AWAITED)
        case "lapsed":
            rows = rows.filter(is_number_lapsed=True)
        case "all":
            pass
        case _:
            rows = rows.filter(AWAITED)
    return rows


def with_lesson(rows: QuerySet[BookingResource]) -> QuerySet[BookingResource]:
    """Everything a line about it shows, in two queries, the next lesson first."""
    live = Participation.objects.exclude(status=ParticipationStatus.CANCELLED)
    people = Prefetch(
        "booking__participations", live.select_related("student__membership__user").order_by("pk")
    )
    related = rows.select_related(
        "resource",
        "booking__lesson_type",
        "booking__teacher__membership__user",
        "booking__group",
        "booking__template",
    )
    return related.prefetch_related(people).order_by("booking__period", "pk")


def venues_of_others(member: Membership) -> QuerySet[Resource]:
    """The venues this member sees that are not the school's own, by name."""
    seen: QuerySet[Resource] = Resource.objects.visible_to(member).exclude(owner="")
    return seen.order_by("name")


def used_venues(booking: Booking) -> list[BookingResource]:
    """Of a booking read with its resources, the venues of others that it uses."""
    return [
        used
        for used in booking.booking_resources.all()
        if used.resource.is_external and used.status != BookingResourceStatus.OUT_OF_SERVICE
    ]


def awaits_venue(booking: Booking) -> bool:
    """Whether a booking that is on has a venue that has not confirmed it."""
    return booking.status in OPEN and any(one.awaits_venue for one in used_venues(booking))
