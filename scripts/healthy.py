"""What a container's health check asks of its part: web, worker or beat."""

import http.client
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

BEAT_FOLDER = Path("/tmp")  # noqa: S108 -- of beat's own container
BEAT_WRITES_EVERY = 180  # seconds


def web() -> bool:
    """The site can reach what it needs. It answers only to its own names, and only to https."""
    host = os.environ["ALLOWED_HOSTS"].split(",")[0].strip().lstrip(".")
    connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=4)
    connection.request("GET", "/readyz", headers={"Host": host, "X-Forwarded-Proto": "https"})
    return connection.getresponse().status == http.HTTPStatus.OK


def worker() -> bool:
    """It takes part in Celery's conversation."""
    me = f"worker@{socket.gethostname()}"
    command = ["celery", "--app", "justdriving", "inspect", "ping", "--destination", me]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 -- fixed


def beat() -> bool:
    """It wrote down lately when it last ran what."""
    written = max(path.stat().st_mtime for path in BEAT_FOLDER.glob("schedule*"))
    return time.time() - written < 3 * BEAT_WRITES_EVERY


if __name__ == "__main__":
    [part] = sys.argv[1:]
    sys.exit(not {"web": web, "worker": worker, "beat": beat}[part]())
