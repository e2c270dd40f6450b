"""One use case, one transaction: it joins, retries, translates, and leaves nothing behind."""

import threading

import pytest
from django.db import IntegrityError, connection

from administration.models import School
from justdriving.kernel.locks import take_sorted
from justdriving.kernel.policy import Refusal, Refused
from justdriving.kernel.transactions import refusing, use_case
from tests.factories import SchoolFactory


@use_case
def make_school(slug: str) -> School:
    return SchoolFactory(slug=slug)


@pytest.mark.django_db(transaction=True)
def test_a_use_case_inside_another_one_rolls_back_with_it():
    @use_case
    def outer() -> None:
        make_school("joined")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        outer()

    assert not School.objects.filter(slug="joined").exists()


@pytest.mark.django_db(transaction=True)
def test_a_passing_deadlock_is_tried_again_and_leaves_one_row_each():
    barrier, attempts = threading.Barrier(2, timeout=10), []

    def crossing(first: int, second: int) -> None:
        @use_case
        def cross() -> None:
            attempts.append(first)
            take_sorted([("test", first)])
            if attempts.count(first) == 1:
                barrier.wait()
            take_sorted([("test", second)])
            make_school(f"crossed-{first}")

        try:
            cross()
        finally:
            connection.close()

    threads = [threading.Thread(target=crossing, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(School.objects.values_list("slug", flat=True)) == ["crossed-1", "crossed-2"]
    assert len(attempts) == 3


@pytest.mark.django_db(transaction=True)
def test_sorted_locks_never_meet_in_a_deadlock():
    failures: list[Exception] = []

    def lock(numbers: list[int]) -> None:
        @use_case
        def run() -> None:
            take_sorted(("test", number) for number in numbers)

        try:
            for _ in range(30):
                run()
        except Exception as error:  # noqa: BLE001 -- the assertion below shows it
            failures.append(error)
        finally:
            connection.close()

    orders = ([1, 2, 3], [3, 2, 1], [2, 3, 1], [3, 1, 2])
    threads = [threading.Thread(target=lock, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert failures == []


@pytest.mark.django_db(transaction=True)
def test_a_lock_held_for_too_long_is_refused_as_busy():
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        @use_case
        def run() -> None:
            take_sorted([("test", 9)])
            held.set()
            done.wait(20)

        run()
        connection.close()

    @use_case
    def want() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
        take_sorted([("test", 9)])

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    try:
        with pytest.raises(Refused) as refused:
            want()
    finally:
        done.set()
        holder.join(10)

    assert refused.value.refusal.code == "busy"


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_takes_too_long_is_refused_as_busy_and_not_tried_again():
    attempts = []

    @use_case
    def linger() -> None:
        attempts.append(make_school(f"slow-{len(attempts)}"))
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '50ms'")
            cursor.execute("SELECT pg_sleep(5)")

    with pytest.raises(Refused) as refused:
        linger()

    assert refused.value.refusal.code == "busy"
    assert (len(attempts), School.objects.filter(slug__startswith="slow").count()) == (1, 0)


def test_a_violated_constraint_becomes_the_refusal_of_its_name(db):
    SchoolFactory(slug="taken")
    taken = {"administration_school_slug_key": lambda: Refusal("taken", "That name is taken.")}

    with pytest.raises(Refused, match=r"That name is taken\."), refusing(taken):
        SchoolFactory(slug="taken")

    assert School.objects.count() == 1


def test_any_other_violation_passes_through(db):
    SchoolFactory(slug="taken")

    with pytest.raises(IntegrityError, match="slug"), refusing({}):
        SchoolFactory(slug="taken")
