"""Draw the tables of legal moves, so that the documentation cannot drift from the code."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import TextChoices

from bookings.enums import MOVES, MOVES_OF, PARTICIPATION_MOVES, Party

BEGIN, END = "<!-- lifecycle -->", "<!-- /lifecycle -->"


def diagram(moves: Mapping[Any, frozenset[Any]], start: TextChoices) -> str:
    """A Mermaid state diagram of one table."""
    lines = [f"    [*] --> {start.value}"]
    for state, following in moves.items():
        lines += [f"    {state.value} --> {after.value}" for after in sorted(following)]
        if not following:
            lines.append(f"    {state.value} --> [*]")
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def who_may() -> str:
    """A table of every legal move of a booking and the sides that may make it."""
    sides = (Party.STUDENT, Party.TEACHER, Party.SCHOOL, Party.SYSTEM)
    lines = [
        "| from | to | student | teacher | office, owner | system |",
        "|---|---|---|---|---|---|",
    ]
    for state, following in MOVES.items():
        for after in sorted(following):
            marks = ["yes" if after in MOVES_OF[side] else "" for side in sides]
            lines.append(f"| {state.value} | {after.value} | {' | '.join(marks)} |")
    return "\n".join(lines)


def section() -> str:
    """The generated part of docs/architecture.md, its markers included."""
    booking = diagram(MOVES, next(iter(MOVES)))
    participation = diagram(PARTICIPATION_MOVES, next(iter(PARTICIPATION_MOVES)))
    return f"""{BEGIN}
The life of a booking (a new one begins as draft, pending or confirmed):

{booking}

Who may bring it from where to where (a student's request becomes confirmed by the school alone):

{who_may()}

The life of a student's place in it:

{participation}
{END}"""


def page() -> Path:
    return Path(settings.BASE_DIR) / "docs" / "architecture.md"


class Command(BaseCommand):
    help = "Rewrite the lifecycle diagrams in docs/architecture.md from the code."

    def handle(self, *_args: Any, **_options: Any) -> None:
        text = page().read_text()
        before, rest = text.split(BEGIN)
        after = rest.split(END)[1]
        page().write_text(before + section() + after)
