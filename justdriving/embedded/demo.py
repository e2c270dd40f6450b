"""`make demo`: from an empty database to an address to open, and everything that runs behind it."""

import http.client
import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from justdriving.embedded.places import EmbeddedFailed
from justdriving.embedded.ports import listen
from justdriving.embedded.programs import Part, say
from justdriving.embedded.supervisor import Stopped, Supervisor

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds for the first page
PYTHON = sys.executable
LOAD = [PYTHON, str(ROOT / "manage.py"), "load_demo", "--skip-checks"]


@dataclass(frozen=True)
class Plan:
    """What a demo consists of.

    ``prepare`` makes the servers ready. ``parts`` are the programs; the first one answers on the
    sockets it gets. ``load`` makes and fills the tables while that one starts, and gives the logins
    to show. ``afterwards`` is a command that runs once, when people can look already.
    """

    prepare: Callable[[Supervisor], None]
    parts: Callable[[Sequence[int]], list[Part]]
    load: Callable[[Supervisor], list[str]]
    afterwards: Sequence[str]


def run(plan: Plan, host: str, port: int) -> int:
    """Run the demo until somebody ends it; the exit code."""
    began = time.monotonic()
    supervisor = Supervisor()
    os.chdir(ROOT)
    try:
        found, sockets = listen(host, port)
        if found != port:
            say("demo", f"Port {port} is taken; using {found} instead.")
        address = f"http://{host}:{found}"
        os.environ |= {"JD_DEMO": "1", "PYTHONUNBUFFERED": "1"}
        os.environ.setdefault("SITE_URL", address)
        os.environ.setdefault("LOG_LEVEL", "WARNING")  # the logins are to stay in sight
        plan.prepare(supervisor)
        web, *others = plan.parts([opened.fileno() for opened in sockets])
        supervisor.start(web)
        logins = plan.load(supervisor)
        for part in others:
            supervisor.start(part)
        await_first_page(supervisor, host, found)
        announce(address, logins, time.monotonic() - began)
        supervisor.run_once("school", plan.afterwards)
        supervisor.tend_for_ever()
    except Stopped:
        say("demo", "Stopping …")
        return 0
    except (EmbeddedFailed, ImproperlyConfigured, OSError) as error:
        say("demo", f"Cannot go on: {error}")
        return 1
    finally:
        supervisor.end()


def prepare(supervisor: Supervisor) -> None:
    with timed("Postgres and Valkey"):
        importlib.import_module("justdriving.settings")  # starts the servers it needs
    with timed("Danish texts"):
        supervisor.step("texts", [PYTHON, "scripts/compile_catalogs.py"])


def load(supervisor: Supervisor) -> list[str]:
    """The tables and the demo school as far as the coming week needs it; a login for each role."""
    with timed("tables and demo school"):
        lines = supervisor.step("school", [PYTHON, "-m", "justdriving.embedded.fill"], quiet=True)
    return [line.expandtabs(28) for line in lines if "\t" in line]


def parts(sockets: Sequence[int]) -> list[Part]:
    """The three programs of the product, as in production but small."""
    celery = [PYTHON, "-m", "celery", "--app", "justdriving", "--quiet"]
    beat = ROOT / "var" / "beat"
    beat.mkdir(parents=True, exist_ok=True)
    web = [PYTHON, "-m", "gunicorn", "justdriving.wsgi", "--no-control-socket", "--preload"]
    web += ["--worker-class", "gthread", "--workers", "2", "--threads", "4"]
    web += ["--graceful-timeout", "5", "--log-level", "warning"]
    for number in sockets:
        web += ["--bind", f"fd://{number}"]
    worker = [*celery, "worker", "--pool", "threads", "--concurrency", "4", "--loglevel", "WARNING"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    scheduler = [*celery, "beat", "--schedule", str(beat / "schedule"), "--pidfile", ""]
    return [
        Part("web", web, keep=sockets),
        Part("worker", worker),
        Part("beat", [*scheduler, "--loglevel", "WARNING"]),
    ]


PLAN = Plan(prepare, parts, load, afterwards=LOAD)


def await_first_page(supervisor: Supervisor, host: str, port: int) -> None:
    """Wait for the first page; raises EmbeddedFailed when it does not come or is an error."""
    with timed("first page"):
        end = time.monotonic() + PATIENCE
        while (status := status_of_first_page(host, port)) is None:
            if time.monotonic() > end:
                raise EmbeddedFailed("the web server does not answer; its lines above say why")
            supervisor.tend()
            supervisor.pause(0.05)
    if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
        raise EmbeddedFailed(f"the first page fails ({status}); the lines above say why")


def status_of_first_page(host: str, port: int) -> int | None:
    """None while nobody answers."""
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def announce(address: str, logins: Sequence[str], seconds: float) -> None:
    """The last lines before silence: where to go, and as whom."""
    line = "─" * 72
    text = [line, f"  Just Driving runs at {address}", "", *(f"  {login}" for login in logins)]
    text += ["", f"  Ready after {seconds:.1f} s. Ctrl-C stops everything.", line]
    for row in text:
        say("demo", row)


@contextmanager
def timed(name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    say("demo", f"{name}: {time.monotonic() - began:.1f} s")
