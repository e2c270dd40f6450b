"""The worker's door."""

from celery import shared_task
from django.utils import timezone

from notifications import services


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def deliver_due_messages(**_future_arguments: object) -> None:
    """Run every minute by beat, and right after a commit by a nudge."""
    services.deliver_due(clock=timezone.now)
