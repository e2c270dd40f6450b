"""The office decides which invoices a payment covers, and may think again."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Sum
from django.utils.translation import gettext as _

from administration.models import Membership
from finance.enums import OPEN_INVOICE
from finance.models import Invoice, Payment, PaymentAllocation
from finance.queries import dues_of, free_of
from finance.services.allocation import hold_money, lock_invoices, put
from finance.services.requests import request_reused
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.transactions import use_case

REASON_LENGTH = 200


@use_case
def put_against(
    *,
    payment_id: int,
    shares: Mapping[int, Money],
    by: Membership,
    at: datetime,
    request_key: UUID,
) -> list[PaymentAllocation]:
    """Cover these invoices (by id) with so much each of one payment's free money.

    The same ``request_key`` does it once. Raises Refused: ``nothing-to-cover``,
    ``not-their-invoice``, ``more-than-due``, ``more-than-free``, ``request-reused``;
    Payment.DoesNotExist when ``by`` cannot see it.
    """
    payment = Payment.objects.visible_to(by).received().get(pk=payment_id)
    hold_money(payment.student_id)
    wanted = {pk: share for pk, share in shares.items() if share}
    if _was_done(payment, wanted, request_key):
        return list(PaymentAllocation.objects.filter(request_key=request_key))
    if not wanted:
        raise Refused(Refusal("nothing-to-cover", _("Write an amount at an invoice.")))
    theirs = Invoice.objects.visible_to(by).filter(student=payment.student_id, pk__in=wanted)
    if theirs.count() != len(wanted):
        raise Refused(Refusal("not-their-invoice", _("That invoice is not this student’s.")))
    invoices = lock_invoices(list(wanted))
    enforce(_refuse_shares(payment, invoices, wanted))
    for invoice in invoices:
        put(payment, invoice, wanted[invoice.pk], by=by.user, at=at, request_key=request_key)
    return list(PaymentAllocation.objects.filter(request_key=request_key))


def _was_done(payment: Payment, wanted: Mapping[int, Money], request_key: UUID) -> bool:
    before = PaymentAllocation.objects.filter(request_key=request_key)
    rows = {(row.payment_id, row.invoice_id, row.amount_minor) for row in before}
    asked = {(payment.pk, pk, share.minor) for pk, share in wanted.items()}
    enforce(None if not rows or rows == asked else request_reused())
    return bool(rows)


def _refuse_shares(
    payment: Payment, invoices: list[Invoice], wanted: Mapping[int, Money]
) -> Refusal | None:
    dues = dues_of(invoices)
    for invoice in invoices:
        due = Money(dues[invoice.pk] if invoice.status in OPEN_INVOICE else 0, invoice.currency)
        share = wanted[invoice.pk]
        if due < share or share.minor < 0:
            text = _("%(number)s asks for %(due)s.") % {"number": invoice.number, "due": due}
            return Refusal("more-than-due", text, {"invoice": invoice.pk})
    free = Money(free_of([payment])[payment.pk], payment.currency)
    total = sum(wanted.values(), Money(0, payment.currency))
    if free < total:
        text = _("Together that is %(total)s; %(free)s is free.") % {"total": total, "free": free}
        return Refusal("more-than-free", text)
    return None


@use_case
def take_back(
    *,
    payment_id: int,
    invoice_id: int,
    reason: str,
    by: Membership,
    at: datetime,
    request_key: UUID,
) -> None:
    """Let a payment cover this invoice no more: a counter row, and the invoice is to be paid again.

    The same ``request_key`` does it once. Raises Refused: ``reason-missing``, ``nothing-to-take``,
    ``request-reused``; Payment.DoesNotExist when ``by`` cannot see it.
    """
    payment = Payment.objects.visible_to(by).get(pk=payment_id)
    hold_money(payment.student_id)
    before = PaymentAllocation.objects.filter(request_key=request_key).first()
    if before is not None:
        same = (before.payment_id, before.invoice_id) == (payment_id, invoice_id)
        enforce(None if same and before.amount_minor < 0 else request_reused())
        return
    why = " ".join(reason.split())[:REASON_LENGTH]
    enforce(None if why else Refusal("reason-missing", _("Write why.")))
    locked = lock_invoices([invoice_id])
    rows = payment.allocations.filter(invoice=invoice_id)
    given = rows.aggregate(total=Sum("amount_minor"))["total"] or 0
    if not given:
        raise Refused(Refusal("nothing-to-take", _("This payment covers nothing of it.")))
    share = Money(-given, payment.currency)
    put(payment, locked[0], share, by=by.user, at=at, reason=why, request_key=request_key)
