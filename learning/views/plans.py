"""The school's lesson plans, and who follows which."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from administration.access import MemberRequest, requires
from administration.models import Student
from administration.permissions import Permission
from justdriving.kernel.policy import Refused
from learning import services
from learning.data import plan_templates
from learning.forms import AssignForm, InstallForm
from learning.models import LessonPlan, StudentPlan


@require_GET
@requires(Permission.EDIT_LESSON_PLANS)
def plans(request: MemberRequest) -> HttpResponse:
    """What the school teaches, and the templates it has not taken yet."""
    own = (
        LessonPlan.objects.visible_to(request.membership).with_steps().order_by("name", "-version")
    )
    installed = {(plan.template_key, plan.version) for plan in own}
    templates = [
        {
            "key": template.key,
            "name": template.name.get(request.LANGUAGE_CODE) or template.name["en"],
            "category": template.licence_category,
        }
        for template in plan_templates().values()
        if (template.key, template.version) not in installed
    ]
    return render(request, "learning/plans.html", {"plans": own, "templates": templates})


@require_POST
@requires(Permission.EDIT_LESSON_PLANS)
def install_plan(request: MemberRequest) -> HttpResponse:
    """Copy a shipped template into the school."""
    form = InstallForm(request.POST)
    key = form.cleaned_data["key"] if form.is_valid() else ""
    try:
        plan = services.install_plan(key=key, by=request.membership, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("%(plan)s is ready to use.") % {"plan": plan})
    return redirect("learning:plans", request.school.slug)


@require_http_methods(["GET", "POST"])
@requires(Permission.ASSIGN_LESSON_PLAN)
def assign(request: MemberRequest, student_id: int) -> HttpResponse:
    """Choose the plan that a student follows from today on."""
    visible = Student.objects.visible_to(request.membership).select_related("membership__user")
    student = get_object_or_404(visible, pk=student_id)
    current = StudentPlan.objects.current().filter(
        student=student, licence_category=student.licence_category
    )
    followed = current.select_related("lesson_plan").first()
    offered = LessonPlan.objects.visible_to(request.membership).filter(
        is_active=True, licence_category=student.licence_category
    )
    initial = {"lesson_plan": followed.lesson_plan_id if followed else offered.first()}
    form = AssignForm(request.POST or None, plans=offered, initial=initial)
    if form.is_bound and form.is_valid() and _assign(request, student, form):
        return redirect("learning:student_progress", request.school.slug, student.pk)
    page = {"student": student, "form": form, "followed": followed, "offered": offered}
    return render(request, "learning/assign.html", page, status=422 if form.is_bound else 200)


def _assign(request: MemberRequest, student: Student, form: AssignForm) -> bool:
    plan = form.cleaned_data["lesson_plan"]
    try:
        services.assign_plan(
            student_id=student.pk, lesson_plan_id=plan.pk, by=request.membership, at=timezone.now()
        )
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    said = _("%(student)s now follows %(plan)s.") % {"student": student, "plan": plan}
    messages.success(request, said)
    return True
