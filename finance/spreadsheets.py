"""Tables as Danish spreadsheets read them: ``;`` between columns, a comma in amounts."""

import csv
from collections.abc import Iterable, Sequence

from django.http import HttpResponse

from administration.forms.fields import typed
from justdriving.kernel.money import Money

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def spreadsheet(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A file to download; ``name`` is without its ending."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer.write("\ufeff")  # a spreadsheet takes the letters æ, ø and å for what they are
    table = csv.writer(answer, delimiter=";")
    table.writerow([defused(title) for title in head])
    table.writerows([cell(value) for value in row] for row in rows)
    return answer


def cell(value: object) -> str:
    """Amounts are numbers; everything else is text that no spreadsheet runs."""
    if isinstance(value, Money):
        return f"-{typed(-value)}" if value.minor < 0 else typed(value)
    return str(value) if isinstance(value, int) else defused(str(value))


def defused(text: str) -> str:
    """Words that would begin a formula get an apostrophe in front."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text
