"""The calendar on paper: a day or a week, one table a lane, all that a teacher needs to know."""

from collections import defaultdict
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.models import Booking
from bookings.queries import calendar_bookings
from bookings.queries.tags import tags_of
from bookings.views.look import Look
from justdriving.templatetags.formats import day as short_day
from justdriving.templatetags.formats import long_day


@require_GET
@requires(Permission.VIEW_CALENDAR)
def sheet(request: MemberRequest) -> HttpResponse:
    """What the calendar shows at the same address, to print."""
    look = Look.read(request.GET)
    lower, upper = look.bounds(request.school.zone)
    bookings = calendar_bookings(request.membership, lower, upper, look.filters)
    is_day = look.first == look.last
    title = long_day(look.first) if is_day else f"{short_day(look.first)} – {short_day(look.last)}"
    context = {
        "title": capfirst(title),
        "tables": _tables(bookings, look),
        "is_day": is_day,
        "tags": tags_of(bookings),
        "printed_at": timezone.now(),
        "back_url": reverse("bookings:calendar", args=[request.school.slug]) + look.query(),
    }
    return render(request, "bookings/sheet.html", context)


def _tables(bookings: list[Booking], look: Look) -> list[tuple[str, list[Booking]]]:
    """The lessons by teacher, or by vehicle or room where those are the columns; by name."""
    tables: dict[str, list[Booking]] = defaultdict(list)
    for booking in bookings:
        for name in _lanes(booking, look):
            tables[name].append(booking)
    return sorted(tables.items())


def _lanes(booking: Booking, look: Look) -> Any:
    if look.lane == "teacher":
        return [str(booking.teacher)]
    return [str(used.resource) for used in booking.booking_resources.all()]
