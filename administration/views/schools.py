"""The school's settings and departments."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from administration import history, queries, services
from administration.access import MemberRequest, requires
from administration.forms import DepartmentForm, SettingsForm
from administration.forms.fields import add_refusals
from administration.models import Department, School
from administration.permissions import Permission
from justdriving.kernel.policy import Refused

PAGE_SIZE = 40
FIELD_OF = {"department_name_taken": "name", "last_department": "is_active"}


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SCHOOL)
def settings(request: MemberRequest) -> HttpResponse:
    form = SettingsForm(request.POST or None, instance=School.objects.get(pk=request.school.pk))
    if form.is_valid():
        services.change_settings(
            values=form.changed_values(), by=request.membership, at=timezone.now()
        )
        messages.success(request, _("Saved."))
        return redirect("administration:settings", school=request.school.slug)
    return render(
        request,
        "administration/settings.html",
        {"form": form, "changes": history.changes_in_words()},
        status=422 if form.errors else 200,
    )


@require_GET
@requires(Permission.MANAGE_SCHOOL)
def settings_history(request: MemberRequest) -> HttpResponse:
    """Every change of a setting, newest first; ``topic`` narrows it to one kind of thing."""
    topics = history.topics_in_words()
    topic = request.GET.get("topic", "")
    known = topic if topic in dict(topics) else ""
    page = Paginator(history.changes_of(topic=known), PAGE_SIZE).get_page(request.GET.get("page"))
    selects = [
        {
            "name": "topic",
            "label": _("What"),
            "options": [("", _("All settings")), *topics],
            "value": known,
        }
    ]
    context = {
        "page": page,
        "changes": history.changes_in_words(page),
        "selects": selects,
        "query": urlencode({"topic": known}) + "&" if known else "",
    }
    return render(request, "administration/history.html", context)


@require_GET
@requires(Permission.MANAGE_DEPARTMENTS)
def departments(request: MemberRequest) -> HttpResponse:
    found = Department.objects.visible_to(request.membership)
    return render(
        request,
        "administration/departments.html",
        {"departments": found.order_by("-is_active", queries.danish_order("name"))},
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_DEPARTMENTS)
def department_add(request: MemberRequest) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_DEPARTMENTS)
def department_edit(request: MemberRequest, pk: int) -> HttpResponse:
    return _edit(
        request, get_object_or_404(Department.objects.visible_to(request.membership), pk=pk)
    )


def _edit(request: MemberRequest, department: Department | None) -> HttpResponse:
    initial = DepartmentForm.values_of(department) if department else {}
    form = DepartmentForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            services.save_department(
                department_id=department.pk if department else None,
                details=form.details(),
                by=request.membership,
                at=timezone.now(),
            )
        except Refused as refused:
            add_refusals(form, refused, FIELD_OF)
        else:
            messages.success(request, _("Saved."))
            return redirect("administration:departments", school=request.school.slug)
    return render(
        request,
        "administration/department_edit.html",
        {"form": form, "department": department},
        status=422 if form.errors else 200,
    )
