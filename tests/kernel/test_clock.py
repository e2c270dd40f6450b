import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from justdriving.kernel.clock import (
    NoSuchWallTime,
    business_days_before,
    instant,
    instant_or_next,
)

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("zone", "day", "at", "moment"),
    (
        (COPENHAGEN, dt.date(2026, 3, 29), dt.time(1, 59), utc(2026, 3, 29, 0, 59)),
        (COPENHAGEN, dt.date(2026, 3, 29), dt.time(3), utc(2026, 3, 29, 1)),
        (COPENHAGEN, dt.date(2026, 10, 25), dt.time(2, 30), utc(2026, 10, 25, 0, 30)),
        (COPENHAGEN, dt.date(2026, 10, 25), dt.time(3), utc(2026, 10, 25, 2)),
        (NEW_YORK, dt.date(2026, 11, 1), dt.time(1, 30), utc(2026, 11, 1, 5, 30)),
        (LORD_HOWE, dt.date(2026, 4, 5), dt.time(1, 45), utc(2026, 4, 4, 14, 45)),
        (LORD_HOWE, dt.date(2026, 10, 4), dt.time(2, 30), utc(2026, 10, 3, 15, 30)),
    ),
)
def test_a_wall_time_has_one_instant_the_first_of_a_doubled_hour(zone, day, at, moment):
    assert instant(day, at, zone) == moment


@pytest.mark.parametrize(
    ("zone", "day", "at", "jump"),
    (
        (COPENHAGEN, dt.date(2026, 3, 29), dt.time(2, 0), utc(2026, 3, 29, 1)),
        (COPENHAGEN, dt.date(2026, 3, 29), dt.time(2, 59), utc(2026, 3, 29, 1)),
        (NEW_YORK, dt.date(2026, 3, 8), dt.time(2, 30), utc(2026, 3, 8, 7)),
        (LORD_HOWE, dt.date(2026, 10, 4), dt.time(2, 15), utc(2026, 10, 3, 15, 30)),
    ),
)
def test_a_skipped_wall_time_does_not_exist_and_a_deadline_in_it_waits_for_the_jump(
    zone, day, at, jump
):
    with pytest.raises(NoSuchWallTime):
        instant(day, at, zone)
    assert instant_or_next(day, at, zone) == jump


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    (
        (dt.date(2026, 3, 6), 1, dt.date(2026, 3, 5)),
        (dt.date(2026, 3, 9), 1, dt.date(2026, 3, 6)),
        (dt.date(2026, 3, 8), 1, dt.date(2026, 3, 6)),
        (dt.date(2026, 4, 7), 1, dt.date(2026, 4, 1)),
        (dt.date(2026, 4, 7), 7, dt.date(2026, 3, 24)),
        (dt.date(2026, 3, 9), 0, dt.date(2026, 3, 9)),
    ),
)
def test_business_days_skip_weekends_and_easter(day, count, expected):
    easter = {dt.date(2026, 4, 2), dt.date(2026, 4, 3), dt.date(2026, 4, 6)}

    def is_business_day(on: dt.date) -> bool:
        return on.weekday() < 5 and on not in easter

    assert business_days_before(day, count, is_business_day) == expected
