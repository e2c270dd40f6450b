"""A process of the site that prepares stories and examines the site after them.

It stays for the whole run: starting Python for each question took longer than the answer.
"""

import json
import subprocess
import sys
from dataclasses import asdict
from importlib import import_module
from traceback import format_exc
from typing import Any, TextIO

MODULES = ("preparing", "staging", "inside")


class Inside:
    """The near side: ``call`` runs a function over there. Everything said is plain JSON."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def call(self, module: str, function: str, arguments: dict[str, Any]) -> Any:
        """What the function gives back; raises AssertionError with its traceback if it failed."""
        asking, answering = self._process.stdin, self._process.stdout
        assert asking is not None
        assert answering is not None
        print(json.dumps([module, function, arguments]), file=asking, flush=True)
        line = answering.readline()
        assert line, "the process inside the site has ended; see inside.log"
        answer = json.loads(line)
        assert "failed" not in answer, answer["failed"]
        return answer["gave"]


def serve(questions: TextIO, answers: TextIO) -> None:
    """The far side: one line each way, in the scope of the demonstration school."""
    for line in questions:
        module, function, arguments = json.loads(line)
        try:
            answer = {"gave": _run(module, function, arguments)}
        except Exception:  # noqa: BLE001 -- the story fails with it, not this process
            answer = {"failed": format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


def _run(module: str, function: str, arguments: dict[str, Any]) -> Any:
    from administration.models import School  # noqa: PLC0415 -- after django.setup()
    from justdriving.kernel.tenancy import school_scope  # noqa: PLC0415

    assert module in MODULES, module
    with school_scope(School.objects.get(slug="nordlys").pk):
        return getattr(import_module(f"tests.journeys.{module}"), function)(**arguments)


def findings() -> list[dict[str, Any]]:
    """What the doctor finds wrong."""
    from justdriving.doctor import examine  # noqa: PLC0415

    return [asdict(finding) for finding in examine()]


def send_post() -> None:
    """Let everything leave that is due.

    What was prepared tells of weeks ago, and would look like mail that nobody sent.
    """
    from django.utils import timezone  # noqa: PLC0415

    from notifications.services import deliver_due  # noqa: PLC0415

    deliver_due(clock=timezone.now)


if __name__ == "__main__":
    import django

    django.setup()
    answers, sys.stdout = sys.stdout, sys.stderr  # whoever prints does not disturb the answers
    serve(sys.stdin, answers)
