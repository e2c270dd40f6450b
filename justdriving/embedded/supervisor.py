"""Keeps the parts of the demo and its servers alive, and ends all of them together."""

import signal
import threading
import time
from collections.abc import Sequence
from functools import partial
from types import FrameType
from typing import NoReturn

from justdriving.embedded import presence
from justdriving.embedded.places import EmbeddedFailed
from justdriving.embedded.programs import Part, Program, say

PATIENCE = 10.0  # seconds between the request to end and the kill
SERVER_CHECK = 1.0


class Stopped(Exception):
    """Somebody asked the demo to end."""


class StepFailed(EmbeddedFailed):
    """A command that must succeed before the demo can run did not."""


class Supervisor:
    """Used from the main thread; SIGINT, SIGTERM and SIGHUP make its waits raise Stopped."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._steps: list[Program] = []
        self._chores: dict[str, Program] = {}
        self._stop = threading.Event()
        self._hurry = False
        self._next_look = 0.0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def step(self, name: str, command: Sequence[str], *, quiet: bool = False) -> list[str]:
        """Run a command of preparation to its end; the lines it wrote.

        ``quiet`` keeps them from the terminal. Raises StepFailed when it fails, Stopped when
        somebody asks the demo to end.
        """
        heard: list[str] = []

        def hear(line: str) -> None:
            heard.append(line)
            if not quiet:
                say(name, line)

        program = Program(command, hear=hear)
        self._steps.append(program)
        while program.code is None:
            self.pause(0.02)
        program.finish()
        self._steps.remove(program)
        if program.code:
            raise StepFailed("\n".join([f"{name} {program.ending()}", *(heard if quiet else ())]))
        return heard

    def pause(self, seconds: float) -> None:
        """Wait; raises Stopped when somebody asks the demo to end."""
        if self._stop.wait(seconds):
            raise Stopped

    def run_once(self, name: str, command: Sequence[str]) -> None:
        """Start a command that ends by itself; nothing waits for it."""
        self._chores[name] = Program(command, hear=partial(say, name))

    def start(self, part: Part) -> None:
        self._parts.append(part)
        part.start()

    def tend_for_ever(self) -> NoReturn:
        """Keep everything running; raises Stopped when somebody asks the demo to end."""
        while True:
            self.tend()
            self.pause(0.2)

    def tend(self) -> None:
        """Start again what died."""
        for part in self._parts:
            part.tend()
        self._tend_chores()
        if (now := time.monotonic()) >= self._next_look:
            self._next_look = now + SERVER_CHECK
            for server in presence.servers_in_use():
                self._tend_server(server)

    def _tend_chores(self) -> None:
        for name, chore in list(self._chores.items()):
            if chore.code is not None:
                chore.finish()
                del self._chores[name]
                if chore.code:
                    say("demo", f"{name} {chore.ending()}")

    def _tend_server(self, server: presence.Server) -> None:
        if server.is_running():
            return
        say("demo", f"{server.name} died; starting it again")
        try:
            presence.use(server)
        except EmbeddedFailed as error:
            say("demo", f"{error}\ntrying again in {SERVER_CHECK:g} s")

    def end(self) -> None:
        """End every part, kindly first. Another request while it waits kills them."""
        programs = [*self._steps, *self._chores.values()]
        programs += [part.program for part in self._parts if part.program]
        for program in programs:
            program.signal(signal.SIGTERM)
        end = time.monotonic() + PATIENCE
        while any(program.code is None for program in programs):
            if self._hurry or time.monotonic() > end:
                break
            time.sleep(0.02)
        for program in programs:
            program.finish()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._hurry = self._stop.is_set()
        self._stop.set()
