"""A private Postgres on a unix socket. It survives kill -9, root, long paths and two starters."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from shlex import quote
from typing import Any

import psycopg

from justdriving.embedded import places
from justdriving.embedded.binaries import postgres_programs

NOBODY = 65534
USER = "justdriving"
DATABASE = "justdriving"
PORT = "5432"  # only names the socket: the server listens on no network
ATTEMPTS = 6
SHARED = Path("/var/tmp")  # noqa: S108 -- own_folder refuses what another user put there


class PostgresFailed(places.EmbeddedFailed):
    """The server could not be made or started; carries what it said."""


class Postgres:
    """One server with its own data folder under ``root/var``.

    Postgres refuses to run as root, so for root it runs as the owner of its data, or as nobody.
    Where nobody cannot walk to the project or to the programs, they move below /var/tmp.
    """

    name = "Postgres"

    def __init__(self, root: Path, folder: str, *, durable: bool) -> None:
        self.durable = durable
        self.home = root / "var" / folder
        self.sockets = places.socket_folder(root) / folder
        self.is_root = os.geteuid() == 0
        if self.is_root and not places.open_to_all(root):
            self.home = SHARED / f"jd-{folder}-{places.fingerprint(root)}"
            self.sockets = self.home / "run"
        self.data = self.home / "data"

    def answers(self) -> bool:
        """Whether the server is up and has our database."""
        return self._database_exists() is True

    def is_running(self) -> bool:
        return self.pid() is not None

    def settings(self) -> dict[str, Any]:
        """Django's DATABASES["default"]."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": DATABASE,
            "USER": USER,
            "HOST": str(self.sockets),
            "PORT": PORT,
        }

    def start(self) -> None:
        """Bring the server up and make the database. The caller holds the lock of ``home``."""
        self._prepare_folders()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        if self.pid() is None:
            self._require_same_version()
            self._clear_traces()
            self._launch()
        self._await_answer()
        if self._database_exists() is False:
            with psycopg.connect(**self._address("postgres"), autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{DATABASE}"')

    def stop(self) -> None:
        if self.is_running():
            self._run("pg_ctl", "-w", "-D", self.data, "-m", "fast", "stop", check=False)

    def _address(self, database: str) -> dict[str, Any]:
        return {
            "host": str(self.sockets),
            "port": PORT,
            "user": USER,
            "dbname": database,
            "connect_timeout": 5,
        }

    def _database_exists(self) -> bool | None:
        """None while the server does not answer."""
        try:
            psycopg.connect(**self._address(DATABASE)).close()
        except psycopg.OperationalError as error:
            return False if f'database "{DATABASE}" does not exist' in str(error) else None
        return True

    def _await_answer(self, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while self._database_exists() is None:
            if time.monotonic() > end or not self.is_running():
                raise PostgresFailed(self._last_words())
            time.sleep(0.05)

    def _owner(self) -> int:
        """The user the server runs as."""
        if not self.is_root:
            return os.geteuid()
        with contextlib.suppress(FileNotFoundError):
            return self.data.stat().st_uid or NOBODY
        return NOBODY

    def _prepare_folders(self) -> None:
        owner = self._owner()
        for folder in {self.home.parent, self.home, self.sockets.parent} - {SHARED}:
            places.own_folder(folder, 0o711 if self.is_root else 0o700)
        for folder in (self.data, self.sockets):
            places.own_folder(folder)
            if self.is_root:
                os.chown(folder, owner, owner if owner == NOBODY else -1)

    def _programs(self) -> Path:
        programs = postgres_programs()
        if self.is_root and not places.open_to_all(programs):
            return _copy_for_all(programs)
        return programs

    def _initialise(self) -> None:
        # Plain C would make case-insensitive comparison blind to æ, ø and å.
        locale = (
            ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
            if self._version() >= 17  # noqa: PLR2004 -- the first with a builtin locale provider
            else ("--locale=C.UTF-8",)
        )
        options = ("--auth=trust", "--encoding=UTF8", "--no-sync", *locale)
        self._run("initdb", "-D", self.data, "-U", USER, *options)

    def _require_same_version(self) -> None:
        made_by = int((self.data / "PG_VERSION").read_text())
        if made_by != self._version():
            message = (
                f"{self.data} was made by Postgres {made_by}, this is {self._version()}:"
                " dump and restore it, or remove it"
            )
            raise PostgresFailed(message)

    def _launch(self) -> None:
        options = (
            f"-k {quote(str(self.sockets))} -h '' -c max_connections=200 -c shared_buffers=64MB"
        )
        if not self.durable:
            options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        log = self.data / "server.log"
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._run("pg_ctl", "-w", "-D", self.data, "-l", log, "-o", options, "start")
            except PostgresFailed:  # children of a killed server may still hold its memory
                if attempt == ATTEMPTS:
                    raise
                time.sleep(0.5)
            else:
                return

    def _clear_traces(self) -> None:
        """Remove what a killed server left. Postgres would take a zombie's number for a living
        server for ever (a PID 1 that does not reap), so we do it, once nobody is attached.
        """
        self._await_detached()
        for trace in (
            self.data / "postmaster.pid",
            self.sockets / f".s.PGSQL.{PORT}.lock",
            self.sockets / f".s.PGSQL.{PORT}",
        ):
            trace.unlink(missing_ok=True)

    def _await_detached(self, seconds: float = 10) -> None:
        """Wait until no orphan uses the dead server's shared memory: Postgres's own interlock."""
        try:
            memory = (self.data / "postmaster.pid").read_text().splitlines()[6].split()[1]
        except (OSError, IndexError):
            return
        end = time.monotonic() + seconds
        while _is_attached(memory):
            if time.monotonic() > end:
                message = f"an old Postgres still runs on {self.data}"
                raise PostgresFailed(message)
            time.sleep(0.05)

    def pid(self) -> int | None:
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return None if places.is_dead(pid, str(self.data)) else pid

    def _version(self) -> int:
        command = [str(self._programs() / "postgres"), "--version"]
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return int(answer.split()[2].split(".")[0].removesuffix("devel"))

    def _run(self, program: str, *arguments: str | Path, check: bool = True) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        identity: dict[str, Any] = {}
        if self.is_root:
            owner = self._owner()
            identity = {"user": owner, "group": owner, "extra_groups": []}
        with tempfile.TemporaryFile() as output:  # the server would hold a pipe open
            done = subprocess.run(
                [str(self._programs() / program), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=environment | {"LC_ALL": "C", "TZ": "UTC"},
                check=False,
                **identity,
            )
            output.seek(0)
            said = output.read().decode(errors="replace")
        if check and done.returncode:
            message = f"{program} failed:\n{said}\n{self._last_words()}"
            raise PostgresFailed(message)

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = (self.data / "server.log").read_text(errors="replace").splitlines()
            return "\n".join(lines[-8:])
        return "the server left no log"


def _is_attached(memory: str) -> bool:
    try:
        rows = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    except OSError:
        return False  # not Linux: pg_ctl decides
    return any(row[1] == memory and int(row[6]) > 0 for row in map(str.split, rows))


def copy_of(programs: Path) -> Path:
    """Where a copy that every user can read belongs."""
    stamp = (programs / "postgres").stat().st_mtime_ns
    return SHARED / f"jd-postgres-{places.fingerprint(programs / str(stamp))}"


def _copy_for_all(programs: Path) -> Path:
    """The wheel's tree where every user can read it: the package and the libraries beside it,
    which the programs find by a relative path.
    """
    package = programs.parent.parent
    libraries = package.with_name(package.name + ".libs")
    target = copy_of(programs)
    if not target.exists():
        draft = Path(tempfile.mkdtemp(prefix="jd-postgres-", dir=target.parent))
        shutil.copytree(programs.parent, draft / package.name / programs.parent.name, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        draft.chmod(0o755)
        try:
            draft.rename(target)
        except OSError:  # another starter was faster
            shutil.rmtree(draft)
    places.own_folder(target, 0o755)
    return target / package.name / programs.parent.name / programs.name
