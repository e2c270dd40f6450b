"""What the messages about money say; the invoice itself goes along as a PDF."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from finance.documents import credit_note_pdf, invoice_pdf, receipt_pdf
from finance.enums import InvoiceStatus, PaymentStatus
from finance.models import CreditNote, Invoice, Payment
from finance.queries import covered_by
from justdriving.templatetags.formats import full_date
from notifications.content.facts import Facts, NoLongerTrue
from notifications.enums import Untrue
from notifications.models import Message
from notifications.parcels import Attachment


def invoice_facts(message: Message) -> Facts:
    invoice = (
        Invoice.objects.select_related("school", "student__membership__user")
        .with_paid()
        .get(pk=message.context["invoice"])
    )
    if invoice.status == InvoiceStatus.CREDITED:
        raise NoLongerTrue(Untrue.CREDITED)
    rows = (
        (_("Invoice"), invoice.number),
        (_("For"), ", ".join(line.description for line in invoice.lines.all())),
        (_("Total"), str(invoice.total)),
        (_("To pay"), str(invoice.due)),
        (_("Due"), full_date(invoice.due_on)),
    )
    file = Attachment(
        f"{invoice.number}.pdf", "application/pdf", invoice_pdf(invoice, message.language)
    )
    return Facts(
        {"number": invoice.number, "total": str(invoice.total), "is_open": invoice.is_open}
        | copy_of(message),
        rows,
        f"{settings.SITE_URL}{reverse('finance:invoice', args=[invoice.school.slug, invoice.pk])}",
        (file,),
    )


def receipt_facts(message: Message) -> Facts:
    payment = Payment.objects.select_related("school").get(pk=message.context["payment"])
    if payment.status != PaymentStatus.RECEIVED:
        raise NoLongerTrue(Untrue.IN_REVIEW)
    rows = (
        (_("Receipt"), payment.number),
        (_("Amount"), str(payment.amount)),
        (_("Paid with"), payment.get_method_display()),
        (_("Date"), full_date(payment.received_on)),
        (_("Covers"), ", ".join(number for number, _amount in covered_by(payment))),
    )
    pdf = receipt_pdf(payment, message.language)
    file = Attachment(f"{payment.number}.pdf", "application/pdf", pdf)
    return Facts(
        {"amount": str(payment.amount)} | copy_of(message),
        tuple((label, value) for label, value in rows if value),
        f"{settings.SITE_URL}{reverse('finance:account', args=[payment.school.slug])}",
        (file,),
    )


def credit_note_facts(message: Message) -> Facts:
    note = CreditNote.objects.select_related("school", "invoice").get(
        pk=message.context["credit_note"]
    )
    rows = (
        (_("Credit note"), note.number),
        (_("Credits invoice"), note.invoice.number),
        (_("Credited"), str(note.total)),
        (_("Why"), note.reason),
    )
    pdf = credit_note_pdf(note, message.language)
    file = Attachment(f"{note.number}.pdf", "application/pdf", pdf)
    page = reverse("finance:invoice", args=[note.school.slug, note.invoice_id])
    return Facts(
        {"number": note.number, "invoice": note.invoice.number, "total": str(note.total)}
        | copy_of(message),
        rows,
        f"{settings.SITE_URL}{page}",
        (file,),
    )


def copy_of(message: Message) -> dict[str, str]:
    """Whose matter it is, and for whom this is a copy."""
    is_copy = message.context["audience"] == "guardian"
    return {
        "student": message.context["student"],
        "copy_of": message.context["student"] if is_copy else "",
    }
