"""Settings of the calendar in words: for pages, and for the history of what was changed."""

from collections.abc import Iterable
from datetime import time

from babel.dates import format_date, get_day_names
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext as _

from bookings.enums import DeadlineKind, EligibilityAttribute, Party
from bookings.models import CancellationStep, ClosedDay, EligibilityRule
from justdriving.kernel.money import Money
from justdriving.templatetags.formats import wall_clock

MONTHS_A_YEAR = 12
UNITS = {EligibilityAttribute.HEIGHT_CM: "cm", EligibilityAttribute.WEIGHT_KG: "kg"}


def weekday_names() -> list[str]:
    """Monday first, capitalised."""
    names = get_day_names("wide", locale=to_locale(get_language() or "en"))
    return [names[weekday].capitalize() for weekday in range(7)]


def age_in_words(months: int) -> str:
    """``16 years 9 months`` of a number of months."""
    years, rest = divmod(months, MONTHS_A_YEAR)
    words = [ngettext("%(count)d year", "%(count)d years", years) % {"count": years}]
    if rest:
        words.append(ngettext("%(count)d month", "%(count)d months", rest) % {"count": rest})
    return " ".join(words)


def eligibility_in_words(rules: Iterable[EligibilityRule]) -> str:
    return "; ".join(_demand_in_words(rule) for rule in rules)


def _demand_in_words(rule: EligibilityRule) -> str:
    attribute = EligibilityAttribute(rule.attribute)
    words = [str(attribute.label)]
    for text, bound in (
        (_("from %(bound)s"), rule.minimum),
        (_("up to %(bound)s"), rule.maximum),
    ):
        if bound is not None:
            words.append(text % {"bound": _bound(attribute, bound)})
    return " ".join(words)


def _bound(attribute: EligibilityAttribute, bound: int) -> str:
    if attribute == EligibilityAttribute.AGE_MONTHS:
        return age_in_words(bound)
    return f"{bound} {UNITS.get(attribute, '')}".strip()


def step_in_words(step: CancellationStep, currency: str) -> str:
    """``Student, from 12.00 the business day before: 50 % of the price``."""
    return _("%(party)s, %(deadline)s: %(cost)s") % {
        "party": Party(step.party).label,
        "deadline": _deadline(step),
        "cost": _cost(step, currency),
    }


def _deadline(step: CancellationStep) -> str:
    facts = {"count": step.amount, "time": wall_clock(step.clock_time or time())}
    if step.deadline == DeadlineKind.HOURS_BEFORE:
        text = ngettext("from %(count)d hour before", "from %(count)d hours before", step.amount)
        return text % facts
    if step.amount == 0:
        return _("from %(time)s the same day") % facts
    if step.deadline == DeadlineKind.BUSINESS_DAYS_BEFORE:
        text = ngettext(
            "from %(time)s %(count)d business day before",
            "from %(time)s %(count)d business days before",
            step.amount,
        )
    else:
        text = ngettext(
            "from %(time)s %(count)d day before",
            "from %(time)s %(count)d days before",
            step.amount,
        )
    return text % facts


def _cost(step: CancellationStep, currency: str) -> str:
    if step.consumes_lesson:
        return _("the lesson is used up")
    if step.fixed_minor is not None:
        return Money(step.fixed_minor, currency).localized()
    if not step.percent:
        return _("free")
    return _("%(percent)d %% of the price") % {"percent": step.percent}


def terms_in_words(steps: Iterable[CancellationStep], currency: str) -> str:
    return "; ".join(step_in_words(step, currency) for step in steps) or _("always free")


def week_in_words(spans: Iterable[tuple[int, time, time]]) -> str:
    """``Monday 8.00–16.00; Tuesday …`` of (weekday, from, to)."""
    names = weekday_names()
    return "; ".join(
        f"{names[weekday]} {wall_clock(begins)}–{wall_clock(ends)}"
        for weekday, begins, ends in sorted(spans)
    )


def closed_in_words(days: Iterable[ClosedDay]) -> str:
    locale = to_locale(get_language() or "en")
    return "; ".join(f"{format_date(day.on, 'd. MMM y', locale=locale)} {day.name}" for day in days)
