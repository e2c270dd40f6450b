"""What a reminder of an invoice says: the step it is, the fee it carries, and how to pay."""

from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from finance.documents import invoice_pdf
from finance.enums import InvoiceStatus, ReminderAction
from finance.models import FollowUp, Invoice
from finance.queries import settings_of
from finance.reminder_queries import pause_of
from justdriving.templatetags.formats import full_date
from notifications.content.facts import Facts, NoLongerTrue
from notifications.content.money import copy_of
from notifications.enums import Untrue
from notifications.models import Message
from notifications.parcels import Attachment

DAYS_OF_LAST_NOTICE = 10
"""Inkassolovens § 10: who is warned of debt collection has ten days to pay before it."""


def reminder_facts(message: Message) -> Facts:
    step = FollowUp.objects.select_related("school").get(pk=message.context["follow_up"])
    invoice = Invoice.objects.select_related("school").with_paid().get(pk=step.invoice_id)
    day = timezone.localdate(step.happened_at, invoice.school.zone)
    _check(invoice)
    last_day = full_date(day + timedelta(days=DAYS_OF_LAST_NOTICE))
    rows = (
        (_("Invoice"), invoice.number),
        (_("Due"), full_date(invoice.due_on)),
        (_("To pay"), str(invoice.due)),
        (_("Reminder fee"), str(step.fee) if step.fee_minor else ""),
        (_("Pay at the latest"), last_day if step.action == ReminderAction.FINAL else ""),
        (_("How to pay by transfer"), settings_of(invoice.school).bank_details),
    )
    page = reverse("finance:invoice", args=[invoice.school.slug, invoice.pk])
    pdf = invoice_pdf(invoice, message.language)
    return Facts(
        {
            "number": invoice.number,
            "due": str(invoice.due),
            "due_on": full_date(invoice.due_on),
            "action": step.action,
            "fee": str(step.fee) if step.fee_minor else "",
            "blocks": step.blocks_booking,
            "last_day": last_day,
        }
        | copy_of(message),
        tuple((label, value) for label, value in rows if value),
        f"{settings.SITE_URL}{page}",
        (Attachment(f"{invoice.number}.pdf", "application/pdf", pdf),),
    )


def _check(invoice: Invoice) -> None:
    """Raises NoLongerTrue when there is nothing to remind of any more."""
    if invoice.status == InvoiceStatus.CREDITED:
        raise NoLongerTrue(Untrue.CREDITED)
    if not invoice.is_open:
        raise NoLongerTrue(Untrue.PAID)
    today = timezone.localdate(timezone.now(), invoice.school.zone)
    if pause_of(invoice, today=today) is not None:
        raise NoLongerTrue(Untrue.PAUSED)
