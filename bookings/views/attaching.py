"""A class for several sessions: who fits on each date and who does not, before anybody sits."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.forms.sessions import ChooseGroupForm
from bookings.models import Booking, StudentGroup
from bookings.queries.sessions import OPEN, sessions, templates
from bookings.services.groups import (
    attach_group,
    attach_group_to_template,
    preview_attach,
    preview_attach_to_template,
)
from bookings.services.seating import Seating
from justdriving.kernel.ids import ids_in
from justdriving.kernel.policy import Refused


@require_POST
@requires(Permission.MANAGE_SESSIONS)
def sessions_class(request: MemberRequest) -> HttpResponse:
    """A class for the sessions that were ticked, in a week or on the page of the class."""
    form = ChooseGroupForm(request.POST, member=request.membership)
    ids = ids_in(request.POST.getlist("booking"))
    chosen = list(sessions(request.membership).filter(pk__in=ids).order_by("period", "pk"))
    back = reverse("bookings:sessions", args=[request.school.slug])
    if not (chosen and form.is_valid()):
        messages.error(request, _("Tick the sessions, and choose a class."))
        return redirect(back)
    group = form.cleaned_data["group"]
    said = {"group_id": group.pk, "booking_ids": [booking.pk for booking in chosen]}
    back = reverse("bookings:class", args=[request.school.slug, group.pk])
    return _attached(request, group, chosen, (preview_attach, attach_group, said), back)


@require_POST
@requires(Permission.MANAGE_SESSIONS)
def weekly_class(request: MemberRequest, template_id: int) -> HttpResponse:
    """A class for every session of a weekly plan, those planned and those to come."""
    template = get_object_or_404(templates(request.membership), pk=template_id)
    form = ChooseGroupForm(request.POST, member=request.membership)
    back = reverse("bookings:weekly_plan", args=[request.school.slug, template.pk])
    if not form.is_valid():
        messages.error(request, _("Choose a class."))
        return redirect(back)
    group, now = form.cleaned_data["group"], timezone.now()
    ahead = sessions(request.membership).filter(
        template=template, status__in=OPEN, period__startswith__gt=now
    )
    said = {"group_id": group.pk, "template_id": template.pk}
    acts = (preview_attach_to_template, attach_group_to_template, said)
    return _attached(request, group, list(ahead.order_by("period", "pk")), acts, back)


def _attached(
    request: MemberRequest,
    group: StudentGroup,
    chosen: Sequence[Booking],
    acts: tuple[Any, Any, dict[str, Any]],
    back: str,
) -> HttpResponse:
    """Show first; with ``step=save`` do it, unless somebody falls out who was not shown."""
    preview, act, what = acts
    said = what | {"by": request.membership, "at": timezone.now()}
    context: dict[str, Any] = {"group": group, "chosen": chosen, "back_url": back}
    try:
        if request.POST.get("step") == "save":
            seating = act(**said, leaves_out="leaves_out" in request.POST)
            messages.success(request, _seated_words(len(seating.seated)))
            return redirect(back)
    except Refused as refused:
        context["problem"] = str(refused)
    try:
        context |= _shown(chosen, preview(**said))
    except Refused as refused:
        context["problem"] = str(refused)
    status = 422 if "problem" in context else 200
    return render(request, "bookings/sessions/attach_many.html", context, status=status)


def _seated_words(seats: int) -> str:
    said = ngettext(
        "%(count)d seat is taken by the class.", "%(count)d seats are taken by the class.", seats
    )
    return said % {"count": seats}


def _shown(chosen: Sequence[Booking], seating: Seating) -> dict[str, Any]:
    """Each date with who comes and who falls out."""
    lines = [
        {
            "booking": booking,
            "coming": [one.student for one in seating.seated if one.booking_id == booking.pk],
            "refused": [one for one in seating.refused if one.booking.pk == booking.pk],
        }
        for booking in chosen
    ]
    return {"lines": lines, "seated": len(seating.seated), "refused": len(seating.refused)}
