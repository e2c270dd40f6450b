"""A private Valkey on a unix socket, for the cache and for Celery's wake-ups."""

import contextlib
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from justdriving.embedded import places
from justdriving.embedded.binaries import valkey_program


class ValkeyFailed(places.EmbeddedFailed):
    """The server did not come up; its log says why."""


class RedisUrls(NamedTuple):
    cache: str
    celery: str


class Valkey:
    """One server with its own data folder under ``root/var``."""

    name = "Valkey"

    def __init__(self, root: Path, folder: str, *, durable: bool) -> None:
        self.durable = durable
        self.home = root / "var" / folder
        self.socket = places.socket_folder(root) / f"{folder}.sock"

    def answers(self) -> bool:
        return self._ask("PING") == "+PONG"

    def is_running(self) -> bool:
        return self._ask("PING") is not None

    def urls(self) -> RedisUrls:
        """The cache and the broker use different databases of one server."""
        path = quote(str(self.socket))
        return RedisUrls(cache=f"unix://{path}?db=1", celery=f"redis+socket://{path}")

    def start(self) -> None:
        """Bring the server up. The caller holds the lock of ``home``."""
        for folder in (self.home, self.socket.parent):
            places.own_folder(folder, 0o711 if os.geteuid() == 0 else 0o700)
        if not self.is_running():
            self.socket.unlink(missing_ok=True)
            self._launch()
        end = time.monotonic() + 20
        while not self.answers():
            if time.monotonic() > end:
                message = f"Valkey did not start; see {self.home / 'server.log'}"
                raise ValkeyFailed(message)
            time.sleep(0.02)

    def stop(self) -> None:
        """Ask it to end, and wait until the process is gone."""
        pid = self.pid()
        self._ask("SHUTDOWN")
        end = time.monotonic() + 10
        while self.is_running() or (pid is not None and not places.is_dead(pid, str(self.socket))):
            if time.monotonic() > end:
                message = f"Valkey did not stop; see {self.home / 'server.log'}"
                raise ValkeyFailed(message)
            time.sleep(0.02)

    def _launch(self) -> None:
        options = {
            "daemonize": "yes",
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.home),
            "pidfile": str(self.home / "pid"),
            "logfile": str(self.home / "server.log"),
            "appendonly": "yes" if self.durable else "no",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        command = [str(valkey_program())]
        for name, value in options.items():
            command += [f"--{name}", value]
        quiet = subprocess.DEVNULL
        subprocess.run(command, check=True, stdin=quiet, stdout=quiet, stderr=quiet, cwd="/")

    def pid(self) -> int | None:
        try:
            return int((self.home / "pid").read_text())
        except (OSError, ValueError):
            return None

    def _ask(self, command: str) -> str | None:
        """The first line of the answer; None when nobody listens."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(self.socket))
            connection.sendall(command.encode() + b"\r\n")
            return connection.recv(256).decode(errors="replace").split("\r\n")[0]
        return None
