"""A migrated database to copy: migrating takes half a minute, copying what came of it a second."""

import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection, transaction
from psycopg.sql import SQL, Identifier

ROOT = Path(__file__).resolve().parents[1]
PREFIX = "justdriving_template_"
KEPT = 3
LOCK = 7_264_113  # any number that nobody else locks on this server
KEPT_TABLES = {"django_migrations", "django_content_type", "auth_permission"}
SOURCES = (
    "*/migrations/*.py",
    "justdriving/settings.py",
    "justdriving/kernel/operations.py",
    "requirements/*.txt",
)


@cache
def template() -> str:
    """The name of an empty database with every table, made when a migration has changed.

    Several processes may ask at once: the first makes it, the others wait. Nobody can connect to
    it, so that it can always be copied. The newest three stay on the server.
    """
    name = PREFIX + _fingerprint()
    with server() as postgres:
        postgres.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        made = "SELECT datname FROM pg_database WHERE datistemplate AND datname LIKE %s"
        newest_first = f"{made} ORDER BY oid DESC"
        known = [found for (found,) in postgres.execute(newest_first, [f"{PREFIX}%"])]
        if name not in known:
            _make(postgres, name)
            for old in known[KEPT - 1 :]:
                postgres.execute(SQL("ALTER DATABASE {} IS_TEMPLATE false").format(Identifier(old)))
                _drop(postgres, old)
    return name


def server() -> psycopg.Connection:
    """A connection to the server of the tests, beside Django's."""
    database = settings.DATABASES["default"]
    return psycopg.connect(
        host=database["HOST"],
        port=database["PORT"] or None,
        user=database["USER"],
        password=database.get("PASSWORD") or None,
        dbname="postgres",
        autocommit=True,
    )


def fresh_copy(name: str) -> None:
    """Drop the database of that name and make it anew, with every table and nothing in them."""
    with server() as postgres:
        _drop(postgres, name)
        copy = SQL("CREATE DATABASE {} TEMPLATE {}")
        postgres.execute(copy.format(Identifier(name), Identifier(template())))


def _fingerprint() -> str:
    found = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            found.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return found.hexdigest()[:12]


def _make(postgres: psycopg.Connection, name: str) -> None:
    _drop(postgres, name)
    postgres.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_NAME": name, "DB_POOL": "false"},
        check=True,
    )
    done = SQL("ALTER DATABASE {} IS_TEMPLATE true ALLOW_CONNECTIONS false")
    postgres.execute(done.format(Identifier(name)))


def _drop(postgres: psycopg.Connection, name: str) -> None:
    postgres.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def empty() -> None:
    """Take every row out of the tables that have some, past triggers and references.

    Django truncates all tables instead, and Postgres then makes every index anew on the disk.
    """
    tables = set(connection.introspection.django_table_names(only_existing=True)) - KEPT_TABLES
    quoted = {table: connection.ops.quote_name(table) for table in tables}
    asked = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM {name})"  # noqa: S608 -- our own tables
        for table, name in quoted.items()
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(asked)
        for (table,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {quoted[table]}")  # noqa: S608 -- as above


def may_pass_triggers() -> bool:
    """Whether the server lets us; else the tables are truncated."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW is_superuser")
        return cursor.fetchone() == ("on",)
