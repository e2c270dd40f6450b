"""Messages are the outbox: what must leave the building is a row first; rows are the queue."""

from datetime import datetime
from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from administration.models import Membership, School, Student, Teacher, User
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned
from notifications.enums import Channel, Event, MessageStatus, Outcome, Untrue


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, member: Membership) -> Self:
        """What was written to oneself; for the office also to the people it manages."""
        own = Q(recipient=member.user_id)
        if not member.is_office:
            return self.filter(own)
        if not member.department_id:
            return self
        students = Student.objects.visible_to(member).values("membership__user")
        teachers = Teacher.objects.visible_to(member).values("membership__user")
        return self.filter(own | Q(recipient__in=students) | Q(recipient__in=teachers))

    def due(self, at: datetime) -> Self:
        return self.filter(wake_at__lte=at)


class Message(SchoolOwned):
    """Something one person must be told, by one channel.

    ``context`` holds the ids from which the words are made when it is sent; never a secret.
    ``due_at`` is when it should leave; ``wake_at`` when a worker looks at it next: the due time,
    the next try, or the end of the lease of the worker that has it. Without ``wake_at`` its fate is
    final. ``handed_over_at`` is set right before the provider is called: from then on, and until an
    answer is written down, the message may have left. ``subject`` and ``body`` are what was handed
    over, with secret links blotted out. Account mails belong to no school.
    """

    school = models.ForeignKey(
        School, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # type: ignore[assignment]  # the one owned row that may belong to nobody
    recipient = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    to_name = models.CharField(_("to"), max_length=120, blank=True)
    address = models.CharField(_("address"), max_length=254)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    event = models.CharField(_("what it tells"), max_length=32, choices=Event)
    about = models.CharField(max_length=80)
    context = models.JSONField(default=dict)
    language = models.CharField(max_length=8)
    due_at = models.DateTimeField()
    status = models.CharField(
        _("status"), max_length=12, choices=MessageStatus, default=MessageStatus.QUEUED
    )
    wake_at = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=64, blank=True)
    handed_over_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    interruptions = models.PositiveSmallIntegerField(default=0)
    provider = models.CharField(max_length=16, blank=True)
    provider_id = models.CharField(max_length=255, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    subject = models.CharField(max_length=255, blank=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    objects: ClassVar = SchoolManager.from_queryset(MessageQuerySet)()
    across_schools: ClassVar = models.Manager.from_queryset(MessageQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["recipient", "address", "event", "channel", "about"],
                name="message_queued_once",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["provider", "provider_id"],
                condition=~Q(provider_id=""),
                name="provider_took_a_message_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=MessageStatus.values), name="message_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "sending"], wake_at__isnull=False)
                | Q(status="unknown")
                | Q(status__in=["sent", "delivered", "failed", "suppressed"], wake_at__isnull=True),
                name="message_is_looked_at_until_final",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["sent", "delivered"]) | Q(sent_at__isnull=False),
                name="sent_message_has_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["wake_at"], name="message_due", condition=Q(wake_at__isnull=False)
            ),
            models.Index(fields=["school", "-due_at"], name="message_by_school"),
            models.Index(fields=["recipient", "-due_at"], name="message_by_recipient"),
            models.Index(fields=["about"], name="message_by_what_it_is_about"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.address}"

    @property
    def is_in_doubt(self) -> bool:
        """Nobody knows whether the provider took it."""
        return self.handed_over_at is not None and not self.sent_at

    @property
    def reason(self) -> str:
        """Why it did not arrive, in words: ours, or the provider's."""
        is_ours = self.status == MessageStatus.SUPPRESSED and self.last_error in Untrue.values
        return str(Untrue(self.last_error).label) if is_ours else self.last_error

    @property
    def heading(self) -> str:
        """What the message is called in a list."""
        return self.subject or str(Event(self.event).label)


class MessageAttempt(SchoolOwned):
    """One time a message was handed to a provider, and what came of it. Written once."""

    school = models.ForeignKey(
        School, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # type: ignore[assignment]  # as its message
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="tries")
    number = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=12, choices=Outcome)
    error = models.CharField(max_length=500, blank=True)
    happened_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["message", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "number"], name="attempt_numbered_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="attempt_outcome_known"
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="attempt_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} #{self.number}: {self.outcome}"


class DemoMessage(models.Model):
    """An e-mail or SMS as it would have left; the demonstration's only way out.

    ``attachments`` is a list of ``{"name", "type", "base64"}``.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel)
    sender = models.CharField(max_length=254)
    to_name = models.CharField(max_length=120, blank=True)
    address = models.CharField(max_length=254)
    subject = models.CharField(max_length=255, blank=True)
    text = models.TextField()
    html = models.TextField(blank=True)
    attachments = models.JSONField(default=list)
    sent_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-sent_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["-sent_at"], name="demo_message_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.address}"
