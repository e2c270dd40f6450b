"""What the calendar's grid draws: lanes, lessons and closed hours, in wall time of the school."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.enums import BookingStatus
from bookings.models import LessonType, LessonTypeNeed
from bookings.queries.feed import events_json
from bookings.queries.lanes import Lane, lanes_of
from bookings.queries.opening import unavailable
from bookings.templatetags.lessons import status_icon
from bookings.views.look import Look

SHORTEST_DAY = timedelta(hours=23)
"""The day on which the clock goes forward."""


@require_GET
@requires(Permission.VIEW_CALENDAR)
def events(request: MemberRequest) -> HttpResponse:
    """What the grid draws; the lessons come from the database as JSON and pass through as such."""
    look = Look.read(request.GET)
    lower, upper = look.bounds(request.school.zone)
    with_things = look.lane != "teacher"
    lessons = events_json(request.membership, lower, upper, look.filters, with_things=with_things)
    known = lanes_of(request.membership, look.lane, with_former=True)
    usual = _usual(request, look, known)
    frame = {
        "lanes": _lanes(request, look, known, usual),
        "shut": _shut(look, usual, request.school.zone),
        "types": _types(),
        "statuses": {
            status: {"label": str(status.label), "icon": status_icon(status)}
            for status in BookingStatus
        },
        "words": _words(),
    }
    body = f'{json.dumps(frame)[:-1]}, "lessons": {lessons}}}'
    return HttpResponse(body, content_type="application/json")


def _usual(request: MemberRequest, look: Look, known: Sequence[Lane]) -> list[Lane]:
    """The lanes that stand there whether or not there is a lesson in them."""
    lanes = [lane for lane in known if lane.is_active]
    if look.department:
        lanes = lanes_of(request.membership, look.lane, look.filters.department_id)
    chosen = look.teacher if look.lane == "teacher" else look.thing
    return [lane for lane in lanes if not chosen or str(lane.id) == chosen]


def _lanes(
    request: MemberRequest, look: Look, known: Sequence[Lane], usual: Sequence[Lane]
) -> dict[str, Any]:
    """Everyone a lesson could name. ``usual`` always stand there, others when they have lessons."""
    teachers = known
    if look.lane != "teacher":
        teachers = lanes_of(request.membership, "teacher", with_former=True)
    return {
        "usual": [lane.id for lane in usual],
        "known": [_row(lane) for lane in known],
        "teachers": {lane.id: [lane.title, lane.short] for lane in teachers},
    }


def _row(lane: Lane) -> dict[str, Any]:
    return {"id": lane.id, "title": lane.title, "short": lane.short, "note": lane.note}


def _types() -> dict[int, dict[str, Any]]:
    """The lesson types: name, kind, colour, and the kinds of things they need."""
    needs: dict[int, list[str]] = defaultdict(list)
    for lesson_type_id, kind in LessonTypeNeed.objects.values_list("lesson_type", "kind"):
        needs[lesson_type_id].append(kind)
    rows = LessonType.objects.values_list("pk", "name", "kind", "colour")
    return {
        pk: {"name": name, "kind": kind, "colour": colour, "needs": needs[pk]}
        for pk, name, kind, colour in rows
    }


def _shut(look: Look, lanes: Sequence[Lane], zone: ZoneInfo) -> list[dict[str, Any]]:
    """When each teacher can not be booked; in a week of many only what fills a day is drawn."""
    if look.lane != "teacher":
        return []
    is_by_day = look.view == "week" and not look.teacher and len(lanes) > 1
    shortest = SHORTEST_DAY if is_by_day else timedelta()
    teachers = [lane.id for lane in lanes]
    spans = unavailable(teachers, first_day=look.first, last_day=look.last, zone=zone)
    return [
        {"lane": teacher, "start": _wall(lower, zone), "end": _wall(upper, zone)}
        for teacher in teachers
        for lower, upper in spans[teacher]
        if upper - lower >= shortest
    ]


def _wall(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat()[:19]


def _words() -> dict[str, str]:
    """What the script says; %s stands for the value."""
    return {
        "request": _("Request: %s"),
        "held": _("held until %s"),
        "afterwards": _("Entered afterwards"),
        "nothing": _("Not assigned"),
    }
