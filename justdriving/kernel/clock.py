"""Wall time and instants: people set wall time in a zone, the database keeps UTC."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_date

IsBusinessDay = Callable[[date], bool]
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 1, 1)
"""No calendar of ours is opened outside: nearer the ends of ``date`` its arithmetic overflows."""


class NoSuchWallTime(ValueError):
    """The clock of that zone skips this wall time (the night summer time begins)."""


def day_named(text: str | None) -> date | None:
    """The day that an address names, None for none; ValueError for one that nobody plans."""
    day = parse_date(text) if text else None
    if day and not FIRST_DAY <= day <= LAST_DAY:
        message = f"{day} is out of every calendar"
        raise ValueError(message)
    return day


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a wall time. A doubled hour means its first occurrence.

    Raises NoSuchWallTime for a wall time that the zone skips.
    """
    wall = datetime.combine(day, at, tzinfo=zone)
    moment = wall.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != wall.replace(tzinfo=None):
        message = f"{day} {at} does not exist in {zone.key}"
        raise NoSuchWallTime(message)
    return moment


def instant_or_next(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Like ``instant``; a skipped wall time becomes the moment at which the clock jumps past it."""
    wall = datetime.combine(day, at, tzinfo=zone)
    moment = wall.astimezone(UTC)
    shown = moment.astimezone(zone).replace(tzinfo=None)
    return moment if shown == wall.replace(tzinfo=None) else _jump(moment, zone)


def _jump(moment: datetime, zone: ZoneInfo) -> datetime:
    """The change of the clock within the hours around ``moment``, to the minute."""
    step = moment - timedelta(hours=3)
    offset = step.astimezone(zone).utcoffset()
    while step.astimezone(zone).utcoffset() == offset:
        step += timedelta(minutes=1)
    return step.replace(second=0, microsecond=0)


def business_days_before(day: date, count: int, is_business_day: IsBusinessDay) -> date:
    """The ``count``-th business day before ``day``; ``day`` itself never counts."""
    while count > 0:
        day -= timedelta(days=1)
        if is_business_day(day):
            count -= 1
    return day
