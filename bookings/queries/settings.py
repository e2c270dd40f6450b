"""The limits that hold in a department: its own, else the school's, else the product's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from bookings.models import BookingSettings

OFFER_MINUTES = 120
LESSON_MINUTES = 45


@dataclass(frozen=True, slots=True)
class Limits:
    """What a department books by; None means no limit. Minutes, and minor units of money."""

    max_active_bookings: int | None = None
    max_bookings_per_day: int | None = None
    max_bookings_per_week: int | None = None
    max_moves: int | None = None
    max_teacher_minutes_per_day: int | None = None
    max_debt_minor: int | None = None
    offer_minutes: int = OFFER_MINUTES
    lesson_minutes: int = LESSON_MINUTES


def settings_for(department_id: int | None) -> Limits:
    """The limits of one department, or with None of the school in scope. One query."""
    here = Q(department=None) | Q(department=department_id)
    rows = BookingSettings.objects.filter(here)
    return limits_of((row.department_id is not None, vars(row)) for row in rows)


def limits_of(rows: Iterable[tuple[bool, Mapping[str, Any]]]) -> Limits:
    """What holds by the rows of a school and of one department (those marked True)."""
    held: dict[str, int] = {}
    for _of_department, values in sorted(rows, key=lambda row: row[0]):
        given = {name: values[name] for name in Limits.__dataclass_fields__}
        held |= {name: value for name, value in given.items() if value is not None}
    return Limits(**held)
