"""Credit notes: what is taken off an issued invoice, on paper of its own."""

from typing import TYPE_CHECKING, ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import F, Q

from administration.enums import Role
from administration.models import Membership, Student, User
from bookings.models import ParticipationTransition
from finance.enums import CreditCause
from finance.models.invoices import Invoice, InvoiceLine, InvoiceSeries
from justdriving.kernel.money import Money
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class CreditNoteQuerySet(models.QuerySet["CreditNote"]):
    def visible_to(self, member: Membership) -> Self:
        """Those of the invoices this person may read."""
        if member.role == Role.TEACHER:
            return self.none()
        return self.filter(invoice__in=Invoice.objects.visible_to(member).values("pk"))


class CreditNote(SchoolOwned):
    """So much of an issued invoice need not be paid. Final from the moment it has a number.

    ``total_minor`` is what is taken off, above zero. What was paid of it already is released and
    becomes the student's credit. ``participation_transition`` is the history row of the lesson that
    caused it by itself or whose fee was waived.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_notes")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="credit_notes")
    series = models.ForeignKey(
        InvoiceSeries, on_delete=models.PROTECT, null=True, related_name="credit_notes"
    )
    sequence = models.PositiveIntegerField(null=True)
    number = models.CharField(max_length=24, blank=True)
    issued_on = models.DateField(null=True)
    seller = models.JSONField(default=dict)
    buyer = models.JSONField(default=dict)
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField(default=0)
    vat_minor = models.BigIntegerField(default=0)
    cause = models.CharField(max_length=16, choices=CreditCause)
    reason = models.CharField(max_length=200)
    participation_transition = models.OneToOneField(
        ParticipationTransition, on_delete=models.PROTECT, null=True, related_name="credit_note"
    )
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    request_key = models.UUIDField(null=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    objects: ClassVar = SchoolManager.from_queryset(CreditNoteQuerySet)()

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["series", "sequence"], name="credit_note_number_once_per_series"
            ),
            models.UniqueConstraint(
                fields=["school", "number"],
                condition=~Q(number=""),
                name="credit_note_number_once",
            ),
            models.UniqueConstraint(
                fields=["school", "request_key"], name="credit_note_made_once_per_request"
            ),
            models.CheckConstraint(
                condition=Q(issued_on__isnull=True, sequence__isnull=True, number="")
                | (
                    Q(issued_on__isnull=False, series__isnull=False, sequence__isnull=False)
                    & Q(total_minor__gt=0)
                    & ~Q(number="")
                ),
                name="credit_note_has_number_and_amount_once_issued",
            ),
            models.CheckConstraint(
                condition=Q(total_minor__gte=0, vat_minor__gte=0, vat_minor__lte=F("total_minor")),
                name="credit_note_total_holds_its_vat",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="credit_note_says_why"),
            models.CheckConstraint(
                condition=Q(made_by__isnull=False) | Q(participation_transition__isnull=False),
                name="credit_note_has_its_cause",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="issued_credit_note_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.issued_on IS NOT NULL"),
            ),
            pgtrigger.Protect(name="credit_note_is_never_deleted", operation=pgtrigger.Delete),
            # The invoice is locked before the sums are read, so the sums cannot be outrun.
            pgtrigger.Trigger(
                name="credit_note_stays_within_its_invoice",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Insert,
                declare=[("room", "bigint")],
                func="""
                    IF NEW.issued_on IS NULL THEN
                        RETURN NEW;
                    END IF;
                    SELECT total_minor INTO room FROM finance_invoice
                    WHERE id = NEW.invoice_id FOR UPDATE;
                    IF NOT EXISTS (
                        SELECT 1 FROM finance_creditnoteline WHERE credit_note_id = NEW.id
                        HAVING COALESCE(SUM(total_minor), 0) = NEW.total_minor
                           AND COALESCE(SUM(vat_minor), 0) = NEW.vat_minor
                    ) THEN
                        RAISE EXCEPTION 'the total of credit note % is not the sum of its lines',
                            NEW.id USING ERRCODE = 'check_violation',
                                         CONSTRAINT = 'credit_note_total_is_its_lines';
                    END IF;
                    room := room - (
                        SELECT COALESCE(SUM(amount_minor), 0)
                        FROM finance_paymentallocation WHERE invoice_id = NEW.invoice_id
                    ) - (
                        SELECT COALESCE(SUM(total_minor), 0) FROM finance_creditnote
                        WHERE invoice_id = NEW.invoice_id AND issued_on IS NOT NULL
                          AND id <> NEW.id
                    );
                    IF NEW.total_minor > room THEN
                        RAISE EXCEPTION 'more than is left of invoice %', NEW.invoice_id
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'credit_within_the_invoice';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"credit note {self.pk}"

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def vat(self) -> Money:
        return Money(self.vat_minor, self.currency)

    @property
    def cause_text(self) -> "StrOrPromise":
        return CreditCause(self.cause).label


