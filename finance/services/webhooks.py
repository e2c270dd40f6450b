"""What the payment provider tells us: written down first, then acted upon."""

from datetime import datetime, timedelta

import structlog

from finance.enums import CheckoutStatus, GatewayName
from finance.gateways import WebhookEvent, stripe_gateway
from finance.models import Checkout, GatewayEvent
from finance.services.checkouts import confirm_payment, expire_checkout
from justdriving.kernel.transactions import use_case

log = structlog.get_logger(__name__)

LOOK_BACK = timedelta(days=3)
"""So long an event about a visit we do not know yet is tried again."""


def receive_webhook(*, payload: bytes, signature: str, at: datetime) -> GatewayEvent:
    """Store a verified message of Stripe and act on it.

    Repeated and reordered messages are harmless: the row is unique, the visit is locked, and a
    paid visit stays paid. Raises UntrustedWebhook, and then stores nothing.
    """
    event = stripe_gateway().parse_webhook(payload, signature)
    stored = _store(event, at=at)
    return _read(event_id=stored.pk, event=event, at=at)


@use_case
def _store(event: WebhookEvent, *, at: datetime) -> GatewayEvent:
    key = {
        "provider": GatewayName.STRIPE,
        "account": event.account,
        "external_id": event.event_id,
    }
    row = GatewayEvent(**key, kind=event.kind, payload=event.payload, received_at=at)
    GatewayEvent.objects.bulk_create([row], ignore_conflicts=True)
    return GatewayEvent.objects.get(**key)


@use_case
def _read(*, event_id: int, event: WebhookEvent, at: datetime) -> GatewayEvent:
    stored = GatewayEvent.objects.select_for_update().get(pk=event_id)
    if stored.processed_at is None and _act(event, at=at):
        stored.processed_at = at
        stored.save(update_fields=["processed_at"])
    return stored


def _act(event: WebhookEvent, *, at: datetime) -> bool:
    """True when there is nothing left to do about this event."""
    if event.outcome is None:
        return True
    visit = {"gateway": GatewayName.STRIPE, "external_id": event.external_id}
    ours = Checkout.across_schools.filter(**visit).first()
    if ours is None:
        return False
    if ours.account != event.account:
        log.warning("webhook_of_another_account", event_id=event.event_id, checkout_id=ours.pk)
    elif event.outcome.status == CheckoutStatus.PAID:
        confirm_payment(
            **visit, amount=event.outcome.amount, at=at, reference=event.outcome.reference
        )
    elif event.outcome.status == CheckoutStatus.EXPIRED:
        expire_checkout(**visit, at=at)
    return True


def retry_unread_webhooks(*, at: datetime) -> int:
    """Act on stored events whose visit was unknown when they came; returns how many it settled."""
    unread = GatewayEvent.objects.filter(
        provider=GatewayName.STRIPE, processed_at=None, received_at__gt=at - LOOK_BACK
    )
    gateway = stripe_gateway()
    settled = [_read(event_id=row.pk, event=gateway.read(row.payload), at=at) for row in unread]
    return sum(row.processed_at is not None for row in settled)
