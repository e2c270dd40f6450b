"""The last booking a venue allows, wanted by many at the same moment."""

import datetime as dt
import uuid
from dataclasses import replace

import pytest
from django.utils import timezone

from bookings import services
from bookings.enums import ResourceKind
from bookings.models import Booking, BookingResource
from bookings.services import LessonRequest
from justdriving.doctor import examine
from tests.cast import make_teacher
from tests.factories import StudentFactory, VehicleFactory

pytestmark = pytest.mark.race

QUOTA = 2
HOURS = (8, 10, 12, 14, 16)
NAMES = ("Ida Krogh", "Kaj Lund", "Liv Friis", "Per Juhl", "Eva Toft")
FULL = "venue-quota-day"


@pytest.fixture
def venue(cast):
    return VehicleFactory(
        school=cast.school,
        department=cast.department,
        kind=ResourceKind.TRACK,
        gearbox="",
        licence_categories=[],
        owner="FDM Sjællandsringen",
        max_bookings_per_day=QUOTA,
        quota_since=timezone.now(),
    )


@pytest.fixture
def wanted(cast, venue, soon):
    """Five lessons at five times of one day; only the venue is in more than one of them."""
    where = {"school": cast.school, "department": cast.department}
    wall = soon.astimezone(cast.school.zone)

    def one(name, hour):
        return LessonRequest(
            lesson_type_id=cast.lesson_type.pk,
            teacher_id=make_teacher(cast.school, cast.department, name).pk,
            student_ids=(StudentFactory(**where).pk,),
            resource_ids=(VehicleFactory(**where).pk, venue.pk),
            starts_at=wall.replace(hour=hour).astimezone(dt.UTC),
        )

    return [one(name, hour) for name, hour in zip(NAMES, HOURS, strict=True)]


def book(cast, wanted):
    return services.book_lesson(
        wanted=wanted, by=cast.office, at=timezone.now(), request_key=uuid.uuid4()
    )


@pytest.fixture
def bookers(cast, wanted):
    """Calls: each books one of the lessons."""
    return [lambda one=one: book(cast, one).pk for one in wanted]


@pytest.fixture
def movers(cast, wanted, venue):
    """Calls: each moves a lesson from a day of its own to the same day."""
    booked = []
    for number, one in enumerate(wanted, start=1):
        elsewhere = one.starts_at + dt.timedelta(days=number)
        booked.append((book(cast, replace(one, starts_at=elsewhere)), one.starts_at))
    return [
        lambda pair=pair: (
            services.move_booking(
                booking_id=pair[0].pk, by=cast.office, at=timezone.now(), starts_at=pair[1]
            ).booking_id
        )
        for pair in booked
    ]


def there(venue, soon) -> int:
    using = BookingResource.objects.filter(resource=venue).values("booking")
    return Booking.objects.filter(pk__in=using, wall_date=soon.date()).count()


def over_quota() -> list[str]:
    return [one.code for one in examine() if one.code == "bookings.venue_quota_kept"]


def test_without_locks_many_bookings_overshoot_the_quota(
    at_once, bookers, venue, soon, without_locks, all_look_first
):
    without_locks()
    all_look_first(len(bookers))

    at_once(bookers)

    assert there(venue, soon) == len(bookers) > QUOTA
    assert over_quota() == ["bookings.venue_quota_kept"]


def test_as_many_as_the_venue_allows_book_it_at_once(at_once, bookers, venue, soon, collisions):
    outcomes = at_once(bookers)

    assert outcomes.count(FULL) == len(bookers) - QUOTA
    assert there(venue, soon) == QUOTA
    assert collisions == []
    assert over_quota() == []


def test_without_locks_many_moves_overshoot_the_quota(
    at_once, movers, venue, soon, without_locks, all_look_first
):
    without_locks()
    all_look_first(len(movers))

    at_once(movers)

    assert there(venue, soon) == len(movers) > QUOTA
    assert over_quota() == ["bookings.venue_quota_kept"]


def test_as_many_as_the_venue_allows_move_there_at_once(at_once, movers, venue, soon, collisions):
    outcomes = at_once(movers)

    assert outcomes.count(FULL) == len(movers) - QUOTA
    assert there(venue, soon) == QUOTA
    assert collisions == []
    assert over_quota() == []
