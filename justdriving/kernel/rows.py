"""New rows in one plain INSERT: what the ORM would write, without preparing it anew each time."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Field, Model


@cache
def _plan(model: type[Model]) -> "tuple[list[tuple[Field[Any, Any], Any]], str, str]":
    """The fields to write, the statement before its rows, and the name of its id.

    With each field comes the function that makes its placeholder, None for a plain one.
    """
    meta = model._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    begin = f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES "  # noqa: S608 -- the model's
    marked = [(field, getattr(field, "get_placeholder", None)) for field in fields]
    return marked, begin, quote(str(meta.pk.column))


def insert(rows: Sequence[Model]) -> None:
    """Insert new rows of one model and give them their ids. One statement; none without rows.

    Like ``bulk_create``: defaults and database preparation of every field, no signals. Raises
    IntegrityError as Postgres does.
    """
    if not rows:
        return
    ids = _written(rows, "RETURNING")
    for row, (pk,) in zip(rows, ids, strict=True):
        row.pk = pk
        row._state.adding = False  # noqa: SLF001 -- as bulk_create does
        row._state.db = connection.alias  # noqa: SLF001 -- as above


def insert_missing(rows: Sequence[Model]) -> None:
    """Insert those of the rows that break no unique constraint; none of them gets its id."""
    if rows:
        _written(rows, "ON CONFLICT DO NOTHING RETURNING")


def _written(rows: Sequence[Model], end: str) -> list[tuple[Any]]:
    """Send one INSERT; the ids of what it wrote."""
    fields, begin, key = _plan(type(rows[0]))
    database = connections[DEFAULT_DB_ALIAS]  # each use of the proxy would look it up again
    values: list[Any] = []
    marks: list[str] = []
    for row in rows:
        row._prepare_related_fields_for_save(operation_name="insert")  # type: ignore[attr-defined]  # noqa: SLF001 -- as bulk_create does
        own: list[str] = []
        for field, mark in fields:
            value = field.get_db_prep_save(field.pre_save(row, add=True), connection=database)
            values.append(value)
            own.append(mark(value, None, database) if mark else "%s")
        marks.append(f"({', '.join(own)})")
    with database.cursor() as cursor:
        cursor.execute(f"{begin}{', '.join(marks)} {end} {key}", values)
        ids: list[tuple[Any]] = cursor.fetchall()
    return ids
