"""Attendance that does not fit its lesson: a list to look through; nothing is changed here."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.models import Booking
from bookings.queries.stale import stale_attendance as find_stale


@require_GET
@requires(Permission.COMPLETE_BOOKING)
def stale_attendance(request: MemberRequest) -> HttpResponse:
    mine = Booking.objects.taught_by_or_managed_by(request.membership)
    kinds = find_stale(mine, at=timezone.now())
    context = {"kinds": kinds, "total": sum(kind.count for kind in kinds)}
    return render(request, "bookings/stale.html", context)
