"""`python -m justdriving.embedded demo|stop|clean`: the commands behind the Makefile."""

import argparse
import shutil
import sys

from justdriving.embedded import Purpose, demo, places, postgres, presence, valkey
from justdriving.embedded.binaries import postgres_programs
from justdriving.embedded.places import EmbeddedFailed
from justdriving.embedded.postgres import copy_of

ROOT = demo.ROOT


def servers() -> list[presence.Server]:
    """The servers of this project that have ever been started."""
    made: list[presence.Server] = []
    purposes: tuple[Purpose, ...] = ("demo", "test")
    for purpose in purposes:
        made += [postgres(ROOT, purpose), valkey(ROOT, purpose)]
    return [server for server in made if server.home.exists()]


def stop() -> int:
    """Stop what an interrupted run left behind; what is in use stays."""
    busy = [server for server in servers() if not presence.stop_if_unused(server)]
    for server in busy:
        print(f"{server.name} in {server.home} is in use")
    return 1 if busy else 0


def clean() -> int:
    """Stop the servers and remove their data, also what had to live outside the project."""
    if stop():
        return 1
    for folder in [server.home for server in servers()]:
        shutil.rmtree(folder)
    for folder in (places.socket_folder(ROOT), copy_of(postgres_programs())):
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="justdriving.embedded", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("demo", help="run the demo until Ctrl-C")
    running.add_argument("--host", default="localhost")
    running.add_argument("--port", type=int, default=8000)
    commands.add_parser("stop", help=stop.__doc__)
    commands.add_parser("clean", help=clean.__doc__)
    arguments = parser.parse_args()
    try:
        if arguments.command == "demo":
            return demo.run(demo.PLAN, arguments.host, arguments.port)
        return stop() if arguments.command == "stop" else clean()
    except EmbeddedFailed as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
