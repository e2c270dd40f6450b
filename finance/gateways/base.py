"""What every payment page can do for us."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from finance.enums import CheckoutStatus, RefundStatus
from finance.models import Checkout, Refund
from justdriving.kernel.money import Money


class GatewayUnavailable(Exception):
    """The provider did not answer, or not in a way we understand; nothing is known to be paid."""


class UntrustedWebhook(Exception):
    """A webhook that the provider did not sign, or that is too old or too strange."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to ask the payer for. The URLs are absolute and lead back to this site."""

    checkout: Checkout
    description: str
    success_url: str
    cancel_url: str


@dataclass(frozen=True, slots=True)
class Started:
    """The provider's name for the visit, and the page to send the payer to."""

    external_id: str
    url: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a visit stands at the provider. ``amount`` is what was really received."""

    status: CheckoutStatus
    amount: Money
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Refunded:
    """How a refund stands at the provider: sent, succeeded or failed."""

    external_id: str
    status: RefundStatus


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """A verified message. ``external_id`` and ``outcome`` are there when it is about a visit."""

    event_id: str
    kind: str
    account: str
    payload: dict[str, Any]
    external_id: str = ""
    outcome: Outcome | None = None


class Gateway(Protocol):
    """A payment page. Starting the same checkout twice gives the same visit."""

    def start(self, order: Order) -> Started:
        """Raises GatewayUnavailable."""
        ...

    def fetch(self, checkout: Checkout, *, at: datetime) -> Outcome:
        """How this visit stands now, asked of the provider. Raises GatewayUnavailable."""
        ...

    def refund(self, refund: Refund) -> Refunded:
        """Give money back to whoever paid ``refund.payment``; asked twice it is given once.

        The payment and its checkout are at hand. Raises GatewayUnavailable when nobody knows
        whether it was taken; a definite no is a failed refund.
        """
        ...

    def parse_webhook(self, payload: bytes, signature: str) -> WebhookEvent:
        """Read a raw request body. Raises UntrustedWebhook."""
        ...
