"""What a discount takes off a price: pure, exact, and never more than there is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from bookings.ports import PricePart
from finance.enums import DiscountKind, Stacking, Step
from justdriving.kernel.money import rounded_share


@dataclass(frozen=True, slots=True)
class Rule:
    """One discount of the school. Days are of the school; products are ids, none is all."""

    pk: int
    name: str
    kind: DiscountKind
    percent: int = 0
    fixed_minor: int = 0
    position: int = 1
    from_sibling: int = 0
    days_ahead: int = 0
    younger_than: int = 0
    document_kind: str = ""
    valid_from: date = date.min
    valid_until: date | None = None
    products: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Paper:
    kind: str
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Grant:
    reason: str
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Person:
    """What discounts ask of a student. ``relatives`` learn here too, ``elder`` of them longer."""

    born_on: date
    relatives: int = 0
    elder: int = 0
    papers: Sequence[Paper] = ()
    grants: Mapping[int, Grant] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Given:
    """A discount somebody gets: ``why`` is its kind of reason, ``about`` the words or numbers."""

    rule: Rule
    why: str
    about: str


def discounts_for(
    rules: Sequence[Rule], person: Person, product_id: int, *, agreed_on: date, on: date
) -> list[Given]:
    """Those this person gets on a product of day ``on`` that is agreed on another."""
    given = []
    for rule in sorted(rules, key=lambda one: (one.position, one.pk)):
        fits = not rule.products or product_id in rule.products
        if not fits or not _within(agreed_on, rule.valid_from, rule.valid_until):
            continue
        about = _reason(rule, person, agreed_on, on)
        if about is not None:
            given.append(Given(rule, *about))
    return given


def _within(day: date, first: date, last: date | None) -> bool:
    return first <= day and (last is None or day <= last)


def _reason(rule: Rule, person: Person, agreed_on: date, on: date) -> tuple[str, str] | None:
    match rule.kind:
        case DiscountKind.FAMILY:
            place = person.elder + 1
            belongs = person.relatives > 0 and place >= rule.from_sibling
            return ("family", str(place)) if belongs else None
        case DiscountKind.EARLY_BIRD:
            days = (on - agreed_on).days
            return ("early_bird", str(days)) if days >= rule.days_ahead else None
        case DiscountKind.PROFILE:
            return _profile(rule, person, on)
        case _:
            grant = person.grants.get(rule.pk)
            stands = grant is not None and _within(agreed_on, date.min, grant.valid_until)
            return ("manual", grant.reason) if grant and stands else None


def _profile(rule: Rule, person: Person, on: date) -> tuple[str, str] | None:
    if rule.younger_than and age_on(person.born_on, on) >= rule.younger_than:
        return None
    wanted = rule.document_kind
    papers = [one for one in person.papers if one.kind == wanted]
    if wanted and not any(_within(on, one.valid_from, one.valid_until) for one in papers):
        return None
    return ("document", wanted) if wanted else ("age", str(rule.younger_than))


def age_on(born_on: date, day: date) -> int:
    """Whole years; somebody born on 29 February is a year older on 1 March of other years."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def discount_parts(
    price_minor: int,
    given: Sequence[Given],
    stacking: Stacking,
    cap_percent: int,
    share: tuple[int, int] = (1, 1),
) -> list[PricePart]:
    """What each discount takes off, below zero; together never more than the price.

    ``BEST``: only the one that takes most. ``ADD_UP``: each of the whole price, together at most
    ``cap_percent`` of it. ``IN_ORDER``: each of what the ones before have left. ``share`` is the
    part of a whole lesson that the price is for; an amount counts for as much.
    """
    if stacking == Stacking.BEST:
        best = max(given, key=lambda one: _off(one.rule, price_minor, share), default=None)
        return _cut(price_minor, [best] if best else [], share, of_rest=False, most=price_minor)
    of_rest = stacking == Stacking.IN_ORDER
    most = price_minor if of_rest else rounded_share(price_minor, cap_percent, 100)
    return _cut(price_minor, given, share, of_rest=of_rest, most=most)


def _cut(
    price_minor: int, given: Sequence[Given], share: tuple[int, int], *, of_rest: bool, most: int
) -> list[PricePart]:
    parts = []
    taken = 0
    for one in given:
        base = price_minor - taken if of_rest else price_minor
        off = min(_off(one.rule, base, share), most - taken)
        if off > 0:
            taken += off
            parts.append(
                PricePart(Step.DISCOUNT, one.rule.name, -off, one.rule.pk, one.why, one.about)
            )
    return parts


def _off(rule: Rule, base: int, share: tuple[int, int]) -> int:
    if rule.percent:
        return rounded_share(base, rule.percent, 100)
    return min(rounded_share(rule.fixed_minor, *share), base)
