"""The papers of a student: listed, added and removed on the page of their record."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from administration import services
from administration.access import MemberRequest, requires
from administration.forms import DocumentForm
from administration.forms.fields import add_refusals
from administration.models import Student, StudentDocument
from administration.permissions import Permission
from administration.views.students import edit_page, student_of
from justdriving.kernel.policy import Refused

FIELD_OF = {"days-in-wrong-order": "valid_until", "already-listed": "kind"}


@require_POST
@requires(Permission.EDIT_STUDENTS)
def document_add(request: MemberRequest, pk: int) -> HttpResponse:
    student = student_of(request, pk)
    form = DocumentForm(request.POST)
    if form.is_valid():
        try:
            services.add_document(
                student_id=student.pk, by=request.membership, at=timezone.now(), **form.cleaned_data
            )
        except Refused as refused:
            add_refusals(form, refused, FIELD_OF)
        else:
            messages.success(request, _("The document is listed."))
            return redirect("administration:student_edit", request.school.slug, student.pk)
    return edit_page(request, student, document_form=form)


@require_POST
@requires(Permission.EDIT_STUDENTS)
def document_remove(request: MemberRequest, pk: int, document_pk: int) -> HttpResponse:
    student = get_object_or_404(Student.objects.visible_to(request.membership), pk=pk)
    document = get_object_or_404(StudentDocument, pk=document_pk, student=student)
    services.remove_document(
        document_id=document.pk, student_id=student.pk, by=request.membership, at=timezone.now()
    )
    messages.success(request, _("The document is removed; the history keeps it."))
    return redirect("administration:student_edit", request.school.slug, student.pk)
