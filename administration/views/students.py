"""The list of students, a new one, and the record as staff edit it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from administration import queries, services
from administration.access import MemberRequest, requires
from administration.enums import LicenceCategory, StudentStatus
from administration.forms import DocumentForm, NewStudentForm, StudentFilterForm, StudentForm
from administration.forms.fields import add_refusals
from administration.forms.students import FIELD_OF
from administration.models import Department, Student
from administration.permissions import Permission, may
from justdriving.kernel.policy import Refused

PAGE = 50


@require_GET
@requires(Permission.VIEW_STUDENTS)
def students(request: MemberRequest) -> HttpResponse:
    wanted = StudentFilterForm(request.GET).wanted()
    page = Paginator(queries.students(request.membership, wanted), PAGE).get_page(
        request.GET.get("page")
    )
    others = request.GET.copy()
    others.pop("page", None)
    return render(
        request,
        "administration/students.html",
        {
            "page": page,
            "wanted": wanted,
            "is_narrowed": wanted != queries.StudentFilter(order=wanted.order),
            "query": f"{others.urlencode()}&" if others else "",
            "selects": _selects(request, wanted),
            "may_add": may(request.membership, Permission.EDIT_STUDENTS),
        },
    )


def _selects(request: MemberRequest, wanted: queries.StudentFilter) -> list[dict[str, Any]]:
    """The drop-downs of the filter bar; one with a single choice is left out."""
    teachers = [(teacher.pk, str(teacher)) for teacher in queries.teachers(request.membership)]
    departments = Department.objects.visible_to(request.membership).values_list("pk", "name")
    orders = [
        ("name", _("By name")),
        ("newest", _("Newest first")),
        ("oldest", _("Oldest first")),
    ]
    every: list[tuple[str, str, list[tuple[Any, Any]], Any]] = [
        ("status", _("Every status"), list(StudentStatus.choices), wanted.status),
        ("teacher", _("Every teacher"), teachers, wanted.teacher),
        ("department", _("Every department"), list(departments), wanted.department),
        ("category", _("Every licence"), list(LicenceCategory.choices), wanted.category),
    ]
    narrowing = [
        {"name": name, "label": label, "options": [("", label), *options], "value": value or ""}
        for name, label, options, value in every
        if len(options) > 1
    ]
    return [
        *narrowing,
        {"name": "order", "label": _("Order"), "options": orders, "value": wanted.order},
    ]


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_STUDENTS)
def student_add(request: MemberRequest) -> HttpResponse:
    at = timezone.now()
    form = NewStudentForm(
        request.POST or None,
        departments=Department.objects.visible_to(request.membership).filter(is_active=True),
        today=_today(request, at),
    )
    if form.is_valid() and (answer := _created(request, form, at)):
        return answer
    return render(
        request,
        "administration/student_add.html",
        {"form": form},
        status=422 if form.errors else 200,
    )


def _created(request: MemberRequest, form: NewStudentForm, at: datetime) -> HttpResponse | None:
    try:
        student = services.create_student(
            details=form.details(language=request.school.language), by=request.membership, at=at
        )
    except Refused as refused:
        add_refusals(form, refused, FIELD_OF)
        return None
    if student is None:
        messages.info(
            request,
            _("This person has an account already. We have asked them by e-mail to join you."),
        )
        return redirect("administration:students", school=request.school.slug)
    messages.success(
        request, _("%(name)s is registered and invited by e-mail.") % {"name": student}
    )
    return redirect("home:student", request.school.slug, student.pk)


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_STUDENTS)
def student_edit(request: MemberRequest, pk: int) -> HttpResponse:
    student = student_of(request, pk)
    at = timezone.now()
    form = StudentForm(
        request.POST or None,
        student=student,
        member=request.membership,
        today=_today(request, at),
    )
    stored: list[tuple[str, str]] = []
    if form.is_valid():
        try:
            services.edit_student(
                student_id=student.pk,
                version=form.cleaned_data["version"],
                values=form.values(),
                by=request.membership,
                at=at,
            )
        except Refused as refused:
            if refused.refusal.code == "stale":
                stored = form.accept_version(student)
            add_refusals(form, refused, FIELD_OF)
        else:
            messages.success(request, _("Saved."))
            return redirect("home:student", request.school.slug, student.pk)
    return edit_page(request, student, form=form, stored=stored)


def student_of(request: MemberRequest, pk: int) -> Student:
    """A student this member may see, else 404."""
    seen = Student.objects.visible_to(request.membership).select_related(
        "membership__user", "teacher__membership__user", "department"
    )
    return get_object_or_404(seen, pk=pk)


def edit_page(
    request: MemberRequest,
    student: Student,
    *,
    form: StudentForm | None = None,
    document_form: DocumentForm | None = None,
    stored: Sequence[tuple[str, str]] = (),
) -> HttpResponse:
    """The record with its documents; with errors as 422, and what was typed kept."""
    today = _today(request, timezone.now())
    record = form or StudentForm(student=student, member=request.membership, today=today)
    paper = document_form or DocumentForm()
    context = {
        "form": record,
        "document_form": paper,
        "documents": student.documents.order_by("kind", "-valid_from"),
        "student": student,
        "stored": stored,
        "today": today,
    }
    status = 422 if record.errors or paper.errors else 200
    return render(request, "administration/student_edit.html", context, status=status)


def _today(request: MemberRequest, at: datetime) -> date:
    return at.astimezone(request.school.zone).date()
