"""How days are written: with their year when it is not this one, whole days as such."""

import datetime as dt
import re
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation
from hypothesis import example, given
from hypothesis import strategies as st

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


# The night the clock goes back

SWITCHES = {
    "Europe/Copenhagen": (dt.date(2027, 3, 28), dt.date(2027, 10, 31)),
    "America/New_York": (dt.date(2027, 3, 14), dt.date(2027, 11, 7)),
    "Australia/Lord_Howe": (dt.date(2027, 10, 3), dt.date(2027, 4, 4)),
}
AUTUMN = dt.datetime(2027, 10, 31, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("starts", "length", "said"),
    (
        (-1, 45, "1.59 – 2.44 (sommertid)"),
        (30, 45, "2.30 (sommertid) – 2.15 (vintertid)"),
        (90, 29, "2.30 (vintertid) – 2.59 (vintertid)"),
        (119, 1, "2.59 (vintertid) – 3.00"),
        (120, 45, "3.00–3.45"),
        (-60, 180, "1.00–3.00"),
        (-61, 60, "0.59–1.59"),
    ),
)
def test_an_hour_that_comes_twice_says_which_it_is(starts, length, said):
    lower = AUTUMN + starts * MINUTE
    span = period(lower, lower + length * MINUTE)
    with translation.override("da"):
        assert formats.hours(span) == said
        assert formats.when(span) == f"søn. 31. okt. 2027 {said}"
    with translation.override("en"):
        in_english = said.replace("sommertid", "summer time").replace("vintertid", "winter time")
        assert formats.hours(span) == re.sub(r"\b(\d)\.", r"0\1:", in_english)


@given(
    zone=st.sampled_from(sorted(SWITCHES)),
    is_autumn=st.booleans(),
    starts=st.integers(0, 6 * 60),
    length=st.integers(5, 240),
)
@example(zone="Australia/Lord_Howe", is_autumn=True, starts=105, length=45)
def test_what_is_said_of_a_span_is_true_of_no_other(zone, is_autumn, starts, length):
    """Read back from its words, and from its days, a span is what it was."""
    clock = ZoneInfo(zone)
    midnight = dt.datetime.combine(SWITCHES[zone][is_autumn], dt.time(), tzinfo=clock)
    lower = midnight.astimezone(dt.UTC) + starts * MINUTE
    span = period(lower, lower + length * MINUTE)
    with timezone.override(zone), translation.override("en"):
        said = formats.hours(span)

    ends = zip(re.split(" ?– ?", said), (span.lower, span.upper), strict=True)
    for words, meant in ends:
        wall = meant.astimezone(clock)
        time, season = re.fullmatch(r"(\d\d:\d\d)(?: \((summer|winter) time\))?", words).groups()
        read = dt.datetime.combine(wall.date(), dt.time.fromisoformat(time), tzinfo=clock)
        both = {read.replace(fold=fold).astimezone(dt.UTC) for fold in (0, 1)}
        assert len(both) == (2 if season else 1)
        assert read.replace(fold=season == "winter").astimezone(dt.UTC) == meant
        assert is_autumn or not season
