"""What can be booked, what it needs, and what it costs to cancel it."""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from administration.enums import LicenceCategory
from administration.models import Membership
from bookings.enums import (
    DeadlineKind,
    EligibilityAttribute,
    LessonKind,
    Party,
    ReasonCategory,
    ResourceKind,
    SelfBooking,
)
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned


class CancellationTerms(SchoolOwned):
    """One version of a school's cancellation terms; a booking keeps the version it was made under.

    ``no_show_percent`` is the share of the price that an absent student owes.
    """

    name = models.CharField(_("name"), max_length=80)
    version = models.PositiveIntegerField(default=1)
    no_show_percent = models.PositiveSmallIntegerField(
        _("no-show, % of the price"), default=100, validators=[MaxValueValidator(100)]
    )

    SETTING: ClassVar = _("cancellation terms")
    ALSO_KEPT: ClassVar = {"steps": _("what cancelling costs")}

    class Meta:
        verbose_name_plural = "cancellation terms"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["school", "name", "version"], name="cancellation_terms_version_once"
            ),
            models.CheckConstraint(
                condition=Q(no_show_percent__lte=100), name="no_show_percent_at_most_100"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class CancellationStep(SchoolOwned):
    """From this deadline on, cancelling costs a share of the price, a fixed amount, or the lesson.

    ``business_days_before`` and ``days_before`` mean ``clock_time`` (school's zone) on that day;
    ``hours_before`` counts back from the start. Before the earliest deadline cancelling is free.
    The step holds when ``party`` cancels. ``consumes_lesson`` uses the lesson up: from the package
    it was paid with, else at its whole price.
    """

    terms = models.ForeignKey(CancellationTerms, on_delete=models.CASCADE, related_name="steps")
    party = models.CharField(
        _("when this side cancels"), max_length=16, choices=Party, default=Party.STUDENT
    )
    deadline = models.CharField(max_length=24, choices=DeadlineKind)
    amount = models.PositiveSmallIntegerField(_("days or hours"), default=0)
    clock_time = models.TimeField(_("time of day"), null=True, blank=True)
    percent = models.PositiveSmallIntegerField(null=True, blank=True)
    fixed_minor = models.PositiveBigIntegerField(null=True, blank=True)
    consumes_lesson = models.BooleanField(_("the lesson is used up"), default=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(percent__isnull=True, fixed_minor__isnull=False, consumes_lesson=False)
                | Q(percent__lte=100, fixed_minor__isnull=True, consumes_lesson=False)
                | Q(percent__isnull=True, fixed_minor__isnull=True, consumes_lesson=True),
                name="cancellation_step_costs_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(deadline=DeadlineKind.HOURS_BEFORE) | Q(clock_time__isnull=False),
                name="cancellation_step_on_a_day_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deadline} {self.amount}"


class CancellationReason(SchoolOwned):
    """A reason a school lets people choose when they cancel; ``party`` empty is for every side."""

    name = models.CharField(_("reason"), max_length=80)
    category = models.CharField(_("category"), max_length=16, choices=ReasonCategory)
    party = models.CharField(_("for"), max_length=16, choices=Party, blank=True)
    waives_fee = models.BooleanField(_("no fee"), default=False)
    needs_document = models.BooleanField(_("asks for a document"), default=False)
    is_active = models.BooleanField(_("in use"), default=True)

    SETTING: ClassVar = _("reasons to cancel")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "name"], name="cancellation_reason_once"),
        ]

    def __str__(self) -> str:
        return self.name


class LessonTypeQuerySet(models.QuerySet["LessonType"]):
    def visible_to(self, member: Membership) -> Self:
        """All for the office and teachers; for others what is in use."""
        return self if member.is_staff_role else self.filter(is_active=True)

    def bookable_by_students(self) -> Self:
        return self.filter(is_active=True).exclude(self_booking=SelfBooking.OFF)


