"""Giving money back: asked for, agreed to, paid out by hand or by the gateway it came through."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from administration.models import Membership, User
from finance.enums import (
    REFUND_MOVES,
    EntryKind,
    GatewayName,
    PaymentMethod,
    PaymentStatus,
    RefundStatus,
)
from finance.gateways import GatewayUnavailable, Refunded, gateway_named
from finance.models import LedgerEntry, Payment, Refund, RefundEvent
from finance.queries import free_of, settings_of
from finance.services.allocation import hold_money
from finance.services.requests import fingerprint, replayed
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.transactions import use_case

REASON_LENGTH = 200


@use_case
def request_refund(  # noqa: PLR0913 -- what a voucher says, each by name
    *,
    payment_id: int,
    amount: Money,
    method: PaymentMethod,
    reason: str,
    by: Membership,
    at: datetime,
    request_key: UUID,
) -> Refund:
    """Take so much of a payment aside to give it back.

    Only what covers no invoice and is not given back already. ``method`` card goes back the way the
    payment came, every other one is paid out by a person. Unless the school wants two people it is
    approved at once. The same ``request_key`` gives the same refund. Raises Refused:
    ``amount-not-positive``, ``wrong-currency``, ``more-than-free``, ``reason-missing``,
    ``not-received``, ``not-by-card``, ``request-reused``; Payment.DoesNotExist when ``by`` cannot
    see it.
    """
    payment = Payment.objects.visible_to(by).select_related("checkout", "school").get(pk=payment_id)
    hold_money(payment.student_id)
    why = " ".join(reason.split())[:REASON_LENGTH]
    asked = fingerprint(payment_id, amount, str(method), why)
    before = replayed(Refund.objects.filter(request_key=request_key).first(), asked)
    if before is not None:
        return before
    enforce(_refuse_payment(payment, method))
    enforce(_refuse_amount(payment, amount))
    enforce(None if why else Refusal("reason-missing", _("Write why.")))
    by_card = method == PaymentMethod.CARD
    refund = Refund.objects.create(
        school_id=payment.school_id,
        student_id=payment.student_id,
        payment=payment,
        amount_minor=amount.minor,
        currency=amount.currency,
        method=method,
        gateway=payment.gateway if by_card else GatewayName.NONE,
        account=payment.checkout.account if by_card and payment.checkout else "",
        needs_approval=settings_of(by.school).refunds_need_two,
        reason=why,
        requested_by=by.user,
        requested_at=at,
        request_key=request_key,
        fingerprint=asked,
    )
    _note(refund, "", by=by.user, at=at)
    if not refund.needs_approval:
        _decide(refund, RefundStatus.APPROVED, by=by.user, at=at)
    return refund


def _refuse_payment(payment: Payment, method: PaymentMethod) -> Refusal | None:
    if payment.status != PaymentStatus.RECEIVED:
        return Refusal("not-received", _("This payment is being looked at."))
    if method == PaymentMethod.CARD and gateway_named(payment.gateway) is None:
        text = _("This payment did not come by card. Choose how it is paid out.")
        return Refusal("not-by-card", text)
    return None


def _refuse_amount(payment: Payment, amount: Money) -> Refusal | None:
    if amount.currency != payment.currency:
        text = _("This school is paid in %(currency)s.") % {"currency": payment.currency}
        return Refusal("wrong-currency", text)
    if amount.minor <= 0:
        return Refusal("amount-not-positive", _("Write an amount above zero."))
    free = Money(free_of([payment])[payment.pk], payment.currency)
    if free < amount:
        text = _("Of this payment %(free)s can be given back.") % {"free": free}
        return Refusal("more-than-free", text, {"free_minor": free.minor})
    return None


@use_case
def approve_refund(*, refund_id: int, by: Membership, at: datetime) -> Refund:
    """Agree to a refund that somebody asked for. Twice is once.

    Raises Refused: ``needs-another-person`` when the school wants two and ``by`` is the one who
    asked, ``refund-moved-on``; Refund.DoesNotExist when ``by`` cannot see it.
    """
    refund = _held(refund_id, by)
    if refund.status == RefundStatus.APPROVED:
        return refund
    if refund.needs_approval and refund.requested_by_id == by.user_id:
        text = _("Somebody else has to approve what you asked for.")
        raise Refused(Refusal("needs-another-person", text))
    _decide(refund, RefundStatus.APPROVED, by=by.user, at=at)
    return refund


@use_case
def decline_refund(*, refund_id: int, by: Membership, at: datetime) -> Refund:
    """Say no; the money is credit of the student again. Raises Refused ``refund-moved-on``."""
    refund = _held(refund_id, by)
    if refund.status != RefundStatus.DECLINED:
        _decide(refund, RefundStatus.DECLINED, by=by.user, at=at)
    return refund


def pay_out(*, refund_id: int, by: Membership, at: datetime) -> Refund:
    """Say that an approved refund is paid out by hand, or let the gateway do it.

    At the gateway: two short transactions with its answer between them, so that no lock waits for a
    stranger. When it does not answer the refund stays on its way, and asking again is harmless.
    Raises Refused: ``refund-moved-on``, ``gateway-unavailable``; Refund.DoesNotExist when ``by``
    cannot see it.
    """
    refund = _leave(refund_id=refund_id, by=by, at=at)
    if refund.status != RefundStatus.SENT or refund.external_id:
        return refund
    gateway = gateway_named(refund.gateway)
    if gateway is None:
        raise Refused(_no_answer())
    try:
        answer = gateway.refund(refund)
    except GatewayUnavailable as error:
        raise Refused(_no_answer()) from error
    return record_refund(refund_id=refund_id, answer=answer, by=by.user, at=at)


def _no_answer() -> Refusal:
    text = _("The payment page does not answer. The refund is on its way; try again later.")
    return Refusal("gateway-unavailable", text)


@use_case
def _leave(*, refund_id: int, by: Membership, at: datetime) -> Refund:
    refund = _held(refund_id, by)
    by_hand = refund.gateway == GatewayName.NONE
    after = RefundStatus.SUCCEEDED if by_hand else RefundStatus.SENT
    if refund.status not in {after, RefundStatus.SUCCEEDED}:
        _move(refund, after, by=by.user, at=at)
    return refund


@use_case
def record_refund(*, refund_id: int, answer: Refunded, by: User | None, at: datetime) -> Refund:
    """Write down what the gateway says of a refund; what it said before in another order is kept.

    The caller is inside the school's scope. Old news changes nothing.
    """
    hold_money(Refund.objects.values_list("student", flat=True).get(pk=refund_id))
    refund = Refund.objects.select_for_update(of=("self",)).get(pk=refund_id)
    if answer.external_id and not refund.external_id:
        refund.external_id = answer.external_id
        refund.save(update_fields=["external_id"])
    if answer.status in REFUND_MOVES[RefundStatus(refund.status)]:
        _move(refund, answer.status, by=by, at=at)
    return refund


def _held(refund_id: int, by: Membership) -> Refund:
    """The refund, with the money of its student held; what it needs at the gateway at hand."""
    seen = Refund.objects.visible_to(by)
    hold_money(seen.values_list("student", flat=True).get(pk=refund_id))
    rows = Refund.objects.select_for_update(of=("self",))
    return rows.select_related("payment__checkout", "school").get(pk=refund_id)


def _decide(refund: Refund, status: RefundStatus, *, by: User, at: datetime) -> None:
    refund.decided_by, refund.decided_at = by, at
    _move(refund, status, by=by, at=at)


def _move(refund: Refund, status: RefundStatus, *, by: User | None, at: datetime) -> None:
    before = RefundStatus(refund.status)
    if status not in REFUND_MOVES[before]:
        text = _("This refund is “%(status)s” already.") % {"status": refund.status_text}
        raise Refused(Refusal("refund-moved-on", text))
    refund.status = status
    refund.save(update_fields=["status", "decided_by", "decided_at"])
    if status == RefundStatus.SUCCEEDED:
        _post(refund, EntryKind.REFUND, refund.amount_minor, by=by, at=at)
    elif before == RefundStatus.SUCCEEDED:
        _post(refund, EntryKind.REFUND_RETURNED, -refund.amount_minor, by=by, at=at)
    _note(refund, before, by=by, at=at)


def _post(refund: Refund, kind: EntryKind, minor: int, *, by: User | None, at: datetime) -> None:
    LedgerEntry.objects.create(
        school_id=refund.school_id,
        student_id=refund.student_id,
        kind=kind,
        amount_minor=minor,
        currency=refund.currency,
        refund=refund,
        reason=refund.reason,
        made_by=by,
        posted_at=at,
    )


def _note(refund: Refund, before: str, *, by: User | None, at: datetime) -> None:
    RefundEvent.objects.create(
        school_id=refund.school_id,
        refund=refund,
        from_status=before,
        to_status=refund.status,
        happened_at=at,
        made_by=by,
    )
