"""The office's Today: what needs attention, today's lessons, how full the week is, the money."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from babel.dates import get_day_names
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.models import Teacher
from administration.permissions import Permission
from bookings.models import Booking
from bookings.queries import todays_lessons
from bookings.queries.venues import at_venues
from justdriving.home import queries
from justdriving.home.queries import Load, MoneyOwed, Occupancy

PAGE_SIZE = 30
BAR_HEIGHT, BAR_WIDTH, BAR_STEP = 96, 28, 48
FULL = 85


@dataclass(frozen=True, slots=True)
class Tile:
    label: str
    value: str
    url: str
    icon: str
    tone: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the chart, in the units of its viewBox."""

    label: str
    long: str
    percent: int
    x: int
    y: int
    height: int
    is_today: bool
    is_full: bool

    @property
    def middle(self) -> int:
        return self.x + BAR_WIDTH // 2


def office_home(request: MemberRequest) -> HttpResponse:
    member, now = request.membership, timezone.now()
    today = timezone.localdate(now)
    teachers = list(
        Teacher.objects.visible_to(member)
        .filter(is_active=True)
        .select_related("membership__user")
        .order_by("membership__user__full_name")
    )
    monday = today - timedelta(days=today.weekday())
    occupancy = queries.week_occupancy(member, teachers, monday=monday, zone=request.school.zone)
    owed = queries.money_owed(member, today=today)
    lessons = todays_lessons(member, today)
    context = {
        "today": today,
        "tiles": _attention(request, owed),
        "lessons": lessons,
        "by_teacher": _by_teacher(lessons, teachers, occupancy),
        "occupancy": occupancy,
        "bars": _bars(occupancy, today),
        "chart_width": BAR_STEP * 7,
        "owed": owed,
        "has_teachers": bool(teachers),
    }
    return render(request, "home/office.html", context)


def _attention(request: MemberRequest, owed: MoneyOwed) -> list[Tile]:
    """Each number leads to its list; what is zero is quiet."""
    member, now, slug = request.membership, timezone.now(), request.school.slug
    found = (
        (
            _("Requests to answer"),
            queries.requests_waiting(member, at=now).count(),
            reverse("bookings:requests", args=[slug]),
            ("hourglass-split", "warn"),
        ),
        (
            _("Unfinished lessons"),
            queries.unfinished_lessons(member, before=now).count(),
            reverse("bookings:unfinished", args=[slug]),
            ("inbox", "warn"),
        ),
        (
            _("Without teacher or plan"),
            queries.unassigned_students(member).count(),
            reverse("home:unassigned", args=[slug]),
            ("person-x", "warn"),
        ),
        (
            _("Overdue invoices"),
            owed.overdue.count,
            reverse("finance:invoices", args=[slug]) + "?show=overdue",
            ("receipt", "bad"),
        ),
        (
            _("Messages not delivered"),
            queries.failed_messages(member, at=now).count(),
            reverse("notifications:log", args=[slug]) + "?" + urlencode({"status": "failed"}),
            ("envelope-exclamation", "bad"),
        ),
    )
    tiles = [
        Tile(label, str(number), url, icon, tone if number else "ok")
        for label, number, url, (icon, tone) in found
    ]
    if unconfirmed := at_venues(member, at=now).count():
        # Most schools have no venue of somebody else, and no use for a tile that says so.
        url = reverse("bookings:venues", args=[slug])
        tiles.append(Tile(_("Venues to confirm"), str(unconfirmed), url, "telephone", "warn"))
    return tiles


def _by_teacher(
    lessons: Sequence[Booking], teachers: Sequence[Teacher], occupancy: Occupancy
) -> list[tuple[Teacher, list[Booking], Load]]:
    given: dict[int, list[Booking]] = defaultdict(list)
    for booking in lessons:
        given[booking.teacher_id].append(booking)
    known = {teacher.pk: teacher for teacher in teachers}
    known |= {booking.teacher_id: booking.teacher for booking in lessons}
    nothing = queries.NOTHING
    return [
        (teacher, given[pk], occupancy.by_teacher.get(pk, nothing)) for pk, teacher in known.items()
    ]


def _bars(occupancy: Occupancy, today: date) -> list[Bar]:
    locale = to_locale(get_language() or "en")
    short, wide = get_day_names("short", locale=locale), get_day_names("wide", locale=locale)
    bars = []
    for place, (day, load) in enumerate(occupancy.by_day.items()):
        height = round(BAR_HEIGHT * min(load.percent, 100) / 100)
        bars.append(
            Bar(
                label=short[day.weekday()],
                long=wide[day.weekday()],
                percent=load.percent,
                x=place * BAR_STEP + (BAR_STEP - BAR_WIDTH) // 2,
                y=BAR_HEIGHT - height,
                height=height,
                is_today=day == today,
                is_full=load.percent >= FULL,
            )
        )
    return bars


@require_GET
@requires(Permission.ASSIGN_LESSON_PLAN)
def unassigned(request: MemberRequest) -> HttpResponse:
    """Students in training who still need a teacher or a plan, the longest waiting first."""
    rows: Any = queries.unassigned_students(request.membership).select_related(
        "membership__user", "teacher__membership__user", "department"
    )
    page = Paginator(rows.order_by("registered_at", "pk"), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    return render(request, "home/unassigned.html", {"page": page})
