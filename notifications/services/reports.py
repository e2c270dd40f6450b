"""What a provider tells later about a message it took."""

from datetime import datetime

from django.db import transaction

from notifications.enums import LEFT, MessageStatus, Outcome
from notifications.models import Message, MessageAttempt
from notifications.policies import after_report

REPORTS = {
    "queued": MessageStatus.SENT,
    "sending": MessageStatus.SENT,
    "sent": MessageStatus.SENT,
    "delivered": MessageStatus.DELIVERED,
    "undelivered": MessageStatus.FAILED,
    "failed": MessageStatus.FAILED,
}


@transaction.atomic(durable=True)
def record_report(*, key: int, provider_id: str, word: str, error: str, at: datetime) -> None:
    """Twilio says ``word`` about message ``key``. Repeated, late and unknown words change nothing.

    A report about a message in doubt answers the question: it was taken. ``provider_id`` is the
    provider's name for it; a report about another one than we know is not about this message.
    """
    message = Message.across_schools.select_for_update(of=("self",)).filter(pk=key).first()
    reported = REPORTS.get(word)
    if message is None or reported is None or message.handed_over_at is None:
        return
    if message.provider_id not in ("", provider_id):
        return
    status = after_report(message.status, reported)
    if status is None:
        return
    _note_taken(message, at=at)
    message.status, message.wake_at = status, None
    message.provider_id = provider_id
    message.last_error = error[:500]
    message.sent_at = message.sent_at or (at if status in LEFT else None)
    message.save(update_fields=["status", "wake_at", "provider_id", "last_error", "sent_at"])


def _note_taken(message: Message, *, at: datetime) -> None:
    MessageAttempt.across_schools.bulk_create(
        [
            MessageAttempt(
                school_id=message.school_id,
                message=message,
                number=message.attempts,
                outcome=Outcome.TAKEN,
                happened_at=at,
            )
        ],
        ignore_conflicts=True,
    )
