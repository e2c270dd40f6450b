"""Programs that end with us, each in a group of its own, their lines under their name."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

TIED = Path(__file__).with_name("tied.py")
FIRST_DELAY, LONGEST_DELAY, STEADY = 1.0, 30.0, 30.0  # seconds
COLOURS = {"web": 36, "worker": 35, "beat": 33, "demo": 32}


def say(name: str, line: str) -> None:
    """Write one line under a name. A closed terminal is no reason to fall over."""
    label = f"{name:>8} |"
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        label = f"\x1b[{COLOURS.get(name, 37)}m{label}\x1b[0m"
    try:
        sys.stdout.write(f"{label} {line}\n")
        sys.stdout.flush()
    except (OSError, ValueError):
        return


class Program:
    """A running program. ``hear`` gets each line it writes, ``keep`` are sockets it inherits."""

    def __init__(
        self, command: Sequence[str], *, hear: Callable[[str], None], keep: Sequence[int] = ()
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(TIED), str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=keep,
        )
        self._hear = hear
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        with self._process.stdout or open(os.devnull) as lines:  # noqa: PTH123 -- a pipe was asked for
            for line in lines:
                self._hear(line.rstrip("\n"))

    @property
    def code(self) -> int | None:
        """Its exit code; negative when a signal ended it, None while it runs."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Signal it and everything it started, also what outlived it."""
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def finish(self) -> None:
        """Leave nothing of it behind."""
        self.signal(signal.SIGKILL)
        self._process.wait()
        self._listener.join(timeout=1)

    def ending(self) -> str:
        code = self.code
        if code is not None and code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended with code {code}"


@dataclass
class Part:
    """A program that is meant to run for as long as the demo does."""

    name: str
    command: Sequence[str]
    keep: Sequence[int] = ()
    program: Program | None = None
    delay: float = FIRST_DELAY
    started: float = 0.0
    due: float = 0.0

    def start(self) -> None:
        self.started = time.monotonic()
        self.program = Program(self.command, keep=self.keep, hear=self._say)

    def _say(self, line: str) -> None:
        if line.strip():
            say(self.name, line)

    def tend(self) -> None:
        """Notice that it died, say so, and start it again after a while that grows."""
        now = time.monotonic()
        if self.program is None:
            if now >= self.due:
                self.start()
        elif self.program.code is not None:
            self.program.finish()
            self.delay = FIRST_DELAY if now - self.started > STEADY else self.delay
            how = self.program.ending()
            say("demo", f"{self.name} {how}; starting it again in {self.delay:g} s")
            self.program, self.due = None, now + self.delay
            self.delay = min(self.delay * 2, LONGEST_DELAY)
