"""Discounts a school gives, who belongs to which family, and whom it gave one by hand."""

from typing import ClassVar

import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from administration.enums import DocumentKind
from administration.models import Student, User
from finance.enums import DiscountKind
from finance.models.catalogue import Product
from finance.models.invoices import InvoiceLine
from justdriving.kernel.money import Money
from justdriving.kernel.tenancy import SchoolOwned

PERCENT = (MinValueValidator(1), MaxValueValidator(100))


class Discount(SchoolOwned):
    """One rule: who gets it, how much, on what, and from when to when it can be agreed.

    A share or an amount of the price of a whole lesson. ``position`` is its place among those that
    a student gets at once. Without products it is for everything but outlays.
    """

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("who gets it"), max_length=16, choices=DiscountKind)
    percent = models.PositiveSmallIntegerField(
        _("per cent"), null=True, blank=True, validators=PERCENT
    )
    fixed_minor = models.PositiveBigIntegerField(_("amount"), null=True, blank=True)
    from_sibling = models.PositiveSmallIntegerField(
        _("from which student of the family on"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
    )
    days_ahead = models.PositiveSmallIntegerField(_("days ahead, at least"), null=True, blank=True)
    younger_than = models.PositiveSmallIntegerField(_("younger than"), null=True, blank=True)
    document_kind = models.CharField(
        _("with this document"), max_length=16, choices=DocumentKind, blank=True, default=""
    )
    products = models.ManyToManyField(Product, through="DiscountProduct", related_name="discounts")
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    position = models.PositiveSmallIntegerField(_("place in the order"), default=1)
    is_active = models.BooleanField(_("in use"), default=True)

    SETTING: ClassVar = _("discounts")
    ALSO_KEPT: ClassVar = {"products": _("what it is given on")}

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "name"], name="discount_name_once"),
            models.CheckConstraint(
                condition=Q(percent__isnull=True, fixed_minor__gte=1)
                | Q(percent__gte=1, percent__lte=100, fixed_minor__isnull=True),
                name="discount_is_an_amount_or_a_share",
            ),
            models.CheckConstraint(
                condition=Q(kind=DiscountKind.FAMILY, from_sibling__gte=1)
                | Q(kind=DiscountKind.EARLY_BIRD, days_ahead__gte=1)
                | (Q(kind=DiscountKind.PROFILE) & (Q(younger_than__gte=1) | ~Q(document_kind="")))
                | Q(kind=DiscountKind.MANUAL),
                name="discount_says_who_gets_it",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="discount_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def fixed(self) -> Money:
        return self.school.money(self.fixed_minor or 0)


class DiscountProduct(SchoolOwned):
    """A discount is for this product."""

    discount = models.ForeignKey(Discount, on_delete=models.CASCADE, related_name="product_links")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["discount", "product"], name="discount_names_a_product_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.discount_id} on {self.product_id}"


class DiscountGrant(SchoolOwned):
    """A discount somebody gave one student by hand, with the reason; withdrawn, never deleted."""

    discount = models.ForeignKey(Discount, on_delete=models.PROTECT, related_name="grants")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="discount_grants")
    reason = models.CharField(_("reason"), max_length=200)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["student", "discount"],
                condition=Q(withdrawn_at=None),
                name="discount_given_once_at_a_time",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="discount_by_hand_has_a_reason"),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="withdrawn_discount_names_who_did_it",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="discount_grant_is_only_withdrawn",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(exclude=["withdrawn_at", "withdrawn_by"]),
            ),
            pgtrigger.Protect(
                name="withdrawn_discount_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__withdrawn_at__isnull=False),
            ),
            pgtrigger.Protect(name="discount_grant_is_never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.student_id}: {self.discount_id}"


class Family(SchoolOwned):
    """Students the school knows to belong together, beside those who share a guardian."""

    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "families"

    def __str__(self) -> str:
        return f"family {self.pk}"


class FamilyMember(SchoolOwned):
    family = models.ForeignKey(Family, on_delete=models.CASCADE, related_name="members")
    student = models.OneToOneField(Student, on_delete=models.CASCADE, related_name="family_member")

    SETTING: ClassVar = _("families")

    def __str__(self) -> str:
        return f"{self.student_id} in {self.family_id}"


class InvoiceLinePart(SchoolOwned):
    """One step of how the amount of an invoice line came about, in the student's language.

    What a discount took off is below zero and names it. The steps add up to the line.
    """

    line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="parts")
    position = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=300)
    amount_minor = models.BigIntegerField()
    discount = models.ForeignKey(Discount, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["line", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line", "position"], name="line_parts_in_one_order"),
            models.CheckConstraint(
                condition=Q(discount__isnull=True, amount_minor__gte=0)
                | Q(discount__isnull=False, amount_minor__lte=0),
                name="only_a_discount_takes_off",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="line_part_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
            pgtrigger.Trigger(
                name="parts_of_an_issued_line_are_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF EXISTS (
                        SELECT 1 FROM finance_invoice AS i
                        JOIN finance_invoiceline AS l ON l.invoice_id = i.id
                        WHERE l.id = NEW.line_id AND i.status <> 'draft'
                    ) THEN
                        RAISE EXCEPTION 'the lines of an issued invoice are final'
                            USING ERRCODE = 'raise_exception';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.line.invoice.currency)
