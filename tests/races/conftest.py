"""Many people at once: real threads, each with its own connection to the real database."""

import contextlib
import datetime as dt
import re
import threading
import time

import pytest
from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet
from django.utils import timezone
from psycopg import errors

from bookings.services import booking, holding, offering, sessions, waiting
from justdriving.kernel import transactions
from justdriving.kernel.policy import Refused
from justdriving.kernel.tenancy import school_scope
from tests.cast import make_cast

PATIENCE = 60
TAKES_TIME = re.compile(
    r'\s*(INSERT INTO|DELETE FROM) "bookings_(booking|participation|occupancy)"'
)


@pytest.fixture
def cast(transactional_db):
    """A school with everybody in it, committed, so that every thread sees it."""
    people = make_cast()
    with school_scope(people.school.pk):
        yield people


@pytest.fixture
def soon():
    """Noon, a week from now: the doctor looks at the real clock."""
    day = timezone.localdate() + dt.timedelta(days=7)
    return timezone.make_aware(dt.datetime.combine(day, dt.time(12))).astimezone(dt.UTC)


@pytest.fixture
def at_once(cast):
    """A function: do all of this at the same moment, and tell how each ended.

    An outcome is what the call returned, or the code of its refusal; anything else is raised.
    """

    def run(calls):
        barrier = threading.Barrier(len(calls), timeout=PATIENCE)
        outcomes = [None] * len(calls)

        def one(number, call):
            try:
                _be_patient()
                with school_scope(cast.school.pk):
                    barrier.wait()
                    outcomes[number] = call()
            except Refused as refused:
                outcomes[number] = refused.refusal.code
            except BaseException as error:  # noqa: BLE001 -- told to the test, whatever it is
                outcomes[number] = error
                barrier.abort()
            finally:
                connection.close()

        threads = [threading.Thread(target=one, args=pair) for pair in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert [outcome for outcome in outcomes if isinstance(outcome, BaseException)] == []
        return outcomes

    return run


def connect():
    """Take a connection; when the server has none left, wait for those of the last race to end."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            connection.ensure_connection()
        except OperationalError as error:
            if "too many clients" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def _be_patient():
    """How long forty wait for one lock is the machine's affair: here nobody gives up and is busy.

    A deadlock is found all the same.
    """
    connect()
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{PATIENCE}s'")
        cursor.execute(f"SET statement_timeout = '{PATIENCE}s'")


@pytest.fixture
def collisions(monkeypatch):
    """The deadlocks that use cases met, and would have hidden by trying again."""
    met = []
    is_passing = transactions.is_passing

    def note(error):
        if isinstance(error.__cause__, errors.DeadlockDetected):
            met.append(error)
        return is_passing(error)

    monkeypatch.setattr(transactions, "is_passing", note)
    return met


@pytest.fixture
def without_locks(monkeypatch):
    """A function that lets everybody do as they please at once: no lock of any kind is taken."""

    def remove():
        for module in (booking, holding, offering, sessions, waiting):
            monkeypatch.setattr(module, "take_sorted", lambda keys: None)
        monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **how: rows)

    return remove


@pytest.fixture
def rendezvous():
    """A function that makes decorators: so many threads wait for one another, each once."""

    def make(many):
        barrier = threading.Barrier(many, timeout=PATIENCE)
        came = threading.local()

        def meet(function):
            def met(*args, **kwargs):
                result = function(*args, **kwargs)
                if not getattr(came, "here", False):
                    came.here = True
                    barrier.wait()
                return result

            return met

        return meet

    return make


@pytest.fixture
def meet_at(monkeypatch, rendezvous):
    """A function: so many threads wait for one another once they have done one of these."""

    def arrange(many, *where):
        meet = rendezvous(many)
        for module, name in where:
            monkeypatch.setattr(module, name, meet(getattr(module, name)))

    return arrange


@pytest.fixture
def all_look_first(monkeypatch):
    """A function: so many threads have decided before the first of them takes time or a seat."""

    def arrange(many):
        barrier = threading.Barrier(many, timeout=PATIENCE)
        came = threading.local()
        came.here = True  # the test itself, which tidies up, waits for nobody
        execute = CursorWrapper.execute

        def met(cursor, sql, params=None):
            if not getattr(came, "here", False) and TAKES_TIME.match(str(sql)):
                came.here = True
                barrier.wait()
            return execute(cursor, sql, params)

        monkeypatch.setattr(CursorWrapper, "execute", met)

    return arrange


@pytest.fixture
def without_constraints(transactional_db):
    """A function that takes constraints and unique indexes away until the test ends."""
    with contextlib.ExitStack() as stack:

        def remove(table, *names):
            for name in names:
                stack.enter_context(_removed(table, name))

        yield remove
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT string_agg(quote_ident(relname), ', ') FROM pg_class"
                " WHERE relkind = 'r' AND relname ~ '^(bookings|finance|learning|notifications)_'"
            )
            (tables,) = cursor.fetchone()
            cursor.execute(f"TRUNCATE {tables} CASCADE")


@contextlib.contextmanager
def _removed(table, name):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name]
        )
        found = cursor.fetchone()
        if found:
            restore = f"ALTER TABLE {table} ADD CONSTRAINT {name} {found[0]}"
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        else:
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [name])
            (restore,) = cursor.fetchone()
            cursor.execute(f"DROP INDEX {name}")
    yield
    with connection.cursor() as cursor:
        cursor.execute(restore)


def unlocked(booking_id, seen, also=()):
    """``hold`` without its locks: what a check before a write is worth alone."""
    booking = seen.select_related("lesson_type", "teacher__membership__user").get(pk=booking_id)
    time.sleep(0.25)
    return booking
