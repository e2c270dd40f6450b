"""What a booking costs: the whole service against the bare SQL that writes the same rows.

``python benchmarks/booking_commit.py [--scale small]`` makes a database of its own, measures both
in the same run (1 and 8 clients, at none and at 100,000 existing bookings), prints JSON, and drops
the database.

The service asks every rule, takes the locks, and writes occupancy, history and outbox. The bare
transaction is told nothing and asks nothing: it copies the rows that the service wrote for its
first booking to another hour, one INSERT for each table, under the same constraints.
"""

import contextlib
import multiprocessing
import statistics
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing.synchronize import Barrier
from typing import Any

import psycopg
import world
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg.types.json import Jsonb
from psycopg.types.range import Range

from administration.models import Membership
from bookings.services import LessonRequest, book_lesson
from justdriving.kernel.tenancy import school_scope

CLIENTS = (1, 8)
FIRST_DAY = datetime(2031, 1, 6, 8, tzinfo=UTC)
LESSONS_A_DAY = 4
NOW = FIRST_DAY - timedelta(days=30)
SIZES = {
    "small": {"existing": (0, 1_000), "rounds": 1, "each": 4},
    "full": {"existing": (0, 100_000), "rounds": 5, "each": 40},
}


@dataclass(frozen=True)
class Client:
    """One person at a desk, with a teacher, students and a vehicle nobody else books."""

    school_id: int
    office_id: int
    teacher_id: int
    students: tuple[int, ...]
    vehicle_id: int
    lesson_type_id: int

    def student_at(self, starts_at: datetime) -> int:
        """They take turns, so that nobody has more lessons to come than students have."""
        hours = int((starts_at - FIRST_DAY).total_seconds()) // 7200
        return self.students[hours % len(self.students)]

    def book(self, by: Membership, starts_at: datetime) -> int:
        wanted = LessonRequest(
            lesson_type_id=self.lesson_type_id,
            teacher_id=self.teacher_id,
            student_ids=(self.student_at(starts_at),),
            resource_ids=(self.vehicle_id,),
            starts_at=starts_at,
            place="Station",
        )
        return book_lesson(wanted=wanted, by=by, at=NOW, request_key=uuid.uuid4()).pk


def hour(number: int) -> datetime:
    """The ``number``-th hour that a client may book: four lessons a day."""
    day, lesson = divmod(number, LESSONS_A_DAY)
    return FIRST_DAY + timedelta(days=day, hours=2 * lesson)


@dataclass(frozen=True)
class Template:
    """The rows that the service wrote for a client's first booking, referred-to tables first.

    ``documents`` are the columns (table, column) of JSON.
    """

    client: Client
    start: datetime
    tables: list[tuple[str, list[str], list[tuple[Any, ...]]]]
    references: dict[tuple[str, str], str]
    documents: frozenset[tuple[str, str]]

    @property
    def booking_id(self) -> int:
        _table, columns, rows = self.tables[0]
        return int(rows[0][columns.index("id")])


