"""The office's page of who owes what, and since when; the same as a file."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.models import Department
from administration.permissions import Permission
from finance.ageing import AgeingSums, Payer, payers_of, sums_of_payers
from finance.enums import AgeBucket, AgeingOrder
from justdriving.spreadsheets import spreadsheet

PER_PAGE = 25
BAR_HEIGHT, BAR_WIDTH, BAR_STEP = 96, 64, 104


@dataclass(frozen=True, slots=True)
class Bar:
    """One bucket of the chart, in the units of its viewBox."""

    label: str
    value: str
    x: int
    y: int
    height: int
    is_late: bool

    @property
    def middle(self) -> int:
        return self.x + BAR_WIDTH // 2


@require_GET
@requires(Permission.MANAGE_INVOICES)
def ageing(request: MemberRequest) -> HttpResponse:
    """Open amounts by payer and age: search, department, order, sums, chart, file."""
    asked = {name: request.GET.get(name, "") for name in ("q", "department", "order")}
    departments = {str(one.pk): one for one in Department.objects.visible_to(request.membership)}
    if asked["department"] and asked["department"] not in departments:
        raise Http404
    payers = payers_of(
        request.membership,
        today=timezone.localdate(),
        search=asked["q"],
        department_id=int(asked["department"]) if asked["department"] else None,
        order=asked["order"],
    )
    if "csv" in request.GET:
        return _as_csv(payers)
    sums = sums_of_payers(payers, request.school)
    context = {
        "page": Paginator(payers, PER_PAGE).get_page(request.GET.get("page")),
        "how_many": len(payers),
        "sums": sums,
        "bars": _bars(sums),
        "chart_width": BAR_STEP * len(AgeBucket),
        "buckets": AgeBucket.labels,
        "search": asked["q"],
        "is_narrowed": bool(asked["q"] or asked["department"]),
        "query": f"{urlencode(asked)}&",
        "csv_url": f"?{urlencode(asked | {'csv': 1})}",
        "selects": _selects(asked, list(departments.values())),
    }
    return render(request, "finance/ageing.html", context)


def _selects(asked: dict[str, str], departments: list[Department]) -> list[dict[str, Any]]:
    order: dict[str, Any] = {
        "name": "order",
        "label": _("Order"),
        "options": AgeingOrder.choices,
        "value": asked["order"],
    }
    if len(departments) < 2:  # noqa: PLR2004 -- one department is no choice
        return [order]
    named = sorted((one.name, one.pk) for one in departments)
    options = [("", _("All departments")), *((pk, name) for name, pk in named)]
    department: dict[str, Any] = {
        "name": "department",
        "label": _("Department"),
        "options": options,
        "value": asked["department"],
    }
    return [department, order]


def _bars(sums: AgeingSums) -> list[Bar]:
    most = max((amount.minor for amount in sums.amounts), default=0)
    bars = []
    for place, (bucket, amount) in enumerate(zip(AgeBucket, sums.amounts, strict=True)):
        height = round(BAR_HEIGHT * amount.minor / most) if most else 0
        bars.append(
            Bar(
                label=str(bucket.label),
                value=amount.localized(),
                x=place * BAR_STEP + (BAR_STEP - BAR_WIDTH) // 2,
                y=BAR_HEIGHT - height,
                height=height,
                is_late=bucket == AgeBucket.OVER_90,
            )
        )
    return bars


def _as_csv(payers: list[Payer]) -> HttpResponse:
    head = [_("Student"), *map(str, AgeBucket.labels), _("To pay"), _("Balance")]
    rows = ([payer.name, *payer.amounts, payer.open, payer.balance] for payer in payers)
    return spreadsheet(f"overdue-{timezone.localdate()}", head, rows)
