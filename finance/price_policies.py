"""How a price comes about: pure, the same for whoever asks.

Of the lines that hold, the most specific one wins: a department's before the whole school's, one
for the product before one for every lesson, one for the teacher's level before one for every
teacher, then the one that holds for fewer minutes of the week, at last the older one. One line at
most sets the price, else the standard price holds; on top come one line for the time and one that
names no time. What counts is the beginning of the lesson, by the clock of the school.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bookings.ports import PricePart
from finance.enums import RateEffect, Step
from justdriving.kernel.money import rounded_share

DAY_MINUTES = 24 * 60
WEEK = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Moment:
    """When, where and with whom: ``on`` and ``clock`` are wall time of the school."""

    on: date
    clock: time
    department_id: int | None = None
    level_id: int | None = None

    @classmethod
    def of(
        cls,
        starts_at: datetime,
        zone: ZoneInfo,
        *,
        department_id: int | None = None,
        level_id: int | None = None,
    ) -> "Moment":
        wall = starts_at.astimezone(zone)
        return cls(wall.date(), wall.time(), department_id, level_id)


@dataclass(frozen=True, slots=True)
class Rate:
    """One line of a price list. Times are wall time; None is from or to midnight."""

    pk: int
    effect: RateEffect
    name: str
    amount_minor: int = 0
    percent: int = 0
    product_id: int | None = None
    department_id: int | None = None
    level_id: int | None = None
    weekdays: frozenset[int] = frozenset()
    starts_at: time | None = None
    ends_at: time | None = None
    valid_from: date = date.min
    valid_until: date | None = None

    def holds(self, product_id: int, moment: Moment) -> bool:
        until = self.valid_until
        return (
            self.product_id in {None, product_id}
            and self.department_id in {None, moment.department_id}
            and self.level_id in {None, moment.level_id}
            and self.valid_from <= moment.on
            and (until is None or moment.on <= until)
            and (not self.weekdays or moment.on.weekday() in self.weekdays)
            and (self.starts_at is None or self.starts_at <= moment.clock)
            and (self.ends_at is None or moment.clock < self.ends_at)
        )

    @property
    def names_a_time(self) -> bool:
        return self.minutes_a_week < len(WEEK) * DAY_MINUTES

    @property
    def minutes_a_week(self) -> int:
        first = _minutes(self.starts_at) if self.starts_at else 0
        last = _minutes(self.ends_at) if self.ends_at else DAY_MINUTES
        return len(self.weekdays or WEEK) * (last - first)

    @property
    def generality(self) -> tuple[bool, bool, bool, int, int]:
        """The smallest of several is the most specific one."""
        return (
            self.department_id is None,
            self.product_id is None,
            self.level_id is None,
            self.minutes_a_week,
            self.pk,
        )


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def price_parts(
    product_id: int, standard_minor: int, rates: Iterable[Rate], moment: Moment
) -> list[PricePart]:
    """What the product's own length costs at this moment, step by step: they add up to the price.

    ``standard_minor`` is its price where no line of a list sets another.
    """
    holding = sorted(
        (rate for rate in rates if rate.holds(product_id, moment)), key=lambda one: one.generality
    )
    setting = next((rate for rate in holding if rate.effect == RateEffect.PRICE), None)
    if setting is None:
        base = PricePart(Step.STANDARD, "", standard_minor)
    else:
        base = PricePart(Step.RATE, setting.name, setting.amount_minor, setting.pk)
    tops = [rate for rate in holding if rate.effect != RateEffect.PRICE]
    timed = next((rate for rate in tops if rate.names_a_time), None)
    timeless = next((rate for rate in tops if not rate.names_a_time), None)
    return [base, *(_top(rate, base.minor) for rate in (timed, timeless) if rate)]


def _top(rate: Rate, base_minor: int) -> PricePart:
    is_share = rate.effect == RateEffect.PERCENT
    minor = rounded_share(base_minor, rate.percent, 100) if is_share else rate.amount_minor
    return PricePart(Step.SURCHARGE, rate.name, minor, rate.pk)


def for_minutes(parts: Sequence[PricePart], minutes: int, whole: int) -> list[PricePart]:
    """The share of each step for a lesson of other than its ``whole`` length."""
    if minutes == whole:
        return list(parts)
    return [part.of(rounded_share(part.minor, minutes, whole)) for part in parts]
