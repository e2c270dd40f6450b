"""Tables to download, as a spreadsheet of the reader's language reads them."""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal

from babel.numbers import get_currency_precision
from django.http import HttpResponse

from justdriving.kernel.money import Money
from justdriving.templatetags.formats import decimal_mark

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def spreadsheet(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A file to download; ``name`` is without its ending.

    Where a comma marks the decimals, as in Danish, ``;`` stands between the columns.
    """
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer.write("\ufeff")  # a spreadsheet takes the letters æ, ø and å for what they are
    table = csv.writer(answer, delimiter=";" if decimal_mark() == "," else ",")
    table.writerow([defused(title) for title in head])
    table.writerows([cell(value) for value in row] for row in rows)
    return answer


def cell(value: object) -> str:
    """Amounts, decimals and whole numbers are numbers; all else is text no spreadsheet runs."""
    if isinstance(value, Money):
        value = Decimal(value.minor).scaleb(-get_currency_precision(value.currency))
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", decimal_mark())
    return str(value) if isinstance(value, int) else defused(str(value))


def defused(text: str) -> str:
    """Words that would begin a formula get an apostrophe in front."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text
