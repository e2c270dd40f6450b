"""The secret address of a person's calendar feed."""

from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe

from administration.models import Membership
from bookings.models import CalendarFeed
from justdriving.kernel.transactions import use_case


def digest(token: str) -> str:
    """What is kept of a feed's token: its SHA-256 in hex."""
    return sha256(token.encode()).hexdigest()


@use_case
def open_feed(*, by: Membership, at: datetime) -> str:
    """Give a member a new address and return its token; an older address stops working at once."""
    Membership.objects.select_for_update(of=("self",)).get(pk=by.pk)
    _revoke(by, at)
    token = token_urlsafe(32)
    CalendarFeed.objects.create(
        school_id=by.school_id, membership=by, token_digest=digest(token), created_at=at
    )
    return token


@use_case
def close_feed(*, by: Membership, at: datetime) -> None:
    """Make a member's feed stop working; without one nothing happens."""
    _revoke(by, at)


def _revoke(member: Membership, at: datetime) -> None:
    CalendarFeed.objects.filter(membership=member, revoked_at=None).update(revoked_at=at)
