"""When lessons may begin, and which free things they are given with."""

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from bookings.enums import Party
from bookings.models import LessonType, Resource
from bookings.queries.diary import Diary, WallHours, diary_of
from bookings.queries.free import Free, Spans
from bookings.queries.proposals import Parties, search_for
from bookings.queries.quota import chosen, room_on
from justdriving.kernel.clock import NoSuchWallTime, instant
from justdriving.kernel.policy import Refusal


class Grid:
    """The starts that a lesson type's steps give, counted from when a teacher begins.

    A wall time that the clock skips is no start, a doubled one is one.
    """

    def __init__(self, diary: Diary, lesson_type: LessonType, length: timedelta) -> None:
        self.diary, self.length = diary, length
        self.step = lesson_type.slot_minutes
        self._exceptional = {teacher_id for teacher_id, _day in diary.instead}
        self._made: dict[Hashable, tuple[list[float], list[datetime]]] = {}

    def starts_on(self, teacher_id: int, day: date) -> list[datetime]:
        """The starts of one teacher and day from which the lesson ends within the hours."""
        hours = [(day, found) for found in self.diary.wall_hours(teacher_id, day)]
        starts = self._starts(hours)
        return [one for one in starts if self.diary.works(teacher_id, one, one + self.length)]

    def holds(self, teacher_id: int, starts_at: datetime) -> bool:
        """Whether a lesson of this teacher is offered to begin then, were it free."""
        return starts_at in self.starts_on(teacher_id, self.diary.day_of(starts_at))

    def starts_in(self, teacher_id: int, spans: Spans, days: Iterable[date]) -> Iterator[datetime]:
        """The starts of one teacher from which the lesson ends within one of the spans."""
        instants, starts = self._grid(teacher_id, days)
        seconds = self.length.total_seconds()
        for lower, upper in zip(spans.lowers, spans.uppers, strict=True):
            place = bisect_left(instants, lower)
            while place < len(instants) and instants[place] + seconds <= upper:
                yield starts[place]
                place += 1

    def _grid(self, teacher_id: int, days: Iterable[date]) -> tuple[list[float], list[datetime]]:
        """All starts of one teacher; those who work the same hours every week share them."""
        pattern: Hashable = tuple(self.diary.weekly.get(teacher_id, ()))
        key = (tuple(days), teacher_id if teacher_id in self._exceptional else pattern)
        if key not in self._made:
            hours = self.diary.wall_hours
            starts = self._starts((day, one) for day in key[0] for one in hours(teacher_id, day))
            self._made[key] = [one.timestamp() for one in starts], starts
        return self._made[key]

    def _starts(self, hours: Iterable[tuple[date, WallHours]]) -> list[datetime]:
        zone = self.diary.zone
        return sorted({one for day, found in hours for one in _steps(found, day, self.step, zone)})


def _steps(hours: WallHours, day: date, step: int, zone: ZoneInfo) -> Iterator[datetime]:
    wall = datetime.combine(day, hours.starts_at, tzinfo=UTC)
    end = datetime.combine(day, hours.ends_at, tzinfo=UTC)
    while wall < end:
        with suppress(NoSuchWallTime):
            yield instant(day, wall.time(), zone)
        wall += timedelta(minutes=step)


def not_offered(
    parties: Parties, starts_at: datetime, *, at: datetime, minutes: int, booking_id: int | None
) -> list[Refusal]:
    """Students begin at a time that is offered; staff at any. Where nobody works, a rule says so.

    ``starts_at`` and ``at`` (now) are UTC.
    """
    if parties.party != Party.STUDENT:
        return []
    length = timedelta(minutes=minutes)
    search = search_for(parties, starts_at, starts_at + length, at=at, booking_id=booking_id)
    diary, teacher_id = diary_of(search), parties.teacher.pk
    is_worked = diary.works(teacher_id, starts_at, starts_at + length)
    if not is_worked or Grid(diary, parties.lesson_type, length).holds(teacher_id, starts_at):
        return []
    message = _("No lesson begins at that time. Choose one of the times that are shown.")
    return [Refusal("start-not-offered", message)]


class Picking:
    """Chooses things as ``bookings.queries.proposals.picked`` does, from what the database left.

    All lessons it is asked about are of one length: what is chosen depends on their start alone,
    whoever teaches.
    """

    def __init__(self, parties: Parties, free: Free, diary: Diary, booking_id: int | None) -> None:
        self.free, self.diary, self.booking_id = free, diary, booking_id
        self._chosen: dict[datetime, tuple[Resource, ...]] = {}
        ranked = sorted(parties.resources, key=lambda one: self._rank(one, parties.department_id))
        kinds = sorted({*diary.needs, *(one.kind for one in parties.current)})
        self.choices = [
            (
                [one for one in parties.current if one.kind == kind],
                [one for one in ranked if one.kind == kind],
            )
            for kind in kinds
        ]

    def _rank(self, resource: Resource, department_id: int) -> tuple[bool, int, int]:
        elsewhere = resource.department_id != department_id
        return elsewhere, self.free.lessons.get(resource.pk, 0), resource.pk

    def __call__(self, starts_at: datetime, ends_at: datetime) -> tuple[Resource, ...]:
        """The current things that are free, else the best free one, of each kind."""
        if starts_at not in self._chosen:
            self._chosen[starts_at] = self._choose(starts_at, ends_at)
        return self._chosen[starts_at]

    def _choose(self, starts_at: datetime, ends_at: datetime) -> tuple[Resource, ...]:
        lower, upper = starts_at.timestamp(), ends_at.timestamp()
        has_room = room_on(self.diary, self.diary.day_of(starts_at), self.booking_id)
        found: list[Resource] = []
        for current, ranked in self.choices:
            kept = [one for one in current if self._is_free(one, lower, upper)]
            free = (one for one in ranked if self._is_free(one, lower, upper))
            found += chosen(kept, free, has_room)
        return tuple(found)

    def _is_free(self, resource: Resource, lower: float, upper: float) -> bool:
        spans = self.free.things.get(resource.pk)
        return spans is None or spans.hold(lower, upper)
