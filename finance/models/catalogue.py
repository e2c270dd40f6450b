"""What a school sells, at what price and with which VAT, and how it wants to be paid."""

from typing import ClassVar, Self

import pgtrigger
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from administration.models import Membership
from bookings.models import LessonType
from finance.enums import GatewayName, ProductKind, Stacking, VatTreatment
from justdriving.kernel.money import Money
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned

PREFIX = RegexValidator(r"^[A-Z0-9]{1,8}$", _("Write one to eight capital letters or digits."))


class VatCode(SchoolOwned):
    """One VAT treatment. The rate is in basis points: 2500 is 25 %.

    Name and rate may change for what is billed from then on; what the code means may not, because
    issued lines are reported by it.
    """

    code = models.CharField(_("code"), max_length=16)
    name = models.CharField(_("name"), max_length=80)
    treatment = models.CharField(
        _("treatment"), max_length=8, choices=VatTreatment, default=VatTreatment.TAXABLE
    )
    rate_basis_points = models.PositiveIntegerField(_("rate"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    SETTING: ClassVar = _("VAT codes")

    class Meta:
        verbose_name = "VAT code"
        verbose_name_plural = "VAT codes"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "code"], name="vat_code_once_per_school"),
            models.CheckConstraint(
                condition=Q(rate_basis_points__lte=10_000), name="vat_rate_at_most_100_percent"
            ),
            models.CheckConstraint(
                condition=Q(treatment__in=VatTreatment.values), name="vat_treatment_known"
            ),
            models.CheckConstraint(
                condition=Q(treatment=VatTreatment.TAXABLE) | Q(rate_basis_points=0),
                name="only_taxable_codes_have_a_rate",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="vat_code_keeps_its_meaning",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("code", "treatment"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProductQuerySet(models.QuerySet["Product"]):
    def visible_to(self, member: Membership) -> Self:
        """The whole price list for staff; for others what is sold now."""
        return self if member.is_staff_role else self.filter(is_active=True)

    def sold(self) -> Self:
        return self.filter(is_active=True)


class Product(SchoolOwned):
    """Something with a price. ``price_minor`` includes VAT.

    Money that is only passed on, like the state's test fee, is an outlay and carries an outlay
    code. A lesson may carry one too, when all it costs is the state's fee.
    """

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=16, choices=ProductKind)
    lesson_type = models.ForeignKey(
        LessonType,
        verbose_name=_("lesson type"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
    )
    price_minor = models.PositiveBigIntegerField(_("price including VAT"))
    vat_code = models.ForeignKey(
        VatCode, verbose_name=_("VAT"), on_delete=models.PROTECT, related_name="products"
    )
    account_code = models.CharField(_("account"), max_length=16, blank=True, default="")
    is_active = models.BooleanField(_("in use"), default=True)

    SETTING: ClassVar = _("price list")

    objects: ClassVar = SchoolManager.from_queryset(ProductQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["lesson_type"],
                condition=Q(is_active=True),
                name="one_price_per_lesson_type",
            ),
            models.CheckConstraint(
                condition=Q(kind=ProductKind.LESSON, lesson_type__isnull=False)
                | (~Q(kind=ProductKind.LESSON) & Q(lesson_type__isnull=True)),
                name="lesson_product_names_its_lesson_type",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ProductKind.values), name="product_kind_known"
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="outlays_carry_an_outlay_code",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("passed_on", "boolean")],
                func="""
                    SELECT treatment = 'outlay' INTO passed_on
                    FROM finance_vatcode WHERE id = NEW.vat_code_id;
                    IF NEW.kind <> 'lesson' AND (NEW.kind = 'outlay') <> passed_on THEN
                        RAISE EXCEPTION 'product % and its VAT code disagree', NEW.name
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'outlays_carry_an_outlay_code';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def price(self) -> Money:
        return self.school.money(self.price_minor)


class FinanceSettings(SchoolOwned):
    """How one school bills and is paid. ``stripe_account`` binds its Stripe account to it."""

    signup_fee = models.ForeignKey(
        Product,
        verbose_name=_("sign-up fee"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    payment_days = models.PositiveSmallIntegerField(
        _("days to pay"), default=8, validators=[MaxValueValidator(365)]
    )
    invoice_prefix = models.CharField(
        _("invoice numbers begin with"), max_length=8, default="F", validators=[PREFIX]
    )
    credit_note_prefix = models.CharField(
        _("credit note numbers begin with"), max_length=8, default="K", validators=[PREFIX]
    )
    gateway = models.CharField(
        _("online payment"), max_length=8, choices=GatewayName, default=GatewayName.NONE
    )
    stripe_account = models.CharField(_("Stripe account"), max_length=64, blank=True)
    refunds_need_two = models.BooleanField(
        _("refunds are approved by another person"), default=False
    )
    stacking = models.CharField(
        _("several discounts at once"), max_length=8, choices=Stacking, default=Stacking.BEST
    )
    discount_cap_percent = models.PositiveSmallIntegerField(
        _("discounts together, at most % of the price"),
        default=100,
        validators=[MaxValueValidator(100)],
    )
    sends_reminders = models.BooleanField(_("overdue invoices are followed up"), default=False)
    bank_details = models.TextField(_("how to pay by transfer"), blank=True, max_length=500)

    SETTING: ClassVar = _("invoices and payment")

    class Meta:
        verbose_name_plural = "finance settings"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school"], name="one_finance_settings_per_school"),
            models.CheckConstraint(
                condition=~Q(credit_note_prefix=F("invoice_prefix")),
                name="invoices_and_credit_notes_are_told_apart",
            ),
            models.CheckConstraint(
                condition=Q(discount_cap_percent__lte=100), name="discounts_at_most_the_price"
            ),
            models.UniqueConstraint(
                fields=["stripe_account"],
                condition=~Q(stripe_account=""),
                name="stripe_account_bound_to_one_school",
            ),
        ]

    def __str__(self) -> str:
        return f"finance settings of {self.school_id}"