class Bare:
    """Writes the rows of a template again at another hour: one INSERT for each table."""

    def __init__(self, raw: psycopg.Connection, template: Template) -> None:
        self.raw, self.template = raw, template

    def book(self, starts_at: datetime) -> None:
        ids: dict[tuple[str, int], int] = {}
        with self.raw.transaction(), self.raw.cursor() as cursor:
            for table, columns, rows in self.template.tables:
                kept = [name for name in columns if name != "id"]
                values = [
                    self._changed(table, name, row[columns.index(name)], ids, starts_at)
                    for row in rows
                    for name in kept
                ]
                marks = ", ".join(f"({', '.join(['%s'] * len(kept))})" for _ in rows)
                names = ", ".join(f'"{name}"' for name in kept)
                cursor.execute(
                    f"INSERT INTO {table} ({names}) VALUES {marks} RETURNING id",  # noqa: S608 -- names from the catalogue
                    values,
                )
                for row, (new_id,) in zip(rows, cursor.fetchall(), strict=True):
                    ids[table, row[columns.index("id")]] = new_id

    def _changed(
        self,
        table: str,
        name: str,
        value: Any,
        ids: dict[tuple[str, int], int],
        starts_at: datetime,
    ) -> Any:
        """The value this column has in the copy."""
        target = self.template.references.get((table, name))
        if target and (target, value) in ids:
            return ids[target, value]
        by = starts_at - self.template.start
        changed = value
        match name, value:
            case "wall_date", _:
                changed = value + by
            case "about", str():  # a message is queued once for what it is about
                changed = f"{value.rstrip('0123456789')}{max(ids.values())}"
            case _, uuid.UUID():
                changed = uuid.uuid4()
            case _, Range(lower=lower, upper=upper) if lower and upper:
                changed = type(value)(lower + by, upper + by, value.bounds)
            case _, _ if (table, name) in self.template.documents:
                changed = Jsonb(value)
        return changed


def tables_of(raw: psycopg.Connection) -> list[str]:
    """Every table that a booking may write, referred-to tables first."""
    first = [
        "bookings_booking",
        "bookings_bookingresource",
        "bookings_participation",
        "bookings_occupancy",
        "bookings_bookingtransition",
        "bookings_participationtransition",
    ]
    found = raw.execute(
        "SELECT c.relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid"
        " WHERE c.relkind = 'r' AND c.relname ~ '^(bookings|finance|learning|notifications)_'"
        " AND a.attname = 'id' AND a.atttypid = 'bigint'::regtype ORDER BY 1"
    )
    return first + [table for (table,) in found if table not in first]


def references_of(raw: psycopg.Connection) -> dict[tuple[str, str], str]:
    """(table, column) -> the table it refers to."""
    found = raw.execute(
        """
        SELECT source.relname, source_column.attname, target.relname
        FROM pg_constraint AS key
        JOIN pg_class AS source ON source.oid = key.conrelid
        JOIN pg_class AS target ON target.oid = key.confrelid
        JOIN pg_attribute AS source_column
          ON source_column.attrelid = key.conrelid AND source_column.attnum = key.conkey[1]
        WHERE key.contype = 'f'
        """
    )
    return {(table, column): target for table, column, target in found}


def documents_of(raw: psycopg.Connection) -> frozenset[tuple[str, str]]:
    found = raw.execute(
        "SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a"
        " ON a.attrelid = c.oid WHERE a.atttypid = 'jsonb'::regtype"
    )
    return frozenset((table, column) for table, column in found)


def highest_id(raw: psycopg.Connection, table: str) -> int:
    row = raw.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}").fetchone()  # noqa: S608 -- names from the catalogue
    return int(row[0]) if row else 0


def template_of(raw: psycopg.Connection, client: Client) -> Template:
    """Let the service book once, and take what it wrote."""
    last = {table: highest_id(raw, table) for table in tables_of(raw)}
    client.book(
        Membership.objects.select_related("user", "school").get(pk=client.office_id), hour(0)
    )
    written = []
    for table, highest in last.items():
        rows = raw.execute(f"SELECT * FROM {table} WHERE id > %s ORDER BY id", [highest])  # noqa: S608 -- names from the catalogue
        found = rows.fetchall()
        if found:
            written.append((table, [column.name for column in rows.description or ()], found))
    return Template(client, hour(0), written, references_of(raw), documents_of(raw))


def clients_of(school: world.School) -> list[Client]:
    cast = school.cast
    return [
        Client(
            school_id=school.pk,
            office_id=cast.office.pk,
            teacher_id=teacher,
            students=tuple(school.students_of(number)),
            vehicle_id=vehicle,
            lesson_type_id=cast.lesson_type.pk,
        )
        for number, (teacher, vehicle) in enumerate(
            zip(school.teachers, school.vehicles, strict=True)
        )
    ]


