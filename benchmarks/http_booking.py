"""Booking over HTTP: the whole site under gunicorn against a minimal Django view.

``python benchmarks/http_booking.py [--scale small]`` makes a database of its own and starts two
servers on it, each gunicorn with two processes of four threads: the real site, where somebody at
the desk is signed in and sends the booking form, and ``plain_site``, whose only view writes the
same rows. One and eight clients, each a process with a kept connection, take turns on both, at none
and at 100,000 existing bookings.
"""

import contextlib
import http.client
import multiprocessing
import os
import pickle
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import world
from booking_commit import LESSONS_A_DAY, Client, Template, clients_of, template_of
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from administration.models import Membership, School
from justdriving.kernel.tenancy import school_scope

CLIENTS = (1, 8)
SIZES = {
    "small": {"existing": (0, 1_000), "rounds": 1, "each": 3},
    "full": {"existing": (0, 100_000), "rounds": 4, "each": 40},
}
PATIENCE = 60
TOKEN = "b" * 32
ZONE = ZoneInfo("Europe/Copenhagen")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def served(application: str, **environment: str) -> Iterator[int]:
    """The port on which gunicorn serves an application."""
    port = free_port()
    database = connection.settings_dict
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "--threads", "4", "--keep-alive", "60", "--log-level", "error"]
    server = subprocess.Popen(  # noqa: S603 -- our own command
        command,
        cwd=Path(__file__).parent,
        stdout=subprocess.DEVNULL,
        env={
            **os.environ,
            "PYTHONPATH": str(world.ROOT),
            "DATABASE_NAME": str(database["NAME"]),
            "SITE_URL": f"http://127.0.0.1:{port}",
            "CELERY_BROKER_URL": "memory://localhost",
            "LOG_LEVEL": "ERROR",
            **environment,
        },
    )
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE)


def _wait_for(port: int) -> None:
    for _ in range(PATIENCE * 10):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(port)


def hour_ahead(number: int) -> datetime:
    """The ``number``-th hour from tomorrow on: the form takes days within a year of today."""
    day, lesson = divmod(number, LESSONS_A_DAY)
    today = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1 + day, hours=2 * lesson)


class Desk:
    """Sends the booking form of the real site, signed in."""

    def __init__(self, port: int, session: str, url: str, client: Client) -> None:
        self.url, self.client = url, client
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.headers = {
            "Cookie": f"sessionid={session}; csrftoken={TOKEN}",
            "X-CSRFToken": TOKEN,
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def book(self, number: int) -> None:
        start = hour_ahead(number).astimezone(ZONE)
        fields = {
            "student": self.client.student_at(start),
            "lesson_type": self.client.lesson_type_id,
            "teacher": self.client.teacher_id,
            "resource": self.client.vehicle_id,
            "day": f"{start:%Y-%m-%d}",
            "time": f"{start:%H:%M}",
            "place": "Station",
            "request_key": uuid.uuid4(),
        }
        send(self.connection, self.url, urlencode(fields), self.headers, wanted=302)


class Plain:
    """Asks the minimal view."""

    def __init__(self, port: int, number: int) -> None:
        self.client = number
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.headers = {"Content-Type": "application/x-www-form-urlencoded"}

    def book(self, number: int) -> None:
        fields = urlencode({"client": self.client, "number": number})
        send(self.connection, "/book/", fields, self.headers, wanted=200)


def send(
    to: http.client.HTTPConnection, url: str, body: str, headers: dict[str, str], *, wanted: int
) -> None:
    to.request("POST", url, body, headers)
    answer = to.getresponse()
    words = answer.read()
    if answer.status != wanted:
        raise RuntimeError(f"{answer.status}: {words[:2000]!r}")


def work(
    ways: dict[str, Any], first: int, rounds: int, each: int, barrier: Barrier, results: Any
) -> None:
    """One client's process: how long each of its turns took, on either site."""
    try:
        turns: dict[str, list[float]] = {name: [] for name in ways}
        numbers = {name: iter(range(first, 10**6)) for name in ways}
        for turn in range(rounds + 1):  # the first turn warms up and is not counted
            for name, way in ways.items():
                barrier.wait()
                begun = time.perf_counter()
                for _ in range(each):
                    way.book(next(numbers[name]))
                if turn:
                    turns[name].append(time.perf_counter() - begun)
        results.put(turns)
    except BaseException as error:
        barrier.abort()
        results.put(error)
        raise


def measured(pairs: list[dict[str, Any]], first: int, rounds: int, each: int) -> dict[str, Any]:
    """One line of the report: these clients at once."""
    connection.close()
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(len(pairs)), context.Queue()
    processes = [
        context.Process(target=work, args=(ways, first, rounds, each, barrier, results))
        for ways in pairs
    ]
    for process in processes:
        process.start()
    found = [results.get(timeout=600) for _ in processes]
    for process in processes:
        process.join()
    for failure in (one for one in found if isinstance(one, BaseException)):
        raise failure
    rates = {
        name: median(
            len(pairs) * each / max(one[name][turn] for one in found) for turn in range(rounds)
        )
        for name in ("site", "plain")
    }
    return {
        "clients": len(pairs),
        "site_per_second": round(rates["site"], 1),
        "plain_per_second": round(rates["plain"], 1),
        "share_of_plain": round(rates["site"] / rates["plain"], 3),
    }


def session_of(client: Client) -> tuple[str, str]:
    """The cookie of somebody at the desk, and the address of the booking form."""
    office = Membership.objects.select_related("user").get(pk=client.office_id)
    browser = Browser()
    browser.force_login(office.user, backend="django.contrib.auth.backends.ModelBackend")
    slug = School.objects.get(pk=client.school_id).slug
    return browser.cookies["sessionid"].value, reverse("bookings:new", args=[slug])


def run(scale: str) -> list[dict[str, Any]]:
    """Every combination of clients and existing bookings."""
    size: Any = SIZES[scale]
    lines, there, first = [], 0, 1
    with contextlib.closing(world.raw_connection()) as raw:
        builder = world.Builder(raw)
        school = builder.school("school", max(CLIENTS))
        clients = clients_of(school)
        with school_scope(school.pk):
            templates = [template_of(raw, client) for client in clients]
            session, url = session_of(clients[0])
        for existing in size["existing"]:
            if existing > there:
                days = -(-existing // (max(CLIENTS) * world.LESSONS_A_DAY))
                with builder.loading():  # lessons given: the site's clock is the real one
                    builder.lessons(school, timezone.localdate() - timedelta(days=days), days)
            there = existing
            raw.execute("VACUUM ANALYZE")
            with both_served(templates) as (site, plain):
                for count in CLIENTS:
                    pairs = [
                        {"site": Desk(site, session, url, client), "plain": Plain(plain, number)}
                        for number, client in enumerate(clients[:count])
                    ]
                    line = measured(pairs, first, size["rounds"], size["each"])
                    lines.append({"existing_bookings": existing, **line})
                    first += size["each"] * (size["rounds"] + 1)
    return lines


@contextlib.contextmanager
def both_served(templates: list[Template]) -> Iterator[tuple[int, int]]:
    """The ports of the real site and of the plain one."""
    with tempfile.NamedTemporaryFile(suffix=".pickle") as file:
        pickle.dump(templates, file)
        file.flush()
        with (
            served("justdriving.wsgi") as site,
            served("plain_site", PLAIN_TEMPLATES=file.name) as plain,
        ):
            yield site, plain


def main() -> None:
    scale = world.options(__doc__ or "").scale
    with world.scratch_database():
        world.report(run(scale), server="gunicorn, 2 processes of 4 threads")


if __name__ == "__main__":
    main()
