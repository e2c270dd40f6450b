"""Beat's doors to money: how open visits ended, and what is overdue."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from administration.enums import SchoolStatus
from finance.models import Checkout, FinanceSettings
from finance.services import remind_all, retry_unread_webhooks, settle_checkout
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


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def remind_overdue() -> int:
    """Every morning: take unpaid invoices one step further, school by school; returns how many."""
    now = timezone.now()
    reminding = FinanceSettings.across_schools.filter(
        sends_reminders=True, school__status=SchoolStatus.ACTIVE
    )
    taken = 0
    for school_id in reminding.order_by("school").values_list("school", flat=True):
        with school_scope(school_id):
            taken += remind_all(at=now)
    return taken
