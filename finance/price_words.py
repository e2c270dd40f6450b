"""How a price came about, in the reader's language."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from administration.enums import DocumentKind
from bookings.ports import PricePart
from bookings.wording import weekday_names
from finance.enums import RateEffect, Step
from finance.models import PriceRate
from justdriving.kernel.money import Money
from justdriving.templatetags.formats import wall_clock


def price_in_words(parts: Iterable[PricePart], currency: str) -> list[tuple[str, Money]]:
    """Each step by its name: ``Standard`` 550, ``Evening`` 50."""
    return [(part_in_words(part), Money(part.minor, currency)) for part in parts]


def part_in_words(part: PricePart) -> str:
    name = part.label or str(Step(part.what).label)
    why = why_in_words(part)
    return f"{name} ({why})" if why else name


def why_in_words(part: PricePart) -> str:
    """Why a discount was given; empty for other steps."""
    match part.why:
        case "family":
            return _("student no. %(place)s of the family") % {"place": part.about}
        case "early_bird":
            return _("%(days)s days ahead") % {"days": part.about}
        case "age":
            return _("under %(years)s years") % {"years": part.about}
        case "document":
            return str(DocumentKind(part.about).label)
        case _:
            return part.about


def sentence(parts: Iterable[PricePart], currency: str) -> str:
    """The steps in a row: ``Standard 550,00 kr. + Evening 50,00 kr.``."""
    words = ""
    for name, amount in price_in_words(parts, currency):
        minus = amount.minor < 0
        sign = (" − " if minus else " + ") if words else ""
        words += f"{sign}{name} {-amount if minus else amount}"
    return words


def rate_in_words(rate: PriceRate) -> str:
    """``Evening: + 50,00 kr. · Monday, Tuesday · 18.00–21.00 · every lesson``."""
    said = [
        str(rate.product) if rate.product else _("every lesson"),
        weekdays_in_words(rate.weekdays),
        window_in_words(rate),
        str(rate.level) if rate.level else "",
    ]
    cost = cost_in_words(rate)
    begun = f"{rate.name}: {cost}" if rate.name else cost
    return " · ".join(filter(None, [begun, *said]))


def cost_in_words(rate: PriceRate) -> str:
    if rate.effect == RateEffect.PRICE:
        return str(rate.amount)
    return f"+ {rate.percent} %" if rate.effect == RateEffect.PERCENT else f"+ {rate.amount}"


def weekdays_in_words(weekdays: Iterable[int]) -> str:
    names = weekday_names()
    return ", ".join(names[number] for number in sorted(weekdays))


def window_in_words(rate: PriceRate) -> str:
    if rate.starts_at and rate.ends_at:
        return f"{wall_clock(rate.starts_at)}–{wall_clock(rate.ends_at)}"
    if rate.starts_at:
        return _("from %(time)s") % {"time": wall_clock(rate.starts_at)}
    if rate.ends_at:
        return _("until %(time)s") % {"time": wall_clock(rate.ends_at)}
    return ""
