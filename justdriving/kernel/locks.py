"""Advisory locks taken in one order, so that two requests can never wait for each other."""

from collections.abc import Iterable

from django.db import connection

LockKey = tuple[str, int]
"""A namespace and an id, for example ``("user", 7)``."""


def take_sorted(keys: Iterable[LockKey]) -> None:
    """Hold every key until the transaction ends. One round trip; needs a transaction.

    What writes under locks looks its few rows up by key, in statements that repeat: until the
    transaction ends Postgres keeps their plans instead of making them anew for each value.
    """
    names = sorted({f"{namespace}:{number}" for namespace, number in keys})
    if not names:
        return
    with connection.cursor() as cursor:
        # unnest WITH ORDINALITY keeps the order: the same for everyone, whatever the planner does.
        cursor.execute(
            """
            SELECT pg_advisory_xact_lock(hashtextextended(name, 0)),
                   set_config('plan_cache_mode', 'force_generic_plan', true)
            FROM (SELECT name FROM unnest(%s::text[]) WITH ORDINALITY AS n(name, place)
                  ORDER BY place OFFSET 0) AS ordered
            """,
            [names],
        )
