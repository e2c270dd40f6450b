"""Bookings at somebody else's venue, and what the venue has said about them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from administration.models import Membership
from bookings.enums import (
    BookingResourceStatus,
    BookingStatus,
    ParticipationStatus,
    VenueChange,
)
from bookings.models import (
    Booking,
    BookingResource,
    Participation,
    Resource,
    VenueConfirmation,
)

OPEN = (BookingStatus.PENDING, BookingStatus.CONFIRMED)
AWAITED = Q(venue_number="") | Q(is_number_lapsed=True)


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A time that a venue confirmed and the lesson does not use any more; ``period`` is UTC.

    ``told`` is when and by whom the venue was told, None while it thinks that somebody comes.
    """

    booking: Booking
    resource: Resource
    number: str
    period: Any
    told: VenueConfirmation | None = None

    @property
    def is_cancelled(self) -> bool:
        return bool(self.booking.status == BookingStatus.CANCELLED)

    @property
    def key(self) -> tuple[int, str, datetime]:
        """What the venue knows: which place, which number, from when."""
        return self.resource.pk, self.number, self.period.lower


@dataclass(frozen=True, slots=True)
class VenueFilters:
    """``show`` is "" for what has no number that holds, ``lapsed``, ``confirmed`` or ``all``.

    With ``tell`` nothing is left: what the venue is to be told is read by ``given_up``.
    """

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
        case "tell":
            rows = rows.none()
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


def given_up(bookings: QuerySet[Booking], *, at: datetime) -> list[GivenUp]:
    """What venues of others are to be told of these bookings, then what they were told.

    Only of times that end after ``at`` (now, UTC). A number that holds again is no news. Four
    queries.
    """
    related = ("resource", "booking__lesson_type", "booking__teacher__membership__user")
    rows = VenueConfirmation.objects.filter(booking__in=bookings.values("pk"))
    rows = rows.filter(period__endswith__gt=at).exclude(resource__owner="").order_by("pk")
    said = list(rows.exclude(change=VenueChange.WITHDRAWN).select_related(*related, "made_by"))
    told = {(one.booking_id, *_known(one)): one for one in said if one.change == VenueChange.TOLD}
    lapsed = [
        GivenUp(one.booking, one.resource, one.number, one.period)
        for one in said
        if one.change == VenueChange.LAPSED
    ]
    numbered = BookingResource.objects.filter(is_number_lapsed=False).exclude(venue_number="")
    off = bookings.filter(status=BookingStatus.CANCELLED, period__endswith__gt=at)
    ended = numbered.filter(booking__in=off.values("pk")).exclude(resource__owner="")
    cancelled = [
        GivenUp(one.booking, one.resource, one.venue_number, one.booking.period)
        for one in ended.select_related(*related)
    ]
    found = {(one.booking.pk, *one.key): one for one in (*lapsed, *cancelled)}
    holding = _holding(numbered, [one.resource.pk for one in found.values()], at)
    news = [
        replace(one, told=told.get(key)) for key, one in found.items() if one.key not in holding
    ]
    return sorted(news, key=lambda one: (one.told is not None, one.period.lower, one.booking.pk))


def _known(row: VenueConfirmation) -> tuple[int, str, datetime]:
    return row.resource_id, row.number, row.period.lower


def _holding(
    numbered: QuerySet[BookingResource], resource_ids: list[int], at: datetime
) -> set[tuple[int, str, datetime]]:
    """The numbers that a lesson still uses: a change was taken back, or it was booked again."""
    if not resource_ids:
        return set()
    on = numbered.filter(
        resource__in=resource_ids, booking__status__in=OPEN, booking__period__endswith__gt=at
    )
    return {
        (resource, number, period.lower)
        for resource, number, period in on.values_list(
            "resource", "venue_number", "booking__period"
        )
    }


def confirmed_venues(booking: Booking) -> list[BookingResource]:
    """Of a booking read with its resources, the venues that expect it under a number."""
    return [used for used in used_venues(booking) if used.standing_number]
