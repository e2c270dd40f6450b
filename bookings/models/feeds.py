"""A person's lessons as a private calendar feed."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from administration.models import Membership
from justdriving.kernel.tenancy import SchoolOwned


class CalendarFeed(SchoolOwned):
    """The secret address of one member's feed; only the token's SHA-256 (hex) is kept."""

    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="calendar_feeds"
    )
    token_digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["membership"],
                condition=Q(revoked_at__isnull=True),
                name="one_calendar_feed_in_use",
            ),
        ]

    def __str__(self) -> str:
        return f"feed of {self.membership_id}"
