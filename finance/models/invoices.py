"""Invoices: numbered without gaps, final from the moment they are issued."""

from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import BooleanField, Case, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from administration.enums import Role
from administration.models import Membership, Student, User
from finance.enums import INVOICE_MOVES, NEVER_ISSUED, OPEN_INVOICE, Document, InvoiceStatus
from finance.models.catalogue import VatCode
from finance.models.ledger import LedgerEntry
from finance.models.payments import Payment, PaymentAllocation
from justdriving.kernel.money import Money
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


LEGAL_MOVES = ", ".join(
    f"'{before}>{after}'" for before, moves in INVOICE_MOVES.items() for after in sorted(moves)
)


class InvoiceSeries(SchoolOwned):
    """A run of numbers of one document. ``next_number`` is taken under a lock of this row."""

    document = models.CharField(max_length=16, choices=Document, default=Document.INVOICE)
    code = models.CharField(max_length=8)
    next_number = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name_plural = "invoice series"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["school", "document", "code"], name="invoice_series_once"
            ),
        ]

    def __str__(self) -> str:
        return self.code


def _sum_per(key: str, rows: "models.QuerySet[Any]", column: str) -> Coalesce:
    sums = rows.order_by().values(key).annotate(total=Sum(column)).values("total")
    return Coalesce(Subquery(sums), 0)


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def visible_to(self, member: Membership) -> Self:
        """Invoices this person may read; teachers only where they may register payments."""
        if member.is_office and not member.department_id:
            return self
        if member.role == Role.TEACHER and not member.school.teachers_register_payments:
            return self.none()
        mine = self.filter(student__in=Student.objects.visible_to(member).values("pk"))
        return mine if member.is_staff_role else mine.issued()

    def issued(self) -> Self:
        """Those that have a number: no drafts, nothing discarded."""
        return self.exclude(status__in=NEVER_ISSUED)

    def with_paid(self) -> Self:
        """Annotate ``paid_minor`` and ``credited_minor``: what payments were put against each
        invoice, and what credit notes took off it.
        """
        paid = PaymentAllocation.objects.filter(invoice=OuterRef("pk"))
        credits_ = self.model.objects.filter(
            pk=OuterRef("pk"), credit_notes__issued_on__isnull=False
        )
        return self.annotate(
            paid_minor=_sum_per("invoice", paid, "amount_minor"),
            credited_minor=_sum_per("pk", credits_, "credit_notes__total_minor"),
        )

    def open(self) -> Self:
        return self.filter(status__in=OPEN_INVOICE)

    def overdue(self, *, today: date) -> Self:
        return self.open().filter(due_on__lt=today)

    def with_overdue(self, *, today: date) -> Self:
        """Annotate ``is_overdue``: still open after its due date."""
        late = When(Q(status__in=OPEN_INVOICE, due_on__lt=today), then=Value(value=True))
        return self.annotate(
            is_overdue=Case(late, default=Value(value=False), output_field=BooleanField())
        )


