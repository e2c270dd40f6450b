"""The levels of teachers that prices may depend on."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from administration.access import MemberRequest, requires
from administration.history import RECENT_CHANGES, changes_in_words, changes_of, topic_of
from administration.models import Teacher
from administration.permissions import Permission
from bookings.views.answers import history_of
from finance.models import TeacherAtLevel, TeacherLevel
from finance.price_forms import LevelForm, TeacherLevelsForm
from finance.services import place_teachers, save_level
from justdriving.kernel.policy import Refused


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_LESSON_TYPES)
def levels(request: MemberRequest) -> HttpResponse:
    """The levels there are, and which teacher has which."""
    teachers = Teacher.objects.visible_to(request.membership).filter(is_active=True)
    form = TeacherLevelsForm(
        request.POST or None,
        teachers=teachers.select_related("membership__user", "price_level").order_by(
            "membership__user__full_name"
        ),
    )
    if request.method == "POST" and form.is_valid():
        place_teachers(levels=form.chosen(), by=request.membership, at=timezone.now())
        messages.success(request, _("Saved. It counts for what is booked from now on."))
        return redirect("finance:levels", request.school.slug)
    changes = changes_of(topic=topic_of(TeacherAtLevel))[:RECENT_CHANGES]
    context = {
        "form": form,
        "levels": TeacherLevel.objects.order_by("-is_active", "name"),
        "history": changes_in_words(changes),
    }
    return render(request, "finance/levels.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_LESSON_TYPES)
def level(request: MemberRequest, pk: int | None = None) -> HttpResponse:
    found = get_object_or_404(TeacherLevel.objects.all(), pk=pk) if pk else None
    name = found.name if found else ""
    form = LevelForm(request.POST or None, level=found)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_level(
                level=found, values=form.cleaned_data, by=request.membership, at=timezone.now()
            )
        except Refused as refused:
            form.add_error("name", refused.refusal.message)
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
            return redirect("finance:levels", request.school.slug)
    history = history_of(found) if found else None
    context = {"form": form, "name": name, "history": history}
    return render(request, "finance/level.html", context, status=422 if form.errors else 200)
