"""What has been paid: most invoices in time, some late, some in part, some not at all."""

import datetime as dt
from random import Random

from finance.enums import InvoiceStatus, PaymentMethod
from finance.models import Invoice
from finance.services import register_manual_payment
from justdriving.demo.people import key
from justdriving.demo.structure import Structure

PAID, PART = 0.9, 0.94


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
