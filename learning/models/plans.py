"""What a school teaches, in which order, and which plan a student follows."""

from typing import ClassVar, Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from administration.enums import LicenceCategory
from administration.models import Membership, Student, User
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned
from learning.enums import ModuleKind


class LessonPlanQuerySet(models.QuerySet["LessonPlan"]):
    def visible_to(self, member: Membership) -> Self:
        """All for staff; for students and guardians the plans that are followed."""
        if member.is_staff_role:
            return self
        followed = StudentPlan.objects.visible_to(member)
        return self.filter(pk__in=followed.values("lesson_plan"))

    def with_steps(self) -> Self:
        return self.prefetch_related("modules__steps")


class LessonPlan(SchoolOwned):
    """One version of a school's lesson plan for a licence category.

    ``template_key`` names the shipped template it was copied from. A lesson counts as one for every
    ``lesson_minutes`` it lasted.
    """

    name = models.CharField(_("name"), max_length=120)
    template_key = models.CharField(max_length=60, blank=True)
    licence_category = models.CharField(
        _("licence category"), max_length=4, choices=LicenceCategory
    )
    version = models.PositiveIntegerField(default=1)
    lesson_minutes = models.PositiveSmallIntegerField(
        _("minutes of a lesson"), default=45, validators=[MinValueValidator(1)]
    )
    is_active = models.BooleanField(_("in use"), default=True)

    objects: ClassVar = SchoolManager.from_queryset(LessonPlanQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["school", "name", "version"], name="lesson_plan_version_once"
            ),
            models.UniqueConstraint(
                fields=["school", "template_key", "version"],
                condition=~Q(template_key=""),
                name="plan_template_installed_once",
            ),
            models.CheckConstraint(
                condition=Q(lesson_minutes__gt=0), name="plan_lesson_lasts_a_while"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Titled(models.Model):
    """Something with a title in both languages; ``title`` is the reader's."""

    title_da = models.CharField(_("title in Danish"), max_length=160)
    title_en = models.CharField(_("title in English"), max_length=160)

    class Meta:
        abstract = True

    @property
    def title(self) -> str:
        return self.title_da if (get_language() or "en").startswith("da") else self.title_en


class PlanModule(Titled, SchoolOwned):
    """A part of a plan, taught in one kind of lesson, with the lessons it takes at least."""

    plan = models.ForeignKey(LessonPlan, on_delete=models.PROTECT, related_name="modules")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(_("kind"), max_length=16, choices=ModuleKind)
    minimum_lessons = models.PositiveSmallIntegerField(_("lessons at least"), default=0)

    class Meta:
        ordering: ClassVar = ["plan", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["plan", "position"], name="one_module_at_each_place_of_a_plan"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ModuleKind.values), name="plan_module_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"


class PlanStep(Titled, SchoolOwned):
    """What is taught in a module; ``code`` is its number in the curriculum, for example 7.14."""

    module = models.ForeignKey(PlanModule, on_delete=models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    code = models.CharField(_("number"), max_length=16)

    class Meta:
        ordering: ClassVar = ["module", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["module", "position"], name="one_step_at_each_place_of_a_module"
            ),
            models.UniqueConstraint(fields=["module", "code"], name="step_code_once_per_module"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class StudentPlanQuerySet(models.QuerySet["StudentPlan"]):
    def visible_to(self, member: Membership) -> Self:
        return self.filter(student__in=Student.objects.visible_to(member))

    def current(self) -> Self:
        return self.filter(ended_on__isnull=True)


class StudentPlan(SchoolOwned):
    """The plan a student follows, from the day it was started. A student keeps its version."""

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="plans")
    lesson_plan = models.ForeignKey(
        LessonPlan, on_delete=models.PROTECT, related_name="student_plans"
    )
    licence_category = models.CharField(max_length=4, choices=LicenceCategory)
    started_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)
    assigned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField()

    objects: ClassVar = SchoolManager.from_queryset(StudentPlanQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["student", "licence_category"],
                condition=Q(ended_on__isnull=True),
                name="student_follows_one_plan_per_category",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=models.F("started_on")),
                name="student_plan_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student_id} follows {self.lesson_plan_id}"
