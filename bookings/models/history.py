"""What happened to a booking and to each place in it: written once, never edited.

These rows are the events of the house: signals carry them to the apps above.
"""

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q

from administration.models import Teacher, User
from bookings.enums import (
    BookingChange,
    BookingStatus,
    ParticipationStatus,
    Party,
    ReasonCategory,
)
from bookings.models.bookings import Booking, Participation
from bookings.models.lesson_types import CancellationReason
from justdriving.kernel.tenancy import SchoolOwned


class BookingTransition(SchoolOwned):
    """A booking changed: what, from, to, when, who, why, which rules were overridden.

    ``made_by`` is empty only when the system itself acted. ``requested_by`` is the side that asked.
    ``overridden_rules`` is a list of ``{"code", "message", "reason"}``. Changes made together (a
    swap, a moved day, a sick day) share a ``batch``. ``fee_waived`` says that nothing is owed for
    this cancellation, ``document_seen`` that the paper the reason asks for was shown.
    """

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="transitions")
    sequence = models.PositiveIntegerField()
    change = models.CharField(max_length=16, choices=BookingChange)
    from_status = models.CharField(max_length=16, choices=BookingStatus, blank=True)
    to_status = models.CharField(max_length=16, choices=BookingStatus)
    from_period = DateTimeRangeField(null=True)
    to_period = DateTimeRangeField()
    from_teacher = models.ForeignKey(Teacher, on_delete=models.PROTECT, null=True, related_name="+")
    to_teacher = models.ForeignKey(Teacher, on_delete=models.PROTECT, null=True, related_name="+")
    # Names of what the change took away and brought, as they were then; both empty without such.
    from_things = models.JSONField(null=True)
    to_things = models.JSONField(null=True)
    # In the currency of the place; both empty unless the student's move changed the price.
    from_price_minor = models.PositiveBigIntegerField(null=True)
    to_price_minor = models.PositiveBigIntegerField(null=True)
    happened_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    requested_by = models.CharField(max_length=16, choices=Party)
    reason = models.CharField(max_length=500, blank=True)
    reason_category = models.CharField(max_length=16, choices=ReasonCategory, blank=True)
    overridden_rules = models.JSONField(default=list)
    is_muted = models.BooleanField(default=False)
    batch = models.UUIDField(null=True)
    cancellation_reason = models.ForeignKey(
        CancellationReason, on_delete=models.PROTECT, null=True, related_name="+"
    )
    fee_waived = models.BooleanField(default=False)
    document_seen = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["booking", "sequence"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["booking", "sequence"], name="booking_history_in_one_line"
            ),
            # MOVES has no cycles, so a second arrival can only be a bug or a race.
            models.UniqueConstraint(
                fields=["booking", "to_status"],
                condition=Q(change__in=[BookingChange.CREATED, BookingChange.STATUS]),
                name="booking_enters_a_status_once",
            ),
            models.CheckConstraint(
                condition=Q(made_by__isnull=False) | Q(requested_by=Party.SYSTEM),
                name="booking_change_has_an_actor",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="booking_history_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booking_id}: {self.from_status} -> {self.to_status}"


class ParticipationTransition(SchoolOwned):
    """A student's place changed status. Finance and learning follow these rows, one each."""

    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, related_name="transitions"
    )
    booking_transition = models.ForeignKey(
        BookingTransition, on_delete=models.PROTECT, related_name="participation_transitions"
    )
    from_status = models.CharField(max_length=16, choices=ParticipationStatus, blank=True)
    to_status = models.CharField(max_length=16, choices=ParticipationStatus)
    minutes_used = models.PositiveSmallIntegerField(null=True)
    happened_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["participation", "to_status"], name="participation_enters_a_status_once"
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="participation_history_is_final",
                operation=pgtrigger.Update | pgtrigger.Delete,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participation_id}: {self.from_status} -> {self.to_status}"
