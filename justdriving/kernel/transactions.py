"""One use case, one transaction; what Postgres refuses becomes a refusal people can read."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import Error, IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg import errors

from justdriving.kernel.policy import Refusal, Refused

P = ParamSpec("P")
R = TypeVar("R")

TRIES = 3
TRANSIENT = (errors.DeadlockDetected, errors.SerializationFailure, errors.LockNotAvailable)
TOO_SLOW = errors.QueryCanceled
"""Statement time-out: trying again would only make everybody wait longer."""

_running: ContextVar[bool] = ContextVar("use_case_running", default=False)


def use_case(function: Callable[P, R]) -> Callable[P, R]:
    """Run a service in a durable transaction of its own, again after a passing collision.

    A use case called by another one joins its transaction. Deadlock, serialisation failure and
    lock time-out are tried three times, then refused with the code ``busy``, a statement time-out
    at once; nothing of the attempt remains.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if _running.get():
            return function(*args, **kwargs)
        for attempt in range(TRIES):
            token = _running.set(True)
            try:
                with transaction.atomic(durable=True):
                    return function(*args, **kwargs)
            except OperationalError as error:
                if not is_passing(error):
                    raise
                is_last = attempt == TRIES - 1 or isinstance(error.__cause__, TOO_SLOW)
                if is_last or connection.in_atomic_block:
                    break
            finally:
                _running.reset(token)
        raise busy()

    return run


def is_passing(error: Exception) -> bool:
    """Whether the database only had no time for this: the same may well work in a moment."""
    slow = (*TRANSIENT, TOO_SLOW)
    return isinstance(error, OperationalError) and isinstance(error.__cause__, slow)


def busy() -> Refused:
    return Refused(Refusal("busy", _("Many people are booking right now. Please try again.")))


def constraint_of(error: Error) -> str:
    """The name of the constraint a database error speaks of, or an empty string."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""


@contextmanager
def refusing(refusals: Mapping[str, Callable[[], Refusal]]) -> Iterator[None]:
    """Turn the violation of a constraint named in ``refusals`` into its refusal.

    The enclosed writes are rolled back to where they began; other violations pass through.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        make = refusals.get(constraint_of(error))
        if make is None:
            raise
        raise Refused(make()) from error
