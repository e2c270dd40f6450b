"""A payment page on this site that stands for the card company; never in production."""

from datetime import datetime, timedelta

from django.urls import reverse

from finance.enums import CheckoutStatus, RefundStatus
from finance.gateways.base import (
    Order,
    Outcome,
    Refunded,
    Started,
    UntrustedWebhook,
    WebhookEvent,
)
from finance.models import Checkout, Refund

OPEN_FOR = timedelta(hours=24)


class DemoGateway:
    """The checkout's own row is this provider's memory: its page confirms at once."""

    def start(self, order: Order) -> Started:
        checkout = order.checkout
        page = reverse("finance:demo_checkout", args=[checkout.school.slug, checkout.pk])
        return Started(external_id=f"demo_{checkout.request_key.hex}", url=page)

    def fetch(self, checkout: Checkout, *, at: datetime) -> Outcome:
        over = checkout.started_at + OPEN_FOR <= at
        expired = checkout.status == CheckoutStatus.OPEN and over
        status = CheckoutStatus.EXPIRED if expired else CheckoutStatus(checkout.status)
        return Outcome(status, checkout.amount)

    def refund(self, refund: Refund) -> Refunded:
        return Refunded(f"demo_re_{refund.pk}", RefundStatus.SUCCEEDED)

    def parse_webhook(self, payload: bytes, signature: str) -> WebhookEvent:  # noqa: ARG002 -- it has none
        raise UntrustedWebhook("the demonstration sends no webhooks")