class Invoice(SchoolOwned):
    """What a student is asked to pay. After issue nothing but the status may change.

    ``seller`` and ``buyer`` are the names and addresses as they were when it was issued.
    ``due_on`` and ``issued_on`` are days in the school's zone; overdue is derived, never stored.
    """

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="invoices")
    series = models.ForeignKey(
        InvoiceSeries, on_delete=models.PROTECT, null=True, related_name="invoices"
    )
    sequence = models.PositiveIntegerField(null=True)
    number = models.CharField(max_length=24, blank=True)
    status = models.CharField(max_length=16, choices=InvoiceStatus, default=InvoiceStatus.DRAFT)
    issued_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    seller = models.JSONField(default=dict)
    buyer = models.JSONField(default=dict)
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField(default=0)
    vat_minor = models.BigIntegerField(default=0)
    request_key = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    objects: ClassVar = SchoolManager.from_queryset(InvoiceQuerySet)()

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(fields=["school", "status", "due_on"], name="invoice_by_status_and_due"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=InvoiceStatus.values), name="invoice_status_known"
            ),
            models.UniqueConstraint(
                fields=["series", "sequence"], name="invoice_number_once_per_series"
            ),
            models.UniqueConstraint(
                fields=["school", "number"], condition=~Q(number=""), name="invoice_number_once"
            ),
            models.UniqueConstraint(
                fields=["school", "request_key"], name="invoice_made_once_per_request"
            ),
            models.CheckConstraint(
                condition=Q(status__in=NEVER_ISSUED, sequence__isnull=True, number="")
                | (
                    ~Q(status__in=NEVER_ISSUED)
                    & Q(series__isnull=False, sequence__isnull=False)
                    & Q(issued_on__isnull=False, due_on__gte=F("issued_on"))
                    & ~Q(number="")
                ),
                name="invoice_has_number_and_dates_once_issued",
            ),
            models.CheckConstraint(
                condition=Q(total_minor__gte=0, vat_minor__gte=0, vat_minor__lte=F("total_minor")),
                name="invoice_total_holds_its_vat",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="issued_invoice_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status <> 'draft'"
                    " AND to_jsonb(OLD.*) - 'status' IS DISTINCT FROM to_jsonb(NEW.*) - 'status'"
                ),
            ),
            pgtrigger.Protect(
                name="invoice_moves_as_it_may",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status <> NEW.status"
                    f" AND (OLD.status || '>' || NEW.status) NOT IN ({LEGAL_MOVES})"
                ),
            ),
            pgtrigger.Protect(name="invoice_is_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="issued_total_is_its_lines",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Insert,
                func="""
                    IF NEW.status NOT IN ('draft', 'discarded') AND NOT EXISTS (
                        SELECT 1 FROM finance_invoiceline WHERE invoice_id = NEW.id
                        HAVING COALESCE(SUM(total_minor), 0) = NEW.total_minor
                           AND COALESCE(SUM(vat_minor), 0) = NEW.vat_minor
                    ) THEN
                        RAISE EXCEPTION 'the total of invoice % is not the sum of its lines', NEW.id
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'issued_total_is_its_lines';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"draft {self.pk}"

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def vat(self) -> Money:
        return Money(self.vat_minor, self.currency)

    @property
    def paid(self) -> Money:
        """Needs the annotation of ``with_paid``."""
        return Money(self.paid_minor, self.currency)  # type: ignore[attr-defined]  # annotated

    @property
    def credited(self) -> Money:
        """Needs the annotation of ``with_paid``."""
        return Money(self.credited_minor, self.currency)  # type: ignore[attr-defined]  # annotated

    @property
    def due(self) -> Money:
        """What is still owed; needs the annotation of ``with_paid``."""
        owed = self.total - self.paid - self.credited
        return owed if self.is_open else Money(0, self.currency)

    @property
    def has_left(self) -> bool:
        """Whether something of it is not credited yet; needs the annotation of ``with_paid``."""
        return self.status not in NEVER_ISSUED and self.credited < self.total

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_INVOICE

    @property
    def status_text(self) -> "StrOrPromise":
        return InvoiceStatus(self.status).label


class InvoiceLine(SchoolOwned):
    """One thing on an invoice. ``unit_price_minor`` and ``total_minor`` include VAT.

    ``net_minor + vat_minor = total_minor``: VAT is rounded once per line, inside the gross.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    entry = models.OneToOneField(
        LedgerEntry, on_delete=models.PROTECT, null=True, related_name="invoice_line"
    )
    position = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField(default=1)
    unit_price_minor = models.BigIntegerField()
    vat_code = models.ForeignKey(VatCode, on_delete=models.PROTECT, related_name="+")
    vat_rate_basis_points = models.PositiveIntegerField()
    net_minor = models.BigIntegerField()
    vat_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["invoice", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["invoice", "position"], name="invoice_lines_in_one_order"
            ),
            models.CheckConstraint(
                condition=Q(total_minor=F("quantity") * F("unit_price_minor")),
                name="line_total_is_quantity_times_price",
            ),
            models.CheckConstraint(
                condition=Q(total_minor=F("net_minor") + F("vat_minor")),
                name="line_total_is_net_and_vat",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="lines_of_an_issued_invoice_are_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF EXISTS (
                        SELECT 1 FROM finance_invoice
                        WHERE id IN (CASE WHEN TG_OP <> 'DELETE' THEN NEW.invoice_id END,
                                     CASE WHEN TG_OP <> 'INSERT' THEN OLD.invoice_id END)
                          AND status <> 'draft'
                    ) THEN
                        RAISE EXCEPTION 'the lines of an issued invoice are final'
                            USING ERRCODE = 'raise_exception';
                    END IF;
                    RETURN COALESCE(NEW, OLD);
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.description

    def _money(self, minor: int) -> Money:
        return Money(minor, self.invoice.currency)

    @property
    def unit_price(self) -> Money:
        return self._money(self.unit_price_minor)

    @property
    def net(self) -> Money:
        return self._money(self.net_minor)

    @property
    def vat(self) -> Money:
        return self._money(self.vat_minor)

    @property
    def total(self) -> Money:
        return self._money(self.total_minor)


class InvoiceEvent(SchoolOwned):
    """An invoice was issued or its status changed: the event of ``invoice_changed``.

    ``reason`` says why a draft was discarded, or why a payment was taken back.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="events")
    from_status = models.CharField(max_length=16, choices=InvoiceStatus)
    to_status = models.CharField(max_length=16, choices=InvoiceStatus)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="+")
    credit_note = models.ForeignKey(
        "finance.CreditNote", on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(max_length=200, blank=True)
    happened_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["happened_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["invoice", "to_status"],
                condition=Q(from_status=InvoiceStatus.DRAFT) | Q(to_status=InvoiceStatus.CREDITED),
                name="invoice_enters_a_status_once",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="invoice_event_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.from_status} -> {self.to_status}"
