"""A month at a glance: how many lessons each day has, and the first of them."""

from calendar import Calendar
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber, TruncDate

from administration.models import Membership
from bookings.models import Booking
from bookings.queries.calendar import EVERYTHING, CalendarFilters, filtered_bookings, with_everyone
from justdriving.kernel.clock import instant_or_next

SHOWN = 4
"""So many lessons of a day stand in its cell; the rest is a number."""


@dataclass(slots=True)
class MonthDay:
    """One cell. Days of the neighbouring months are in nobody's way: ``is_in_month`` is False."""

    day: date
    is_in_month: bool
    count: int = 0
    bookings: list[Booking] = field(default_factory=list)

    @property
    def more(self) -> int:
        return self.count - len(self.bookings)


def month_days(
    member: Membership, first: date, filters: CalendarFilters = EVERYTHING
) -> list[list[MonthDay]]:
    """The whole weeks, from Monday, that hold the month of ``first``. Four queries.

    A lesson belongs to the day on which it begins on the school's clock.
    """
    zone = member.school.zone
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    lower = instant_or_next(weeks[0][0], time(), zone)
    upper = instant_or_next(weeks[-1][-1] + timedelta(days=1), time(), zone)
    found = filtered_bookings(member, lower, upper, filters).annotate(on=_wall_date(zone))
    days = found.order_by().values_list("on").annotate(lessons=Count("pk"))
    counts: dict[date, int] = dict(days)
    firsts = _first_of_each_day(found)
    return [
        [
            MonthDay(day, day.month == first.month, counts.get(day, 0), firsts.get(day, []))
            for day in week
        ]
        for week in weeks
    ]


def _wall_date(zone: ZoneInfo) -> TruncDate:
    return TruncDate("period__startswith", tzinfo=zone)


def _first_of_each_day(found: QuerySet[Booking]) -> dict[date, list[Booking]]:
    numbered = found.annotate(
        position=Window(RowNumber(), partition_by=F("on"), order_by=("period", "pk"))
    ).filter(position__lte=SHOWN)
    days: dict[date, list[Booking]] = defaultdict(list)
    for booking in with_everyone(numbered).order_by("period", "pk"):
        days[booking.on].append(booking)  # type: ignore[attr-defined]  # annotated in month_days
    return days
