"""The ladder a school follows when an invoice is not paid, and what was done for each invoice."""

from typing import ClassVar

import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from administration.models import User
from finance.enums import FollowUpKind, ReminderAction
from finance.models.invoices import Invoice
from justdriving.kernel.money import Money
from justdriving.kernel.tenancy import SchoolOwned

DAYS = (MinValueValidator(-30), MaxValueValidator(365))


class ReminderStep(SchoolOwned):
    """One step of the ladder: so many ``days`` after the due date, below zero before it.

    With ``blocks_booking`` the student books nothing more until the invoice is paid.
    """

    days = models.SmallIntegerField(_("days after the due date"), validators=DAYS)
    action = models.CharField(_("what happens"), max_length=16, choices=ReminderAction)
    fee_minor = models.PositiveBigIntegerField(_("fee"), default=0)
    blocks_booking = models.BooleanField(_("no new bookings until it is paid"), default=False)

    SETTING: ClassVar = _("reminders")
    ALSO_KEPT: ClassVar = {"step": _("step")}

    class Meta:
        ordering: ClassVar = ["days"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "days"], name="one_reminder_step_a_day"),
            models.CheckConstraint(
                condition=Q(action=ReminderAction.FRIENDLY, days__gte=-30, days__lte=0)
                | Q(
                    action__in=[
                        ReminderAction.REMINDER,
                        ReminderAction.FEE,
                        ReminderAction.FINAL,
                    ],
                    days__gte=1,
                    days__lte=365,
                ),
                name="only_friendly_steps_come_before_the_due_date",
            ),
            models.CheckConstraint(
                condition=Q(action=ReminderAction.FEE, fee_minor__gte=1)
                | (~Q(action=ReminderAction.FEE) & Q(fee_minor=0)),
                name="reminder_step_with_a_fee_has_one",
            ),
            models.CheckConstraint(
                condition=Q(blocks_booking=False) | ~Q(action=ReminderAction.FRIENDLY),
                name="what_is_not_overdue_blocks_nothing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.days:+d}: {self.action}"

    @property
    def fee(self) -> Money:
        return self.school.money(self.fee_minor)


class FollowUp(SchoolOwned):
    """One line in the log of an invoice: a step that was taken, or what the office did by hand.

    A step keeps what the ladder said when it was taken. ``until`` is the last day of a pause, in
    the school's calendar; without it the pause lasts until somebody ends it.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="follow_ups")
    kind = models.CharField(max_length=16, choices=FollowUpKind)
    days = models.SmallIntegerField(null=True)
    action = models.CharField(max_length=16, choices=ReminderAction, blank=True)
    fee_minor = models.PositiveBigIntegerField(default=0)
    blocks_booking = models.BooleanField(default=False)
    note = models.CharField(max_length=500, blank=True)
    until = models.DateField(null=True)
    request_key = models.UUIDField(null=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    happened_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["invoice", "days"], name="reminder_step_taken_once_per_invoice"
            ),
            models.UniqueConstraint(
                fields=["school", "request_key"], name="follow_up_written_once_per_request"
            ),
            models.CheckConstraint(
                condition=Q(kind=FollowUpKind.STEP, days__isnull=False)
                & Q(action__in=ReminderAction.values, until__isnull=True)
                | Q(
                    kind__in=[FollowUpKind.NOTE, FollowUpKind.PAUSED, FollowUpKind.RESUMED],
                    days__isnull=True,
                    action="",
                    fee_minor=0,
                    blocks_booking=False,
                    made_by__isnull=False,
                ),
                name="follow_up_is_a_step_or_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=[FollowUpKind.NOTE, FollowUpKind.PAUSED]) | ~Q(note=""),
                name="follow_up_by_hand_says_why",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(kind=FollowUpKind.PAUSED),
                name="only_a_pause_has_an_end",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="follow_up_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.kind}"

    @property
    def fee(self) -> Money:
        return self.school.money(self.fee_minor)
