"""Stripe Checkout through Stripe's own SDK."""

import json
from datetime import datetime
from typing import Any

import stripe

from finance.enums import CheckoutStatus, RefundStatus
from finance.gateways.base import (
    GatewayUnavailable,
    Order,
    Outcome,
    Refunded,
    Started,
    UntrustedWebhook,
    WebhookEvent,
)
from finance.models import Checkout, Refund
from justdriving.kernel.money import Money

TIMEOUT_SECONDS = 10
SESSION_EVENTS = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.expired",
    }
)

REFUND_STATES = {
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}
"""Pending, and whatever Stripe may add, is on its way."""


class StripeGateway:
    """``api_base`` leads elsewhere than to Stripe only in tests."""

    def __init__(self, secret_key: str, webhook_secret: str, api_base: str = "") -> None:
        self.webhook_secret = webhook_secret
        self.client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base} if api_base else None,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
            max_network_retries=1,
        )

    def start(self, order: Order) -> Started:
        checkout = order.checkout
        try:
            session = self.client.v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": checkout.currency.lower(),
                                "unit_amount": checkout.amount_minor,
                                "product_data": {"name": order.description},
                            },
                        }
                    ],
                    "client_reference_id": str(checkout.pk),
                    "success_url": order.success_url,
                    "cancel_url": order.cancel_url,
                },
                _options(checkout.account, idempotency_key=f"checkout-{checkout.request_key}"),
            )
        except stripe.StripeError as error:
            raise GatewayUnavailable(str(error)) from error
        return Started(external_id=session.id, url=session.url or "")

    def fetch(self, checkout: Checkout, *, at: datetime) -> Outcome:  # noqa: ARG002 -- Stripe has its own clock
        try:
            session = self.client.v1.checkout.sessions.retrieve(
                checkout.external_id or "", options=_options(checkout.account)
            )
        except stripe.StripeError as error:
            raise GatewayUnavailable(str(error)) from error
        return _outcome(session.to_dict())

    def refund(self, refund: Refund) -> Refunded:
        try:
            made = self.client.v1.refunds.create(
                {
                    "payment_intent": refund.payment.reference,
                    "amount": refund.amount_minor,
                    "metadata": {"refund": str(refund.pk)},
                },
                _options(refund.account, idempotency_key=f"refund-{refund.request_key}"),
            )
        except (stripe.InvalidRequestError, stripe.CardError):
            return Refunded("", RefundStatus.FAILED)
        except stripe.StripeError as error:
            raise GatewayUnavailable(str(error)) from error
        return Refunded(made.id, REFUND_STATES.get(made.status or "", RefundStatus.SENT))

    def parse_webhook(self, payload: bytes, signature: str) -> WebhookEvent:
        if not self.webhook_secret:
            raise UntrustedWebhook("no webhook secret is set")
        try:
            text = payload.decode()
            stripe.WebhookSignature.verify_header(text, signature, self.webhook_secret, 300)
            return self.read(json.loads(text))
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError) as error:
            raise UntrustedWebhook(type(error).__name__) from error

    def read(self, body: dict[str, Any]) -> WebhookEvent:
        """A message whose signature was verified when it came."""
        about = body["data"]["object"]
        known = body["type"] in SESSION_EVENTS
        return WebhookEvent(
            event_id=str(body["id"]),
            kind=str(body["type"]),
            account=str(body.get("account") or ""),
            payload=body,
            external_id=str(about["id"]) if known else "",
            outcome=_outcome(about) if known else None,
        )


def _options(account: str, *, idempotency_key: str = "") -> Any:
    options = {"stripe_account": account, "idempotency_key": idempotency_key}
    return {name: value for name, value in options.items() if value}


def _outcome(session: dict[str, Any]) -> Outcome:
    """``payment_status`` alone says whether money came; a ``complete`` visit may still wait."""
    if session.get("payment_status") == "paid":
        status = CheckoutStatus.PAID
    elif session.get("status") == "expired":
        status = CheckoutStatus.EXPIRED
    else:
        status = CheckoutStatus.OPEN
    amount = Money(
        int(session.get("amount_total") or 0), str(session.get("currency") or "").upper()
    )
    return Outcome(status, amount, reference=str(session.get("payment_intent") or ""))
