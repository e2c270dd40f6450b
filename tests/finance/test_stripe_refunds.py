"""Refunds through Stripe's own SDK, against a server that speaks its protocol."""

import pytest

from finance.enums import PaymentMethod, RefundStatus
from finance.models import Invoice, LedgerEntry, Payment, Refund
from finance.queries import credit_of
from finance.services import pay_out, settle_checkout
from justdriving.kernel.policy import Refused
from tests.finance.factories import OVER, PRICE, ask_back, credit_all, kroner
from tests.finance.test_stripe import begin, stripe

__all__ = ["stripe"]


@pytest.fixture
def free_card_payment(cast, stripe) -> Payment:
    """Paid by card on the school's own account, and credited afterwards."""
    checkout = begin(cast, account="acct_1")
    stripe.pay(checkout.external_id)
    settle_checkout(checkout=checkout, at=OVER)
    credit_all(cast, Invoice.objects.get())
    return Payment.objects.get()


def send(cast, refund) -> Refund:
    return pay_out(refund_id=refund.pk, by=cast.office, at=OVER)


def test_money_goes_back_on_the_account_it_came_to(cast, stripe, free_card_payment):
    refund = ask_back(cast, free_card_payment, 200_00, method=PaymentMethod.CARD)

    sent = send(cast, refund)

    call = stripe.journal[-1]
    assert (call.path, call.account) == ("/v1/refunds", "acct_1")
    assert call.idempotency_key == f"refund-{refund.request_key}"
    assert call.form["payment_intent"] == "pi_cs_test_1"
    assert call.form["amount"] == "20000"
    assert (sent.status, sent.external_id) == (RefundStatus.SUCCEEDED, "re_test_1")
    assert credit_of(cast.student) == kroner(PRICE - 200_00)


def test_a_pending_refund_is_on_its_way_and_in_no_ledger(cast, stripe, free_card_payment):
    stripe.state.refund_status = "pending"

    sent = send(cast, ask_back(cast, free_card_payment, PRICE, method=PaymentMethod.CARD))

    assert (sent.status, sent.external_id) == (RefundStatus.SENT, "re_test_1")
    assert not LedgerEntry.objects.filter(refund=sent).exists()


def test_a_definite_no_makes_it_credit_again(cast, stripe, free_card_payment):
    stripe.state.sessions["cs_test_1"]["payment_intent"] = "pi_gone"

    sent = send(cast, ask_back(cast, free_card_payment, PRICE, method=PaymentMethod.CARD))

    assert sent.status == RefundStatus.FAILED
    assert credit_of(cast.student) == kroner(PRICE)


def test_a_crash_before_the_answer_was_written_gives_back_once(cast, stripe, free_card_payment):
    refund = ask_back(cast, free_card_payment, PRICE, method=PaymentMethod.CARD)
    stripe.state.broken = True
    with pytest.raises(Refused) as refused:
        send(cast, refund)
    stripe.state.broken = False

    again = send(cast, refund)

    assert refused.value.refusal.code == "gateway-unavailable"
    assert again.status == RefundStatus.SUCCEEDED
    assert len(stripe.state.refunds) == 1
