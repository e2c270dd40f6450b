"""Messages as people look for them."""

from collections.abc import Iterable, Sequence

from django.db.models import Q, QuerySet

from administration.models import Membership
from finance.ports import Letter
from notifications.enums import LEFT, Channel, MessageStatus
from notifications.models import DemoMessage, Message

ATTENTION = "attention"
"""The filter for what somebody should look at."""
NEED_ATTENTION = (MessageStatus.FAILED, MessageStatus.UNKNOWN)


def inbox(member: Membership) -> QuerySet[Message]:
    """What this person was written, newest first; a text message repeats its e-mail."""
    left = Q(status__in=[MessageStatus.SENT, MessageStatus.DELIVERED])
    return (
        Message.objects.visible_to(member)
        .filter(left, recipient=member.user_id, channel=Channel.EMAIL)
        .order_by("-due_at", "-pk")
    )


def log(member: Membership, *, status: str, search: str) -> QuerySet[Message]:
    """What the school sent, newest first; ``status`` is a MessageStatus, ATTENTION, or empty."""
    found = Message.objects.visible_to(member).order_by("-due_at", "-pk")
    if status == ATTENTION:
        found = found.filter(status__in=NEED_ATTENTION)
    elif status in MessageStatus.values:
        found = found.filter(status=status)
    for word in search.split():
        found = found.filter(
            Q(to_name__icontains=word) | Q(address__icontains=word) | Q(subject__icontains=word)
        )
    return found


def demo_messages(address: str) -> QuerySet[DemoMessage]:
    """Everything that would have left, newest first; to one address when one is given."""
    found = DemoMessage.objects.defer("html", "attachments")
    return found.filter(address=address) if address else found


def demo_readers() -> list[tuple[str, str]]:
    """Who was written to in the demonstration: address and name, by name."""
    rows = DemoMessage.objects.order_by("to_name", "address").values_list("address", "to_name")
    return [
        (address, f"{name} · {address}" if name else address) for address, name in rows.distinct()
    ]


class LettersAboutMoney:
    """What finance asks of the outbox."""

    def about(self, names: Iterable[str]) -> Sequence[Letter]:
        """Every message about these things, by e-mail or SMS."""
        return [
            Letter(
                what=message.heading,
                address=message.address,
                state=message.get_status_display(),
                at=message.sent_at or message.due_at,
                arrived=message.status in LEFT,
            )
            for message in Message.objects.filter(about__in=list(names)).order_by("pk")
        ]
