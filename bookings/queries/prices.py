"""Prices to show: of each free time, and how an agreed one came about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from administration.models import Student
from bookings.models import LessonType, Participation
from bookings.ports import PricePart, Quote, Quotes, pricing
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refused

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StudentPrices:
    """What lessons cost one student, loaded at once."""

    quotes: Quotes
    student: Student
    at: datetime

    @classmethod
    def between(
        cls,
        lesson_types: Sequence[LessonType],
        student: Student,
        first_day: date,
        days: int,
        *,
        at: datetime,
    ) -> "StudentPrices":
        """For lessons on ``days`` days from ``first_day`` on, and for one that begins now."""
        lower = datetime.combine(first_day, datetime.min.time(), at.tzinfo)
        quotes = pricing().quotes(
            lesson_types,
            students=(student,),
            lower=min(lower, at),
            upper=max(lower + days * ONE_DAY, at),
            at=at,
        )
        return cls(quotes, student, at)

    def of(
        self,
        lesson_type: LessonType,
        starts_at: datetime,
        teacher_id: int | None,
        minutes: int | None = None,
        *,
        at_any_hour: bool = False,
    ) -> Quote:
        """Raises Refused with ``no-price``."""
        return self.quotes.quote(
            lesson_type,
            student_id=self.student.pk,
            teacher_id=teacher_id,
            department_id=self.student.department_id,
            starts_at=starts_at,
            minutes=minutes,
            at_any_hour=at_any_hour,
        )

    def usual(self, lesson_type: LessonType, minutes: int | None = None) -> Money:
        """What it costs today with the student's own teacher, whatever the hour adds."""
        return self.of(
            lesson_type, self.at, self.student.teacher_id, minutes, at_any_hour=True
        ).amount

    def problem(self, lesson_type: LessonType) -> str:
        """Why this type cannot be priced; empty when it can."""
        try:
            self.usual(lesson_type)
        except Refused as refused:
            return str(refused)
        return ""


def steps_of(place: Participation) -> list[dict[str, Any]]:
    """How the price of this place came about; nothing when it is simply the standard one."""
    if not place.has_price_of_steps:
        return []
    return steps([PricePart(**part) for part in place.price_parts], place.currency)


def steps(parts: Sequence[PricePart], currency: str) -> list[dict[str, Any]]:
    """What a page lists; nothing for a price of one step."""
    if len(parts) < 2:  # noqa: PLR2004 -- one step is the price itself
        return []
    worded = pricing().in_words(parts, currency)
    return [{"name": name, "amount": amount} for name, amount in worded]
