"""Files for a spreadsheet: numbers as its language writes them, and nothing that runs."""

from decimal import Decimal

import pytest
from django.utils import translation

from justdriving.kernel.money import Money
from justdriving.spreadsheets import cell, defused, spreadsheet

ROW = ("Åse", Money(-1250_05, "DKK"), Decimal("1.50"), 7)


@pytest.mark.parametrize(
    ("language", "line"),
    (("da", "Åse;-1250,05;1,50;7"), ("en", "Åse,-1250.05,1.50,7")),
)
def test_marks_and_columns_are_those_of_the_reader(language, line):
    with translation.override(language):
        answer = spreadsheet("names", ["Name"], [ROW])

    assert answer.content.decode("utf-8-sig").splitlines() == ["Name", line]
    assert answer["Content-Disposition"] == 'attachment; filename="names.csv"'


@pytest.mark.parametrize("text", ("=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", " =1"))
def test_what_would_begin_a_formula_is_defused(text):
    assert defused(text) == cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ("Køretime", "1-2", "a=b", ""))
def test_other_words_stay_as_they_are(text):
    assert defused(text) == text


@pytest.mark.parametrize(("minor", "said"), ((-5, "-0,05"), (-1250_00, "-1250,00"), (0, "0,00")))
def test_amounts_below_zero_stay_numbers(minor, said):
    with translation.override("da"):
        assert cell(Money(minor, "DKK")) == said
