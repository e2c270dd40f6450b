"""Put messages into the outbox, inside the transaction of what they tell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from administration.models import Guardian, School, User
from justdriving.kernel.rows import insert_missing
from notifications.channels import is_configured
from notifications.enums import Channel, Event
from notifications.models import Message
from notifications.services.wakeup import nudge

BOTH = (Channel.EMAIL, Channel.SMS)
ONLY_EMAIL = (Channel.EMAIL,)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who is told: a user, or somebody whose address is all we have."""

    name: str
    email: str
    language: str
    phone: str = ""
    user_id: int | None = None

    def address(self, channel: Channel) -> str:
        return self.email if channel == Channel.EMAIL else self.phone


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell one reader. ``about`` names it, so that it is told once."""

    event: Event
    about: str
    reader: Reader
    channels: tuple[Channel, ...] = ONLY_EMAIL
    context: Mapping[str, Any] = field(default_factory=dict)


def reader_of(user: User) -> Reader:
    return Reader(
        name=user.full_name,
        email=user.email,
        language=user.language,
        phone=str(user.phone),
        user_id=user.pk,
    )


def reader_of_guardian(guardian: Guardian, school: School) -> Reader:
    """A guardian is written to, not texted; without a login in the language of the school."""
    language = guardian.user.language if guardian.user else school.language
    return Reader(
        name=guardian.full_name,
        email=guardian.email,
        language=language,
        user_id=guardian.user_id,
    )


@transaction.atomic(savepoint=False)
def queue(news: Iterable[News], *, school_id: int | None, at: datetime) -> None:
    """Write one row for each reader and channel; what was queued before stays as it is.

    A reader without an address for a channel, and a channel nobody configured, are left out.
    ``at`` is when it happened and when it should leave. The workers are woken after the commit.
    """
    rows = [
        Message(
            school_id=school_id,
            recipient_id=item.reader.user_id,
            to_name=item.reader.name,
            address=item.reader.address(channel),
            channel=channel,
            event=item.event,
            about=item.about,
            context=dict(item.context),
            language=item.reader.language,
            due_at=at,
            wake_at=at,
            created_at=at,
        )
        for item in news
        for channel in item.channels
        if item.reader.address(channel) and is_configured(channel)
    ]
    if rows:
        insert_missing(rows)
        transaction.on_commit(nudge, robust=True)
