"""Money that came in: who asked for it, what arrived, and which invoices it covers."""

from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from administration.models import Membership, Student, User
from finance.enums import (
    NO_REFUND,
    CheckoutStatus,
    GatewayName,
    PaymentChange,
    PaymentFlag,
    PaymentMethod,
    PaymentStatus,
)
from justdriving.kernel.money import Money
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned


class CheckoutQuerySet(models.QuerySet["Checkout"]):
    def visible_to(self, member: Membership) -> Self:
        """The checkouts of the students this person may know about; teachers see none."""
        if member.is_staff_role and not member.is_office:
            return self.none()
        seen = Student.objects.visible_to(member).values("pk")
        return self.filter(invoice__student__in=seen)

    def open(self) -> Self:
        return self.filter(status=CheckoutStatus.OPEN)


class Checkout(SchoolOwned):
    """One visit to a payment page. ``external_id`` is the gateway's name for it.

    ``account`` is the gateway account it was started on: the school's own, taken from its
    settings and never from what a webhook says.
    """

    invoice = models.ForeignKey(
        "finance.Invoice", on_delete=models.PROTECT, related_name="checkouts"
    )
    gateway = models.CharField(max_length=8, choices=GatewayName)
    account = models.CharField(max_length=64, blank=True)
    external_id = models.CharField(max_length=255, null=True)  # noqa: DJ001 -- unknown until the gateway answers
    url = models.CharField(
        max_length=2000, blank=True
    )  # of the gateway; may be a path of this site
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=8, choices=CheckoutStatus, default=CheckoutStatus.OPEN)
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    request_key = models.UUIDField()

    objects: ClassVar = SchoolManager.from_queryset(CheckoutQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["gateway", "external_id"], name="checkout_once_per_gateway_id"
            ),
            models.UniqueConstraint(
                fields=["school", "request_key"], name="checkout_started_once_per_request"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="checkout_asks_for_money"),
            models.CheckConstraint(
                condition=Q(status__in=CheckoutStatus.values), name="checkout_status_known"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["started_at"],
                condition=Q(status=CheckoutStatus.OPEN),
                name="checkout_still_open",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="paid_checkout_stays_paid",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status = 'paid' AND (OLD.*) IS DISTINCT FROM (NEW.*)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.external_id or self.pk}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class PaymentQuerySet(models.QuerySet["Payment"]):
    def visible_to(self, member: Membership) -> Self:
        """The payments of the students this person may know about; teachers see none."""
        if member.is_staff_role and not member.is_office:
            return self.none()
        seen = Student.objects.visible_to(member).values("pk")
        return self.filter(student__in=seen)

    def received(self) -> Self:
        return self.filter(status=PaymentStatus.RECEIVED)

    def with_free(self) -> Self:
        """Annotate ``free_minor``: what of each payment covers no invoice and is not refunded."""
        sums = (
            PaymentAllocation.objects.filter(payment=OuterRef("pk"))
            .order_by()
            .values("payment")
            .annotate(total=Sum("amount_minor"))
            .values("total")
        )
        given_back = (
            self.model.objects.filter(pk=OuterRef("pk"))
            .order_by()
            .values("pk")
            .annotate(total=Sum("refunds__amount_minor", filter=~Q(refunds__status__in=NO_REFUND)))
            .values("total")
        )
        gone = Coalesce(Subquery(sums), 0) + Coalesce(Subquery(given_back), 0)
        return self.annotate(free_minor=F("amount_minor") - gone)

    def with_credit_left(self) -> Self:
        """Received payments of which something covers no invoice yet."""
        return self.received().with_free().filter(free_minor__gt=0)


