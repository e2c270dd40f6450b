"""Everything the calendar knows about some people and things, read in one round trip."""

import json
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from django.db import connection

from administration.models import Teacher
from bookings.buffers import buffers_of
from bookings.models import Resource
from bookings.ports import Proposal, Search
from bookings.queries.diary_sql import SQL
from bookings.queries.settings import Limits, limits_of
from justdriving.kernel.clock import instant_or_next

T = TypeVar("T")
DAY = timedelta(days=1)
Span = tuple[datetime, datetime]
"""Two UTC instants, ``[)``."""


class Taken(NamedTuple):
    """A time that is not free.

    ``shown`` is what to tell people (no buffers), None when another school took it.
    """

    lower: datetime
    upper: datetime
    shown: Span | None


class Timeline:
    """The taken times of one owner, asked "what overlaps this?" in logarithmic time."""

    __slots__ = ("_latest", "_lowers", "_spans")

    def __init__(self, spans: Iterable[Taken]) -> None:
        self._spans = sorted(spans, key=lambda taken: taken[:2])
        self._lowers = [taken.lower for taken in self._spans]
        self._latest = list(accumulate((taken.upper for taken in self._spans), max))

    def __len__(self) -> int:
        return len(self._spans)

    def joined_by(self, taken: Taken) -> "Timeline":
        return Timeline((*self._spans, taken))

    def first_overlap(self, lower: datetime, upper: datetime) -> Taken | None:
        before = bisect_left(self._lowers, upper)
        if before == 0 or self._latest[before - 1] <= lower:
            return None
        return next(taken for taken in self._spans[:before] if taken.upper > lower)


NOTHING = Timeline(())


class WallHours(NamedTuple):
    """Between two wall times of one day."""

    starts_at: time
    ends_at: time


class WeeklyHours(NamedTuple):
    """On this weekday (0 is Monday), between two wall times, on the days from ``valid_from`` on."""

    weekday: int
    starts_at: time
    ends_at: time
    valid_from: date
    valid_until: date | None

    def holds_on(self, day: date) -> bool:
        ended = self.valid_until is not None and day >= self.valid_until
        return day.weekday() == self.weekday and day >= self.valid_from and not ended


class Due(NamedTuple):
    """What a thing must have had by the end of a day; ``km`` is set once it has driven too far."""

    kind: str
    due_on: date
    km: int | None


class Cap(NamedTuple):
    """At most so many lessons of a kind on one day, and of all kinds on a day with this one."""

    most: int
    most_together: int | None
    source: str


class Requirement(NamedTuple):
    """What a lesson type asks of a student; the bounds are included."""

    attribute: str
    minimum: int | None
    maximum: int | None


class Paper(NamedTuple):
    """A document of a student; both days count, without the second it does not lapse."""

    kind: str
    valid_from: date
    valid_until: date | None


class Attended(NamedTuple):
    """A lesson a student has or had: its wall date, its UTC end, its kind, the student's minutes.

    ``is_own`` is the confirmed booking that is being changed, ``is_class`` one of a whole class.
    """

    day: date
    ends_at: datetime
    kind: str
    minutes: int
    is_own: bool
    is_class: bool


