"""The messages of weeks that never happened are not sent; the last day's are, for real."""

import datetime as dt

from django.db.models import F

from notifications.enums import MessageStatus, Outcome
from notifications.models import Message, MessageAttempt


def settle_old_messages(*, before: dt.datetime) -> None:
    """Mark what was due before this moment as taken at the first try when it was due."""
    old = Message.objects.filter(due_at__lt=before, status=MessageStatus.QUEUED)
    MessageAttempt.objects.bulk_create(
        MessageAttempt(
            school_id=message.school_id,
            message=message,
            number=1,
            outcome=Outcome.TAKEN,
            happened_at=message.due_at,
        )
        for message in old
    )
    old.update(
        status=MessageStatus.SENT,
        wake_at=None,
        sent_at=F("due_at"),
        handed_over_at=F("due_at"),
        attempts=1,
        provider="demo",
    )
