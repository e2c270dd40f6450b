"""Stripe, through its own SDK, against a server that speaks its protocol."""

import datetime as dt
import itertools
import json
import uuid

import pytest
from django.utils import timezone

from finance.enums import CheckoutStatus, GatewayName, InvoiceStatus
from finance.gateways import UntrustedWebhook
from finance.models import Checkout, GatewayEvent, Invoice, Payment
from finance.queries import balance_of
from finance.services import (
    receive_webhook,
    retry_unread_webhooks,
    settle_checkout,
    start_checkout,
)
from finance.tasks import settle_pending_checkouts
from justdriving.kernel.policy import Refused
from tests.fakes.stripe_server import KEY, SECRET, FakeStripe, sign
from tests.finance.factories import OVER, PRICE, drive, kroner, use_gateway


@pytest.fixture
def stripe(settings):
    with FakeStripe() as fake:
        settings.STRIPE_SECRET_KEY = KEY
        settings.STRIPE_WEBHOOK_SECRET = SECRET
        settings.STRIPE_API_BASE = fake.url
        settings.SITE_URL = "https://site.example"
        yield fake


def begin(cast, *, account="", key=None, at=OVER) -> Checkout:
    use_gateway(cast, GatewayName.STRIPE, stripe_account=account)
    invoice = Invoice.objects.first() or drive(cast)
    return start_checkout(
        invoice_id=invoice.pk,
        by=cast.student.membership,
        at=at,
        request_key=key or uuid.uuid4(),
    )


def deliver(payload: bytes, **signed) -> GatewayEvent:
    return receive_webhook(payload=payload, signature=sign(payload, **signed), at=OVER)


def test_a_visit_is_started_on_the_schools_account_with_what_is_due(cast, stripe):
    checkout = begin(cast, account="acct_1")

    (call,) = stripe.journal
    base = f"https://site.example/schools/{cast.school.slug}/money"
    assert (call.account, call.idempotency_key) == ("acct_1", f"checkout-{checkout.request_key}")
    assert call.form == {
        "mode": "payment",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "dkk",
        "line_items[0][price_data][unit_amount]": "55000",
        "line_items[0][price_data][product_data][name]": f"{cast.school.name} F-00001",
        "client_reference_id": str(checkout.pk),
        "success_url": f"{base}/visits/{checkout.pk}/",
        "cancel_url": f"{base}/invoices/{checkout.invoice_id}/",
    }
    assert (checkout.external_id, checkout.url) == (
        "cs_test_1",
        "https://checkout.stripe.com/c/pay/cs_test_1",
    )


def test_a_crash_after_stripe_answered_is_healed_by_asking_again(cast, stripe):
    checkout = begin(cast)
    Checkout.objects.update(external_id=None, url="")

    again = begin(cast, key=checkout.request_key)

    assert (again.pk, again.external_id) == (checkout.pk, "cs_test_1")
    assert len(stripe.state.sessions) == 1


def test_a_silent_stripe_is_said_plainly_and_can_be_asked_again(cast, stripe):
    stripe.state.broken = True
    key = uuid.uuid4()

    with pytest.raises(Refused) as refused:
        begin(cast, key=key)
    stripe.state.broken = False

    assert refused.value.refusal.code == "gateway-unavailable"
    assert begin(cast, key=key).external_id == "cs_test_1"


def test_the_return_page_asks_stripe_and_books_what_it_says(cast, stripe):
    checkout = begin(cast)

    assert settle_checkout(checkout=checkout, at=OVER).status == CheckoutStatus.OPEN
    stripe.pay("cs_test_1")
    assert settle_checkout(checkout=checkout, at=OVER).status == CheckoutStatus.PAID

    payment = Payment.objects.get()
    assert (payment.external_id, payment.reference) == ("cs_test_1", "pi_cs_test_1")
    assert Invoice.objects.get().status == InvoiceStatus.PAID


def test_a_silent_stripe_changes_nothing_on_return(cast, stripe):
    checkout = begin(cast)
    stripe.pay("cs_test_1")
    stripe.state.broken = True

    assert settle_checkout(checkout=checkout, at=OVER).status == CheckoutStatus.OPEN


def test_beat_finds_the_payment_nobody_told_us_of(cast, stripe):
    begin(cast)
    stripe.pay("cs_test_1")

    assert settle_pending_checkouts() == 1
    assert balance_of(cast.student) == kroner(0)


STORIES = {
    "paid": ("completed", "completed"),
    "paid later": ("completed unpaid", "async_payment_succeeded"),
    "expired, then paid": ("expired", "completed"),
    "all of it": ("completed unpaid", "async_payment_succeeded", "expired"),
}


