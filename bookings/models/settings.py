"""The numbers a school books by, and a department where it differs."""

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from administration.models import Department
from bookings.enums import LessonKind
from justdriving.kernel.tenancy import SchoolOwned


class BookingSettings(SchoolOwned):
    """The limits of a school, or with ``department`` of that department alone.

    An empty field of a department means the school's value; an empty field of the school means no
    limit. Read it through ``bookings.queries.settings_for``.
    """

    department = models.ForeignKey(
        Department, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    max_active_bookings = models.PositiveSmallIntegerField(
        _("open bookings of a student"), null=True, blank=True
    )
    max_bookings_per_day = models.PositiveSmallIntegerField(
        _("bookings of a student on one day"), null=True, blank=True
    )
    max_bookings_per_week = models.PositiveSmallIntegerField(
        _("bookings of a student in one week"), null=True, blank=True
    )
    max_moves = models.PositiveSmallIntegerField(
        _("times a student may move a lesson"), null=True, blank=True
    )
    max_teacher_minutes_per_day = models.PositiveSmallIntegerField(
        _("minutes a teacher teaches in a day"), null=True, blank=True
    )
    max_debt_minor = models.PositiveBigIntegerField(
        _("debt from which a student cannot book"), null=True, blank=True
    )
    offer_minutes = models.PositiveSmallIntegerField(
        _("minutes to answer a waiting-list offer"),
        null=True,
        blank=True,
        validators=[MinValueValidator(5)],
    )
    lesson_minutes = models.PositiveSmallIntegerField(
        _("minutes of one lesson in the daily caps"),
        null=True,
        blank=True,
        validators=[MinValueValidator(10)],
    )
    version = models.PositiveIntegerField(default=1)  # refuses an edit of a page grown stale

    SETTING: ClassVar = _("booking rules")

    class Meta:
        verbose_name_plural = "booking settings"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["school", "department"],
                nulls_distinct=False,
                name="booking_settings_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school_id} {self.department_id or ''}".strip()


class DailyCap(SchoolOwned):
    """How much a student may have of one kind of lesson in a day, counted in whole lessons.

    ``most_together`` is the cap on all kinds on a day with this kind. ``source`` is the paragraph.
    """

    kind = models.CharField(_("kind"), max_length=16, choices=LessonKind)
    most = models.PositiveSmallIntegerField(_("of this kind"), validators=[MinValueValidator(1)])
    most_together = models.PositiveSmallIntegerField(_("of all kinds"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=120, blank=True)

    SETTING: ClassVar = _("daily caps")
    ALSO_KEPT: ClassVar = dict(LessonKind.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "kind"], name="daily_cap_once_per_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.most}"
