"""How the rules say a time: on the school's clock, as the reader writes it."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.buffers import Buffers
from bookings.ports import Proposal
from bookings.queries.diary import Taken
from justdriving.templatetags import formats


def hours(lower: datetime, upper: datetime, zone: ZoneInfo) -> str:
    """``10.00–11.30`` on the clock of ``zone``."""
    with timezone.override(zone):
        return formats.hours(DateTimeTZRange(lower, upper))


def day(value: date | datetime, zone: ZoneInfo) -> str:
    """``man. 4. maj``."""
    with timezone.override(zone):
        return formats.day(value)


def booked(name: str, taken: Taken, zone: ZoneInfo) -> str:
    """Say who is already booked and when; no times if it is for another school."""
    if taken.shown is None:
        return _("%(name)s is busy at that time.") % {"name": name}
    times = hours(*taken.shown, zone)
    return _("%(name)s is already booked %(hours)s.") % {"name": name, "hours": times}


def booked_around(
    name: str, taken: Taken, proposal: Proposal, buffers: Buffers, zone: ZoneInfo
) -> str:
    """The same, but say how far apart two lessons must be where only their buffers collide.

    ``buffers`` are those that the proposed lesson needs.
    """
    if taken.shown is None:
        return booked(name, taken, zone)
    (lower, upper), (before, after) = taken.shown, buffers
    if upper <= proposal.starts_at:
        apart = taken.upper - upper + before
    elif proposal.ends_at <= lower:
        apart = lower - taken.lower + after
    else:
        return booked(name, taken, zone)
    message = _("%(name)s is booked %(hours)s, and %(minutes)d minutes must be free in between.")
    minutes = apart // timedelta(minutes=1)
    return message % {"name": name, "hours": hours(lower, upper, zone), "minutes": minutes}
