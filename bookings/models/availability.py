"""When teachers work and schools are open: wall time that people set."""

from typing import ClassVar

from django.contrib.postgres.fields import DateTimeRangeField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from administration.models import Department, Teacher, User
from justdriving.kernel.tenancy import SchoolOwned


class WeeklyAvailability(SchoolOwned):
    """Every week on this day a teacher works between two wall times of the school's zone.

    ``weekday`` is 0 for Monday. Valid from ``valid_from`` to the day before ``valid_until``. With a
    ``department`` the teacher works there in these hours, without one anywhere.
    """

    teacher = models.ForeignKey(
        Teacher, on_delete=models.CASCADE, related_name="weekly_availability"
    )
    department = models.ForeignKey(
        Department, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    weekday = models.PositiveSmallIntegerField(validators=[MaxValueValidator(6)])
    starts_at = models.TimeField(_("from"))
    ends_at = models.TimeField(_("to"))
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "weekly availabilities"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="availability_weekday_known"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="availability_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.teacher_id}: {self.weekday} {self.starts_at}–{self.ends_at}"


class AvailabilityException(SchoolOwned):
    """On this day other hours hold than the weekly pattern's; without times the teacher is off."""

    teacher = models.ForeignKey(
        Teacher, on_delete=models.CASCADE, related_name="availability_exceptions"
    )
    department = models.ForeignKey(
        Department, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    on = models.DateField(_("day"))
    starts_at = models.TimeField(_("from"), null=True, blank=True)
    ends_at = models.TimeField(_("to"), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["teacher", "on", "starts_at"],
                nulls_distinct=False,
                name="availability_exception_listed_once",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True, ends_at__isnull=True)
                | Q(starts_at__isnull=False, ends_at__gt=F("starts_at")),
                name="availability_exception_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.teacher_id} on {self.on}: {self.starts_at}–{self.ends_at}"


class ImportedCalendar(SchoolOwned):
    """A calendar file a teacher gave us: its busy times are absences, replaced by the next."""

    teacher = models.ForeignKey(Teacher, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("file"), max_length=200)
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["teacher", "name"], name="calendar_imported_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Absence(SchoolOwned):
    """A teacher is away during ``period`` (UTC, ``[)``)."""

    teacher = models.ForeignKey(Teacher, on_delete=models.CASCADE, related_name="absences")
    period = DateTimeRangeField()
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    imported_from = models.ForeignKey(
        ImportedCalendar, on_delete=models.CASCADE, null=True, blank=True, related_name="absences"
    )

    def __str__(self) -> str:
        return f"{self.teacher_id} away"


class OpeningHours(SchoolOwned):
    """On this weekday (0 is Monday) lessons are given between two wall times.

    A department with rows of its own has only those. A school without any rows is always open; one
    with rows is shut on the weekdays that have none.
    """

    department = models.ForeignKey(
        Department, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    weekday = models.PositiveSmallIntegerField(validators=[MaxValueValidator(6)])
    opens_at = models.TimeField(_("from"))
    closes_at = models.TimeField(_("to"))

    SETTING: ClassVar = _("opening hours")
    ALSO_KEPT: ClassVar = {"hours": _("opening hours")}

    class Meta:
        verbose_name_plural = "opening hours"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["school", "department", "weekday", "opens_at"],
                nulls_distinct=False,
                name="opening_hours_listed_once",
            ),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="opening_weekday_known"),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="opening_hours_close_after_opening"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens_at}–{self.closes_at}"


class ClosedDay(SchoolOwned):
    """A day on which the school, or one department, teaches nothing and does no business."""

    department = models.ForeignKey(
        Department, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    on = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=80)
    is_public_holiday = models.BooleanField(default=False)  # came from the country's list

    SETTING: ClassVar = _("closed days")
    ALSO_KEPT: ClassVar = {"closed": _("closed days")}

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["school", "department", "on"],
                nulls_distinct=False,
                name="closed_day_listed_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.name}"
