"""Sessions that repeat every week, the places in them, and the classes that attend."""

from typing import ClassVar, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from administration.models import Department, Membership, Student, Teacher, User
from bookings.models.lesson_types import LessonType
from bookings.models.resources import Resource
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned


class DepartmentsQuerySet(models.QuerySet["models.Model"]):
    def visible_to(self, member: Membership) -> Self:
        """Staff see the school's; the office of one department sees its own."""
        if not member.is_staff_role:
            return self.none()
        limited = member.is_office and member.department_id
        return self.filter(department=member.department_id) if limited else self


class StudentGroup(SchoolOwned):
    """A class: students who attend the same sessions."""

    department = models.ForeignKey(
        Department, verbose_name=_("department"), on_delete=models.PROTECT, related_name="+"
    )
    name = models.CharField(_("name"), max_length=80)
    starts_on = models.DateField(_("starts"), null=True, blank=True)
    max_students = models.PositiveSmallIntegerField(
        _("seats"), default=20, validators=[MinValueValidator(1)]
    )
    is_active = models.BooleanField(_("in use"), default=True)

    objects: ClassVar = SchoolManager.from_queryset(DepartmentsQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "name"], name="student_group_name_once"),
            models.CheckConstraint(
                condition=Q(max_students__gte=1), name="student_group_has_a_seat"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class GroupMember(SchoolOwned):
    """A student belongs to a class from ``joined_at`` until ``left_at``."""

    group = models.ForeignKey(StudentGroup, on_delete=models.PROTECT, related_name="members")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="group_places")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["group", "student"],
                condition=Q(left_at__isnull=True),
                name="student_once_per_group",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student_id} in {self.group_id}"


class SessionTemplate(SchoolOwned):
    """Every ``every_weeks`` weeks on this weekday (0 is Monday), at a wall time of the school.

    Dated bookings are generated up to ``weeks_ahead`` weeks ahead, from ``first_day`` to
    ``last_day`` (both included). ``continues`` is the template that this one was split from by
    "this and following". ``overridden_rules`` maps the code of each rule that every session of it
    may break to the reason, for example a theory evening outside the teacher's hours.
    """

    department = models.ForeignKey(
        Department, verbose_name=_("department"), on_delete=models.PROTECT, related_name="+"
    )
    name = models.CharField(_("name"), max_length=80)
    lesson_type = models.ForeignKey(
        LessonType, verbose_name=_("lesson type"), on_delete=models.PROTECT, related_name="+"
    )
    teacher = models.ForeignKey(
        Teacher, verbose_name=_("teacher"), on_delete=models.PROTECT, related_name="+"
    )
    group = models.ForeignKey(
        StudentGroup,
        verbose_name=_("class"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), validators=[MaxValueValidator(6)])
    starts_at = models.TimeField(_("starts"))
    minutes = models.PositiveSmallIntegerField(
        _("minutes"), validators=[MinValueValidator(5), MaxValueValidator(720)]
    )
    capacity = models.PositiveSmallIntegerField(_("seats"), validators=[MinValueValidator(1)])
    place = models.CharField(_("place"), max_length=200, blank=True)
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("until"), null=True, blank=True)
    every_weeks = models.PositiveSmallIntegerField(
        _("every … weeks"), default=1, validators=[MinValueValidator(1), MaxValueValidator(8)]
    )
    weeks_ahead = models.PositiveSmallIntegerField(
        _("planned … weeks ahead"), default=8, validators=[MinValueValidator(1)]
    )
    is_active = models.BooleanField(_("in use"), default=True)
    continues = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    overridden_rules = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)  # refuses an edit of a page grown stale

    objects: ClassVar = SchoolManager.from_queryset(DepartmentsQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="template_weekday_known"),
            models.CheckConstraint(
                condition=Q(minutes__gte=5, capacity__gte=1)
                & Q(every_weeks__gte=1, weeks_ahead__gte=1),
                name="template_plans_something",
            ),
            models.CheckConstraint(
                condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day")),
                name="template_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SessionTemplateResource(SchoolOwned):
    """A thing each session of a template gets: one of its places, or with ``is_place`` off the room
    or track they all share.
    """

    template = models.ForeignKey(
        SessionTemplate, on_delete=models.CASCADE, related_name="template_resources"
    )
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="+")
    is_place = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["template", "resource"], name="resource_once_per_template"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} for {self.template_id}"


class SkippedSession(SchoolOwned):
    """A day on which a template gives no session, and why: a closed day, an absence, a choice.

    ``code`` is that of the rule that spoke against it, or ``chosen``.
    """

    template = models.ForeignKey(SessionTemplate, on_delete=models.CASCADE, related_name="skipped")
    on = models.DateField()
    code = models.CharField(max_length=64)
    message = models.CharField(max_length=300, blank=True)
    skipped_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["template", "on"], name="session_skipped_once"),
        ]

    def __str__(self) -> str:
        return f"{self.template_id} not on {self.on}"
