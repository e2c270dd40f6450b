"""A message ready to be handed over: words, files, and where they go."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Parcel:
    """``key`` is the message's id, which the provider gives back. ``text`` is the whole SMS, or the
    plain twin of ``html``. ``secrets`` are the parts of the text that nobody may read later.
    """

    key: int
    address: str
    to_name: str
    sender_name: str
    reply_to: str
    subject: str
    text: str
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    secrets: tuple[str, ...] = ()

    @property
    def readable(self) -> str:
        """The text as it may be kept."""
        text = self.text
        for secret in self.secrets:
            text = text.replace(secret, "[…]")
        return text


@dataclass(frozen=True, slots=True)
class Handed:
    """A message that was handed over once and of which nobody knows whether it was taken."""

    key: int
    address: str
    text: str
    handed_over_at: datetime
    provider_id: str
