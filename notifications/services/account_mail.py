"""Mails about the account itself: they belong to a person, not to a school."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from administration.models import User
from notifications.enums import Event
from notifications.services.queueing import News, Reader, queue, reader_of


def queue_account_mail(
    *,
    event: Event,
    email: str,
    user: User | None,
    language: str,
    context: Mapping[str, Any],
    at: datetime,
) -> None:
    """Queue one mail to ``email``. ``context`` is stored as it is: ids and facts, no secret."""
    known = reader_of(user) if user else Reader(name="", email=email, language=language)
    reader = Reader(
        name=known.name, email=email, language=known.language, user_id=user.pk if user else None
    )
    news = News(event, f"account:{uuid4()}", reader, context=context)
    queue([news], school_id=None, at=at)
