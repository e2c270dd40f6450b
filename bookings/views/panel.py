"""The calendar's side panel: one lesson at a glance, and what may be done with it."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from administration.access import MemberRequest, requires
from administration.permissions import Permission, may
from bookings.enums import BookingStatus
from bookings.models import Booking
from bookings.queries.grounds import ran_out
from bookings.queries.tags import tags_of
from bookings.queries.venues import used_venues
from bookings.services import confirm_booking
from bookings.views.access import changeable, get_booking
from bookings.views.answers import calendar_changed
from justdriving.kernel.policy import Refused

OPEN = (BookingStatus.PENDING, BookingStatus.CONFIRMED)


@require_GET
@requires(Permission.VIEW_CALENDAR)
def panel(request: MemberRequest, booking_id: int) -> HttpResponse:
    booking = get_booking(Booking.objects.visible_to(request.membership), booking_id)
    return render(request, "bookings/panel.html", _context(request, booking))


def _context(request: MemberRequest, booking: Booking) -> dict[str, Any]:
    return {
        "booking": booking,
        "places": booking.participations.all(),
        "venues": used_venues(booking),
        "taken": sum(place.status != "cancelled" for place in booking.participations.all()),
        "tags": tags_of([booking])[booking.pk],
        "has_run_out": ran_out(booking, at=timezone.now()),
        "actions": _actions(request, booking),
    }


def _actions(request: MemberRequest, booking: Booking) -> dict[str, str]:
    """Addresses of what this person may do with the lesson now."""
    if booking.status not in OPEN or ran_out(booking, at=timezone.now()):
        return {}
    if not changeable(request).filter(pk=booking.pk).exists():
        return {}
    now, is_confirmed = timezone.now(), booking.status == BookingStatus.CONFIRMED
    may_complete = is_confirmed and may(request.membership, Permission.COMPLETE_BOOKING)
    routes = {
        "confirm": ("bookings:panel_confirm", not is_confirmed),
        "complete": ("learning:complete", may_complete and booking.ends_at <= now),
        "no_show": ("bookings:no_show", may_complete and booking.starts_at <= now),
        "move": ("bookings:move_check", True),
        "cancel": ("bookings:cancel", True),
    }
    where = [request.school.slug, booking.pk]
    return {
        name: reverse(route, args=where) for name, (route, is_open) in routes.items() if is_open
    }


@require_POST
@requires(Permission.BOOK)
def panel_confirm(request: MemberRequest, booking_id: int) -> HttpResponse:
    """Say yes to a request without leaving the calendar."""
    booking = get_booking(Booking.objects.taught_by_or_managed_by(request.membership), booking_id)
    try:
        confirm_booking(booking_id=booking.pk, by=request.membership, at=timezone.now())
    except Refused as refused:
        context = _context(request, booking) | {"problem": str(refused)}
        return render(request, "bookings/panel.html", context, status=422)
    return calendar_changed(request, booking, _("The lesson is confirmed."))