def statements_of(template: Template, starts_at: datetime) -> int:
    """How many statements the service sends for one booking, BEGIN and COMMIT too."""
    client = template.client
    by = Membership.objects.select_related("user", "school").get(pk=client.office_id)
    with CaptureQueriesContext(connection) as queries:
        client.book(by, starts_at)
    return len(queries)


def work(
    template: Template, first: int, rounds: int, each: int, barrier: Barrier, results: Any
) -> None:
    """One client's process: its times, or what went wrong."""
    try:
        results.put(timed(template, first, rounds, each, barrier))
    except BaseException as error:
        barrier.abort()
        results.put(error)
        raise
    finally:
        connection.close()


def timed(
    template: Template, first: int, rounds: int, each: int, barrier: Barrier
) -> dict[str, list[float]]:
    """Service and bare take turns, all clients doing the same at a time."""
    times: dict[str, list[float]] = {"service": [], "bare": []}
    numbers = iter(range(first, 10**6))
    client = template.client
    with school_scope(client.school_id), contextlib.closing(world.raw_connection()) as raw:
        by = Membership.objects.select_related("user", "school").get(pk=client.office_id)
        bare = Bare(raw, template)
        ways = {"service": lambda at: client.book(by, at), "bare": bare.book}
        for turn in range(rounds + 1):  # the first turn warms up and is not counted
            for way, book in ways.items():
                barrier.wait()
                for _ in range(each):
                    starts_at = hour(next(numbers))
                    begun = time.perf_counter()
                    book(starts_at)
                    if turn:
                        times[way].append(time.perf_counter() - begun)
    return times


def measured(templates: list[Template], first: int, rounds: int, each: int) -> dict[str, object]:
    """One line of the report: these clients at once, each in a process of its own."""
    connection.close()
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(len(templates)), context.Queue()
    processes = [
        context.Process(target=work, args=(one, first, rounds, each, barrier, results))
        for one in templates
    ]
    for process in processes:
        process.start()
    found = [results.get(timeout=600) for _ in processes]
    for process in processes:
        process.join()
    for failure in (one for one in found if isinstance(one, BaseException)):
        raise failure
    line: dict[str, object] = {"clients": len(templates)}
    for way in ("service", "bare"):
        every = sorted(duration for times in found for duration in times[way])
        line[way] = {
            "transactions": len(every),
            "median_ms": round(1000 * statistics.median(every), 2),
            "p95_ms": round(1000 * every[int(0.95 * len(every))], 2),
            "per_second": round(len(templates) * len(every) / sum(every), 1),
        }
    service, bare = (line[way] for way in ("service", "bare"))
    line["ratio"] = round(service["median_ms"] / bare["median_ms"], 2)  # type: ignore[index]  # built above
    return line


def run(scale: str) -> dict[str, Any]:
    """Every combination of clients and existing bookings."""
    size: Any = SIZES[scale]
    lines, there, first = [], 0, 2
    with contextlib.closing(world.raw_connection()) as raw:
        builder = world.Builder(raw)
        school = builder.school("school", max(CLIENTS))
        with school_scope(school.pk):
            templates = [template_of(raw, client) for client in clients_of(school)]
            statements = statements_of(templates[0], hour(1))
        for existing in size["existing"]:
            if existing > there:
                days = -(-existing // (max(CLIENTS) * world.LESSONS_A_DAY))
                with builder.loading():
                    builder.lessons(school, date(2031, 1, 1) - timedelta(days=days), days)
            there = existing
            raw.execute("VACUUM ANALYZE")
            for count in CLIENTS:
                line = measured(templates[:count], first, size["rounds"], size["each"])
                lines.append({"existing_bookings": existing, **line})
                first += 2 * size["each"] * (size["rounds"] + 1)
    return {"statements": statements, "lines": lines}


def main() -> None:
    scale = world.options(__doc__ or "").scale
    with world.scratch_database():
        world.report(run(scale))


if __name__ == "__main__":
    main()
