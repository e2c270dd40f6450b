"""Money and time as the reader writes them."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from babel.dates import format_date, format_time
from babel.numbers import format_decimal, get_decimal_symbol
from django import template
from django.utils import timezone
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from justdriving.kernel.money import Money

register = template.Library()

PATTERNS = {
    "da": {
        "day": "EEE d. MMM",
        "long": "EEEE d. MMMM",
        "full": "d. MMMM y",
        "month": "MMMM y",
        "short_month": "MMM",
        "weekday": "EEE",
        "time": "H.mm",
    },
    "en": {
        "day": "EEE d MMM",
        "long": "EEEE d MMMM",
        "full": "d MMMM y",
        "month": "MMMM y",
        "short_month": "MMM",
        "weekday": "EEE",
        "time": "HH:mm",
    },
}

YEARLESS = ("day", "long")
"""Written without a year as long as it is this one."""


def _pattern(kind: str) -> tuple[str, str]:
    language = (get_language() or "en").split("-")[0]
    return PATTERNS.get(language, PATTERNS["en"])[kind], to_locale(language)


def _date(value: date | datetime, kind: str) -> str:
    pattern, locale = _pattern(kind)
    shown = timezone.localtime(value) if isinstance(value, datetime) else value
    if kind in YEARLESS and shown.year != this_year():
        pattern = f"{pattern} y"
    return str(format_date(shown, pattern, locale=locale))


def this_year() -> int:
    return timezone.localdate().year


@register.filter
def money(value: Money | None) -> str:
    return "" if value is None else value.localized()


def decimal_mark() -> str:
    """``,`` in Danish, ``.`` in English: what a spreadsheet of that language reads."""
    return str(get_decimal_symbol(to_locale(get_language() or "en")))


@register.filter
def kilometres(value: int) -> str:
    """``15.000 km``."""
    return f"{format_decimal(value, locale=to_locale(get_language() or 'en'))}\N{NO-BREAK SPACE}km"


@register.filter
def day(value: date | datetime | None) -> str:
    """``man. 4. maj``, ``man. 3. maj 2027``; an instant is shown in the active zone."""
    return _date(value, "day") if value else ""


@register.filter
def long_day(value: date | datetime | None) -> str:
    """``mandag 4. maj``."""
    return _date(value, "long") if value else ""


@register.filter
def full_date(value: date | datetime | None) -> str:
    """``4. maj 2026``."""
    return _date(value, "full") if value else ""


@register.filter
def weekday_name(value: date | None) -> str:
    """``man.``, ``Mon``."""
    return _date(value, "weekday") if value else ""


@register.filter
def month_name(value: date | None) -> str:
    """``maj 2026``."""
    return _date(value, "month") if value else ""


@register.filter
def short_month(value: date | None) -> str:
    """``maj``."""
    return _date(value, "short_month") if value else ""


@register.filter
def clock(value: datetime | None) -> str:
    """``10.00`` in Danish, ``10:00`` in English; in the active zone.

    What the clock shows twice that night says which: ``2.30 (sommertid)``.
    """
    if value is None:
        return ""
    shown = timezone.localtime(value)
    time_of_day = wall_clock(shown.time())
    if not _is_doubled(shown):
        return time_of_day
    said = _("%(time)s (winter time)") if shown.fold else _("%(time)s (summer time)")
    return said % {"time": time_of_day}


def _is_doubled(shown: datetime) -> bool:
    """Whether the clock shows this again, or for the second time, because it goes back."""
    return shown.utcoffset() != shown.replace(fold=1 - shown.fold).utcoffset()


@register.filter
def clock_to(lower: datetime, upper: datetime) -> str:
    """``10.00–11.30`` from one instant to another, ``2.30 (sommertid) – 2.15 (vintertid)``."""
    is_plain = not any(_is_doubled(timezone.localtime(one)) for one in (lower, upper))
    return f"{clock(lower)}{'–' if is_plain else ' – '}{clock(upper)}"


@register.filter
def wall_clock(value: time) -> str:
    """``10.00`` in Danish, ``10:00`` in English, of a time on the wall."""
    pattern, locale = _pattern("time")
    return str(format_time(value, pattern, locale=locale))


@register.filter
def hours(period: Any) -> str:
    """``10.00–11.30`` for a period with ``lower`` and ``upper`` instants."""
    return clock_to(period.lower, period.upper) if period else ""


@register.filter
def when(period: Any) -> str:
    """``man. 4. maj 10.00–11.30``."""
    return f"{day(period.lower)} {hours(period)}" if period else ""


@register.filter
def stretch(period: Any) -> str:
    """``man. 4. maj, hele dagen`` for whole days, else from one day and time to another."""
    return _stretch(period, day)


@register.filter
def full_stretch(period: Any) -> str:
    """``4. maj 2026, hele dagen``: as ``stretch``, for what is read years later."""
    return _stretch(period, full_date)


def _stretch(period: Any, shown: Callable[[date], str]) -> str:
    lower, upper = timezone.localtime(period.lower), timezone.localtime(period.upper)
    if lower.time() != time() or upper.time() != time():
        return f"{shown(lower)} {clock(lower)} – {shown(upper)} {clock(upper)}"
    first, last = lower.date(), upper.date() - timedelta(days=1)
    if first == last:
        return _("%(day)s, all day") % {"day": shown(first)}
    return _("%(first)s – %(last)s, whole days") % {"first": shown(first), "last": shown(last)}


@register.filter
def relative_day(value: datetime) -> str:
    """Today and tomorrow by name, any other day as ``day``."""
    away = (timezone.localtime(value).date() - timezone.localdate()).days
    names = {-1: _("yesterday"), 0: _("today"), 1: _("tomorrow")}
    return names.get(away) or day(value)
