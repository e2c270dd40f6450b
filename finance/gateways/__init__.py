"""The payment pages a school can use."""

from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

from finance.enums import GatewayName
from finance.gateways.base import (
    Gateway,
    GatewayUnavailable,
    Order,
    Outcome,
    Refunded,
    Started,
    UntrustedWebhook,
    WebhookEvent,
)
from finance.gateways.demo import DemoGateway

if TYPE_CHECKING:
    from finance.gateways.stripe import StripeGateway

__all__ = [
    "Gateway",
    "GatewayUnavailable",
    "Order",
    "Outcome",
    "Refunded",
    "Started",
    "UntrustedWebhook",
    "WebhookEvent",
    "gateway_named",
    "stripe_gateway",
]


def gateway_named(name: str) -> Gateway | None:
    """The gateway of this name, or None when this installation cannot use it."""
    match name:
        case GatewayName.DEMO if settings.DEMO:
            return DemoGateway()
        case GatewayName.STRIPE if settings.STRIPE_SECRET_KEY:
            return stripe_gateway()
        case _:
            return None


def stripe_gateway() -> "StripeGateway":
    return _stripe(
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET, settings.STRIPE_API_BASE
    )


@cache
def _stripe(secret_key: str, webhook_secret: str, api_base: str) -> "StripeGateway":
    from finance.gateways.stripe import StripeGateway  # noqa: PLC0415 -- half a second to import

    return StripeGateway(secret_key, webhook_secret, api_base)
