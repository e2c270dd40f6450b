"""A database of its own for a benchmark, and schools with any number of lessons in it.

People and things are copies of a fixed cast's rows, made in SQL; a million lessons with everything
they write take a minute or two, because constraints are checked once at the end.
"""

import argparse
import contextlib
import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "justdriving.settings")

import django  # noqa: E402 -- the path and the settings come first

django.setup()

import psycopg  # noqa: E402
from django.db import connection  # noqa: E402

from justdriving.celery import app  # noqa: E402
from tests.cast import Cast, make_cast  # noqa: E402
from tests.databases import template  # noqa: E402

LESSONS_A_DAY = 4
STUDENTS_PER_TEACHER = 40
TABLES_OF_LESSONS = (
    "bookings_booking",
    "bookings_participation",
    "bookings_bookingresource",
    "bookings_occupancy",
)


def options(description: str) -> argparse.Namespace:
    """``--scale small`` is for trying out: seconds, not figures."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--scale", choices=("small", "full"), default="full")
    return parser.parse_args()


@contextlib.contextmanager
def scratch_database() -> Iterator[None]:
    """An empty database with every table; dropped at the end, whatever happens."""
    app.conf.broker_url = "memory://localhost"  # nobody works here: the wake-ups go nowhere
    connection.settings_dict["TEST"] |= {
        "NAME": f"jd_benchmark_{os.getpid()}",
        "TEMPLATE": template(),
    }
    old_name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
        yield
    finally:
        connection.creation.destroy_test_db(old_name, verbosity=0)


def report(results: Any, **more: Any) -> None:
    """Print the figures as JSON, with what they were measured on."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0]
    about = {
        "postgres": server,
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }
    print(json.dumps({**about, **more, "results": results}, indent=2))


def raw_connection() -> psycopg.Connection:
    """The same server and session settings as Django's connection, without Django."""
    parameters = connection.get_connection_params()
    kept = ("dbname", "user", "password", "host", "port", "options")
    raw = psycopg.connect(
        autocommit=True, **{name: parameters[name] for name in kept if name in parameters}
    )
    raw.execute("SET TIME ZONE 'UTC'")
    return raw


@dataclass(frozen=True)
class School:
    """A school with many teachers, each with a vehicle and students of their own."""

    cast: Cast
    teachers: list[int]
    vehicles: list[int]
    students: list[int]

    @property
    def pk(self) -> int:
        return int(self.cast.school.pk)

    def students_of(self, number: int) -> list[int]:
        """The students of the ``number``-th teacher."""
        first = number * STUDENTS_PER_TEACHER
        return self.students[first : first + STUDENTS_PER_TEACHER]


