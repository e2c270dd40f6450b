"""What one student gets: discounts by hand, and the family they belong to."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from administration.access import MemberRequest, requires
from administration.models import Student
from administration.permissions import Permission
from finance.discount_forms import FamilyForm, GrantForm
from finance.discount_queries import grants_of, relatives_of
from finance.models import DiscountGrant, FamilyMember
from finance.services import grant_discount, join_families, leave_family, withdraw_discount
from justdriving.kernel.policy import Refused


def _student(request: MemberRequest, pk: int) -> Student:
    seen = Student.objects.visible_to(request.membership)
    return get_object_or_404(seen.select_related("school", "membership__user"), pk=pk)


@require_http_methods(["GET", "POST"])
@requires(Permission.GRANT_DISCOUNT)
def student_discounts(request: MemberRequest, pk: int) -> HttpResponse:
    """The discounts somebody gave this student, and a form to give another."""
    student = _student(request, pk)
    form = GrantForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            grant_discount(
                student=student, by=request.membership, at=timezone.now(), **form.cleaned_data
            )
        except Refused as refused:
            form.add_error("discount", refused.refusal.message)
        else:
            messages.success(request, _("The discount is given, for what is booked from now on."))
            return _back(request, student)
    return _page(request, student, form, FamilyForm(students=_others(request, student)))


@require_POST
@requires(Permission.GRANT_DISCOUNT)
def withdraw(request: MemberRequest, pk: int, grant_pk: int) -> HttpResponse:
    student = _student(request, pk)
    grant = get_object_or_404(DiscountGrant.objects.filter(student=student), pk=grant_pk)
    withdraw_discount(grant=grant, by=request.membership, at=timezone.now())
    messages.success(request, _("The discount is taken back. What is booked keeps its price."))
    return _back(request, student)


@require_POST
@requires(Permission.GRANT_DISCOUNT)
def family(request: MemberRequest, pk: int) -> HttpResponse:
    """Say that somebody else is of the same family."""
    student = _student(request, pk)
    form = FamilyForm(request.POST, students=_others(request, student))
    if not form.is_valid():
        return _page(request, student, GrantForm(), form)
    other = form.cleaned_data["other"]
    join_families(student=student, other=other, by=request.membership, at=timezone.now())
    text = _("%(student)s and %(other)s belong together.") % {"student": student, "other": other}
    messages.success(request, text)
    return _back(request, student)


@require_POST
@requires(Permission.GRANT_DISCOUNT)
def family_left(request: MemberRequest, pk: int) -> HttpResponse:
    student = _student(request, pk)
    leave_family(student=student, by=request.membership, at=timezone.now())
    messages.success(request, _("Saved."))
    return _back(request, student)


def _others(request: MemberRequest, student: Student) -> Any:
    seen = Student.objects.visible_to(request.membership).exclude(pk=student.pk)
    return seen.select_related("membership__user").order_by("membership__user__full_name")


def _back(request: MemberRequest, student: Student) -> HttpResponse:
    return redirect("finance:student_discounts", request.school.slug, student.pk)


def _page(
    request: MemberRequest, student: Student, form: GrantForm, family_form: FamilyForm
) -> HttpResponse:
    context = {
        "student": student,
        "form": form,
        "can_give": form.fields["discount"].queryset.exists(),  # type: ignore[attr-defined]  # a choice of rows
        "family_form": family_form,
        "grants": grants_of(student),
        "relatives": relatives_of(student, request.membership),
        "is_member": FamilyMember.objects.filter(student=student).exists(),
    }
    refused = form.errors or family_form.errors
    return render(
        request, "finance/student_discounts.html", context, status=422 if refused else 200
    )
