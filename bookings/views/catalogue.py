"""What the school offers: its lesson types."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.enums import ResourceKind
from bookings.forms import LessonTypeForm
from bookings.forms.catalogue import EligibilityForm
from bookings.models import LessonType
from bookings.services.catalogue import save_lesson_type
from bookings.views.answers import history_of
from justdriving.kernel.policy import Refused


@require_GET
@requires(Permission.MANAGE_LESSON_TYPES)
def lesson_types(request: MemberRequest) -> HttpResponse:
    rows = LessonType.objects.visible_to(request.membership)
    rows = rows.select_related("cancellation_terms").prefetch_related("needs")
    context = {"lesson_types": rows.order_by("-is_active", "name")}
    return render(request, "bookings/lesson_types.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_LESSON_TYPES)
def lesson_type_edit(request: MemberRequest, lesson_type_id: int | None = None) -> HttpResponse:
    mine = LessonType.objects.visible_to(request.membership)
    lesson_type = get_object_or_404(mine, pk=lesson_type_id) if lesson_type_id else None
    name = lesson_type.name if lesson_type else ""
    standing = lesson_type.eligibility_rules.order_by("pk") if lesson_type else ()
    form = LessonTypeForm(request.POST or None, instance=lesson_type)
    asked = EligibilityForm(request.POST or None, standing=standing)
    is_typed = form.is_valid() & asked.is_valid()
    if request.method == "POST" and is_typed and _save(request, form, asked, lesson_type_id):
        return redirect("bookings:lesson_types", request.school.slug)
    context = {
        "form": form,
        "asked": asked,
        "name": name,
        "history": history_of(lesson_type) if lesson_type else None,
    }
    status = 422 if form.errors or asked.errors else 200
    return render(request, "bookings/lesson_type_edit.html", context, status=status)


def _save(
    request: MemberRequest, form: Any, asked: EligibilityForm, lesson_type_id: int | None
) -> bool:
    """Save what was typed; False, with the reason on the form, when it was refused."""
    try:
        saved = save_lesson_type(
            lesson_type_id=lesson_type_id,
            by=request.membership,
            at=timezone.now(),
            values=form.cleaned_data,
            needs={ResourceKind(kind) for kind in form.cleaned_data["needs"]},
            demands=asked.demands(),
        )
    except Refused as refused:
        form.add_error("name", str(refused))
        return False
    messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
    return True
