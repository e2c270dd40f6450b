"""A move taken back: the same service with the time, teacher and things of before."""

import json
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.models import Booking
from bookings.services import undo_move
from bookings.views.access import changeable, get_booking
from bookings.views.answers import NO_CONTENT, calendar_changed
from justdriving.kernel.policy import Refused


def undo_address(booking: Booking, *, muted: bool) -> str:
    """Where a lesson that is about to move is sent back to what it is now."""
    path = reverse("bookings:move_undo", args=[booking.school.slug, booking.pk])
    asked = {
        "start": booking.starts_at.isoformat(),
        "teacher": booking.teacher_id,
        "thing": [used.resource_id for used in booking.booking_resources.all()],
        "version": booking.version + 1,
        "muted": "1" if muted else "",
    }
    return f"{path}?{urlencode(asked, doseq=True)}"


@require_POST
@requires(Permission.BOOK)
def move_undo(request: MemberRequest, booking_id: int) -> HttpResponse:
    """Every rule is asked again; a lesson that somebody changed since stays where it is."""
    if not request.membership.is_staff_role:
        raise Http404
    booking = get_booking(changeable(request), booking_id)
    asked = _asked(request.GET)
    if asked.pop("version") != booking.version:
        return _refused(request, booking, _("Somebody has changed the lesson since."))
    try:
        undo_move(booking_id=booking.pk, by=request.membership, at=timezone.now(), **asked)
    except Refused as refused:
        return _refused(request, booking, str(refused))
    return calendar_changed(request, booking, _("The lesson is back where it was."))


def _asked(data: QueryDict) -> dict[str, Any]:
    """A malformed address is an address that does not exist."""
    try:
        starts_at = parse_datetime(data.get("start", ""))
        if starts_at is None or starts_at.tzinfo is None:
            raise Http404
        return {
            "starts_at": starts_at,
            "teacher_id": int(data.get("teacher", "")),
            "resource_ids": tuple(int(one) for one in data.getlist("thing")),
            "version": int(data.get("version", "")),
            "muted": bool(data.get("muted")),
        }
    except ValueError as error:
        raise Http404 from error


def _refused(request: MemberRequest, booking: Booking, why: str) -> HttpResponse:
    text = _("The move stays: %(why)s") % {"why": why}
    if not request.htmx:
        messages.error(request, text)
        return redirect("bookings:detail", request.school.slug, booking.pk)
    heard = {"toast": {"text": text, "tone": "bad"}}
    return HttpResponse(status=NO_CONTENT, headers={"HX-Trigger": json.dumps(heard)})
