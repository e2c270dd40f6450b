"""Everything that decides a price, read in one statement however many prices are asked for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import JSONObject

from administration.models import Membership, School
from finance.discount_policies import Person, Rule
from finance.discount_queries import discount_parts_of_statement, people_in, rules_in
from finance.enums import PriceListFilter, RateEffect, Stacking, VatTreatment
from finance.models import PriceList, PriceRate, Product, TeacherAtLevel
from finance.price_policies import Rate
from justdriving.kernel.reads import Reading
from justdriving.kernel.tenancy import active_school_id


class Sold(NamedTuple):
    """A product that has a price now."""

    pk: int
    name: str
    lesson_type_id: int | None
    price_minor: int
    is_outlay: bool


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """``levels`` are by teacher; ``rates`` are of every department."""

    zone: ZoneInfo
    currency: str
    products: Sequence[Sold]
    rates: Sequence[Rate]
    levels: dict[int, int]
    discounts: Sequence[Rule]
    people: Mapping[int, Person]
    stacking: Stacking
    cap_percent: int


def price_facts(
    *,
    lesson_types: Collection[int] = (),
    product: int | None = None,
    students: Collection[int] = (),
    lower: datetime,
    upper: datetime,
) -> PriceFacts:
    """What decides prices between two instants (UTC).

    Of what is sold for these ``lesson_types``, or instead of one ``product``; ``students`` are
    those whose discounts are wanted. All of them are ids.
    """
    days = _day(lower, -1), _day(upper, 1)  # the day either side stands for every zone
    (found,) = _facts(tuple(lesson_types), product, tuple(students), *days)
    # A part that asks for nobody and nothing is not sent to the database, and comes back as None.
    found = {name: [] if value is None else value for name, value in found.items()}
    return PriceFacts(
        zone=ZoneInfo(found["timezone"]),
        currency=found["currency"],
        products=[_sold(row) for row in found["products"]],
        rates=[_rate(row) for row in found["rates"]],
        levels={row["teacher"]: row["level"] for row in found["levels"]},
        discounts=rules_in(found),
        people=people_in(found),
        stacking=Stacking(found["stacking"] or Stacking.BEST),
        cap_percent=100 if found["cap"] == [] else found["cap"],
    )


@Reading
def _facts(
    lesson_types: tuple[int, ...],
    product: int | None,
    students: tuple[int, ...],
    first_day: date,
    last_day: date,
) -> QuerySet[School, dict[str, Any]]:
    """Of the school in scope, with every part as a list; asked for every booking."""
    if product is not None:
        products = Product.objects.filter(pk=product)
    else:
        products = Product.objects.sold().filter(lesson_type__in=lesson_types)
    parts = {
        "products": _rows(products.order_by("pk"), **PRODUCT_FIELDS),
        "rates": _rows(_rates(products, first_day, last_day), **RATE_FIELDS),
        "levels": _rows(
            TeacherAtLevel.objects.order_by("pk"), teacher="teacher_id", level="level_id"
        ),
        **discount_parts_of_statement(students),
    }
    here = School.objects.filter(pk=active_school_id()).annotate(**parts)
    found: QuerySet[School, dict[str, Any]] = here.values("timezone", "currency", *parts)
    return found


PRODUCT_FIELDS = {
    "pk": "pk",
    "name": "name",
    "lesson_type_id": "lesson_type_id",
    "price_minor": "price_minor",
    "treatment": "vat_code__treatment",
}
RATE_FIELDS = {
    "pk": "pk",
    "effect": "effect",
    "name": "name",
    "list_name": "price_list__name",
    "amount_minor": "amount_minor",
    "percent": "percent",
    "product_id": "product_id",
    "department_id": "price_list__department_id",
    "level_id": "level_id",
    "weekdays": "weekdays",
    "starts_at": "starts_at",
    "ends_at": "ends_at",
    "valid_from": "price_list__valid_from",
    "valid_until": "price_list__valid_until",
}


def _rates(products: QuerySet[Product], first_day: date, last_day: date) -> QuerySet[PriceRate]:
    """Lines that may hold from one day to another, those days included."""
    lists = PriceRate.objects.filter(
        Q(price_list__valid_until=None) | Q(price_list__valid_until__gte=first_day),
        price_list__valid_from__lte=last_day,
    )
    wanted = Q(product=None) | Q(product__in=products.values("pk"))
    found: QuerySet[PriceRate] = lists.filter(wanted).order_by("pk")
    return found


def _day(instant: datetime, days: int) -> date:
    return date.fromordinal(instant.date().toordinal() + days)


def _rows(found: QuerySet[Any], **fields: str) -> ArraySubquery:
    named = {name: F(path) for name, path in fields.items()}
    return ArraySubquery(found.values(row=JSONObject(**named)))


def _sold(row: dict[str, Any]) -> Sold:
    outlay = row.pop("treatment") == VatTreatment.OUTLAY
    return Sold(**row, is_outlay=outlay)


def _rate(row: dict[str, Any]) -> Rate:
    until = row["valid_until"]
    return Rate(
        pk=row["pk"],
        effect=RateEffect(row["effect"]),
        name=row["name"] or row["list_name"],
        amount_minor=row["amount_minor"] or 0,
        percent=row["percent"] or 0,
        product_id=row["product_id"],
        department_id=row["department_id"],
        level_id=row["level_id"],
        weekdays=frozenset(row["weekdays"]),
        starts_at=_clock(row["starts_at"]),
        ends_at=_clock(row["ends_at"]),
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_until=date.fromisoformat(until) if until else None,
    )


def _clock(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None


def price_lists_found(
    member: Membership, *, search: str, show: str, today: date
) -> QuerySet[PriceList]:
    """The price lists this member sees, the newest first, with how many lines each has."""
    seen = PriceList.objects.visible_to(member)
    match show:
        case PriceListFilter.NOW:
            seen = seen.on(today)
        case PriceListFilter.COMING:
            seen = seen.filter(valid_from__gt=today)
        case PriceListFilter.OVER:
            seen = seen.filter(valid_until__lt=today)
    for word in search.split():
        seen = seen.filter(Q(name__icontains=word) | Q(department__name__icontains=word))
    counted = seen.select_related("department").annotate(lines=Count("rates"))
    found: QuerySet[PriceList] = counted.order_by("-valid_from", "name", "pk")
    return found
