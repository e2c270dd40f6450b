"""Searching free times: 50 teachers × 14 days, with ever more lessons in the database.

``python benchmarks/free_time.py [--scale small]`` makes a database of its own, adds lessons up to
10,000, 100,000 and 1,000,000 and measures each time, in turns and in one process:

* ``plain``: read the occupancies that the search must look at (owner, from, to), nothing else;
* ``sql``: the one query over multiranges (bookings/queries/free.py);
* ``service``: the whole search with permissions, rules and sorting (``free_times``).

``plain`` and ``sql`` run on a bare connection. The fortnight searched holds the same lessons every
time: what is added lies before it, a tenth of it in the searched school.
"""

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import world
from django.db import connection
from django.test.utils import CaptureQueriesContext

from administration.models import Membership, Student
from bookings.models import LessonType
from bookings.queries import free, free_times
from justdriving.kernel.tenancy import school_scope

FIRST_DAY, DAYS = date(2031, 1, 6), 14
NOW = datetime(2031, 1, 5, 12, tzinfo=UTC)
SCHOOLS = 10
SIZES = {
    "small": {"teachers": 3, "lessons": (500, 2_000), "rounds": 3},
    "full": {"teachers": 50, "lessons": (10_000, 100_000, 1_000_000), "rounds": 40},
}

PLAIN = """
SELECT wanted.id, lower(period), upper(period)
FROM unnest(%(users)s::bigint[]) AS wanted(id)
JOIN bookings_occupancy
  ON is_exclusive AND user_id = wanted.id AND period && %(window)s::tstzrange
UNION ALL
SELECT wanted.id, lower(period), upper(period)
FROM unnest(%(things)s::bigint[]) AS wanted(id)
JOIN bookings_occupancy
  ON is_exclusive AND resource_id = wanted.id AND period && %(window)s::tstzrange
"""


@dataclass(frozen=True)
class Search:
    """One search, and what its query was asked."""

    school: world.School
    by: Membership
    student: Student
    lesson_type: LessonType

    def __call__(self) -> int:
        found = free_times(
            lesson_type=self.lesson_type,
            students=(self.student,),
            by=self.by,
            at=NOW,
            teacher=None,
            first_day=FIRST_DAY,
            days=DAYS,
        )
        return len(found)

    def asked(self) -> dict[str, Any]:
        """The parameters with which the service runs its query."""
        seen: list[dict[str, Any]] = []

        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 -- Django's signature
            if sql == free.SQL:
                seen.append(params)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            self()
        return seen[0]


def search_in(school: world.School) -> Search:
    members = Membership.objects.select_related("user", "school")
    students = Student.objects.select_related("membership__user")
    return Search(
        school,
        members.get(pk=school.cast.office.pk),
        students.get(pk=school.students[0]),
        LessonType.objects.get(pk=school.cast.lesson_type.pk),
    )


def measured(search: Search, rounds: int) -> dict[str, Any]:
    """One line of the report: the three ways take turns."""
    asked = search.asked()
    with contextlib.closing(world.raw_connection()) as raw, raw.cursor() as cursor:

        def read(sql: str) -> int:
            return len(cursor.execute(sql, asked).fetchall())

        ways: dict[str, Callable[[], int]] = {
            "plain": lambda: read(PLAIN),
            "sql": lambda: read(free.SQL),
            "service": search,
        }
        times = timed(ways, rounds)
        rows = read(PLAIN)
    with CaptureQueriesContext(connection) as queries:
        found = search()
    medians = {way: statistics.median(taken) for way, taken in times.items()}
    return {
        "rows_read": rows,
        "times_found": found,
        "queries": len(queries),
        **{f"{way}_ms": round(1000 * median, 2) for way, median in medians.items()},
        "sql_to_plain": round(medians["sql"] / medians["plain"], 2),
        "service_to_plain": round(medians["service"] / medians["plain"], 2),
    }


def timed(ways: dict[str, Callable[[], int]], rounds: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(rounds + 3):  # the first turns warm up and are not counted
        for way, run in ways.items():
            begun = time.perf_counter()
            run()
            if turn >= 3:  # noqa: PLR2004 -- as above
                times[way].append(time.perf_counter() - begun)
    return times


def grown(builder: world.Builder, teachers: int, totals: tuple[int, ...]) -> Iterator[world.School]:
    """Add lessons up to each total, and give back the school to search."""
    schools = [builder.school(f"school {number}", teachers) for number in range(SCHOOLS)]
    with builder.loading():
        builder.lessons(schools[0], FIRST_DAY, DAYS)
    there, before = teachers * DAYS * world.LESSONS_A_DAY, FIRST_DAY
    for total in totals:
        days = max(1, (total - there) // (SCHOOLS * teachers * world.LESSONS_A_DAY))
        before -= timedelta(days=days)
        with builder.loading():
            for school in schools:
                builder.lessons(school, before, days)
        there += days * SCHOOLS * teachers * world.LESSONS_A_DAY
        yield schools[0]


def run(scale: str) -> list[dict[str, Any]]:
    size: Any = SIZES[scale]
    lines = []
    with contextlib.closing(world.raw_connection()) as raw:
        builder = world.Builder(raw)
        for school in grown(builder, size["teachers"], size["lessons"]):
            with school_scope(school.pk):
                line = measured(search_in(school), size["rounds"])
            lines.append({"lessons": builder.count("bookings_booking"), **line})
    first, last = lines[0], lines[-1]
    growth = {
        f"{way}_growth": round(last[f"{way}_ms"] / first[f"{way}_ms"], 2)
        for way in ("plain", "sql", "service")
    }
    return [*lines, growth]


def main() -> None:
    scale = world.options(__doc__ or "").scale
    with world.scratch_database():
        world.report(run(scale), teachers=SIZES[scale]["teachers"], days=DAYS)


if __name__ == "__main__":
    main()
