"""The door through which beat asks the gateways how open visits ended."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from finance.models import Checkout
from finance.services import retry_unread_webhooks, settle_checkout
from justdriving.kernel.tenancy import school_scope

PAUSE = timedelta(minutes=2)
"""A visit this young is still being made; asking would be noise."""
AT_MOST = 200


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def settle_pending_checkouts() -> int:
    """Book what gateways received without our hearing of it; returns how many visits it asked."""
    now = timezone.now()
    if settings.STRIPE_SECRET_KEY:
        retry_unread_webhooks(at=now)
    waiting = Checkout.across_schools.filter(
        status="open", external_id__isnull=False, started_at__lt=now - PAUSE
    ).select_related("school")
    visits = list(waiting.order_by("started_at")[:AT_MOST])
    for checkout in visits:
        with school_scope(checkout.school_id):
            settle_checkout(checkout=checkout, at=now)
    return len(visits)
