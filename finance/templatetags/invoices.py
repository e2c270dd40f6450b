"""How the state of an invoice is shown: a word and a tone."""

from django import template
from django.utils.translation import pgettext

from finance.enums import InvoiceStatus, RefundStatus
from finance.models import Invoice, Refund

register = template.Library()

TONES = {
    InvoiceStatus.DRAFT: "neutral",
    InvoiceStatus.ISSUED: "info",
    InvoiceStatus.PART_PAID: "info",
    InvoiceStatus.PAID: "ok",
    InvoiceStatus.CREDITED: "neutral",
    InvoiceStatus.DISCARDED: "neutral",
}


@register.filter
def state_text(invoice: Invoice) -> str:
    """The status, or "Overdue" where the query said so (``with_overdue``)."""
    if getattr(invoice, "is_overdue", False):
        return pgettext("invoice", "Overdue")
    return str(InvoiceStatus(invoice.status).label)


@register.filter
def state_tone(invoice: Invoice) -> str:
    overdue = getattr(invoice, "is_overdue", False)
    return "bad" if overdue else TONES[InvoiceStatus(invoice.status)]


REFUND_TONES = {
    RefundStatus.REQUESTED: "warn",
    RefundStatus.APPROVED: "warn",
    RefundStatus.SENT: "info",
    RefundStatus.SUCCEEDED: "ok",
    RefundStatus.FAILED: "bad",
    RefundStatus.DECLINED: "neutral",
}


@register.filter
def refund_tone(refund: Refund) -> str:
    return REFUND_TONES[RefundStatus(refund.status)]


@register.filter
def subject(invoice: Invoice) -> str:
    """What an invoice is for: its first line, and how many more there are."""
    lines = list(invoice.lines.all())
    if not lines:
        return ""
    return lines[0].description + (f" (+{len(lines) - 1})" if len(lines) > 1 else "")


@register.filter
def percent(basis_points: int) -> str:
    """2500 is ``25 %``."""
    return f"{basis_points / 100:g} %".replace(".", ",")
