"""How days are written: with their year when it is not this one, whole days as such."""

import datetime as dt
from types import SimpleNamespace

import pytest
from django.utils import translation

from justdriving.templatetags import formats

THURSDAY = dt.date(2026, 3, 5)


@pytest.mark.parametrize(
    ("language", "day", "short", "long"),
    (
        ("da", THURSDAY, "tors. 5. mar.", "torsdag 5. marts"),
        ("da", dt.date(2027, 3, 5), "fre. 5. mar. 2027", "fredag 5. marts 2027"),
        ("en", THURSDAY, "Thu 5 Mar", "Thursday 5 March"),
        ("en", dt.date(2025, 12, 31), "Wed 31 Dec 2025", "Wednesday 31 December 2025"),
    ),
)
def test_a_day_of_another_year_says_which(language, day, short, long):
    with translation.override(language):
        assert (formats.day(day), formats.long_day(day)) == (short, long)
        assert "2026" not in formats.month_name(day) or day.year == 2026


def test_the_year_is_that_of_the_readers_clock():
    """The last hour of the year in London is the next year in Copenhagen."""
    late = dt.datetime(2026, 12, 31, 23, 30, tzinfo=dt.UTC)
    with translation.override("en"):
        assert formats.day(late) == "Fri 1 Jan 2027"


def period(lower, upper):
    return SimpleNamespace(lower=lower, upper=upper)


@pytest.mark.parametrize(
    ("hours", "said"),
    (
        (24, "tors. 5. mar., hele dagen"),
        (48, "tors. 5. mar. – fre. 6. mar., hele dage"),
        (25, "tors. 5. mar. 0.00 – fre. 6. mar. 1.00"),
    ),
)
def test_whole_days_are_called_so(hours, said):
    midnight = dt.datetime(2026, 3, 4, 23, tzinfo=dt.UTC)
    with translation.override("da"):
        assert formats.stretch(period(midnight, midnight + dt.timedelta(hours=hours))) == said


def test_what_is_read_years_later_names_the_year():
    midnight = dt.datetime(2026, 3, 4, 23, tzinfo=dt.UTC)
    with translation.override("en"):
        one_day = period(midnight, midnight + dt.timedelta(days=1))
        assert formats.full_stretch(one_day) == "5 March 2026, all day"
