"""VAT of a period: what was invoiced less what was credited, and every line behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Count, F, QuerySet, Sum

from administration.models import Membership, School
from finance.enums import VatTreatment
from finance.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from justdriving.kernel.money import Money


@dataclass(frozen=True, slots=True)
class VatRow:
    """What a period holds of one code at one rate."""

    code_id: int
    code: str
    name: str
    treatment: VatTreatment
    rate_basis_points: int
    lines: int
    net: Money
    vat: Money
    total: Money

    def plus(self, other: "VatRow") -> "VatRow":
        """Both of one code and rate together."""
        return replace(
            self,
            lines=self.lines + other.lines,
            net=self.net + other.net,
            vat=self.vat + other.vat,
            total=self.total + other.total,
        )


@dataclass(frozen=True, slots=True)
class VatReport:
    """``sold`` is the school's turnover, taxable and exempt; ``outlays`` are apart from it."""

    sold: list[VatRow]
    outlays: list[VatRow]
    net: Money
    vat: Money
    total: Money
    passed_on: Money


@dataclass(frozen=True, slots=True)
class VatLine:
    """One line of an invoice, or below zero one of a credit note."""

    issued_on: date
    number: str
    invoice_id: int
    student: str
    description: str
    code: str
    rate_basis_points: int
    net: Money
    vat: Money
    total: Money


def vat_lines(
    member: Membership,
    first: date,
    last: date,
    *,
    code_id: int | None = None,
    rate: int | None = None,
) -> QuerySet[InvoiceLine, dict[str, Any]]:
    """The lines of what was issued from the first day to the last, both included, as rows.

    What credit notes take off is below zero. Of one code and rate, or of all.
    """
    billed, credited = (
        found.values(**_columns(document, sign))
        for found, document, sign in _sources(member, first, last, code_id=code_id, rate=rate)
    )
    rows: Any = billed.union(credited, all=True)
    ordered: QuerySet[InvoiceLine, dict[str, Any]] = rows.order_by(
        "issued_on", "number", "line_position"
    )
    return ordered


def _sources(
    member: Membership,
    first: date,
    last: date,
    *,
    code_id: int | None = None,
    rate: int | None = None,
) -> list[tuple[Any, str, int]]:
    """Lines, the field that leads to their document, and the sign they count with."""
    seen = Invoice.objects.visible_to(member)
    invoices = seen.exclude(number="").filter(issued_on__range=(first, last))
    notes = CreditNote.objects.filter(invoice__in=seen.values("pk"), issued_on__range=(first, last))
    billed = InvoiceLine.objects.filter(invoice__in=invoices.values("pk"))
    credited = CreditNoteLine.objects.filter(credit_note__in=notes.values("pk"))
    if code_id is not None:
        billed = billed.filter(vat_code=code_id)
        credited = credited.filter(invoice_line__vat_code=code_id)
    if rate is not None:
        billed = billed.filter(vat_rate_basis_points=rate)
        credited = credited.filter(vat_rate_basis_points=rate)
    return [(billed.order_by(), "invoice", 1), (credited.order_by(), "credit_note", -1)]


def _columns(document: str, sign: int) -> dict[str, Any]:
    code = "vat_code" if document == "invoice" else "invoice_line__vat_code"
    invoice = "invoice_id" if document == "invoice" else "credit_note__invoice_id"
    return {
        "issued_on": F(f"{document}__issued_on"),
        "number": F(f"{document}__number"),
        "line_position": F("position"),
        "of_invoice": F(invoice),
        "student": F(f"{document}__student__membership__user__full_name"),
        "text": F("description"),
        "code": F(f"{code}__code"),
        "rate": F("vat_rate_basis_points"),
        "net_sum": F("net_minor") * sign,
        "vat_sum": F("vat_minor") * sign,
        "total_sum": F("total_minor") * sign,
    }


def line_of(school: School, row: Mapping[str, Any]) -> VatLine:
    return VatLine(
        issued_on=row["issued_on"],
        number=row["number"],
        invoice_id=row["of_invoice"],
        student=row["student"],
        description=row["text"],
        code=row["code"],
        rate_basis_points=row["rate"],
        net=school.money(row["net_sum"]),
        vat=school.money(row["vat_sum"]),
        total=school.money(row["total_sum"]),
    )


def vat_report(member: Membership, first: date, last: date) -> VatReport:
    """The sums of a period by code and rate, the highest rate first. Two queries."""
    school = member.school
    sums: dict[tuple[int, int], VatRow] = {}
    for found, document, sign in _sources(member, first, last):
        for row in _summed(found, document, sign):
            one = _row(school, row)
            key = (one.code_id, one.rate_basis_points)
            sums[key] = sums[key].plus(one) if key in sums else one
    rows = sorted(sums.values(), key=lambda one: (-one.rate_basis_points, one.code))
    sold = [row for row in rows if row.treatment != VatTreatment.OUTLAY]
    outlays = [row for row in rows if row.treatment == VatTreatment.OUTLAY]
    nothing = school.money(0)
    return VatReport(
        sold=sold,
        outlays=outlays,
        net=sum((row.net for row in sold), nothing),
        vat=sum((row.vat for row in sold), nothing),
        total=sum((row.total for row in sold), nothing),
        passed_on=sum((row.total for row in outlays), nothing),
    )


def _summed(found: QuerySet[Any], document: str, sign: int) -> QuerySet[Any, Any]:
    code = "vat_code" if document == "invoice" else "invoice_line__vat_code"
    sums: QuerySet[Any, Any] = (
        found.values(
            code_id=F(f"{code}_id"),
            code=F(f"{code}__code"),
            name=F(f"{code}__name"),
            treatment=F(f"{code}__treatment"),
            rate=F("vat_rate_basis_points"),
        )
        .annotate(
            count=Count("pk"),
            net_sum=Sum("net_minor") * sign,
            vat_sum=Sum("vat_minor") * sign,
            total_sum=Sum("total_minor") * sign,
        )
        .order_by()
    )
    return sums


def _row(school: School, found: Mapping[str, Any]) -> VatRow:
    return VatRow(
        code_id=found["code_id"],
        code=found["code"],
        name=found["name"],
        treatment=VatTreatment(found["treatment"]),
        rate_basis_points=found["rate"],
        lines=found["count"],
        net=school.money(found["net_sum"]),
        vat=school.money(found["vat_sum"]),
        total=school.money(found["total_sum"]),
    )