class LessonType(SchoolOwned):
    """A kind of lesson a school offers."""

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=16, choices=LessonKind)
    licence_category = models.CharField(
        _("licence category"), max_length=4, choices=LicenceCategory, default=LicenceCategory.B
    )
    duration_minutes = models.PositiveSmallIntegerField(
        _("minutes"), validators=[MinValueValidator(5), MaxValueValidator(720)]
    )
    other_durations = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(5), MaxValueValidator(720)]),
        verbose_name=_("other lengths, in minutes"),
        default=list,
        blank=True,
    )
    capacity = models.PositiveSmallIntegerField(
        _("seats"), default=1, validators=[MinValueValidator(1)]
    )
    buffer_before_minutes = models.PositiveSmallIntegerField(_("minutes free before"), default=0)
    buffer_after_minutes = models.PositiveSmallIntegerField(_("minutes free after"), default=0)
    slot_minutes = models.PositiveSmallIntegerField(
        _("start every … minutes"), default=30, validators=[MinValueValidator(5)]
    )
    min_notice_hours = models.PositiveSmallIntegerField(_("hours of notice"), default=12)
    max_advance_days = models.PositiveSmallIntegerField(_("days ahead"), default=60)
    self_booking = models.CharField(
        _("self-booking"), max_length=8, choices=SelfBooking, default=SelfBooking.INSTANT
    )
    hold_minutes = models.PositiveSmallIntegerField(
        _("a request is held for … minutes"), default=1440
    )
    colour = models.CharField(_("colour"), max_length=16, default="accent")
    cancellation_terms = models.ForeignKey(
        CancellationTerms, on_delete=models.PROTECT, related_name="+"
    )
    is_active = models.BooleanField(_("in use"), default=True)

    SETTING: ClassVar = _("lesson types")
    ALSO_KEPT: ClassVar = {"needs": _("needs"), "eligibility": _("asks of the student")}

    objects: ClassVar = SchoolManager.from_queryset(LessonTypeQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "name"], name="lesson_type_name_once"),
            models.CheckConstraint(
                condition=Q(duration_minutes__gte=5), name="lesson_type_lasts_a_while"
            ),
            models.CheckConstraint(condition=Q(capacity__gte=1), name="lesson_type_has_a_seat"),
            models.CheckConstraint(
                condition=Q(slot_minutes__gte=5), name="lesson_type_slots_are_apart"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EligibilityRule(SchoolOwned):
    """What a student must fulfil for this type of lesson; a missing value does not fulfil it.

    Bounds are included: months of age, centimetres, kilograms. A document needs none; it must be
    valid on the day. Each rule is refused and overruled under its own code, see ``code``.
    """

    lesson_type = models.ForeignKey(
        LessonType, on_delete=models.CASCADE, related_name="eligibility_rules"
    )
    attribute = models.CharField(max_length=16, choices=EligibilityAttribute)
    minimum = models.PositiveSmallIntegerField(_("at least"), null=True, blank=True)
    maximum = models.PositiveSmallIntegerField(_("at most"), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["lesson_type", "attribute"], name="eligibility_attribute_asked_once"
            ),
            models.CheckConstraint(
                condition=Q(attribute__in=EligibilityAttribute.values),
                name="eligibility_attribute_known",
            ),
            models.CheckConstraint(
                condition=Q(minimum__isnull=True)
                | Q(maximum__isnull=True)
                | Q(minimum__lte=models.F("maximum")),
                name="eligibility_bounds_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lesson_type_id}: {self.attribute}"

    @property
    def code(self) -> str:
        """The code of its refusal: ``eligibility-height-cm``."""
        return f"eligibility-{self.attribute.replace('_', '-')}"


class LessonTypeNeed(SchoolOwned):
    """A lesson of this type needs one resource of this kind."""

    lesson_type = models.ForeignKey(LessonType, on_delete=models.CASCADE, related_name="needs")
    kind = models.CharField(max_length=16, choices=ResourceKind)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["lesson_type", "kind"], name="lesson_type_needs_a_kind_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lesson_type_id} needs {self.kind}"
