"""The system examines itself: every invariant of every app, read-only, in one snapshot."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.db import connection, transaction

from justdriving.kernel.invariants import Invariant

APPS = ("administration", "bookings", "finance", "learning", "notifications")
SAMPLE = 5

FOREIGN_KEYS = """
    SELECT source.relname, source_column.attname, target.relname
    FROM pg_constraint AS key
    JOIN pg_class AS source ON source.oid = key.conrelid
    JOIN pg_class AS target ON target.oid = key.confrelid
    JOIN pg_attribute AS source_column
      ON source_column.attrelid = key.conrelid AND source_column.attnum = key.conkey[1]
    WHERE key.contype = 'f' AND cardinality(key.conkey) = 1
      AND EXISTS (SELECT FROM pg_attribute
                  WHERE attrelid = key.conrelid AND attname = 'school_id' AND NOT attisdropped)
      AND EXISTS (SELECT FROM pg_attribute
                  WHERE attrelid = key.confrelid AND attname = 'school_id' AND NOT attisdropped)
    ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant that does not hold: how many rows break it, and the first few of them."""

    code: str
    means: str
    count: int
    sample: tuple[str, ...]


def crossing_references() -> list[Invariant]:
    """One invariant for each reference between two schools' tables, read from the catalogue."""
    with connection.cursor() as cursor:
        cursor.execute(FOREIGN_KEYS)
        references = cursor.fetchall()
    return [
        Invariant(
            code=f"tenant.{table}.{column}",
            means="No reference crosses from one school into another.",
            sql=f"""
                SELECT a.school_id, '{table} ' || a.id || ' refers to {target} ' || b.id
                FROM {table} AS a JOIN {target} AS b ON b.id = a.{column}
                WHERE a.school_id <> b.school_id
            """,  # noqa: S608 -- names from Postgres' own catalogue
        )
        for table, column, target in references
    ]


def all_invariants() -> list[Invariant]:
    """Every invariant of every app, then the tenant's."""
    own: list[Invariant] = []
    for app in APPS:
        own.extend(import_module(f"{app}.invariants").INVARIANTS)
    return own + crossing_references()


@transaction.atomic
def examine(invariants: Iterable[Invariant] | None = None) -> list[Finding]:
    """Ask every invariant in one read-only snapshot; healthy means an empty list."""
    findings = []
    with connection.cursor() as cursor:
        for invariant in all_invariants() if invariants is None else invariants:
            cursor.execute(invariant.sql)
            rows: list[Any] = cursor.fetchall()
            if rows:
                sample = tuple(f"school {school}: {fault}" for school, fault, *_ in rows[:SAMPLE])
                findings.append(Finding(invariant.code, invariant.means, len(rows), sample))
    return findings
