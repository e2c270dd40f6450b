"""The whole product for a browser to walk through: its own database, web, worker and beat."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.databases import fresh_copy
from tests.journeys.inside import Inside

ROOT = Path(__file__).parents[2]
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
DATABASE = f"justdriving_journeys_{WORKER}"


@dataclass
class Site:
    """A running site. ``url`` has no slash at its end."""

    url: str
    inside: Inside

    def prepare(self, module: str, function: str, arguments: dict[str, Any]) -> Any:
        """What a function of ``preparing`` or ``staging`` gives back; its post has left by then."""
        gave = self.inside.call(module, function, arguments)
        self.inside.call("inside", "send_post", {})
        return gave

    def findings(self) -> list[dict[str, Any]]:
        """What the doctor finds wrong after a journey."""
        return self.inside.call("inside", "findings", {})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_ready(url: str, processes: list[subprocess.Popen[bytes]]) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):  # noqa: S310 -- our own address
                return
        except (urllib.error.URLError, OSError):
            assert all(process.poll() is None for process in processes), "a part of the site died"
            time.sleep(0.1)
    message = "the site did not become ready"
    raise TimeoutError(message)


@contextmanager
def running_site(log: Path) -> Iterator[Site]:
    """A demonstration site on a fresh database, with the real worker and beat."""
    fresh_copy(DATABASE)
    port = free_port()
    url = f"http://localhost:{port}"
    environment = os.environ | {
        "DATABASE_NAME": DATABASE,
        "JD_DEMO": "true",
        "SITE_URL": url,
        "CACHE_PREFIX": f"jd-journeys-{WORKER}",
        "CELERY_QUEUE": f"jd-journeys-{WORKER}",
        "DJANGO_SETTINGS_MODULE": "justdriving.settings",
    }
    subprocess.run(
        [sys.executable, "manage.py", "load_demo", "--without-history"],
        cwd=ROOT,
        env=environment,
        check=True,
    )
    parts = {
        "web": ["gunicorn", "justdriving.wsgi", "--threads", "4", "--bind", f"127.0.0.1:{port}"],
        "worker": ["celery", "-A", "justdriving", "worker", "-P", "threads", "-c", "2"],
        "beat": ["celery", "-A", "justdriving", "beat", "-s", str(log / "beat-schedule")],
    }
    with ExitStack() as closing:
        processes = [
            closing.enter_context(started(command, environment, log / f"{name}.log"))
            for name, command in parts.items()
        ]
        wait_until_ready(url, processes)
        helper = closing.enter_context(inside(environment, log / "inside.log"))
        helper.call("inside", "send_post", {})
        yield Site(url, helper)


@contextmanager
def inside(environment: dict[str, str], log: Path) -> Iterator[Inside]:
    """A process of the site to ask; it ends when it is asked nothing more."""
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.inside"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        yield Inside(process)


@contextmanager
def started(
    command: list[str], environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A part of the site, ended and waited for at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(15)
