"""A private Postgres and Valkey for a machine that has neither.

The settings ask for them when no DATABASE_URL and no REDIS_URL is given. They live below
``<root>/var``, listen on unix sockets only, and stop with the last process that uses them.
"""

from pathlib import Path
from typing import Any, Literal

from justdriving.embedded import presence
from justdriving.embedded.postgres import Postgres
from justdriving.embedded.valkey import RedisUrls, Valkey

Purpose = Literal["demo", "test"]

__all__ = ["RedisUrls", "database_settings", "redis_urls"]


def postgres(root: Path, purpose: Purpose) -> Postgres:
    folder = {"demo": "pg", "test": "test-pg"}[purpose]
    return Postgres(root.resolve(), folder, durable=purpose == "demo")


def valkey(root: Path, purpose: Purpose) -> Valkey:
    folder = {"demo": "valkey", "test": "test-valkey"}[purpose]
    return Valkey(root.resolve(), folder, durable=purpose == "demo")


def database_settings(root: Path, *, purpose: Purpose) -> dict[str, Any]:
    """Make sure that Postgres runs; Django's DATABASES["default"] for it.

    Each purpose has its own data; that of a test run does not survive a power failure.
    """
    server = postgres(root, purpose)
    presence.use(server)
    return server.settings()


def redis_urls(root: Path, *, purpose: Purpose) -> RedisUrls:
    """Make sure that Valkey runs; the addresses of the cache and of Celery's broker."""
    server = valkey(root, purpose)
    presence.use(server)
    return server.urls()