class Builder:
    """Makes schools and lessons in one database."""

    def __init__(self, raw: psycopg.Connection) -> None:
        self.raw = raw
        raw.execute("SET statement_timeout = 0")

    def school(self, name: str, teachers: int) -> School:
        """``teachers`` copies of the cast's teacher, with vehicles and students."""
        cast = make_cast(name=name)
        _users, staff = self._members(cast.teacher.membership_id, teachers, f"{name}-t")
        taught = self.copies(
            "administration_teacher", cast.teacher.pk, len(staff), {"membership_id": staff}
        )
        for table in ("administration_teacherdepartment", "bookings_weeklyavailability"):
            self._each_copied(table, "teacher_id", cast.teacher.pk, taught)
        vehicles = self.copies(
            "bookings_resource",
            cast.vehicle.pk,
            teachers,
            {"name": [f"Car {number}" for number in range(teachers)]},
        )
        count = teachers * STUDENTS_PER_TEACHER
        _users, learners = self._members(cast.student.membership_id, count, f"{name}-s")
        own = [taught[number // STUDENTS_PER_TEACHER] for number in range(count)]
        students = self.copies(
            "administration_student",
            cast.student.pk,
            count,
            {"membership_id": learners, "teacher_id": own},
        )
        return School(cast, taught, vehicles, students)

    def _members(self, like: int, count: int, prefix: str) -> tuple[list[int], list[int]]:
        """Users and memberships like an existing one."""
        row = self.raw.execute(
            "SELECT user_id FROM administration_membership WHERE id = %s", [like]
        ).fetchone()
        names = [f"{prefix}-{number}" for number in range(count)]
        users = self.copies(
            "administration_user",
            row[0] if row else 0,
            count,
            {"email": [f"{one}@bench.example" for one in names], "full_name": names},
        )
        return users, self.copies("administration_membership", like, count, {"user_id": users})

    def copies(
        self, table: str, like: int, count: int, changed: dict[str, Sequence[Any]]
    ) -> list[int]:
        """``count`` copies of one row, with these values in these columns; their ids."""
        kept = [name for name in self.columns(table) if name != "id"]
        names = ", ".join(f'"{name}"' for name in kept)
        values = ", ".join(
            f"(%({name})s::{_array_of(changed[name])})[n]" if name in changed else f't."{name}"'
            for name in kept
        )
        found = self.raw.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} AS t,"  # noqa: S608 -- names from the catalogue
            " generate_series(1, %(count)s) AS n WHERE t.id = %(like)s ORDER BY n RETURNING id",
            {"count": count, "like": like, **{key: list(value) for key, value in changed.items()}},
        )
        return [row[0] for row in found]

    def _each_copied(self, table: str, column: str, like: int, owners: Sequence[int]) -> None:
        """All rows that belong to one owner, again for each of these."""
        kept = [name for name in self.columns(table) if name != "id"]
        names = ", ".join(f'"{name}"' for name in kept)
        values = ", ".join("owner" if name == column else f't."{name}"' for name in kept)
        self.raw.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} AS t,"  # noqa: S608 -- names from the catalogue
            f" unnest(%s::bigint[]) AS owner WHERE t.{column} = %s",
            [list(owners), like],
        )

    def columns(self, table: str) -> list[str]:
        found = self.raw.execute(
            "SELECT attname FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            [table],
        )
        return [name for (name,) in found]

    def count(self, table: str) -> int:
        row = self.raw.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 -- a table of ours
        return int(row[0]) if row else 0

    def lessons(
        self, school: School, first_day: date, days: int, a_day: int = LESSONS_A_DAY
    ) -> None:
        """So many lessons a day and teacher from 8.00 UTC on, in 600 minutes: three fifths of the
        time taught, with gaps that no two days share. Call it inside ``loading``.
        """
        cast = school.cast
        self.raw.execute(
            LESSONS,
            {
                "school": school.pk,
                "department": cast.department.pk,
                "lesson_type": cast.lesson_type.pk,
                "terms": cast.lesson_type.cancellation_terms_id,
                "by": cast.office.user_id,
                "teachers": school.teachers,
                "vehicles": school.vehicles,
                "students": school.students,
                "each": STUDENTS_PER_TEACHER,
                "first_day": first_day,
                "days": days,
                "a_day": a_day,
                "spacing": timedelta(minutes=600 / a_day),
                "now": datetime.combine(first_day, datetime.min.time()),
            },
        )

    @contextlib.contextmanager
    def loading(self) -> Iterator[None]:
        """Indexes of lessons are built, and exclusion constraints checked, once at the end."""
        exclusions = self.raw.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
            " FROM pg_constraint WHERE contype = 'x' AND conrelid::regclass::text = ANY(%s)",
            [list(TABLES_OF_LESSONS)],
        ).fetchall()
        indexes = self.raw.execute(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index AS i"
            " LEFT JOIN pg_constraint AS c ON c.conindid = i.indexrelid"
            " WHERE c.oid IS NULL AND i.indrelid::regclass::text = ANY(%s) AND NOT i.indisunique",
            [list(TABLES_OF_LESSONS)],
        ).fetchall()
        for table, name, _definition in exclusions:
            self.raw.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        for name, _definition in indexes:
            self.raw.execute(f"DROP INDEX {name}")
        self.raw.execute("SET session_replication_role = replica")  # foreign keys hold by making
        yield
        self.raw.execute("SET session_replication_role = DEFAULT")
        self.raw.execute("SET maintenance_work_mem = '512MB'")
        for _name, definition in indexes:
            self.raw.execute(definition)
        for table, name, definition in exclusions:
            self.raw.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        self.raw.execute("VACUUM ANALYZE")


