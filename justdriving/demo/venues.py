"""The coming lessons at other people's venues: some of them confirmed, some not yet."""

import datetime as dt

from bookings.enums import BookingStatus, LessonKind, ResourceKind
from bookings.models import Booking, BookingResource, Resource
from bookings.services import move_booking, write_venue_number
from justdriving.demo.structure import Structure
from justdriving.kernel.policy import Refused

AWAITED_EVERY = 3
FIRST_NUMBER = 4700


def ask_venues(structure: Structure, *, now: dt.datetime) -> None:
    """The closed track for whoever comes to drive there, and numbers for two lessons of three."""
    _take_the_track(structure, now)
    used = (
        BookingResource.objects.exclude(resource__owner="")
        .filter(
            booking__status=BookingStatus.CONFIRMED,
            booking__period__startswith__gt=now,
            venue_number="",
        )
        .select_related("booking")
    )
    for row in used.order_by("booking__period", "pk"):
        if row.booking_id % AWAITED_EVERY == 1:
            continue
        write_venue_number(
            booking_id=row.booking_id,
            resource_id=row.resource_id,
            number=str(FIRST_NUMBER + row.booking_id),
            starts_at=row.booking.starts_at,
            by=structure.office,
            at=now - dt.timedelta(hours=1),
        )


def _take_the_track(structure: Structure, now: dt.datetime) -> None:
    """Those lessons that find the track free and its quota open."""
    track = Resource.objects.get(kind=ResourceKind.TRACK)
    coming = Booking.objects.upcoming(after=now).filter(lesson_type__kind=LessonKind.CLOSED_TRACK)
    without = coming.exclude(booking_resources__resource=track)
    for booking in without.order_by("period"):
        things = BookingResource.objects.filter(booking=booking).values_list("resource", flat=True)
        try:
            move_booking(
                booking_id=booking.pk,
                by=structure.office,
                at=now,
                starts_at=booking.starts_at,
                resource_ids=[*things, track.pk],
                muted=True,
            )
        except Refused:
            continue
