"""What every student owes: one append-only list of signed amounts."""

from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Q

from administration.models import Membership, Student, StudentEvent, User
from bookings.models import ParticipationTransition
from finance.enums import CHARGES_OF_LESSONS, LESSENING, EntryKind
from finance.models.payments import Payment
from justdriving.kernel.money import Money
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    def visible_to(self, member: Membership) -> Self:
        """The entries of the students this person may know about; teachers see none."""
        if member.is_staff_role and not member.is_office:
            return self.none()
        seen = Student.objects.visible_to(member).values("pk")
        return self.filter(student__in=seen)


class LedgerEntry(SchoolOwned):
    """A student owes more (positive) or less (negative). Corrected by a new entry, never edited.

    Every entry names its cause: the history row of the lesson or the student, the payment, the
    credit note, the refund, the reminder, or, for a correction, the reason and the person.
    """

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="ledger")
    kind = models.CharField(max_length=24, choices=EntryKind)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    participation_transition = models.ForeignKey(
        ParticipationTransition, on_delete=models.PROTECT, null=True, related_name="ledger_entries"
    )
    student_event = models.ForeignKey(
        StudentEvent, on_delete=models.PROTECT, null=True, related_name="ledger_entries"
    )
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="ledger_entries"
    )
    credit_note = models.OneToOneField(
        "finance.CreditNote", on_delete=models.PROTECT, null=True, related_name="ledger_entry"
    )
    refund = models.ForeignKey(
        "finance.Refund", on_delete=models.PROTECT, null=True, related_name="ledger_entries"
    )
    follow_up = models.ForeignKey(
        "finance.FollowUp", on_delete=models.PROTECT, null=True, related_name="ledger_entries"
    )
    reason = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    posted_at = models.DateTimeField()

    objects: ClassVar = SchoolManager.from_queryset(LedgerQuerySet)()

    class Meta:
        verbose_name_plural = "ledger entries"
        ordering: ClassVar = ["posted_at", "pk"]
        indexes: ClassVar = [models.Index(fields=["student"], name="ledger_by_student")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(amount_minor=0), name="entry_moves_money"),
            models.CheckConstraint(condition=Q(kind__in=EntryKind.values), name="entry_kind_known"),
            models.UniqueConstraint(
                fields=["participation_transition", "kind"],
                name="entry_posted_once_per_transition",
            ),
            models.UniqueConstraint(
                fields=["student_event", "kind"], name="entry_posted_once_per_student_event"
            ),
            models.UniqueConstraint(
                fields=["payment", "kind"],
                condition=Q(kind=EntryKind.PAYMENT),
                name="entry_posted_once_per_payment",
            ),
            models.UniqueConstraint(fields=["refund", "kind"], name="entry_posted_once_per_refund"),
            models.UniqueConstraint(
                fields=["follow_up", "kind"], name="entry_posted_once_per_reminder"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=CHARGES_OF_LESSONS, participation_transition__isnull=False)
                | Q(kind=EntryKind.SIGNUP_FEE, student_event__isnull=False)
                | Q(kind=EntryKind.REMINDER_FEE, follow_up__isnull=False)
                | Q(kind=EntryKind.PAYMENT, payment__isnull=False)
                | Q(kind__in=[EntryKind.REFUND, EntryKind.REFUND_RETURNED], refund__isnull=False)
                | Q(kind=EntryKind.CREDIT_NOTE, credit_note__isnull=False)
                | (Q(kind=EntryKind.CORRECTION, made_by__isnull=False) & ~Q(reason="")),
                name="entry_has_its_cause",
            ),
            models.CheckConstraint(
                condition=Q(kind=EntryKind.CORRECTION)
                | Q(kind__in=LESSENING, amount_minor__lt=0)
                | (~Q(kind__in=LESSENING) & Q(amount_minor__gt=0)),
                name="entry_has_the_sign_of_its_kind",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="ledger_entry_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