class Payment(SchoolOwned):
    """Money received from, or for, one student.

    ``received_on`` is the day the money came, in the school's zone; ``created_at`` the moment it
    was written down. ``flag`` says that it differs from what was asked; money of a foreign currency
    is ``in_review`` and enters no ledger.
    """

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="payments")
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=16, choices=PaymentMethod)
    status = models.CharField(max_length=16, choices=PaymentStatus, default=PaymentStatus.RECEIVED)
    flag = models.CharField(max_length=16, choices=PaymentFlag, blank=True)
    gateway = models.CharField(max_length=8, choices=GatewayName, default=GatewayName.NONE)
    external_id = models.CharField(max_length=255, null=True)  # noqa: DJ001 -- unique where there is one
    reference = models.CharField(max_length=255, blank=True)
    checkout = models.OneToOneField(
        Checkout, on_delete=models.PROTECT, null=True, related_name="payment"
    )
    received_on = models.DateField()
    created_at = models.DateTimeField()
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    request_key = models.UUIDField(null=True)
    fingerprint = models.CharField(max_length=64, blank=True)

    objects: ClassVar = SchoolManager.from_queryset(PaymentQuerySet)()

    class Meta:
        ordering: ClassVar = ["-received_on", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payment_is_of_money"),
            models.UniqueConstraint(
                fields=["gateway", "external_id"], name="gateway_payment_applied_once"
            ),
            models.UniqueConstraint(
                fields=["school", "request_key"], name="payment_registered_once_per_request"
            ),
            models.CheckConstraint(
                condition=Q(gateway=GatewayName.NONE, external_id__isnull=True)
                | (~Q(gateway=GatewayName.NONE) & Q(external_id__isnull=False)),
                name="gateway_payment_names_its_source",
            ),
            models.CheckConstraint(
                condition=~Q(gateway=GatewayName.NONE) | Q(registered_by__isnull=False),
                name="manual_payment_has_a_registrar",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="payment_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(exclude=["status"]),
            ),
            pgtrigger.Protect(name="payment_is_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What people call this payment, also on its receipt."""
        return f"R-{self.pk:05d}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def free(self) -> Money:
        """Needs the annotation of ``with_free``."""
        return Money(self.free_minor, self.currency)  # type: ignore[attr-defined]  # annotated


class PaymentAllocation(SchoolOwned):
    """So much of a payment covers this invoice; together never more than either.

    Below zero it takes back what an earlier row gave, wholly or in part: rows are final. ``reason``
    and ``credit_note`` say why.
    """

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations")
    invoice = models.ForeignKey(
        "finance.Invoice", on_delete=models.PROTECT, related_name="allocations"
    )
    amount_minor = models.BigIntegerField()
    credit_note = models.ForeignKey(
        "finance.CreditNote", on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    request_key = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(amount_minor=0), name="allocation_moves_money"),
            models.UniqueConstraint(
                fields=["school", "request_key", "payment", "invoice"],
                name="allocation_made_once_per_request",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0)
                | Q(credit_note__isnull=False)
                | (~Q(reason="") & Q(made_by__isnull=False)),
                name="allocation_is_taken_back_for_a_reason",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="allocation_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
            # The rows are locked before the sums are read, so the sums cannot be outrun.
            pgtrigger.Trigger(
                name="allocations_stay_within_payment_and_invoice",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("room", "bigint")],
                func="""
                    SELECT total_minor INTO room FROM finance_invoice
                    WHERE id = NEW.invoice_id FOR UPDATE;
                    IF NEW.amount_minor < 0 THEN
                        IF NEW.amount_minor + (
                            SELECT COALESCE(SUM(amount_minor), 0) FROM finance_paymentallocation
                            WHERE invoice_id = NEW.invoice_id AND payment_id = NEW.payment_id
                        ) < 0 THEN
                            RAISE EXCEPTION 'more is taken back than payment % gave', NEW.payment_id
                                USING ERRCODE = 'check_violation',
                                      CONSTRAINT = 'allocation_taken_back_once';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF EXISTS (
                        SELECT 1 FROM finance_invoice
                        WHERE id = NEW.invoice_id AND status IN ('draft', 'discarded')
                    ) THEN
                        RAISE EXCEPTION 'invoice % is not issued', NEW.invoice_id
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'allocation_covers_an_issued_invoice';
                    END IF;
                    room := room - (
                        SELECT COALESCE(SUM(amount_minor), 0)
                        FROM finance_paymentallocation WHERE invoice_id = NEW.invoice_id
                    ) - (
                        SELECT COALESCE(SUM(total_minor), 0) FROM finance_creditnote
                        WHERE invoice_id = NEW.invoice_id AND issued_on IS NOT NULL
                    );
                    IF NEW.amount_minor > room THEN
                        RAISE EXCEPTION 'more than invoice % asks for', NEW.invoice_id
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'allocations_within_the_invoice';
                    END IF;
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
                        RAISE EXCEPTION 'more than payment % brought', NEW.payment_id
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'allocations_within_the_payment';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} of {self.payment_id} for {self.invoice_id}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.payment.currency)


class PaymentEvent(SchoolOwned):
    """A payment was received, or needs a look: the event of ``payment_changed``."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="events")
    change = models.CharField(max_length=16, choices=PaymentChange)
    happened_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["happened_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["payment", "change"], name="payment_changes_once"),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="payment_event_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.change}"


class GatewayEvent(models.Model):
    """What a payment provider told us, word for word; belongs to no school until it is read."""

    provider = models.CharField(max_length=16, choices=GatewayName)
    account = models.CharField(max_length=64, blank=True)
    external_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=80)
    payload = models.JSONField()
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "account", "external_id"], name="gateway_event_received_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["received_at"],
                condition=Q(processed_at__isnull=True),
                name="gateway_event_unread",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} {self.external_id}"
