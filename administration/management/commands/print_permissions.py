"""Print docs/permissions.md from the table that the program itself asks."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import translation

from administration.enums import Role
from administration.models import School
from administration.permissions import SCOPES, Cell, Grant, table

MARKS = {Grant.YES: "●", Grant.NO: "○", Grant.IF_ALLOWED: "⚙"}


def page() -> str:
    """The page in English, whatever the language of the machine."""
    with translation.override("en"):
        return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Who may do what"
    yield ""
    yield "Printed by `python manage.py print_permissions`; do not edit by hand."
    yield ""
    yield "● yes · ⚙ if the school's settings allow it · ○ no. A permission is role × scope:"
    yield "the table gives the role's part, the scope stands under each role. What lies outside a"
    yield "person's scope is not found. Platform administrators work in the Django admin."
    yield ""
    yield "| |" + "".join(f" {role.label} |" for role in Role)
    yield "|---|" + "---|" * len(Role)
    yield "| *scope* |" + "".join(f" *{SCOPES[role]}* |" for role in Role)
    for area, rows in table():
        yield f"| **{area}** |" + " |" * len(Role)
        for row in rows:
            yield f"| {row.label} |" + "".join(f" {_mark(cell)} |" for cell in row.cells)


def _mark(cell: Cell) -> str:
    if cell.grant is not Grant.IF_ALLOWED:
        return MARKS[cell.grant]
    label = School._meta.get_field(cell.switch).verbose_name  # type: ignore[union-attr]  # a plain field
    return f"{MARKS[cell.grant]} “{label}”"


class Command(BaseCommand):
    help = "Print docs/permissions.md: who may do what."

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(page(), ending="")
