"""Facts become JSON, typst sets them: PDF/A and PDF/UA, with the fonts that ship beside it."""

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.utils import timezone, translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from finance.enums import InvoiceStatus
from finance.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, Payment
from finance.policies import vat_summary
from finance.queries import covered_by, dues_of, settings_of
from justdriving.kernel.money import Money
from justdriving.templatetags.formats import full_date

HERE = Path(__file__).parent
STANDARDS: list[Any] = ["a-2a", "ua-1"]


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(HERE / "fonts")])


def invoice_pdf(invoice: Invoice, language: str) -> bytes:
    """The issued invoice as a tagged, archivable PDF; ``language`` is the reader's."""
    with translation.override(language), timezone.override(invoice.school.zone):
        return _set("invoice.typ", _invoice_facts(invoice, language), made=invoice.created_at)


def receipt_pdf(payment: Payment, language: str) -> bytes:
    """The receipt for a payment as a tagged, archivable PDF; ``language`` is the reader's."""
    with translation.override(language), timezone.override(payment.school.zone):
        return _set("receipt.typ", _receipt_facts(payment, language), made=payment.created_at)


def credit_note_pdf(note: CreditNote, language: str) -> bytes:
    """The credit note as a tagged, archivable PDF; ``language`` is the reader's."""
    with translation.override(language), timezone.override(note.school.zone):
        return _set("invoice.typ", _credit_note_facts(note, language), made=note.created_at)


def _set(template: str, facts: dict[str, Any], *, made: datetime) -> bytes:
    pdf = typst.compile(
        str(HERE / template),
        root=str(HERE),
        font_paths=_fonts(),
        format="pdf",
        sys_inputs={"facts": json.dumps(facts)},
        pdf_standards=STANDARDS,
        timestamp=int(made.timestamp()),
    )
    if not isinstance(pdf, bytes):
        raise TypeError(type(pdf))
    return pdf


def _invoice_facts(invoice: Invoice, language: str) -> dict[str, Any]:
    lines = list(invoice.lines.select_related("vat_code").prefetch_related("parts"))
    for line in lines:
        line.invoice = invoice
    due = Money(dues_of([invoice])[invoice.pk], invoice.currency)
    return {
        "language": language,
        "accent": invoice.school.accent,
        "seller": invoice.seller,
        "buyer": invoice.buyer,
        "number": invoice.number,
        "dates": [
            [_("Invoice no."), invoice.number],
            [_("Date"), full_date(invoice.issued_on)],
            [_("Pay by"), full_date(invoice.due_on)],
        ],
        "lines": [_line_facts(line) for line in lines],
        "sums": _sums(invoice, lines, settled=invoice.total - due),
        "due": str(due),
        "payment": _payment_facts(invoice, due),
        "words": _words(_("Invoice")),
    }


def _line_facts(line: InvoiceLine | CreditNoteLine) -> dict[str, str]:
    return {
        "text": "\n".join([line.description, *_steps(line)]),
        "quantity": str(line.quantity),
        "price": str(line.unit_price),
        "vat": _rate(line.vat_rate_basis_points),
        "total": str(line.total),
    }


def _steps(line: InvoiceLine | CreditNoteLine) -> list[str]:
    """How the amount came about, where it took more than one step."""
    if isinstance(line, CreditNoteLine):
        return []
    return [f"{part.label}: {part.amount}" for part in line.parts.all()]


def _rate(basis_points: int) -> str:
    percent = number_format((Decimal(basis_points) / 100).normalize(), use_l10n=True)
    return f"{percent} %"


def _sums(invoice: Invoice, lines: list[InvoiceLine], settled: Money) -> list[list[str]]:
    """Net and VAT for each treatment, the total, and what was paid or credited already."""
    rows = _vat_rows(
        (line.vat_code.name, line.vat_rate_basis_points, line.net, line.vat) for line in lines
    )
    rows.append([_("Total including VAT"), str(invoice.total)])
    if settled:
        rows.append([_("Already paid or credited"), str(-settled)])
    return rows


def _vat_rows(lines: Iterable[tuple[str, int, Money, Money]]) -> list[list[str]]:
    rows = []
    parts = vat_summary(lines)
    for part in parts:
        rate = _rate(part.rate_basis_points) if part.rate_basis_points else part.name
        rows.append([_("Net, %(vat)s") % {"vat": rate}, str(part.net)])
        rows.append([_("VAT, %(vat)s") % {"vat": rate}, str(part.vat)])
    return rows


def _payment_facts(invoice: Invoice, due: Money) -> list[str]:
    if invoice.status == InvoiceStatus.CREDITED:
        return [_("This invoice is credited. Nothing is to be paid.")]
    if not due:
        return [_("This invoice is paid. Thank you.")]
    details = settings_of(invoice.school).bank_details.splitlines()
    hint = _("Write %(number)s with your payment.") % {"number": invoice.number}
    return [*details, hint]


def _credit_note_facts(note: CreditNote, language: str) -> dict[str, Any]:
    lines = list(note.lines.select_related("invoice_line__vat_code"))
    for line in lines:
        line.credit_note = note
    sums = _vat_rows(
        (line.invoice_line.vat_code.name, line.vat_rate_basis_points, line.net, line.vat)
        for line in lines
    )
    return {
        "language": language,
        "accent": note.school.accent,
        "seller": note.seller,
        "buyer": note.buyer,
        "number": note.number,
        "dates": [
            [_("Credit note no."), note.number],
            [_("Date"), full_date(note.issued_on)],
            [_("Credits invoice"), note.invoice.number],
        ],
        "lines": [_line_facts(line) for line in lines],
        "sums": [*sums, [_("Total including VAT"), str(note.total)]],
        "due": str(note.total),
        "payment": [note.reason],
        "words": _words(_("Credit note")) | {"due": _("Credited"), "payment": _("Why")},
    }


def _receipt_facts(payment: Payment, language: str) -> dict[str, Any]:
    return {
        "language": language,
        "accent": payment.school.accent,
        "seller": {
            "name": payment.school.name,
            "address": payment.school.address,
            "registration_number": payment.school.registration_number,
            "email": payment.school.email,
            "phone": str(payment.school.phone),
        },
        "buyer": {"name": str(payment.student), "address": payment.student.address},
        "number": payment.number,
        "dates": [
            [_("Receipt no."), payment.number],
            [_("Received"), full_date(payment.received_on)],
            [_("Paid by"), str(payment.get_method_display())],
        ],
        "lines": [{"text": number, "total": str(amount)} for number, amount in covered_by(payment)],
        "due": str(payment.amount),
        "words": _words(_("Receipt")),
    }


def _words(title: str) -> dict[str, str]:
    return {
        "title": title,
        "to": pgettext("document", "To"),
        "registration": _("CVR"),
        "text": _("Description"),
        "quantity": _("Qty"),
        "price": _("Price"),
        "vat": _("VAT"),
        "total": _("Amount"),
        "due": _("To pay"),
        "received": _("Received"),
        "covers": _("Covers invoice"),
        "payment": _("Payment"),
        "page": pgettext("document", "Page"),
        "of": pgettext("document", "of"),
    }
