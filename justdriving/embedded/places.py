"""Where the servers keep their data and sockets, and how to tell a living process from a trace."""

import contextlib
import hashlib
import os
import stat
import sys
import tempfile
from pathlib import Path

MAX_SOCKET_PATH = 100  # the kernel allows 107 bytes; Postgres adds to ours


class EmbeddedFailed(RuntimeError):
    """What the person at the terminal must hear, without a traceback."""


class NotOurs(EmbeddedFailed):
    """A folder that must be ours belongs to somebody else."""


def fingerprint(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:10]


def own_folder(folder: Path, mode: int = 0o700) -> Path:
    """The folder with at least this mode, made if need be.

    Raises NotOurs when it is another user's; root may use anybody's, except where anybody can
    put a folder first.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=mode)
    found = folder.stat()
    public = folder.parent.stat().st_mode & stat.S_IWOTH
    if found.st_uid != os.geteuid() and (public or os.geteuid() != 0):
        message = f"{folder} belongs to another user: remove it, or run as that user"
        raise NotOurs(message)
    folder.chmod(stat.S_IMODE(found.st_mode) | mode)
    return folder


def socket_folder(root: Path) -> Path:
    """``var/run``, or a short folder for temporary files where that path is too long."""
    folder = root / "var" / "run"
    if len(os.fsencode(folder / "test-pg" / ".s.PGSQL.54321.lock")) > MAX_SOCKET_PATH:
        return Path(tempfile.gettempdir()) / f"jd-{os.geteuid()}-{fingerprint(root)}"
    return folder


def open_to_all(path: Path) -> bool:
    """Whether any user may walk to this path."""
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents) if step.is_dir())


def is_dead(pid: int, mark: str) -> bool:
    """True when the process is gone, a zombie, or another one that got the same number: ``mark``
    does not stand in its command line.
    """
    if sys.platform != "linux":
        with contextlib.suppress(PermissionError):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return True
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX" or os.fsencode(mark) not in command
