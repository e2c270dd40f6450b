"""What the calendar can be asked."""

from bookings.queries.calendar import (
    CalendarFilters,
    calendar_bookings,
    filtered_bookings,
    todays_lessons,
    with_everyone,
)
from bookings.queries.cancellation import CancellationQuote, cancellation_quote
from bookings.queries.proposals import LessonRequest, why_not
from bookings.queries.settings import Limits, settings_for
from bookings.queries.times import Slot, free_times

__all__ = [
    "CalendarFilters",
    "CancellationQuote",
    "LessonRequest",
    "Limits",
    "Slot",
    "calendar_bookings",
    "cancellation_quote",
    "filtered_bookings",
    "free_times",
    "settings_for",
    "todays_lessons",
    "why_not",
    "with_everyone",
]
