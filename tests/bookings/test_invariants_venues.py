"""What the doctor says of venues: each fault that is planted is found, a healthy one is not."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from bookings import services
from bookings.invariants import INVARIANTS
from bookings.models import BookingResource
from bookings.services import Exchange, Swap
from bookings.services.venues import VENUE_FIELDS
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from tests.bookings.venues import confirm, make_venue, there
from tests.factories import BookingFactory

__all__ = ["confirm", "make_venue", "there"]

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@pytest.fixture
def soon():
    """Noon of the Wednesday after next: the doctor looks at the real clock."""
    today = timezone.localdate()
    day = today + dt.timedelta(days=9 + 7 - today.weekday())
    return timezone.make_aware(dt.datetime.combine(day, dt.time(12))).astimezone(dt.UTC)


@pytest.fixture
def venue(make_venue):
    return make_venue(day=1, quota_since=timezone.now() - DAY)


@pytest.fixture
def sneak(cast):
    """A function: a booking at a venue that no rule was asked about."""

    def make(venue, starts, **values):
        common = {
            "school": cast.school,
            "department": cast.department,
            "lesson_type": cast.lesson_type,
            "teacher": cast.other_teacher,
            "students": [cast.other_student],
            "resources": [venue],
            "created_at": timezone.now(),
        }
        return BookingFactory(starts=starts, **common | values)

    return make


def faults() -> list[str]:
    venues = [one for one in INVARIANTS if one.code.startswith("bookings.venue_")]
    assert len(venues) == 2
    return [text.split(": ", 1)[1] for finding in examine(venues) for text in finding.sample]


def test_a_booking_beyond_the_day_is_found(venue, there, sneak, soon):
    booking = there(venue, starts_at=soon, at=timezone.now())
    assert faults() == []
    sneak(venue, soon - 3 * HOUR)

    assert faults() == [f"resource {venue.pk} on {booking.wall_date}: 2 of 1"]


def test_a_booking_beyond_the_week_is_found(make_venue, sneak, soon):
    venue = make_venue(week=2, quota_since=timezone.now() - DAY)
    monday = soon - 2 * DAY
    sneak(venue, monday)
    sneak(venue, monday + 6 * DAY)
    sneak(venue, monday + 7 * DAY)
    assert faults() == []
    sneak(venue, monday + 3 * DAY)

    assert faults() == [f"resource {venue.pk} in the week from {monday.date()}: 3 of 2"]


def test_who_was_let_in_by_name_is_no_fault(cast, venue, there, soon):
    there(venue, starts_at=soon, at=timezone.now())
    there(
        venue,
        starts_at=soon + 2 * HOUR,
        at=timezone.now(),
        overrides={"venue-quota-day": "Agreed on the phone"},
    )

    assert faults() == []


def test_a_quota_that_is_lowered_makes_no_fault_of_what_was_booked(cast, make_venue, there, soon):
    venue = make_venue(day=2, quota_since=timezone.now() - DAY)
    for starts_at in (soon, soon + 2 * HOUR):
        there(venue, starts_at=starts_at, at=timezone.now())
    values = dict.fromkeys(VENUE_FIELDS, "") | {
        "owner": "FDM",
        "max_bookings_per_day": 1,
        "max_bookings_per_week": None,
    }
    services.set_venue(resource_id=venue.pk, values=values, by=cast.office, at=timezone.now())

    assert faults() == []


def test_a_move_within_the_day_of_who_was_let_in_is_no_fault(cast, venue, there, soon):
    at = timezone.now()
    there(venue, starts_at=soon, at=at)
    let_in = there(venue, starts_at=soon + 2 * HOUR, at=at, overrides={"venue-quota-day": "Agreed"})
    services.move_booking(booking_id=let_in.pk, by=cast.office, at=at, starts_at=soon + 3 * HOUR)

    assert faults() == []


def test_an_override_lets_in_one_lesson_not_the_one_it_is_swapped_with(cast, venue, there, soon):
    at = timezone.now()
    there(venue, starts_at=soon, at=at)
    let_in = there(venue, starts_at=soon + 2 * HOUR, at=at, overrides={"venue-quota-day": "Agreed"})
    other = there(
        venue,
        teacher_id=cast.other_teacher.pk,
        student_ids=(cast.other_student.pk,),
        resource_ids=(cast.other_vehicle.pk, venue.pk),
        starts_at=soon + DAY + 2 * HOUR,
        at=at,
    )

    with pytest.raises(Refused) as refused:
        services.rearrange_bookings(
            plan=Swap(let_in.pk, other.pk, Exchange.TIMES), by=cast.office, at=at
        )

    assert [one.code for one in refused.value.refusals] == ["venue-quota-day"]
    assert faults() == []


def test_a_move_that_forgets_the_number_is_found(venue, there, confirm, soon):
    booking = there(venue, starts_at=soon, at=timezone.now())
    confirm(booking, venue, at=timezone.now())
    assert faults() == []
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bookings_booking SET period = tstzrange(lower(period) + interval '1 hour',"
            " upper(period) + interval '1 hour') WHERE id = %s",
            [booking.pk],
        )

    assert faults() == [f"booking {booking.pk} at resource {venue.pk}"]


@pytest.mark.parametrize(
    "fault", ({"venue_number": "4712"}, {"is_number_lapsed": True}, {"venue_number": ""})
)
def test_a_number_that_history_does_not_tell_is_found(venue, there, confirm, soon, fault):
    booking = there(venue, starts_at=soon, at=timezone.now())
    confirm(booking, venue, at=timezone.now())
    BookingResource.objects.filter(booking=booking, resource=venue).update(**fault)

    assert faults() == [f"booking {booking.pk} at resource {venue.pk}"]
