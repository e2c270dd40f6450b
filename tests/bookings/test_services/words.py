"""What these tests share: moments, and ways to read what happened."""

import datetime as dt

from bookings.models import Occupancy
from justdriving.doctor import examine
from justdriving.kernel.money import Money
from tests.factories import NOON

END = NOON + dt.timedelta(minutes=90)
LATE = NOON - dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
TOMORROW = NOON + DAY
SUNDAY_NIGHT = dt.datetime(2026, 3, 8, 20, tzinfo=dt.UTC)
KR_550 = Money(550_00, "DKK")


def codes(refused) -> list[str]:
    return [refusal.code for refusal in refused.value.refusals]


def taken() -> set[tuple]:
    """(user or resource, from, to) of every occupancy of the school."""
    return {
        (row.user_id or f"resource {row.resource_id}", row.period.lower, row.period.upper)
        for row in Occupancy.objects.all()
    }


def unsound() -> list[str]:
    """What the doctor finds, apart from what only the real clock makes late."""
    return [one.code for one in examine() if not one.code.endswith(("two_weeks", "_in_time"))]


def attendance(booking, *entries):
    places = booking.participations.order_by("pk")
    return {place.pk: entry for place, entry in zip(places, entries, strict=True)}
