"""The question before a lesson moves: from where to where, what speaks against it, who decides."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.forms import DeskMoveForm
from bookings.forms.booking import BrokenRule
from bookings.models import Booking
from bookings.queries.venues import confirmed_venues
from bookings.services import MovePreview, move_booking, preview_move
from bookings.views.access import changeable, get_booking
from bookings.views.answers import calendar_changed
from bookings.views.move_undo import undo_address
from bookings.views.moving import with_thing
from justdriving.kernel.policy import Refusal, Refused


@require_http_methods(["GET", "POST"])
@requires(Permission.BOOK)
def move_check(request: MemberRequest, booking_id: int) -> HttpResponse:
    """GET answers what a move would meet (?day, time, teacher, resource); POST makes it."""
    staff_only(request)
    booking = get_booking(changeable(request), booking_id)
    if request.method == "POST":
        form = DeskMoveForm(request.POST, member=request.membership)
        if form.is_valid():
            try:
                move_booking(**_wish(request, booking, form), **_manner(form))
            except Refused as refused:
                refusing = preview_move(**_wish(request, booking, form))
                form.refuse(refused)
                return _answer(request, booking, form, refusing, 422)
            undo = undo_address(booking, muted=form.cleaned_data["is_muted"])
            return calendar_changed(request, booking, _("The lesson is moved."), undo=undo)
        return _answer(request, booking, form, None, 422)
    form = DeskMoveForm(_asked(request, booking), member=request.membership)
    preview = preview_move(**_wish(request, booking, form)) if form.is_valid() else None
    return _answer(request, booking, form, preview)


def staff_only(request: MemberRequest) -> None:
    """Others choose among the times that are offered."""
    if not request.membership.is_staff_role:
        raise Http404


def _asked(request: MemberRequest, booking: Booking) -> Mapping[str, Any]:
    """The form as the address fills it: ``?start=2026-03-05T12:00``, or day and time apart."""
    asked = request.GET
    try:
        start = parse_datetime(asked.get("start", ""))
    except ValueError as error:
        raise Http404 from error
    start = start or timezone.localtime(booking.starts_at)
    return {
        "day": asked.get("day", f"{start:%Y-%m-%d}"),
        "time": asked.get("time", f"{start:%H:%M}"),
        "teacher": asked.get("teacher", booking.teacher_id),
        "resource": asked.get("resource", ""),
        "requested_by": asked.get("requested_by", ""),
        "reason": asked.get("reason", ""),
        "is_muted": asked.get("is_muted", ""),
    }


def _wish(request: MemberRequest, booking: Booking, form: DeskMoveForm) -> dict[str, Any]:
    given = form.cleaned_data
    return {
        "booking_id": booking.pk,
        "by": request.membership,
        "at": timezone.now(),
        "starts_at": given["starts_at"],
        "teacher_id": given["teacher"].pk,
        "resource_ids": with_thing(booking, given["resource"]),
        "requested_by": form.asked_by,
    }


def _manner(form: DeskMoveForm) -> dict[str, Any]:
    given = form.cleaned_data
    return {
        "overrides": form.overrides,
        "reason": given["reason"],
        "muted": given["is_muted"],
    }


def _answer(
    request: MemberRequest,
    booking: Booking,
    form: DeskMoveForm,
    preview: MovePreview | None,
    status: int = 200,
) -> HttpResponse:
    refusals = preview.refusals if preview else ()
    final = [one for one in refusals if not one.overridable]
    context = {
        "booking": booking,
        "form": form,
        "preview": preview,
        "after": _after(booking, preview),
        "expecting": confirmed_venues(booking),
        "complaints": _complaints(form, final),
        "final": final,
        "rules": form.broken_rules or [_rule(one) for one in refusals if one.overridable],
        "nothing_changed": any(one.code == "nothing-changed" for one in refusals),
    }
    return render(request, "bookings/move_check.html", context, status=status)


def _complaints(form: DeskMoveForm, final: Iterable[Refusal]) -> list[str]:
    """What is wrong with what was typed, and what refused the move; not what ``final`` tells."""
    typed = [f"{field.label}: {error}" for field in form for error in field.errors]
    told = {str(one.message) for one in final}
    return [*typed, *(str(one) for one in form.non_field_errors() if one not in told)]


def _rule(refusal: Refusal) -> BrokenRule:
    return BrokenRule(refusal.code, str(refusal.message), is_overridden=False, reason="")


def _after(booking: Booking, preview: MovePreview | None) -> dict[str, Any] | None:
    """When, with whom and with what the lesson would be; marked where that is another."""
    proposal = preview.proposal if preview else None
    if proposal is None:
        return None
    used = {one.resource_id for one in booking.booking_resources.all()}
    return {
        "starts_at": proposal.starts_at,
        "ends_at": proposal.ends_at,
        "teacher": proposal.teacher,
        "resources": proposal.resources,
        "is_other_time": proposal.starts_at != booking.starts_at,
        "is_other_teacher": proposal.teacher.pk != booking.teacher_id,
        "are_other_resources": {one.pk for one in proposal.resources} != used,
    }
