"""Price lists with dates: what a lesson costs when, where and with whom."""

from datetime import date
from typing import ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeBoundary, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from administration.models import Department, Membership, Teacher
from finance.enums import RateEffect
from finance.models.catalogue import Product
from justdriving.kernel.money import Money
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned


class TeacherLevel(SchoolOwned):
    """How experienced a teacher is, in the school's own words; a price may depend on it."""

    name = models.CharField(_("name"), max_length=80)
    is_active = models.BooleanField(_("in use"), default=True)

    SETTING: ClassVar = _("teacher levels")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "name"], name="teacher_level_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class TeacherAtLevel(SchoolOwned):
    """The level a teacher has now; a teacher without one is of none."""

    teacher = models.OneToOneField(Teacher, on_delete=models.CASCADE, related_name="price_level")
    level = models.ForeignKey(
        TeacherLevel, verbose_name=_("level"), on_delete=models.PROTECT, related_name="teachers"
    )

    SETTING: ClassVar = _("teacher levels")

    class Meta:
        verbose_name_plural = "teachers at levels"

    def __str__(self) -> str:
        return f"{self.teacher_id}: {self.level_id}"


class PriceListQuerySet(models.QuerySet["PriceList"]):
    def visible_to(self, member: Membership) -> Self:
        """Those of the whole school and of the departments a person works in; staff only."""
        if not member.is_staff_role:
            return self.none()
        limited = Q(department=None) | Q(department=member.department_id)
        return self.filter(limited) if member.department_id else self

    def on(self, day: date) -> Self:
        """Those that hold on this day of the school."""
        open_ended = Q(valid_until=None) | Q(valid_until__gte=day)
        return self.filter(open_ended, valid_from__lte=day)


class PriceList(SchoolOwned):
    """Prices that hold for lessons from one day to another, both included.

    Without ``department`` it is the whole school's. Two lists of the same scope never overlap; a
    department's list and the school's hold together, the department's line going first.
    """

    name = models.CharField(_("name"), max_length=80)
    department = models.ForeignKey(
        Department,
        verbose_name=_("department"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    SETTING: ClassVar = _("price lists")
    ALSO_KEPT: ClassVar = {"rates": _("line")}

    objects: ClassVar = SchoolManager.from_queryset(PriceListQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="price_list_ends_after_it_begins",
            ),
            ExclusionConstraint(
                name="price_lists_of_a_scope_do_not_overlap",
                expressions=[
                    (F("school"), RangeOperators.EQUAL),
                    (Coalesce("department_id", Value(0)), RangeOperators.EQUAL),
                    (
                        Func(
                            F("valid_from"),
                            F("valid_until"),
                            RangeBoundary(inclusive_lower=True, inclusive_upper=True),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PriceRate(SchoolOwned):
    """One line of a price list.

    It holds for a product, or for every lesson; on some days of the week (Monday is 0), or every
    day; for lessons that begin from ``starts_at`` until before ``ends_at`` (wall time of the
    school), without one from or to midnight; with teachers of a level, or with everybody.
    """

    price_list = models.ForeignKey(
        PriceList, verbose_name=_("price list"), on_delete=models.CASCADE, related_name="rates"
    )
    name = models.CharField(_("name"), max_length=80, blank=True)
    product = models.ForeignKey(
        Product,
        verbose_name=_("for"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rates",
    )
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(validators=[MaxValueValidator(6)]),
        verbose_name=_("days of the week"),
        default=list,
        blank=True,
    )
    starts_at = models.TimeField(_("from"), null=True, blank=True)
    ends_at = models.TimeField(_("until before"), null=True, blank=True)
    level = models.ForeignKey(
        TeacherLevel,
        verbose_name=_("teacher level"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rates",
    )
    effect = models.CharField(_("what it does"), max_length=8, choices=RateEffect)
    amount_minor = models.PositiveBigIntegerField(_("amount"), null=True, blank=True)
    percent = models.PositiveSmallIntegerField(
        _("per cent"), null=True, blank=True, validators=[MinValueValidator(1)]
    )

    SETTING: ClassVar = _("price lists")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(effect__in=RateEffect.values), name="rate_effect_known"
            ),
            models.CheckConstraint(
                condition=Q(effect=RateEffect.PERCENT, amount_minor__isnull=True, percent__gte=1)
                | (~Q(effect=RateEffect.PERCENT) & Q(amount_minor__isnull=False, percent=None)),
                name="rate_is_an_amount_or_a_share",
            ),
            models.CheckConstraint(
                condition=~Q(effect=RateEffect.PRICE) | Q(product__isnull=False),
                name="rate_that_sets_a_price_names_its_product",
            ),
            models.CheckConstraint(
                condition=Q(effect=RateEffect.PRICE) | ~Q(name=""),
                name="rate_on_top_has_a_name",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True)
                | Q(ends_at__isnull=True)
                | Q(ends_at__gt=F("starts_at")),
                name="rate_window_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=list(range(7))), name="rate_weekdays_exist"
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.product or self.price_list_id)

    @property
    def amount(self) -> Money:
        return self.school.money(self.amount_minor or 0)