def tell(stripe, kind: str) -> bytes:
    """The body of one message of a story, as Stripe would have written it at that time."""
    session = dict(stripe.state.sessions["cs_test_1"])
    paid = {"status": "complete", "payment_status": "paid", "payment_intent": "pi_1"}
    match kind:
        case "completed unpaid":
            session |= {"status": "complete", "payment_status": "unpaid"}
        case "expired":
            session |= {"status": "expired"}
        case _:
            session |= paid
    name = f"checkout.session.{kind.split(maxsplit=1)[0]}"
    return stripe.event(name, session, event_id=f"evt_{kind}")


ORDERS = [
    (name, order)
    for name, story in STORIES.items()
    for order in set(itertools.permutations(story + story[-1:]))
]


@pytest.mark.parametrize(("_story", "order"), sorted(ORDERS), ids=str)
def test_every_order_with_repeats_gives_one_payment(cast, stripe, _story, order):
    begin(cast)

    for kind in order:
        deliver(tell(stripe, kind))

    payment = Payment.objects.get()
    assert (payment.amount, payment.flag) == (kroner(PRICE), "")
    assert Invoice.objects.get().status == InvoiceStatus.PAID
    assert list(GatewayEvent.objects.filter(processed_at=None)) == []


def test_an_amount_in_a_webhook_that_differs_is_booked_as_received_and_flagged(cast, stripe):
    begin(cast)
    session = stripe.pay("cs_test_1", amount_total=100)

    deliver(stripe.event("checkout.session.completed", session))

    assert (Payment.objects.get().flag, balance_of(cast.student)) == ("amount", kroner(PRICE - 100))


def test_a_webhook_of_another_account_books_nothing(cast, stripe):
    begin(cast, account="acct_1")
    session = stripe.pay("cs_test_1")

    event = deliver(stripe.event("checkout.session.completed", session, account="acct_stranger"))

    assert event.processed_at == OVER
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    ("change", "secret", "age"),
    (
        (b" ", SECRET, 0),
        (b"", "whsec_other", 0),
        (b"", SECRET, 301),
    ),
    ids=("altered", "forged", "stale"),
)
def test_an_untrusted_webhook_is_refused_and_nothing_is_stored(cast, stripe, change, secret, age):
    begin(cast)
    payload = stripe.event("checkout.session.completed", stripe.pay("cs_test_1"))
    then = dt.datetime.now(tz=dt.UTC).timestamp() - age
    signature = sign(payload, secret=secret, at=then)

    with pytest.raises(UntrustedWebhook):
        receive_webhook(payload=payload + change, signature=signature, at=OVER)

    assert not GatewayEvent.objects.exists()
    assert not Payment.objects.exists()


@pytest.mark.parametrize("payload", (b"", b"{}", b"[]", b"\xff", b'{"data": {}, "type": 1}'))
def test_nonsense_with_a_good_signature_is_refused(db, stripe, payload):
    with pytest.raises(UntrustedWebhook):
        deliver(payload)


def test_other_events_are_stored_and_left_alone(db, stripe):
    body = {"id": "evt_1", "type": "customer.created", "data": {"object": {"id": "cus_1"}}}

    event = deliver(json.dumps(body).encode())

    assert (event.kind, event.processed_at) == ("customer.created", OVER)


def test_a_webhook_that_outruns_our_own_row_is_read_later(cast, stripe):
    checkout = begin(cast)
    payload = stripe.event("checkout.session.completed", stripe.pay("cs_test_1"))
    Checkout.objects.update(external_id=None)

    assert deliver(payload).processed_at is None
    Checkout.objects.filter(pk=checkout.pk).update(external_id="cs_test_1")

    assert retry_unread_webhooks(at=OVER) == 1
    assert balance_of(cast.student) == kroner(0)


@pytest.mark.parametrize(
    ("signed", "status"), ((True, 200), (False, 400)), ids=("signed", "unsigned")
)
def test_the_webhook_address_answers(cast, stripe, client, signed, status):
    begin(cast)
    payload = stripe.event("checkout.session.completed", stripe.pay("cs_test_1"))
    header = sign(payload) if signed else "t=1,v1=0"

    answer = client.post(
        "/webhooks/stripe/",
        payload,
        content_type="application/json",
        headers={"Stripe-Signature": header},
    )

    assert (answer.status_code, Payment.objects.count()) == (status, int(signed))


def test_an_oversized_webhook_is_refused_unread(db, stripe, client):
    payload = b"x" * (256 * 1024 + 1)

    answer = client.post(
        "/webhooks/stripe/",
        payload,
        content_type="application/json",
        headers={"Stripe-Signature": sign(payload)},
    )

    assert (answer.status_code, GatewayEvent.objects.count()) == (413, 0)


def test_the_webhook_is_only_posted_to(db, client):
    assert client.get("/webhooks/stripe/").status_code == 405


def test_the_clock_of_the_task_is_now(cast, stripe):
    begin(cast, at=timezone.now())

    assert settle_pending_checkouts() == 0
