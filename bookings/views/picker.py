"""What the page of free times shows: days with a dot, times by teacher, the one that is chosen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from babel.dates import get_day_names
from django.http import Http404, QueryDict
from django.utils import timezone
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from administration.models import Membership, Student, Teacher
from bookings.models import LessonType
from bookings.ports import Quote
from bookings.queries import Slot, free_times
from bookings.queries.prices import StudentPrices
from justdriving.kernel.clock import day_named
from justdriving.templatetags.formats import clock_to, long_day

DAYS = 14
DIGITS = 18  # of an id, at most
SLOT_FORMAT = "%Y%m%dT%H%MZ"


def slot_key(slot: Slot) -> str:
    """``20260305T1100Z-7``: an instant in UTC and a teacher, short enough for an address."""
    return f"{slot.starts_at.astimezone(UTC):{SLOT_FORMAT}}-{slot.teacher.pk}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the address, or the form, says has been chosen so far."""

    lesson_type_id: int | None
    day: date | None
    first_day: date
    starts_at: datetime | None
    teacher_id: int | None
    shows_taken: bool
    minutes: int | None = None
    department_id: int | None = None

    @classmethod
    def read(cls, data: QueryDict, today: date) -> "Wish":
        """A malformed address is an address that does not exist."""
        starts_at, teacher_id = read_slot(data.get("slot", ""))
        day = timezone.localdate(starts_at) if starts_at else _read_day(data.get("day"))
        first_day = _read_day(data.get("from")) or today
        if day and not first_day <= day < first_day + timedelta(days=DAYS):
            first_day = day
        return cls(
            lesson_type_id=_read_number(data.get("type")),
            day=day,
            first_day=max(first_day, today),
            starts_at=starts_at,
            teacher_id=teacher_id,
            shows_taken=data.get("taken") == "1",
            minutes=_read_number(data.get("minutes")),
            department_id=_read_number(data.get("department")),
        )


def _read_number(value: str | None) -> int | None:
    if not value:
        return None
    if not value.isdecimal() or len(value) > DIGITS:
        raise Http404
    return int(value)


def _read_day(value: str | None) -> date | None:
    try:
        return day_named(value)
    except ValueError as error:
        raise Http404 from error


def read_slot(value: str) -> tuple[datetime | None, int | None]:
    if not value:
        return None, None
    moment, _dash, teacher = value.partition("-")
    try:
        starts_at = datetime.strptime(moment, SLOT_FORMAT).replace(tzinfo=UTC)
        day_named(starts_at.date().isoformat())
        return starts_at, int(teacher)
    except ValueError as error:
        raise Http404 from error


@dataclass(frozen=True, slots=True)
class Offer:
    """Who looks for which lesson: everything the search for free times needs.

    ``minutes`` None is the type's own length, ``department_id`` None the one that gives the lesson.
    """

    lesson_type: LessonType
    students: Sequence[Student]
    by: Membership
    at: datetime
    own_teacher: Teacher | None
    prices: StudentPrices | None = None
    booking_id: int | None = None
    minutes: int | None = None
    department_id: int | None = None
    current: tuple[datetime, int] | None = None
    """Start (UTC) and teacher of the lesson that looks for another time: that one is no other."""

    def times(
        self, first_day: date, days: int, *, only_free: bool, refused_too: bool = False
    ) -> list[Slot]:
        found = free_times(
            lesson_type=self.lesson_type,
            students=self.students,
            by=self.by,
            at=self.at,
            teacher=None,
            first_day=first_day,
            days=days,
            only_free=only_free,
            refused_too=refused_too,
            booking_id=self.booking_id,
            minutes=self.minutes,
            department_id=self.department_id,
        )
        return [one for one in found if (one.starts_at, one.teacher.pk) != self.current]

    def quote(self, slot: Slot) -> Quote | None:
        """What this time costs; None where no price is asked for."""
        if self.prices is None:
            return None
        return self.prices.of(self.lesson_type, slot.starts_at, slot.teacher.pk, self.minutes)

    def against(self, first_day: date, days: int) -> list[str]:
        """What the rules say against every time at which everybody is free, in their words."""
        slots = self.times(first_day, days, only_free=True, refused_too=True)
        if not slots:
            return []
        always = set.intersection(*({one.code for one in slot.refusals} for slot in slots))
        return [str(one.message) for one in slots[-1].refusals if one.code in always]


@dataclass(frozen=True, slots=True)
class Group:
    """Times with one's own teacher, or with the others; ``is_folded`` leaves room for the first."""

    title: str
    slots: list[dict[str, Any]]
    is_folded: bool = False


