"""The limits a school books by, those of a department, and the caps of a day."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from administration.access import MemberRequest, requires
from administration.history import RECENT_CHANGES, changes_in_words, changes_of, topic_of
from administration.models import Department
from administration.permissions import Permission
from administration.queries import open_departments
from bookings.forms.settings import CapsForm, LimitsForm
from bookings.models import BookingSettings, DailyCap
from bookings.queries.settings import settings_for
from bookings.services.settings import LIMIT_FIELDS, save_limits, use_danish_rules
from justdriving.kernel.policy import Refused


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_BOOKING_RULES)
def booking_rules(request: MemberRequest, department_id: int | None = None) -> HttpResponse:
    here = department_asked(request, department_id)
    form = _limits_form(request, here)
    caps = None if here else CapsForm(request.POST or None, standing=DailyCap.objects.all())
    is_typed = form.is_valid() & (caps is None or caps.is_valid())
    if request.method == "POST" and is_typed and _save(request, form, caps, here):
        return redirect(request.path)
    context = {
        "form": form,
        "caps": caps,
        "department": here,
        "tabs": department_tabs(request, "booking_rules", here),
        "changes": _history(here),
    }
    refused = form.errors or (caps and caps.errors)
    return render(request, "bookings/booking_rules.html", context, status=422 if refused else 200)


@require_POST
@requires(Permission.MANAGE_BOOKING_RULES)
def danish_rules(request: MemberRequest) -> HttpResponse:
    use_danish_rules(by=request.membership, at=timezone.now())
    messages.success(request, _("The Danish caps are set. You can change each of them."))
    return redirect("bookings:booking_rules", request.school.slug)


def department_asked(request: MemberRequest, department_id: int | None) -> Department | None:
    """The department of the address, None for the whole school; another's is a 404."""
    if department_id is None:
        return None
    mine = Department.objects.visible_to(request.membership)
    return get_object_or_404(mine, pk=department_id)


def department_tabs(
    request: MemberRequest, route: str, here: Department | None
) -> list[dict[str, Any]]:
    """One tab for the school and one for each department; none when there is just one."""
    departments = list(open_departments())
    if len(departments) <= 1 and here is None:
        return []
    slug = request.school.slug
    whole = {
        "label": _("The whole school"),
        "url": reverse(f"bookings:{route}", args=[slug]),
        "is_current": here is None,
    }
    return [
        whole,
        *(
            {
                "label": one.name,
                "url": reverse(f"bookings:{route}_of", args=[slug, one.pk]),
                "is_current": here is not None and here.pk == one.pk,
            }
            for one in departments
        ),
    ]


def _limits_form(request: MemberRequest, here: Department | None) -> LimitsForm:
    stored = BookingSettings.objects.filter(department=here).first()
    fallback = None
    if here is not None:
        limits = settings_for(None)
        fallback = {name: getattr(limits, name) for name in LIMIT_FIELDS}
    return LimitsForm(
        request.POST or None, instance=stored, school=request.school, fallback=fallback
    )


def _save(
    request: MemberRequest, form: LimitsForm, caps: CapsForm | None, here: Department | None
) -> bool:
    """Save what was typed; False, with the reason on the form, when it was refused."""
    try:
        save_limits(
            values=form.values(),
            caps=caps.caps() if caps else None,
            department_id=here.pk if here else None,
            version=form.cleaned_data["version"],
            by=request.membership,
            at=timezone.now(),
        )
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, _("The rules are saved. They hold from now on."))
    return True


def _history(here: Department | None) -> Any:
    stored = BookingSettings.objects.filter(department=here).first()
    topics = [topic_of(DailyCap)] if here is None else []
    rows = changes_of().filter(topic__in=topics)
    if stored is not None:
        rows = rows | changes_of(stored)
    return changes_in_words(rows[:RECENT_CHANGES])
