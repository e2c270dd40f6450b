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
    sold: QuerySet[Product], *, students: Collection[int] = (), lower: datetime, upper: datetime
) -> PriceFacts:
    """What decides the prices of these products for lessons between two instants (UTC).

    ``students`` are the ids of those whose discounts are wanted.
    """
    found = (
        School.objects.filter(pk=active_school_id())
        .annotate(
            products=_rows(
                sold.order_by("pk"),
                pk="pk",
                name="name",
                lesson_type_id="lesson_type_id",
                price_minor="price_minor",
                treatment="vat_code__treatment",
            ),
            rates=_rows(_rates(sold, lower, upper), **RATE_FIELDS),
            levels=_rows(
                TeacherAtLevel.objects.order_by("pk"), teacher="teacher_id", level="level_id"
            ),
            **(discounts := discount_parts_of_statement(students)),
        )
        .values("timezone", "currency", "products", "rates", "levels", *discounts)
        .get()
    )
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


def _rates(sold: QuerySet[Product], lower: datetime, upper: datetime) -> QuerySet[PriceRate]:
    """Lines that may hold; the day either side of the instants stands for every zone."""
    lists = PriceRate.objects.filter(
        Q(price_list__valid_until=None) | Q(price_list__valid_until__gte=_day(lower, -1)),
        price_list__valid_from__lte=_day(upper, 1),
    )
    wanted = Q(product=None) | Q(product__in=sold.values("pk"))
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
