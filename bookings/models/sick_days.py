"""A teacher is ill: what became of each lesson, in one plan that can be undone for a while."""

from typing import ClassVar

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from administration.models import Teacher, User
from bookings.enums import SickDayOutcome
from bookings.models.availability import Absence
from bookings.models.bookings import Booking
from bookings.models.history import BookingTransition
from justdriving.kernel.tenancy import SchoolOwned


class SickDay(SchoolOwned):
    """``period`` is UTC ``[)``. Until ``undo_until`` it can be undone and nobody has been told."""

    teacher = models.ForeignKey(Teacher, on_delete=models.PROTECT, related_name="sick_days")
    period = DateTimeRangeField()
    absence = models.ForeignKey(
        Absence, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reported_at = models.DateTimeField()
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    undo_until = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    announced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | Q(announced_at__isnull=True),
                name="sick_day_is_undone_or_announced",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["undo_until"],
                condition=Q(undone_at__isnull=True, announced_at__isnull=True),
                name="sick_day_to_announce",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.teacher_id} is ill"


class SickDayLesson(SchoolOwned):
    """What became of one lesson. ``restored`` is the booking made in its place when undone.

    ``assigned`` maps each student (id) whose place in it was taken away to the thing (id) they had;
    ``lost`` are the ``Loss``es of undoing (``bookings.services.undoing``) as mappings.
    """

    sick_day = models.ForeignKey(SickDay, on_delete=models.PROTECT, related_name="lessons")
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(_("outcome"), max_length=16, choices=SickDayOutcome)
    transition = models.ForeignKey(BookingTransition, on_delete=models.PROTECT, related_name="+")
    restored = models.ForeignKey(
        Booking, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    assigned = models.JSONField(default=dict, blank=True)
    lost = models.JSONField(default=list, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sick_day", "booking"], name="lesson_handled_once_per_sick_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booking_id}: {self.outcome}"
