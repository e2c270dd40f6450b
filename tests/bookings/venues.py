"""What tests of other people's venues begin with: a track that allows so many bookings."""

import pytest

from bookings.enums import ResourceKind
from bookings.models import LessonTypeNeed, VenueConfirmation
from bookings.services import write_venue_number
from tests.factories import NOW, VehicleFactory

QUOTAS = ("max_bookings_per_day", "max_bookings_per_week")


@pytest.fixture
def make_venue(cast):
    """A function: a track that belongs to somebody else; a day and a week have this quota."""

    def make(day=None, week=None, **values):
        common = {
            "school": cast.school,
            "department": cast.department,
            "kind": ResourceKind.TRACK,
            "name": "Closed track",
            "owner": "FDM Sjællandsringen",
            "gearbox": "",
            "licence_categories": [],
            "quota_since": NOW,
        }
        return VehicleFactory(**common | dict(zip(QUOTAS, (day, week), strict=True)) | values)

    return make


@pytest.fixture
def venue(make_venue):
    return make_venue(day=1)


@pytest.fixture
def needed(cast):
    """The cast's lesson needs a track, and the calendar picks it."""
    return LessonTypeNeed.objects.create(
        school=cast.school, lesson_type=cast.lesson_type, kind=ResourceKind.TRACK
    )


@pytest.fixture
def there(cast, book):
    """A function: Åse has a lesson at the venue, in the cast's car; changed as told."""

    def make(venue, **changes):
        return book(**{"resource_ids": (cast.vehicle.pk, venue.pk)} | changes)

    return make


@pytest.fixture
def confirm(cast):
    """A function: the venue's number for a booking is written down, by the office unless told."""

    def write(booking, venue, number="4711", *, by=None, at=NOW, starts_at=None):
        return write_venue_number(
            booking_id=booking.pk,
            resource_id=venue.pk,
            number=number,
            starts_at=starts_at or booking.starts_at,
            by=by or cast.office,
            at=at,
        )

    return write


def said(booking) -> list[tuple[str, str]]:
    """The history of a booking's numbers: (what happened, number)."""
    rows = VenueConfirmation.objects.filter(booking=booking).order_by("pk")
    return list(rows.values_list("change", "number"))
