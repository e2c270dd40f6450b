"""How a message's state and channel look."""

from django import template

from notifications.enums import Channel, MessageStatus, Outcome

register = template.Library()

TONES: dict[str, str] = {
    MessageStatus.QUEUED: "info",
    MessageStatus.SENDING: "info",
    MessageStatus.SENT: "ok",
    MessageStatus.DELIVERED: "ok",
    MessageStatus.FAILED: "bad",
    MessageStatus.SUPPRESSED: "neutral",
    Outcome.TAKEN: "ok",
    Outcome.REFUSED: "bad",
    Outcome.NOT_TAKEN: "warn",
    MessageStatus.UNKNOWN: "warn",
}


@register.filter
def state_tone(word: str) -> str:
    """The tone of a message's status, or of what one try came to."""
    return TONES[word]


@register.filter
def channel_icon(channel: str) -> str:
    return "phone" if channel == Channel.SMS else "envelope"
