"""Where a lesson that is being dragged could go: the free times of just this lesson, by teacher."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.enums import ParticipationStatus
from bookings.queries import Slot, free_times
from bookings.views.access import changeable, get_booking
from bookings.views.move_check import staff_only
from justdriving.kernel.clock import day_named
from justdriving.kernel.ids import id_in

MOST_DAYS = 7


@require_GET
@requires(Permission.BOOK)
def move_free(request: MemberRequest, booking_id: int) -> JsonResponse:
    """``?first=2026-03-02&days=7``: wall times from and to, by teacher; ``own`` is the teacher's.

    The same search and rules as everywhere, with the lesson itself out of its own way.
    """
    staff_only(request)
    booking = get_booking(changeable(request), booking_id)
    places = booking.participations.all()
    found = free_times(
        lesson_type=booking.lesson_type,
        students=[one.student for one in places if one.status != ParticipationStatus.CANCELLED],
        by=request.membership,
        at=timezone.now(),
        teacher=None,
        minutes=booking.minutes,
        booking_id=booking.pk,
        **_days(request),
    )
    return JsonResponse({"own": booking.teacher_id, "free": _spans(found, request.school.zone)})


def _days(request: MemberRequest) -> dict[str, Any]:
    days = id_in(request.GET.get("days", "1"))
    try:
        first = day_named(request.GET.get("first"))
    except ValueError as error:
        raise Http404 from error
    if first is None or days is None or not 0 < days <= MOST_DAYS:
        raise Http404
    return {"first_day": first, "days": days}


def _spans(found: Iterable[Slot], zone: ZoneInfo) -> dict[int, list[list[str]]]:
    """Where a lesson could lie, by teacher: lessons that touch or overlap are one span."""
    spans: dict[int, list[list[datetime]]] = {}
    for slot in found:
        own = spans.setdefault(slot.teacher.pk, [])
        if own and slot.starts_at <= own[-1][1]:
            own[-1][1] = max(own[-1][1], slot.ends_at)
        else:
            own.append([slot.starts_at, slot.ends_at])
    return {
        teacher: [[_wall(moment, zone) for moment in span] for span in own]
        for teacher, own in spans.items()
    }


def _wall(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M:%S}"
