"""One lesson record: its teacher writes it up and signs, its student reads and signs."""

from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from administration.access import MemberRequest, requires
from administration.models import Student
from administration.permissions import Permission
from justdriving.kernel.policy import Refused
from learning import queries, services
from learning.forms import ReviewForm, TaughtForm
from learning.models import LessonRecord


@require_http_methods(["GET", "POST"])
@requires(Permission.COMPLETE_BOOKING)
def record(request: MemberRequest, record_id: int) -> HttpResponse:
    """What one student was taught, for staff; its teacher fills it in and signs here."""
    visible = LessonRecord.objects.visible_to(request.membership).with_signatures()
    found = get_object_or_404(queries.recorded(visible), pk=record_id)
    page: dict[str, Any] = {"record": found, "booking": found.participation.booking}
    mine = LessonRecord.objects.taught_by_or_managed_by(request.membership).awaiting_teacher()
    if not mine.filter(pk=found.pk).exists():
        return render(request, "learning/record.html", page)
    pupils = queries.class_of_record(found)
    form = TaughtForm.of_record(found, pupils, request.POST or None)
    if form.is_bound and form.is_valid() and _write_up(request, found, form):
        return redirect("learning:record", request.school.slug, found.pk)
    page |= {"form": form, "pupils": pupils}
    return render(request, "learning/record.html", page, status=422 if form.is_bound else 200)


def _write_up(request: MemberRequest, found: LessonRecord, form: TaughtForm) -> bool:
    sign = "sign" in request.POST
    try:
        services.write_up(
            record_id=found.pk,
            taught=form.taught,
            sign=sign,
            by=request.membership,
            at=timezone.now(),
            ip=get_adapter().get_client_ip(request),
        )
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    signed = _("Signed. %(student)s has been asked to sign.") % {"student": found.student}
    messages.success(request, signed if sign else _("Saved."))
    return True


@require_GET
@requires(Permission.SIGN_AS_STUDENT)
def to_sign(request: MemberRequest) -> HttpResponse:
    """The lessons that wait for the student's own signature."""
    student = get_object_or_404(Student.objects.visible_to(request.membership))
    return render(request, "learning/to_sign.html", {"records": queries.to_sign(student)})


@require_http_methods(["GET", "POST"])
@requires(Permission.SIGN_AS_STUDENT)
def review(request: MemberRequest, record_id: int) -> HttpResponse:
    """Exactly what was taught; the student reads it and signs."""
    own = LessonRecord.objects.visible_to(request.membership).signed_by_teacher()
    found = get_object_or_404(queries.recorded(own), pk=record_id)
    initial = {"content_hash": found.content_hash}
    form = ReviewForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid() and _sign(request, found, form):
        return redirect("learning:to_sign", request.school.slug)
    page = {"record": found, "booking": found.participation.booking, "form": form}
    return render(request, "learning/review.html", page, status=422 if form.is_bound else 200)


def _sign(request: MemberRequest, found: LessonRecord, form: ReviewForm) -> bool:
    try:
        services.sign_as_student(
            record_id=found.pk,
            content_hash=form.cleaned_data["content_hash"],
            by=request.membership,
            at=timezone.now(),
            ip=get_adapter().get_client_ip(request),
        )
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, _("Signed. Thank you!"))
    return True
