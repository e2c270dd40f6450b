"""Lesson plans come from templates, and students are put on them."""

from datetime import datetime

from django.utils.translation import gettext as _

from administration.models import Membership, Student
from justdriving.kernel.locks import take_sorted
from justdriving.kernel.policy import Refusal, Refused
from justdriving.kernel.transactions import use_case
from learning.data import ModuleTemplate, PlanTemplate, plan_templates
from learning.models import LessonPlan, PlanModule, PlanStep, StudentPlan


@use_case
def install_plan(*, key: str, by: Membership, at: datetime) -> LessonPlan:  # noqa: ARG001 -- every use case is told when
    """Copy the shipped template ``key`` into the school of ``by``.

    A version that is there already is returned unchanged. Raises Refused(unknown-template).
    """
    template = plan_templates().get(key)
    if template is None:
        raise Refused(Refusal("unknown-template", _("There is no such lesson plan.")))
    take_sorted([("lesson_plans", by.school_id)])
    found = LessonPlan.objects.filter(template_key=key, version=template.version).first()
    return found or _copy(template, by)


def _copy(template: PlanTemplate, by: Membership) -> LessonPlan:
    plan = LessonPlan.objects.create(
        school_id=by.school_id,
        name=template.name.get(by.school.language) or template.name["en"],
        template_key=template.key,
        licence_category=template.licence_category,
        version=template.version,
        lesson_minutes=template.lesson_minutes,
    )
    for position, module in enumerate(template.modules, start=1):
        _copy_module(plan, position, module)
    return plan


def _copy_module(plan: LessonPlan, position: int, template: ModuleTemplate) -> None:
    module = PlanModule.objects.create(
        school_id=plan.school_id,
        plan=plan,
        position=position,
        kind=template.kind,
        minimum_lessons=template.minimum_lessons,
        title_da=template.title["da"],
        title_en=template.title["en"],
    )
    PlanStep.objects.bulk_create(
        PlanStep(
            school_id=plan.school_id,
            module=module,
            position=place,
            code=step.code,
            title_da=step.title["da"],
            title_en=step.title["en"],
        )
        for place, step in enumerate(template.steps, start=1)
    )


@use_case
def assign_plan(
    *, student_id: int, lesson_plan_id: int, by: Membership, at: datetime
) -> StudentPlan:
    """Let a student follow a plan from today on; the one they followed in that category ends.

    Following it already changes nothing. Raises Refused(plan-not-in-use, plan-of-another-category).
    """
    take_sorted([("student_plans", student_id)])
    student = Student.objects.get(pk=student_id)
    plan = LessonPlan.objects.get(pk=lesson_plan_id)
    current = StudentPlan.objects.current().filter(
        student=student, licence_category=plan.licence_category
    )
    if (followed := current.first()) and followed.lesson_plan_id == plan.pk:
        return followed
    if not plan.is_active:
        raise Refused(Refusal("plan-not-in-use", _("This plan is no longer in use.")))
    if plan.licence_category != student.licence_category:
        words = _("This plan is for licence category %(plan)s; the student learns for %(student)s.")
        facts = {"plan": plan.licence_category, "student": student.licence_category}
        raise Refused(Refusal("plan-of-another-category", words % facts, facts))
    today = at.astimezone(by.school.zone).date()
    current.update(ended_on=today)
    return StudentPlan.objects.create(
        school_id=by.school_id,
        student=student,
        lesson_plan=plan,
        licence_category=plan.licence_category,
        started_on=today,
        assigned_by=by.user,
        assigned_at=at,
    )
