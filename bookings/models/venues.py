"""What somebody else's venue said about a booking: written once, never edited."""

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q

from administration.models import User
from bookings.enums import VenueChange
from bookings.models.bookings import Booking
from bookings.models.resources import Resource
from justdriving.kernel.tenancy import SchoolOwned


class VenueConfirmation(SchoolOwned):
    """The number for one venue in a booking was given, taken back, or no longer holds.

    ``told`` says that the venue was told it is not needed: the lesson was moved or cancelled.

    ``period`` (UTC, ``[)``) is when the venue was to be used. What lapses is made by nobody where
    the system itself moved the lesson.
    """

    booking = models.ForeignKey(
        Booking, on_delete=models.PROTECT, related_name="venue_confirmations"
    )
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="+")
    period = DateTimeRangeField()
    change = models.CharField(max_length=16, choices=VenueChange)
    number = models.CharField(max_length=40)
    happened_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(change__in=VenueChange.values), name="venue_change_known"
            ),
            models.CheckConstraint(condition=~Q(number=""), name="venue_change_names_a_number"),
            models.CheckConstraint(
                condition=Q(made_by__isnull=False) | Q(change=VenueChange.LAPSED),
                name="venue_change_has_an_actor",
            ),
            models.UniqueConstraint(
                fields=["booking", "resource", "number", "period"],
                condition=Q(change=VenueChange.TOLD),
                name="venue_told_once",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="venue_history_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booking_id}: {self.number} {self.change}"
