"""The school's calendar: a day in columns, a week, a month, a list."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.models import Department, Membership
from administration.permissions import Permission, may
from bookings.enums import BookingStatus
from bookings.models import Booking, LessonType
from bookings.queries import calendar_bookings
from bookings.queries.lanes import KINDS, Lane, lanes_of
from bookings.queries.month import month_days
from bookings.queries.tags import tags_of
from bookings.views.look import Look
from justdriving.templatetags.formats import day as short_day
from justdriving.templatetags.formats import long_day, month_name

AGENDA_AT_MOST = 300
"""A list is for reading; the rest of a longer one is a narrower question away."""

KEYS = {"day": "d", "week": "w", "month": "m", "list": "a"}
SHOWN = (
    BookingStatus.PENDING,
    BookingStatus.CONFIRMED,
    BookingStatus.COMPLETED,
    BookingStatus.NO_SHOW,
)


@require_GET
@requires(Permission.VIEW_CALENDAR)
def calendar(request: MemberRequest) -> HttpResponse:
    look = Look.read(request.GET)
    lanes = lanes_of(request.membership, "teacher", look.filters.department_id)
    context = {
        "look": look,
        "title": _title(look),
        "toolbar": _toolbar(look),
        "selects": _selects(request.membership, look, lanes),
        "may_book": may(request.membership, Permission.BOOK),
        "grid": _grid(look, lanes),
        "kinds": " ".join(KINDS.get(look.lane, ())),
        "sheet_url": reverse("bookings:sheet", args=[request.school.slug]) + look.query(),
        "language": get_language(),
        "events_url": reverse("bookings:events", args=[request.school.slug]) + look.query(),
        **(_month(request, look) if look.view == "month" else _agenda(request, look)),
    }
    return render(request, "bookings/calendar.html", context)


def _grid(look: Look, teachers: list[Lane]) -> str:
    """The grid that shows this: columns for a day; rows for a week of many, hours for one's own."""
    if look.view == "day":
        return "resourceTimeGridDay"
    if look.view != "week":
        return ""
    is_one = look.lane == "teacher" and (look.teacher or len(teachers) == 1)
    return "timeGridWeek" if is_one or look.thing else "resourceTimelineMonth"


def _agenda(request: MemberRequest, look: Look) -> dict[str, Any]:
    lower, upper = look.bounds(request.school.zone)
    found = calendar_bookings(
        request.membership, lower, upper, look.filters, most=AGENDA_AT_MOST + 1
    )
    bookings = found[:AGENDA_AT_MOST]
    return {
        "agenda": _by_day(bookings, look),
        "tags": tags_of(bookings),
        "more_than": AGENDA_AT_MOST if len(found) > AGENDA_AT_MOST else 0,
    }


def _by_day(bookings: Iterable[Booking], look: Look) -> list[tuple[date, list[Booking]]]:
    """By day on the school's clock; what began before the first day shown stands there."""
    days: dict[date, list[Booking]] = defaultdict(list)
    for booking in bookings:
        days[max(timezone.localdate(booking.starts_at), look.first)].append(booking)
    return sorted(days.items())


def _month(request: MemberRequest, look: Look) -> dict[str, Any]:
    weeks = month_days(request.membership, look.first, look.filters)
    return {"weeks": weeks, "today": timezone.localdate(), "weekdays": weeks[0] if weeks else []}


def _title(look: Look) -> str:
    match look.view:
        case "day":
            return capfirst(long_day(look.day))
        case "month":
            return capfirst(month_name(look.day))
        case _:
            return capfirst(f"{short_day(look.first)} – {short_day(look.last)}")


def _toolbar(look: Look) -> dict[str, Any]:
    views = {
        "day": _("Day"),
        "week": _("Week"),
        "month": _("Month"),
        "list": _("List"),
    }
    lanes = {"teacher": _("Teachers"), "vehicle": _("Vehicles"), "room": pgettext("lanes", "Rooms")}
    has_lanes = look.view in {"day", "week"}
    return {
        "previous": look.query(date=look.earlier.isoformat()),
        "next": look.query(date=look.later.isoformat()),
        "today": look.query(date=""),
        "is_today": look.first <= timezone.localdate() <= look.last,
        "views": [
            (KEYS[view], label, look.query(view=view), view == look.view)
            for view, label in views.items()
        ],
        "lanes": [
            (label, look.query(lane=lane), lane == look.lane) for lane, label in lanes.items()
        ]
        if has_lanes
        else [],
    }


def _selects(member: Membership, look: Look, teachers: list[Lane]) -> list[dict[str, Any]]:
    departments = Department.objects.visible_to(member).order_by("name").values_list("pk", "name")
    types = LessonType.objects.visible_to(member).order_by("name").values_list("pk", "name")
    things = [
        (lane.id, lane.title)
        for kind in ("vehicle", "room")
        for lane in lanes_of(member, kind, look.filters.department_id)
    ]
    statuses = [(value, value.label) for value in (*SHOWN, BookingStatus.CANCELLED)]
    choices = (
        ("department", _("Department"), _("All departments"), [*departments], look.department),
        (
            "teacher",
            _("Teacher"),
            _("All teachers"),
            [(lane.id, lane.title) for lane in teachers],
            look.teacher,
        ),
        ("thing", _("Vehicle or room"), _("All vehicles and rooms"), things, look.thing),
        ("type", _("Lesson type"), _("All lesson types"), [*types], look.lesson_type),
        ("status", _("Status"), _("Not cancelled"), statuses, look.status),
    )
    return [
        {"name": name, "label": label, "options": [("", everything), *options], "value": value}
        for name, label, everything, options, value in choices
        if len(options) > 1
    ]