class CreditNoteLine(SchoolOwned):
    """So much of one invoice line is taken off. Below zero it is a fee that is kept of it.

    Everything credited of a line, less what is kept, stays between nothing and the line's total;
    its VAT is the same share of the line's VAT.
    """

    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="lines")
    invoice_line = models.ForeignKey(
        InvoiceLine, on_delete=models.PROTECT, related_name="credit_lines"
    )
    position = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField(default=1)
    unit_price_minor = models.BigIntegerField()
    vat_rate_basis_points = models.PositiveIntegerField()
    net_minor = models.BigIntegerField()
    vat_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["credit_note", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["credit_note", "position"], name="credit_note_lines_in_one_order"
            ),
            models.CheckConstraint(
                condition=Q(total_minor=F("quantity") * F("unit_price_minor")),
                name="credit_line_total_is_quantity_times_price",
            ),
            models.CheckConstraint(
                condition=Q(total_minor=F("net_minor") + F("vat_minor")),
                name="credit_line_total_is_net_and_vat",
            ),
            models.CheckConstraint(condition=~Q(total_minor=0), name="credit_line_moves_money"),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="credit_line_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
            pgtrigger.Trigger(
                name="credits_stay_within_their_line",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("billed", "record"), ("gone", "record")],
                func="""
                    SELECT i.status, l.total_minor, l.vat_minor INTO billed
                    FROM finance_creditnote AS c
                    JOIN finance_invoice AS i ON i.id = c.invoice_id
                    JOIN finance_invoiceline AS l ON l.invoice_id = i.id
                    WHERE c.id = NEW.credit_note_id AND c.issued_on IS NULL
                      AND l.id = NEW.invoice_line_id
                    FOR UPDATE OF i;
                    IF NOT FOUND OR billed.status IN ('draft', 'discarded') THEN
                        RAISE EXCEPTION 'line % is not to be credited here', NEW.invoice_line_id
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'credit_line_is_of_its_invoice';
                    END IF;
                    SELECT COALESCE(SUM(total_minor), 0) + NEW.total_minor AS total,
                           COALESCE(SUM(vat_minor), 0) + NEW.vat_minor AS vat INTO gone
                    FROM finance_creditnoteline WHERE invoice_line_id = NEW.invoice_line_id;
                    IF gone.total NOT BETWEEN LEAST(0, billed.total_minor)
                                          AND GREATEST(0, billed.total_minor)
                       OR gone.vat NOT BETWEEN LEAST(0, billed.vat_minor)
                                           AND GREATEST(0, billed.vat_minor) THEN
                        RAISE EXCEPTION 'more than is left of line %', NEW.invoice_line_id
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'credits_within_the_line';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def unit_price(self) -> Money:
        return Money(self.unit_price_minor, self.credit_note.currency)

    @property
    def net(self) -> Money:
        return Money(self.net_minor, self.credit_note.currency)

    @property
    def vat(self) -> Money:
        return Money(self.vat_minor, self.credit_note.currency)

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.credit_note.currency)
