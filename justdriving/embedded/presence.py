"""A server runs while somebody uses it: the last process out turns off the light.

Every process holds a shared lock on ``<home>/.users`` for as long as it lives, however it ends. The
one that, leaving, finds nobody else there stops the server. Starting and leaving happen under an
exclusive lock on ``<home>/.lock``, so two starters or a starter and a leaver cannot cross.
"""

import atexit
import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from justdriving.embedded import places


class Server(Protocol):
    name: str
    home: Path

    def answers(self) -> bool: ...

    def is_running(self) -> bool: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


_used: dict[Path, tuple[Server, IO[str]]] = {}


def use(server: Server) -> None:
    """Start the server unless it answers, and keep it up until this process ends."""
    with _only_one(server.home):
        if not server.answers():
            server.start()
        if server.home not in _used:
            users = (server.home / ".users").open("w")
            fcntl.flock(users, fcntl.LOCK_SH)
            _used[server.home] = (server, users)
            atexit.register(leave, server)


def servers_in_use() -> list[Server]:
    return [server for server, _ in _used.values()]


def leave(server: Server) -> None:
    """Give the server up; the last one stops it."""
    if server.home not in _used:
        return
    _, users = _used.pop(server.home)
    users.close()
    stop_if_unused(server)


def stop_if_unused(server: Server) -> bool:
    """Stop the server unless a process still uses it; whether it is stopped."""
    with _only_one(server.home), (server.home / ".users").open("w") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        server.stop()
    return True


@contextlib.contextmanager
def _only_one(home: Path) -> Iterator[None]:
    places.own_folder(home, 0o711 if os.geteuid() == 0 else 0o700)
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