def _array_of(values: Sequence[Any]) -> str:
    return "text[]" if isinstance(values[0], str) else "bigint[]"


LESSONS = """
WITH plan AS (
    SELECT teacher.id AS teacher_id, member.user_id,
           (%(vehicles)s::bigint[])[teacher.place] AS vehicle_id,
           (%(students)s::bigint[])[(teacher.place - 1) * %(each)s
               + (day * %(a_day)s + lesson) %% %(each)s + 1] AS student_id,
           (%(first_day)s::date + day) AT TIME ZONE 'UTC' + interval '8 hours'
               + lesson * %(spacing)s
               + (teacher.place * 7 + day * 5 + lesson * 3) %% 5 * %(spacing)s * 0.1 AS starts
    FROM unnest(%(teachers)s::bigint[]) WITH ORDINALITY AS teacher(id, place)
    JOIN administration_teacher AS person ON person.id = teacher.id
    JOIN administration_membership AS member ON member.id = person.membership_id
    CROSS JOIN generate_series(0, %(days)s - 1) AS day
    CROSS JOIN generate_series(0, %(a_day)s - 1) AS lesson
), numbered AS (
    SELECT plan.*, nextval(pg_get_serial_sequence('bookings_booking', 'id')) AS id,
           tstzrange(starts, starts + %(spacing)s * 0.6) AS period
    FROM plan
), booking AS (
    INSERT INTO bookings_booking (
        id, school_id, department_id, lesson_type_id, teacher_id, period, wall_date, wall_time,
        zone, buffer_before_minutes, buffer_after_minutes, place, capacity, status, cancelled_by,
        reason_category, no_show_by, moves, entered_afterwards, edited_fields,
        cancellation_terms_id, note, internal_note, uid, version, request_key, created_by_id,
        created_at
    )
    OVERRIDING SYSTEM VALUE
    SELECT id, %(school)s, %(department)s, %(lesson_type)s, teacher_id, period,
           (starts AT TIME ZONE 'Europe/Copenhagen')::date,
           (starts AT TIME ZONE 'Europe/Copenhagen')::time, 'Europe/Copenhagen', 0, 0, 'Station',
           1, 'confirmed', '', '', '', 0, false, '{}', %(terms)s, '', '', gen_random_uuid(), 1,
           gen_random_uuid(), %(by)s, %(now)s
    FROM numbered
), place AS (
    INSERT INTO bookings_participation (
        school_id, booking_id, student_id, status, price_minor, currency, price_parts
    )
    SELECT %(school)s, id, student_id, 'booked', 55000, 'DKK', '[]' FROM numbered
), thing AS (
    INSERT INTO bookings_bookingresource (
        school_id, booking_id, resource_id, status, is_place, buffer_before_minutes,
        buffer_after_minutes, venue_number, is_number_lapsed
    )
    SELECT %(school)s, id, vehicle_id, 'reserved', false, 0, 0, '', false FROM numbered
)
INSERT INTO bookings_occupancy (school_id, booking_id, user_id, resource_id, period, is_exclusive)
SELECT %(school)s, numbered.id, taken.user_id, taken.resource_id, period, true
FROM numbered
JOIN administration_student AS student ON student.id = numbered.student_id
JOIN administration_membership AS learner ON learner.id = student.membership_id
CROSS JOIN LATERAL (
    VALUES (numbered.user_id, NULL), (learner.user_id, NULL), (NULL, numbered.vehicle_id)
) AS taken(user_id, resource_id)
"""
