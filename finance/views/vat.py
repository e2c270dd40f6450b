"""VAT of a period: the sums by code, the lines behind each, and both as a file."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from finance.vat_queries import VatLine, VatReport, VatRow, line_of, vat_lines, vat_report
from justdriving.kernel.clock import day_named
from justdriving.kernel.ids import id_in
from justdriving.spreadsheets import spreadsheet

PER_PAGE = 50
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both included."""

    first: date
    last: date

    @classmethod
    def read(cls, asked: QueryDict, today: date) -> "Period":
        """What the address says, else this quarter; an address that makes no sense is a 404."""
        usual = quarter_of(today)
        try:
            first = day_named(asked.get("from")) or usual.first
            last = day_named(asked.get("to")) or usual.last
        except ValueError as error:
            raise Http404 from error
        return cls(min(first, last), max(first, last))

    def query(self, **more: object) -> str:
        return "?" + urlencode({"from": self.first, "to": self.last} | more)


def month_of(day: date) -> Period:
    return Period(day.replace(day=1), (day.replace(day=28) + 4 * ONE_DAY).replace(day=1) - ONE_DAY)


def quarter_of(day: date) -> Period:
    month = day.month - (day.month - 1) % 3
    first = day.replace(month=month, day=1)
    return Period(first, month_of(first.replace(month=month + 2)).last)


@require_GET
@requires(Permission.VIEW_REPORTS)
def vat(request: MemberRequest) -> HttpResponse:
    """What was invoiced in a period, by VAT code; outlays stand apart."""
    period = Period.read(request.GET, timezone.localdate())
    report = vat_report(request.membership, period.first, period.last)
    if "csv" in request.GET:
        return _as_csv(report, period)
    context = {
        "report": report,
        "period": period,
        "tabs": _tabs(period, timezone.localdate()),
        "csv_url": period.query(csv=1),
        "sold": [_line(period, row) for row in report.sold],
        "outlays": [_line(period, row) for row in report.outlays],
    }
    return render(request, "finance/vat_report.html", context)


def _line(period: Period, row: VatRow) -> dict[str, Any]:
    return {"row": row, "query": period.query(code=row.code_id, rate=row.rate_basis_points)}


def _tabs(period: Period, today: date) -> list[dict[str, Any]]:
    quarter, month = quarter_of(today), month_of(today)
    choices = (
        (_("This quarter"), quarter),
        (_("Last quarter"), quarter_of(quarter.first - ONE_DAY)),
        (_("This month"), month),
        (_("Last month"), month_of(month.first - ONE_DAY)),
        (_("This year"), Period(today.replace(month=1, day=1), today.replace(month=12, day=31))),
    )
    return [
        {"label": label, "url": one.query(), "is_current": one == period} for label, one in choices
    ]


def _as_csv(report: VatReport, period: Period) -> HttpResponse:
    head = [_("Code"), _("Name"), _("Treatment"), _("Rate, %"), _("Lines"), _("Net")]
    return spreadsheet(
        f"vat-{period.first}-{period.last}",
        [*head, _("VAT"), _("Gross")],
        (
            (
                row.code,
                row.name,
                row.treatment.label,
                Decimal(row.rate_basis_points) / 100,
                row.lines,
                row.net,
                row.vat,
                row.total,
            )
            for row in [*report.sold, *report.outlays]
        ),
    )


@require_GET
@requires(Permission.VIEW_REPORTS)
def vat_lines_of(request: MemberRequest) -> HttpResponse:
    """The lines behind a sum, or behind the whole period."""
    period = Period.read(request.GET, timezone.localdate())
    chosen = {name: id_in(request.GET.get(name, "")) for name in ("code", "rate")}
    found = vat_lines(
        request.membership,
        period.first,
        period.last,
        code_id=chosen["code"],
        rate=chosen["rate"],
    )
    kept = {name: value for name, value in chosen.items() if value is not None}
    if "csv" in request.GET:
        return _lines_as_csv([line_of(request.school, row) for row in found], period)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": [line_of(request.school, row) for row in page],
        "period": period,
        "query": period.query(**kept)[1:] + "&",
        "csv_url": period.query(**kept, csv=1),
        "back": period.query(),
    }
    return render(request, "finance/vat_lines.html", context)


def _lines_as_csv(lines: Iterable[VatLine], period: Period) -> HttpResponse:
    head = [_("Date"), _("Invoice"), _("Student"), _("Description"), _("Code"), _("Rate, %")]
    return spreadsheet(
        f"vat-lines-{period.first}-{period.last}",
        [*head, _("Net"), _("VAT"), _("Gross")],
        (
            (
                str(line.issued_on),
                line.number,
                line.student,
                line.description,
                line.code,
                Decimal(line.rate_basis_points) / 100,
                line.net,
                line.vat,
                line.total,
            )
            for line in lines
        ),
    )