@dataclass(frozen=True, slots=True)
class Diary:
    """The facts of one search. Keys: user id, resource id, teacher id, student id; instants UTC.

    Times of people and things include buffers. ``closed`` is (department id or None, day) -> name.
    ``taught`` are minutes by (teacher id, wall date) without what is being changed, and
    ``taught_before`` with it; ``planned`` are lessons of students that are not written yet.
    ``visits`` are bookings by (resource id, wall date) where there is a quota, what is changed left
    out; ``present`` says of that, when confirmed, (booking id, resource id, wall date).
    ``opening`` is empty where lessons may be at any time.
    """

    zone: ZoneInfo
    people: dict[int, Timeline]
    things: dict[int, Timeline]
    absences: Mapping[int, Timeline]
    outages: Mapping[int, Timeline]
    dues: Mapping[int, Sequence[Due]]
    weekly: Mapping[int, Sequence[WeeklyHours]]
    instead: Mapping[tuple[int, date], Sequence[WallHours]]
    opening: Mapping[int, Sequence[WallHours]]
    closed: Mapping[tuple[int | None, date], str]
    needs: tuple[str, ...]
    school_status: str
    limits: Limits
    caps: Mapping[str, Cap]
    requirements: Sequence[Requirement]
    documents: Mapping[int, Sequence[Paper]]
    lessons: Mapping[int, Sequence[Attended]]
    taught: Counter[tuple[int, date]]
    taught_before: Mapping[tuple[int, date], int]
    visits: Counter[tuple[int, date]]
    present: frozenset[tuple[int, int, date]]
    planned: dict[int, list[Attended]] = field(default_factory=lambda: defaultdict(list))
    _hours: dict[tuple[int, date], tuple[Span, ...]] = field(default_factory=dict)
    _open: dict[date, tuple[Span, ...]] = field(default_factory=dict)

    def day_of(self, moment: datetime) -> date:
        """The wall date of an instant."""
        return moment.astimezone(self.zone).date()

    def days_of(self, lower: datetime, upper: datetime) -> list[date]:
        """The wall dates that a period touches."""
        first = self.day_of(lower)
        last = self.day_of(upper - timedelta(microseconds=1))
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def note(self, lesson: Proposal, *, is_class: bool = False) -> None:
        """Count the time of a lesson that is planned, but not written yet, as taken."""
        shown = (lesson.starts_at, lesson.ends_at)

        def kept_by(owner: Teacher | Resource) -> Taken:
            before, after = buffers_of(lesson.lesson_type, owner)
            return Taken(lesson.starts_at - before, lesson.ends_at + after, shown)

        teacher, whole = lesson.teacher.membership.user_id, kept_by(lesson.teacher)
        self.people[teacher] = self.people.get(teacher, NOTHING).joined_by(whole)
        for student in lesson.students:
            user = student.membership.user_id
            self.people[user] = self.people.get(user, NOTHING).joined_by(Taken(*shown, shown))
        for thing in lesson.resources:
            whole = kept_by(thing)
            self.things[thing.pk] = self.things.get(thing.pk, NOTHING).joined_by(whole)
        day, kind = self.day_of(lesson.starts_at), lesson.lesson_type.kind
        self.note_visits(lesson.resources, day)
        self.taught[lesson.teacher.pk, day] += lesson.minutes
        for student in lesson.students:
            minutes = lesson.minutes_of(student)
            planned = Attended(day, lesson.ends_at, kind, minutes, is_own=False, is_class=is_class)
            self.planned[student.pk].append(planned)

    def note_visits(self, things: Iterable[Resource], day: date) -> None:
        """Count things as used once more on a day."""
        self.visits.update((thing.pk, day) for thing in things)

    def wall_hours(self, teacher_id: int, day: date) -> tuple[WallHours, ...]:
        """When a teacher works on a day: by its exceptions if it has any, else by the week."""
        instead = self.instead.get((teacher_id, day))
        if instead is not None:
            return tuple(instead)
        pattern = self.weekly.get(teacher_id, ())
        return tuple(WallHours(one[1], one[2]) for one in pattern if one.holds_on(day))

    def hours_on(self, teacher_id: int, day: date) -> tuple[Span, ...]:
        """The same as instants; adjoining hours are one span."""
        key = (teacher_id, day)
        if key not in self._hours:
            self._hours[key] = self._spans(day, self.wall_hours(teacher_id, day))
        return self._hours[key]

    def open_on(self, day: date) -> tuple[Span, ...]:
        """When lessons may be on a day by the opening hours, if there are any."""
        if day not in self._open:
            self._open[day] = self._spans(day, self.opening.get(day.weekday(), ()))
        return self._open[day]

    def _spans(self, day: date, hours: Iterable[WallHours]) -> tuple[Span, ...]:
        return joined(
            (
                instant_or_next(day, one.starts_at, self.zone),
                instant_or_next(day, one.ends_at, self.zone),
            )
            for one in hours
        )

    def works(self, teacher_id: int, lower: datetime, upper: datetime) -> bool:
        """Whether the hours of a teacher cover the whole period."""
        return any(
            begins <= lower and upper <= ends
            for day in self.days_of(lower, upper)
            for begins, ends in self.hours_on(teacher_id, day)
        )

    def is_open(self, lower: datetime, upper: datetime) -> bool:
        """Whether the opening hours cover the whole period."""
        return not self.opening or any(
            begins <= lower and upper <= ends
            for day in self.days_of(lower, upper)
            for begins, ends in self.open_on(day)
        )

    def overdue(self, resource_id: int, upper: datetime) -> list[Due]:
        """What a resource should have had by a day that is over when a period ends (UTC).

        Or by a reading of the odometer that it has passed.
        """
        dues = self.dues.get(resource_id)
        if not dues:
            return []
        last = self.day_of(upper - timedelta(microseconds=1))
        return [due for due in dues if due.km is not None or due.due_on < last]

    def is_usable(self, resource_id: int, lower: datetime, upper: datetime) -> bool:
        """Whether a resource is free, in order and in date; the bounds include buffers."""
        taken, broken = (
            times.get(resource_id, NOTHING).first_overlap(lower, upper)
            for times in (self.things, self.outages)
        )
        return not (taken or broken or self.overdue(resource_id, upper))


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The spans in order, those that touch or overlap as one; empty ones are left out."""
    found: list[Span] = []
    for lower, upper in sorted(spans):
        if found and lower <= found[-1][1]:
            found[-1] = (found[-1][0], max(upper, found[-1][1]))
        elif lower < upper:
            found.append((lower, upper))
    return tuple(found)


def diary_of(search: Search) -> Diary:
    """The facts of a search: one query, shared by every rule of the search."""
    if "diary" not in search.shared:
        search.shared["diary"] = _read(search)
    diary: Diary = search.shared["diary"]
    return diary


class Row(NamedTuple):
    """One row of the statement; what each column holds depends on ``what``, see ``SQL``."""

    what: str
    owner: Any
    lower: datetime
    upper: datetime
    begins: datetime | None
    ends: datetime
    number: int
    starts_at: Any
    ends_at: time
    day: date
    until: date | None
    text: str


def _read(search: Search) -> Diary:
    rows: dict[str, list[Row]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(SQL, _parameters(search))
        for row in cursor:
            rows[row[0]].append(Row(*row))
    return Diary(
        zone=search.zone,
        people=_timelines(rows["person"]),
        things=_timelines(rows["thing"]),
        absences=_timelines(rows["absence"]),
        outages=_timelines(rows["outage"]),
        dues=_by_owner(rows["due"], lambda row: Due(row.text, row.day, row.number)),
        weekly=_by_owner(rows["weekly"], lambda row: WeeklyHours(*row[6:11])),
        instead=_exceptions(rows["instead"]),
        opening=_opening(rows["opening"]),
        closed={(row.owner, row.day): row.text for row in rows["closed"]},
        needs=tuple(sorted(row.text for row in rows["need"])),
        school_status="".join(row.text for row in rows["school"]),
        limits=limits_of((row.owner is not None, json.loads(row.text)) for row in rows["limits"]),
        caps={kind: Cap(*rest) for kind, *rest in _arrays(rows["cap"])},
        requirements=tuple(sorted(Requirement(*one) for one in _arrays(rows["asked"]))),
        documents=_by_owner(rows["document"], lambda row: Paper(row.text, row.day, row.until)),
        lessons=_by_owner([*rows["lesson"], *rows["class"], *rows["own"]], _attended),
        taught=_minutes(rows["taught"]),
        taught_before=_minutes(rows["taught"]) + _minutes(rows["held"]),
        visits=_minutes(rows["visit"]),
        present=frozenset((int(row.text), row.owner, row.day) for row in rows["present"]),
    )


def _timelines(rows: Iterable[Row]) -> dict[int, Timeline]:
    taken: dict[int, list[Taken]] = defaultdict(list)
    for row in rows:
        shown = (row.begins, row.ends) if row.begins else None
        taken[row.owner].append(Taken(row.lower, row.upper, shown))
    return {owner: Timeline(spans) for owner, spans in taken.items()}


def _by_owner(rows: Iterable[Row], made: Callable[[Row], T]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for row in rows:
        found[row.owner].append(made(row))
    return dict(found)


def _exceptions(rows: Iterable[Row]) -> dict[tuple[int, date], list[WallHours]]:
    """By teacher and day the hours that replace the week's; none for a day off or elsewhere."""
    found: dict[tuple[int, date], list[WallHours]] = defaultdict(list)
    for row in rows:
        hours = found[row.owner, row.day]
        if row.starts_at is not None:
            hours.append(WallHours(row.starts_at, row.ends_at))
    return {key: sorted(hours) for key, hours in found.items()}


