"""What the calendar's address asks to see: view, columns, day and filters."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import Http404
from django.utils import timezone

from bookings.enums import BookingStatus
from bookings.queries import CalendarFilters
from justdriving.kernel.clock import day_named, instant_or_next

VIEWS = ("day", "week", "month", "list")
LANES = ("teacher", "vehicle", "room")
NUMBERS = ("department", "teacher", "student", "thing", "type")


@dataclass(frozen=True, slots=True)
class Look:
    """What the address asks to see; ``first`` and ``last`` are days of the school, both shown."""

    view: str
    lane: str
    day: date
    department: str = ""
    teacher: str = ""
    student: str = ""
    thing: str = ""
    lesson_type: str = ""
    status: str = ""
    name: str = ""

    FILTERS: ClassVar = ("department", "teacher", "student", "thing", "type", "status", "q")

    @classmethod
    def read(cls, asked: Any) -> "Look":
        """Raises Http404 for an address that makes no sense."""
        view, lane = asked.get("view", "day"), asked.get("lane", "teacher")
        numbers = {name: asked.get(name, "") for name in NUMBERS}
        status = asked.get("status", "")
        is_sensible = (
            view in VIEWS
            and lane in LANES
            and all(not number or number.isdecimal() for number in numbers.values())
            and (not status or status in BookingStatus.values)
        )
        if not is_sensible:
            raise Http404
        try:
            on = day_named(asked.get("date")) or timezone.localdate()
        except ValueError as error:
            raise Http404 from error
        lesson_type = numbers.pop("type")
        name = asked.get("q", "").replace("\x00", "").strip()
        return cls(
            view, lane, on, **numbers, lesson_type=lesson_type, status=status, name=name[:80]
        )

    @property
    def first(self) -> date:
        match self.view:
            case "week":
                return self.day - timedelta(days=self.day.weekday())
            case "month":
                return self.day.replace(day=1)
            case _:
                return self.day

    @property
    def last(self) -> date:
        match self.view:
            case "day":
                return self.day
            case "month":
                return self._next_month - timedelta(days=1)
            case _:
                return self.first + timedelta(days=6)

    @property
    def _next_month(self) -> date:
        return (self.day.replace(day=1) + timedelta(days=32)).replace(day=1)

    @property
    def earlier(self) -> date:
        if self.view == "month":
            return (self.first - timedelta(days=1)).replace(day=1)
        return self.day - (self.last - self.first + timedelta(days=1))

    @property
    def later(self) -> date:
        if self.view == "month":
            return self._next_month
        return self.day + (self.last - self.first + timedelta(days=1))

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The UTC instants between which the days shown lie."""
        return (
            instant_or_next(self.first, time(), zone),
            instant_or_next(self.last + timedelta(days=1), time(), zone),
        )

    @property
    def filters(self) -> CalendarFilters:
        return CalendarFilters(
            teacher_id=_number(self.teacher),
            department_id=_number(self.department),
            lesson_type_id=_number(self.lesson_type),
            student_id=_number(self.student),
            resource_id=_number(self.thing),
            student_name=self.name,
            status=self.status or None,
        )

    @property
    def is_filtered(self) -> bool:
        return any(self._asked[name] for name in self.FILTERS)

    @property
    def _asked(self) -> dict[str, str]:
        return {
            "view": self.view,
            "lane": self.lane,
            "date": self.day.isoformat(),
            "department": self.department,
            "teacher": self.teacher,
            "student": self.student,
            "thing": self.thing,
            "type": self.lesson_type,
            "status": self.status,
            "q": self.name,
        }

    def query(self, **changed: Any) -> str:
        asked = self._asked | changed
        return "?" + urlencode({name: value for name, value in asked.items() if value})

    @property
    def unfiltered(self) -> str:
        return self.query(**dict.fromkeys(self.FILTERS, ""))


def _number(value: str) -> int | None:
    """What the database can hold; a longer number names nothing."""
    return int(value[:18]) if value else None