@dataclass(slots=True)
class Picker:
    """The finished page, ready for the template."""

    first_day: date
    last_day: date
    days: list[dict[str, Any]]
    day: date | None
    groups: list[Group]
    chosen: Slot | None
    previous_url: str
    next_url: str
    taken_url: str
    shows_taken: bool
    against: list[str]
    """What stands in the way of every time shown, in words; empty when it is only the calendar."""


def build_picker(offer: Offer, wish: Wish, *, today: date, keep: dict[str, Any]) -> Picker:
    """Search two weeks, choose a day, list its times. ``keep`` stays in every address."""
    free = offer.times(wish.first_day, DAYS, only_free=True)
    by_day: dict[date, list[Slot]] = {}
    for slot in free:
        by_day.setdefault(timezone.localdate(slot.starts_at), []).append(slot)
    day = wish.day or min(by_day, default=None)
    chosen = next((slot for slot in free if _is_wished(slot, wish)), None)
    listed = by_day.get(day, []) if day else []
    if day and wish.shows_taken:
        listed = offer.times(day, 1, only_free=False)
    address = _Address(keep | {"from": wish.first_day.isoformat()}, shows_taken=wish.shows_taken)
    earlier = wish.first_day - timedelta(days=DAYS)
    return Picker(
        first_day=wish.first_day,
        last_day=wish.first_day + timedelta(days=DAYS - 1),
        days=[_day_line(on, day, by_day, address) for on in _days(wish.first_day)],
        day=day,
        groups=_grouped(listed, offer, chosen, address),
        chosen=chosen,
        previous_url=address(**{"from": max(earlier, today)}) if wish.first_day > today else "",
        next_url=address(**{"from": wish.first_day + timedelta(days=DAYS)}),
        taken_url=address(day=day, taken="" if wish.shows_taken else "1") if day else "",
        shows_taken=wish.shows_taken,
        against=[] if free else offer.against(wish.first_day, DAYS),
    )


class _Address:
    """Links back to this page with one thing changed."""

    def __init__(self, keep: dict[str, Any], *, shows_taken: bool) -> None:
        self.keep = keep | ({"taken": "1"} if shows_taken else {})

    def __call__(self, **changed: Any) -> str:
        query = {name: value for name, value in (self.keep | changed).items() if value}
        return "?" + urlencode(query)


def _days(first: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range(DAYS))


def _day_line(
    on: date, current: date | None, by_day: dict[date, list[Slot]], address: _Address
) -> dict[str, Any]:
    weekdays = get_day_names("short", locale=to_locale(get_language() or "en"))
    return {
        "url": address(day=on),
        "weekday": weekdays[on.weekday()],
        "number": on.day,
        "long": long_day(on),
        "is_current": on == current,
        "is_free": on in by_day,
    }


def _is_wished(slot: Slot, wish: Wish) -> bool:
    return slot.starts_at == wish.starts_at and slot.teacher.pk == wish.teacher_id


def _grouped(
    slots: Sequence[Slot], offer: Offer, chosen: Slot | None, address: _Address
) -> list[Group]:
    """One's own teacher first; a student without a teacher gets one list."""
    own = offer.own_teacher
    mine = [slot for slot in slots if own and slot.teacher.pk == own.pk]
    others = [slot for slot in slots if not (own and slot.teacher.pk == own.pk)]
    groups = [
        Group(title, [_slot_line(slot, chosen, offer.quote(slot), address) for slot in found])
        for title, found in (
            (_("With %(teacher)s") % {"teacher": own} if own else "", mine),
            (_("With another teacher") if own else _("Free times"), others),
        )
        if found
    ]
    return groups[:1] + [_folded(group) for group in groups[1:]]


def _folded(group: Group) -> Group:
    is_chosen = any(slot["selected"] for slot in group.slots)
    return replace(group, is_folded=not is_chosen)


def _slot_line(
    slot: Slot, chosen: Slot | None, quote: Quote | None, address: _Address
) -> dict[str, Any]:
    starts = timezone.localtime(slot.starts_at)
    key = slot_key(slot)
    selected = chosen is not None and key == slot_key(chosen)
    return {
        "title": clock_to(slot.starts_at, slot.ends_at),
        "teacher_name": str(slot.teacher),
        "price": quote.amount.localized() if quote else "",
        "url": address(day=starts.date(), slot=key) + "#summary-title",
        "day": f"{starts:%Y-%m-%d}",
        "time": f"{starts:%H:%M}",
        "teacher": slot.teacher.pk,
        "selected": selected,
        "why_not": " ".join(str(refusal.message) for refusal in slot.refusals[:1]),
    }
