"""What changed in a school's settings and in people's places there: written once, never edited."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from administration.enums import MembershipChange
from administration.models.people import Membership, User
from justdriving.kernel.tenancy import SchoolOwned


class SettingChange(SchoolOwned):
    """One setting of a school got a new value.

    ``subject`` is the name of what it belongs to at that time, empty for the school itself.
    ``topic`` is that thing's model ("bookings.LessonType"), ``subject_id`` its row; both are empty
    in changes written before they were kept.
    """

    topic = models.CharField(max_length=64, blank=True, default="")
    subject_id = models.PositiveBigIntegerField(null=True, blank=True)
    subject = models.CharField(max_length=120, blank=True)
    field = models.CharField(max_length=64)
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    happened_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["school", "-happened_at"], name="setting_change_by_time"),
            models.Index(fields=["topic", "subject_id"], name="setting_change_by_subject"),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="setting_change_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.field}".strip()


class MembershipEvent(SchoolOwned):
    """A person was invited, accepted, changed role, was deactivated. ``details`` maps a field to
    ``[old, new]``.
    """

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="events")
    change = models.CharField(_("change"), max_length=16, choices=MembershipChange)
    details = models.JSONField(default=dict)
    happened_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(change__in=MembershipChange.values),
                name="membership_change_known",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="membership_event_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id}: {self.change}"
