"""Forty clients want one slot: what the losers and the winner wait for.

``python benchmarks/race.py [--scale small]`` makes a database of its own. Each round forty
processes, each with a student and a vehicle of its own, book the same teacher at the same moment.
One of them wins; the others must be refused by name, never by an error. In the same run one client
books alone, and the times of the race are given as multiples of that.
"""

import contextlib
import multiprocessing
import time
from collections import Counter
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from statistics import median
from typing import Any

import world
from booking_commit import Client, clients_of, hour
from django.db import connection

from administration.models import Membership
from justdriving.kernel.policy import Refused
from justdriving.kernel.tenancy import school_scope

CLIENTS = 40
SIZES = {"small": {"rounds": 2}, "full": {"rounds": 25}}


def book_once(client: Client, by: Membership, number: int) -> tuple[str, float]:
    """How it ended, and how long it took (s)."""
    begun = time.perf_counter()
    try:
        client.book(by, hour(number))
        outcome = "booked"
    except Refused as refused:
        outcome = refused.refusal.code
    return outcome, time.perf_counter() - begun


def office_of(client: Client) -> Membership:
    found: Membership = Membership.objects.select_related("user", "school").get(pk=client.office_id)
    return found


def alone(client: Client, rounds: int) -> list[float]:
    """Bookings that nobody else wants."""
    with school_scope(client.school_id):
        by = office_of(client)
        book_once(client, by, 0)
        return [book_once(client, by, number)[1] for number in range(1, rounds + 1)]


def work(client: Client, rounds: int, barrier: Barrier, results: Any) -> None:
    """One process: the same slot as everybody else, round after round."""
    try:
        with school_scope(client.school_id):
            by = office_of(client)
            found = []
            for number in range(rounds):
                barrier.wait()
                found.append(book_once(client, by, number))
        results.put(found)
    except BaseException as error:
        barrier.abort()
        results.put(error)
        raise
    finally:
        connection.close()


def raced(clients: list[Client], rounds: int) -> list[list[tuple[str, float]]]:
    connection.close()
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(len(clients)), context.Queue()
    processes = [
        context.Process(target=work, args=(client, rounds, barrier, results)) for client in clients
    ]
    for process in processes:
        process.start()
    found = [results.get(timeout=600) for _ in processes]
    for process in processes:
        process.join()
    for failure in (one for one in found if isinstance(one, BaseException)):
        raise failure
    return found


def run(scale: str) -> dict[str, Any]:
    rounds = SIZES[scale]["rounds"]
    with contextlib.closing(world.raw_connection()) as raw:
        builder = world.Builder(raw)
        # One teacher for the race, another for the booking that nobody else wants.
        clients = clients_of(builder.school("school", CLIENTS + 1))
        raw.execute("VACUUM ANALYZE")
    single = alone(clients[-1], rounds)
    rivals = [replace(client, teacher_id=clients[0].teacher_id) for client in clients[:-1]]
    found = raced(rivals, rounds)
    outcomes = Counter(outcome for one in found for outcome, _taken in one)
    waits = sorted(taken for one in found for _outcome, taken in one)
    p95, usual = waits[int(0.95 * len(waits))], median(single)
    return {
        "clients": CLIENTS,
        "rounds": rounds,
        "outcomes": dict(outcomes),
        "winners_per_round": [
            sum(one[number][0] == "booked" for one in found) for number in range(rounds)
        ],
        "alone_median_ms": round(1000 * usual, 2),
        "race_median_ms": round(1000 * median(waits), 2),
        "race_p95_ms": round(1000 * p95, 2),
        "p95_to_alone": round(p95 / usual, 1),
    }


def main() -> None:
    scale = world.options(__doc__ or "").scale
    with world.scratch_database():
        world.report(run(scale))


if __name__ == "__main__":
    main()