def _opening(rows: Sequence[Row]) -> dict[int, list[WallHours]]:
    """By weekday the hours that hold: the department's own if it has any, else the school's."""
    own = [row for row in rows if row.owner is not None]
    found: dict[int, list[WallHours]] = defaultdict(list)
    for row in own or rows:
        found[row.number].append(WallHours(row.starts_at, row.ends_at))
    return dict(found)


def _attended(row: Row) -> Attended:
    return Attended(row.day, row.ends, row.text, row.number, row.what == "own", row.what == "class")


def _minutes(rows: Iterable[Row]) -> Counter[tuple[int, date]]:
    return Counter({(row.owner, row.day): row.number for row in rows})


def _arrays(rows: Iterable[Row]) -> Iterable[list[Any]]:
    return (json.loads(row.text) for row in rows)


def _parameters(search: Search) -> dict[str, Any]:
    people = {teacher.membership.user_id for teacher in search.teachers}
    people |= {student.membership.user_id for student in search.students}
    first, last = (bound.astimezone(search.zone).date() for bound in (search.lower, search.upper))
    around = (search.lower - DAY, search.upper + DAY)
    week_begins = around[0] - timedelta(days=first.weekday())
    week_ends = around[1] + timedelta(days=6 - last.weekday())
    return {
        "users": [] if search.subtracted else sorted(people),
        "teachers": [teacher.pk for teacher in search.teachers],
        "teaching": [teacher.membership.user_id for teacher in search.teachers],
        "students": [student.pk for student in search.students],
        "learning": [student.membership.user_id for student in search.students],
        "from_then": f"[{min(week_begins, search.at).isoformat()},)",
        "resources": [] if search.subtracted else [one.pk for one in search.resources],
        "venues": [one.pk for one in search.resources if one.has_quota],
        "window": _range(search.lower, search.upper),
        "weeks": _range(week_begins, week_ends),
        "days": _range(*around),
        "first_day": first,
        "last_day": last,
        "monday": first - timedelta(days=first.weekday()),
        "sunday": last + timedelta(days=6 - last.weekday()),
        "at": search.at,
        "changing": sorted(search.changing),
        "school": search.lesson_type.school_id,
        "department": search.department_id,
        "lesson_type": search.lesson_type.pk,
    }


def _range(lower: datetime, upper: datetime) -> str:
    return f"[{lower.isoformat()},{upper.isoformat()})"
