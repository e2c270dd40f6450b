"""The account pages' mails go through the outbox like everything else."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

from administration.models import User
from notifications import services
from notifications.enums import Event

EVENTS = {
    "account/email/password_reset_key": Event.PASSWORD_RESET,
    "account/email/unknown_account": Event.UNKNOWN_ACCOUNT,
    "account/email/email_confirmation": Event.EMAIL_CONFIRMATION,
    "account/email/email_confirmation_signup": Event.EMAIL_CONFIRMATION,
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """People register at a school, never here. Rate limits are allauth's own.

    The links of these mails are secrets that stay out of the table: the row says whom and what,
    the link is made when the mail leaves, and the kept copy of the mail has it blotted out.
    """

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 -- the answer is the same for all
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        event = EVENTS.get(template_prefix, Event.ACCOUNT_NOTICE)
        user = context.get("user") or _owner_of(email)
        services.queue_account_mail(
            event=event,
            email=email,
            user=user if isinstance(user, User) else None,
            language=get_language() or "en",
            context=_facts(event, template_prefix, email, context),
            at=timezone.now(),
        )


def _owner_of(email: str) -> User | None:
    address = EmailAddress.objects.select_related("user").filter(email__iexact=email).first()
    return address.user if address else None


def _facts(
    event: Event, template_prefix: str, email: str, context: dict[str, Any]
) -> dict[str, Any]:
    """Ids and plain facts only: no key, no code, no link of ``context`` is among them."""
    if event == Event.EMAIL_CONFIRMATION:
        user = context.get("user")
        address = EmailAddress.objects.filter(user=user, email__iexact=email).first()
        return {"email_address": address.pk if address else 0}
    if event == Event.ACCOUNT_NOTICE:
        notice = template_prefix.rpartition("/")[2]
        return {"notice": notice, "ip": str(context.get("ip") or "")}
    return {}
