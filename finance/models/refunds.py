"""Money given back: who asked, who agreed, how it went and where it stands."""

from typing import TYPE_CHECKING, ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import F, Q

from administration.models import Membership, Student, User
from finance.enums import (
    REFUND_MOVES,
    WAITING_REFUND,
    GatewayName,
    PaymentMethod,
    RefundStatus,
)
from finance.models.payments import Payment
from justdriving.kernel.money import Money
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LEGAL_MOVES = ", ".join(
    f"'{before}>{after}'" for before, moves in REFUND_MOVES.items() for after in sorted(moves)
)
CHANGING = ["status", "external_id", "decided_by", "decided_at"]


class RefundQuerySet(models.QuerySet["Refund"]):
    def visible_to(self, member: Membership) -> Self:
        """The refunds of the students this person may know about; teachers see none."""
        if member.is_staff_role and not member.is_office:
            return self.none()
        seen = Student.objects.visible_to(member).values("pk")
        return self.filter(student__in=seen)

    def waiting(self) -> Self:
        """Those somebody still has to do something about."""
        return self.filter(status__in=WAITING_REFUND)


class Refund(SchoolOwned):
    """So much of one payment is given back. From the request on the money is taken aside.

    ``gateway`` is none when a person pays it out; else it goes back the way it came, ``account``
    is the school's own account there and ``external_id`` the gateway's name for the refund.
    ``needs_approval`` says that another person than the one who asked has to agree. A refund that
    somebody made at the gateway itself has no ``requested_by``.
    """

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="refunds")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=16, choices=PaymentMethod)
    gateway = models.CharField(max_length=8, choices=GatewayName, default=GatewayName.NONE)
    account = models.CharField(max_length=64, blank=True)
    external_id = models.CharField(max_length=255, null=True)  # noqa: DJ001 -- unknown until the gateway answers
    status = models.CharField(max_length=16, choices=RefundStatus, default=RefundStatus.REQUESTED)
    needs_approval = models.BooleanField(default=False)
    reason = models.CharField(max_length=200)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    request_key = models.UUIDField()
    fingerprint = models.CharField(max_length=64, blank=True)

    objects: ClassVar = SchoolManager.from_queryset(RefundQuerySet)()

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["school", "-requested_at"],
                condition=Q(status__in=WAITING_REFUND),
                name="refund_still_waiting",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_is_of_money"),
            models.CheckConstraint(
                condition=Q(status__in=RefundStatus.values), name="refund_status_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="refund_says_why"),
            models.UniqueConstraint(
                fields=["gateway", "external_id"], name="gateway_refund_applied_once"
            ),
            models.UniqueConstraint(
                fields=["school", "request_key"], name="refund_requested_once_per_request"
            ),
            models.CheckConstraint(
                condition=~Q(gateway=GatewayName.NONE)
                | Q(external_id__isnull=True, requested_by__isnull=False),
                name="manual_refund_has_a_person",
            ),
            models.CheckConstraint(
                condition=Q(needs_approval=False)
                | Q(status__in=[RefundStatus.REQUESTED, RefundStatus.DECLINED])
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("requested_by"))),
                name="refund_is_approved_by_another_person",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="refund_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(exclude=CHANGING),
            ),
            pgtrigger.Protect(name="refund_is_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="refund_moves_as_it_may",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "((OLD.status <> NEW.status"
                    f" AND (OLD.status || '>' || NEW.status) NOT IN ({LEGAL_MOVES}))"
                    " OR (OLD.external_id IS NOT NULL"
                    " AND OLD.external_id IS DISTINCT FROM NEW.external_id))"
                ),
            ),
            # The payment is locked before the sums are read, so the sums cannot be outrun.
            pgtrigger.Trigger(
                name="refunds_stay_within_their_payment",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("room", "bigint")],
                func="""
                    SELECT amount_minor INTO room FROM finance_payment
                    WHERE id = NEW.payment_id FOR UPDATE;
                    room := room - (
                        SELECT COALESCE(SUM(amount_minor), 0)
                        FROM finance_paymentallocation WHERE payment_id = NEW.payment_id
                    ) - (
                        SELECT COALESCE(SUM(amount_minor), 0) FROM finance_refund
                        WHERE payment_id = NEW.payment_id
                          AND status NOT IN ('failed', 'declined')
                    );
                    IF NEW.amount_minor > room THEN
                        RAISE EXCEPTION 'more than payment % has to give back', NEW.payment_id
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'refunds_within_the_payment';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What people call this refund."""
        return f"T-{self.pk:05d}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def status_text(self) -> "StrOrPromise":
        return RefundStatus(self.status).label


class RefundEvent(SchoolOwned):
    """A refund was asked for or moved on."""

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="events")
    from_status = models.CharField(max_length=16, choices=RefundStatus, blank=True)
    to_status = models.CharField(max_length=16, choices=RefundStatus)
    note = models.CharField(max_length=200, blank=True)
    happened_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["happened_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["refund", "to_status"], name="refund_enters_a_status_once"
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="refund_event_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]

    def __str__(self) -> str:
        return f"{self.refund_id}: {self.from_status} -> {self.to_status}"
