"""What holds while the locks of a booking are held."""

import pytest
from django.db import connection, transaction

from justdriving.kernel.locks import take_sorted


def plan_mode():
    with connection.cursor() as cursor:
        cursor.execute("SHOW plan_cache_mode")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_plans_are_kept_under_locks_and_nowhere_else():
    before = plan_mode()
    with transaction.atomic():
        take_sorted([("user", 1)])
        under_locks = plan_mode()

    assert (before, under_locks, plan_mode()) == (
        "force_custom_plan",
        "force_generic_plan",
        "force_custom_plan",
    )


@pytest.mark.django_db(transaction=True)
def test_a_key_is_held_until_the_transaction_ends():
    def held():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks"
                " WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()"
            )
            return cursor.fetchone()[0]

    with transaction.atomic():
        take_sorted([("user", 2), ("user", 1), ("user", 2)])
        under_locks = held()

    assert (under_locks, held()) == (2, 0)
