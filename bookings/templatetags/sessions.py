"""How weekly sessions are said: the weekday and the wall time of the school."""

from datetime import time

from babel.dates import format_time
from django import template
from django.utils.dates import WEEKDAYS
from django.utils.translation import get_language, to_locale

from justdriving.templatetags.formats import PATTERNS

register = template.Library()


@register.filter
def weekday_name(number: int) -> str:
    """``Monday`` for 0."""
    name = str(WEEKDAYS[number])
    return name[:1].upper() + name[1:]


@register.filter
def wall_clock(value: time) -> str:
    """``18.30`` in Danish, ``18:30`` in English: a time of day in no zone."""
    language = (get_language() or "en").split("-")[0]
    pattern = PATTERNS.get(language, PATTERNS["en"])["time"]
    return str(format_time(value, pattern, locale=to_locale(language)))
