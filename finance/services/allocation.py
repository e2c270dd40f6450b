"""Putting money against invoices and taking it back; the invoice's status follows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Sum

from administration.models import User
from finance.enums import OPEN_INVOICE
from finance.models import CreditNote, Invoice, InvoiceEvent, Payment, PaymentAllocation
from finance.policies import spread, status_of
from finance.queries import dues_of, free_of
from finance.signals import invoice_changed
from justdriving.kernel.locks import take_sorted
from justdriving.kernel.money import Money


def hold_money(*student_ids: int) -> None:
    """Nobody else moves the money of these students until the transaction ends."""
    take_sorted([("money-of-student", student_id) for student_id in student_ids])


def lock_invoices(invoice_ids: Sequence[int]) -> list[Invoice]:
    """Hold these invoices until the transaction ends, those due first leading the list."""
    locked = Invoice.objects.select_for_update().filter(pk__in=invoice_ids).order_by("pk")
    return sorted(locked, key=lambda invoice: (str(invoice.due_on), invoice.pk))


def allocate(
    payment: Payment, invoices: Sequence[Invoice], *, by: User | None, at: datetime
) -> None:
    """Cover the locked ``invoices`` in their order; what is left over stays as credit."""
    open_ = [invoice for invoice in invoices if invoice.status in OPEN_INVOICE]
    dues = dues_of(open_)
    owed = [Money(dues[invoice.pk], invoice.currency) for invoice in open_]
    for invoice, share in zip(open_, spread(payment.amount, owed), strict=True):
        if share:
            put(payment, invoice, share, by=by, at=at)


def spend_credit(invoice: Invoice, *, at: datetime) -> None:
    """Cover a new invoice with money the student has already paid, the oldest money first.

    The money of the student is held.
    """
    spare = Payment.objects.filter(student=invoice.student_id).with_credit_left()
    owed = dues_of([invoice])[invoice.pk]
    for payment in spare.select_for_update(of=("self",)).order_by("pk"):
        share = min(owed, free_of([payment])[payment.pk])
        if share > 0:
            put(payment, invoice, Money(share, invoice.currency), by=None, at=at)
            owed -= share


def put(
    payment: Payment,
    invoice: Invoice,
    share: Money,
    *,
    by: User | None,
    at: datetime,
    **why: Any,
) -> None:
    """Move so much of a payment to an invoice, below zero back again; the status follows.

    ``why`` are further fields of the row: its request, or the reason it is taken back for.
    """
    PaymentAllocation.objects.create(
        school_id=invoice.school_id,
        payment=payment,
        invoice=invoice,
        amount_minor=share.minor,
        made_by=by,
        created_at=at,
        **why,
    )
    follow(invoice, by=by, at=at, payment=payment, reason=why.get("reason", ""))


def release(invoice: Invoice, excess: int, *, by: User | None, at: datetime, **why: Any) -> None:
    """Take back so many minor units from the payments of an invoice, the newest money first."""
    given = (
        PaymentAllocation.objects.filter(invoice=invoice)
        .order_by()
        .values("payment")
        .annotate(total=Sum("amount_minor"))
        .filter(total__gt=0)
        .values_list("payment", "total")
    )
    for payment_id, share in sorted(given, reverse=True):
        back = min(share, excess)
        if back > 0:
            PaymentAllocation.objects.create(
                school_id=invoice.school_id,
                payment_id=payment_id,
                invoice=invoice,
                amount_minor=-back,
                made_by=by,
                created_at=at,
                **why,
            )
            excess -= back


def follow(
    invoice: Invoice,
    *,
    by: User | None,
    at: datetime,
    payment: Payment | None = None,
    credit_note: CreditNote | None = None,
    reason: str = "",
) -> None:
    """Let the status of the invoice say what is paid, and announce it when it changed."""
    seen = Invoice.objects.with_paid().get(pk=invoice.pk)
    before = invoice.status
    after = status_of(seen.total, paid=seen.paid, credited=seen.credited)
    if before == after:
        return
    invoice.status = after
    invoice.save(update_fields=["status"])
    event = InvoiceEvent.objects.create(
        school_id=invoice.school_id,
        invoice=invoice,
        from_status=before,
        to_status=after,
        payment=payment,
        credit_note=credit_note,
        reason=reason,
        happened_at=at,
        made_by=by,
    )
    invoice_changed.send(sender=Invoice, event=event)


def suggested(invoices: Iterable[Invoice], free: Money) -> Mapping[int, Money]:
    """By invoice, what the money would cover of it; the oldest debt leads. They carry ``due``."""
    rows = list(invoices)
    return dict(zip((row.pk for row in rows), spread(free, [row.due for row in rows]), strict=True))
