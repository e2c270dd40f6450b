"""What has been paid: most invoices in time, some late, some not at all; two are reminded of."""

import datetime as dt
from random import Random

from finance.enums import InvoiceStatus, PaymentMethod
from finance.models import FollowUp, Invoice, ReminderStep
from finance.services import register_manual_payment, remind, send_reminders
from justdriving.demo.people import key
from justdriving.demo.structure import Structure

PAID, PART = 0.9, 0.94
REMINDED = 2
FIRST_STEP = dt.timedelta(days=3)


def pay_invoices(structure: Structure, *, now: dt.datetime) -> None:
    """Register the transfers the office found in its bank account."""
    today = now.astimezone(structure.school.zone).date()
    for invoice in Invoice.objects.filter(status=InvoiceStatus.ISSUED).order_by("pk"):
        random = Random(invoice.pk)  # noqa: S311 -- an unpaid invoice stays unpaid next time
        issued_on = invoice.issued_on or today
        received_on = issued_on + dt.timedelta(days=random.randrange(1, 9))
        fate = random.random()
        if received_on >= today or fate >= PART:
            continue
        whole = invoice.total_minor
        register_manual_payment(
            student_id=invoice.student_id,
            invoice_ids=[invoice.pk],
            amount=structure.school.money(whole if fate < PAID else whole // 2),
            method=random.choice([PaymentMethod.TRANSFER, PaymentMethod.MOBILE_PAY]),
            received_on=received_on,
            by=structure.office,
            at=dt.datetime.combine(received_on, dt.time(14), tzinfo=dt.UTC),
            request_key=key(random),
            even_if_double=True,
        )


def remind_of_some(structure: Structure, *, now: dt.datetime) -> None:
    """The school follows the default ladder; two overdue invoices have taken its first step."""
    if not ReminderStep.objects.exists():
        send_reminders(on=True, by=structure.owner, at=now)
    today = now.astimezone(structure.school.zone).date()
    late = Invoice.objects.overdue(today=today - FIRST_STEP).order_by("pk")
    for invoice in late[: max(REMINDED - FollowUp.objects.count(), 0)]:
        due_on = invoice.due_on or today
        morning = dt.datetime.combine(due_on + FIRST_STEP, dt.time(7, 20), tzinfo=dt.UTC)
        remind(invoice_id=invoice.pk, at=morning)
