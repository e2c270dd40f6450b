"""Sessions as the office works with them: the week, one session with its roster, its places."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from administration.access import MemberRequest, requires
from administration.models import Department, Teacher
from administration.permissions import Permission
from bookings.enums import BookingStatus
from bookings.forms.booking import bookable_students, usable_resources
from bookings.forms.sessions import open_groups
from bookings.models import Booking, LessonType, Participation, StudentGroup
from bookings.queries.sessions import (
    OPEN,
    Sifting,
    groups_to_seat,
    is_broken,
    live_seats,
    missing_members,
    needing_places,
    open_to_a_class,
    places_of,
    session_lines,
    sessions,
    sessions_in_week,
    stranded_in,
)
from bookings.services.joining import join_booking
from bookings.services.places import (
    add_place,
    assign_place,
    assign_places,
    return_place,
    set_place_out_of_service,
)
from justdriving.kernel.clock import day_named
from justdriving.kernel.ids import id_in
from justdriving.kernel.policy import Refused
from justdriving.templatetags.formats import day as short_day

PAGE_SIZE = 30
SHOWN_STATUSES = tuple(one for one in BookingStatus if one != BookingStatus.DRAFT)


@require_GET
@requires(Permission.MANAGE_SESSIONS)
def session_week(request: MemberRequest) -> HttpResponse:
    """The sessions of one week with their seats, places and teachers."""
    monday, sifting = _monday(request), _sifting(request)
    rows = sessions_in_week(
        request.membership, monday=monday, zone=request.school.zone, sifting=sifting
    )
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    others = request.GET.copy()
    others.pop("page", None)
    lines, groups = session_lines(list(page.object_list)), list(open_groups(request.membership))
    context = {
        "page": page,
        "lines": lines,
        "tabs": tabs(request, "sessions"),
        "week": _week(request, monday),
        "selects": _selects(request, sifting),
        "groups": groups,
        "tickable": open_to_a_class(lines, at=timezone.now()) if groups else (),
        "is_narrowed": sifting != Sifting(),
        "query": f"{others.urlencode()}&" if others else "",
    }
    return render(request, "bookings/sessions/week.html", context)


@require_GET
@requires(Permission.MANAGE_SESSIONS)
def session(request: MemberRequest, booking_id: int) -> HttpResponse:
    """One session: who sits where, what is left, and what can be done."""
    return session_page(request, _session(request, booking_id))


@require_GET
@requires(Permission.MANAGE_SESSIONS)
def session_roster(request: MemberRequest, booking_id: int) -> HttpResponse:
    """The list to print and pass round."""
    booking = _session(request, booking_id)
    context = {"booking": booking, "seats": live_seats([booking.pk])}
    return render(request, "bookings/sessions/roster.html", context)


@require_GET
@requires(Permission.MANAGE_SESSIONS)
def session_work(request: MemberRequest) -> HttpResponse:
    """Where somebody has a seat and no place yet."""
    rows = needing_places(request.membership, at=timezone.now())
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    lines = session_lines(list(page.object_list))
    context = {"page": page, "lines": lines, "tabs": tabs(request, "session_work")}
    return render(request, "bookings/sessions/work.html", context)


@require_POST
@requires(Permission.MANAGE_SESSIONS)
def session_assign(request: MemberRequest, booking_id: int) -> HttpResponse:
    """Give everybody without a place one that suits."""
    booking = _session(request, booking_id)
    try:
        without = assign_places(booking_id=booking.pk, by=request.membership, at=timezone.now())
    except Refused as refused:
        return session_page(request, booking, str(refused))
    if without:
        names = ", ".join(str(seat.student) for seat in without)
        messages.warning(request, _("No place suits: %(names)s.") % {"names": names})
    else:
        messages.success(request, _("Everybody has a place."))
    return redirect("bookings:session", request.school.slug, booking.pk)


@require_POST
@requires(Permission.MANAGE_SESSIONS)
def session_seat(request: MemberRequest, booking_id: int) -> HttpResponse:
    """Give one student a place by hand, or take it back."""
    booking = _session(request, booking_id)
    place = request.POST.get("place", "")
    seat = get_object_or_404(booking.participations, pk=id_in(request.POST.get("seat", "")))
    try:
        assign_place(
            participation_id=seat.pk,
            place_id=id_in(place),
            by=request.membership,
            at=timezone.now(),
        )
    except Refused as refused:
        return session_page(request, booking, str(refused))
    messages.success(request, _("The place is noted."))
    return redirect("bookings:session", request.school.slug, booking.pk)


@require_POST
@requires(Permission.MANAGE_SESSIONS)
def session_place(request: MemberRequest, booking_id: int, place_id: int) -> HttpResponse:
    """A place breaks down, or is back."""
    booking = _session(request, booking_id)
    get_object_or_404(booking.booking_resources, pk=place_id)
    is_back = request.POST.get("state") == "back"
    change = return_place if is_back else set_place_out_of_service
    try:
        changed = change(place_id=place_id, by=request.membership, at=timezone.now())
    except Refused as refused:
        return session_page(request, booking, str(refused))
    if is_back:
        messages.success(request, _("The place is in service again."))
    elif isinstance(changed, Participation):
        said = _("The place is out of service, and %(student)s has none now. Choose another one.")
        messages.warning(request, said % {"student": changed.student})
    else:
        messages.success(request, _("The place is out of service."))
    return redirect("bookings:session", request.school.slug, booking.pk)


@require_POST
@requires(Permission.MANAGE_SESSIONS)
def session_add_place(request: MemberRequest, booking_id: int) -> HttpResponse:
    """One more car for this session."""
    booking = _session(request, booking_id)
    resource_id = id_in(request.POST.get("resource", ""))
    if resource_id is None:
        return session_page(request, booking, _("Choose what to add."))
    try:
        add_place(
            booking_id=booking.pk,
            resource_id=resource_id,
            by=request.membership,
            at=timezone.now(),
        )
    except Refused as refused:
        return session_page(request, booking, str(refused))
    messages.success(request, _("The session has one place more."))
    return redirect("bookings:session", request.school.slug, booking.pk)


@require_POST
@requires(Permission.MANAGE_SESSIONS)
def session_join(request: MemberRequest, booking_id: int) -> HttpResponse:
    """Give one student a seat."""
    booking = _session(request, booking_id)
    student_id = id_in(request.POST.get("student", ""))
    if student_id is None:
        return session_page(request, booking, _("Choose a student."))
    try:
        join_booking(
            booking_id=booking.pk, student_id=student_id, by=request.membership, at=timezone.now()
        )
    except Refused as refused:
        return session_page(request, booking, str(refused))
    messages.success(request, _("The student has a seat."))
    return redirect("bookings:session", request.school.slug, booking.pk)


def session_page(request: MemberRequest, booking: Booking, problem: str = "") -> HttpResponse:
    """The page of one session; with a problem it answers 422."""
    (line,) = session_lines([booking])
    seats, places = list(live_seats([booking.pk])), places_of(booking)
    by_place: dict[int | None, Participation] = {
        seat.place_id: seat for seat in seats if seat.place_id
    }
    is_open = booking.status in OPEN
    present = {seat.student_id for seat in seats}
    held = [place.resource_id for place in places]
    context = {
        "booking": booking,
        "line": line,
        "seats": seats,
        "places": [(place, by_place.get(place.pk)) for place in places],
        "free_places": _free(places, by_place),
        "stranded": stranded_in(seats, places),
        "missing": missing_members(booking) if is_open else [],
        "is_open": is_open,
        "is_ahead": is_open and booking.starts_at > timezone.now(),
        "is_over": booking.status == BookingStatus.CONFIRMED and booking.ends_at <= timezone.now(),
        "students": bookable_students(request.membership).exclude(pk__in=present),
        "groups": _groups(request, booking, present),
        "spare": usable_resources(request.membership).exclude(pk__in=held),
        "problem": problem,
    }
    status = 422 if problem else 200
    return render(request, "bookings/sessions/session.html", context, status=status)


def tabs(request: MemberRequest, current: str) -> list[dict[str, Any]]:
    """The pages about sessions, the same on each of them."""
    pages = {
        "sessions": _("Week"),
        "weekly": _("Weekly plans"),
        "session_work": _("Without a place"),
    }
    return [
        {
            "label": label,
            "url": reverse(f"bookings:{route}", args=[request.school.slug]),
            "is_current": route == current,
        }
        for route, label in pages.items()
    ]


def _free(places: list[Any], by_place: dict[int | None, Participation]) -> list[Any]:
    return [place for place in places if place.pk not in by_place and not is_broken(place)]


def _groups(request: MemberRequest, booking: Booking, seated: set[int]) -> list[StudentGroup]:
    """The classes that could attend; a session has one."""
    return [] if booking.group_id else groups_to_seat(open_groups(request.membership), seated)


def _session(request: MemberRequest, booking_id: int) -> Booking:
    rows = sessions(request.membership).select_related("template", "school")
    booking: Booking = get_object_or_404(rows, pk=booking_id)
    return booking


def _monday(request: MemberRequest) -> date:
    try:
        day = day_named(request.GET.get("day")) or timezone.localdate()
    except ValueError as error:
        raise Http404 from error
    return day - timedelta(days=day.weekday())


def _week(request: MemberRequest, monday: date) -> dict[str, Any]:
    def address(weeks: int) -> str:
        asked = request.GET.copy()
        asked.pop("page", None)
        asked["day"] = (monday + timedelta(weeks=weeks)).isoformat()
        return f"?{asked.urlencode()}"

    number = monday.isocalendar().week
    sunday = monday + timedelta(days=6)
    return {
        "label": _("Week %(number)d") % {"number": number},
        "span": f"{short_day(monday)} – {short_day(sunday)}",
        "previous": address(-1),
        "next": address(1),
        "day": monday.isoformat(),
    }


def _sifting(request: MemberRequest) -> Sifting:
    def number(name: str) -> int | None:
        return id_in(request.GET.get(name, ""))

    status = request.GET.get("status", "")
    return Sifting(
        number("teacher"),
        number("type"),
        number("department"),
        number("group"),
        status if status in SHOWN_STATUSES else "",
    )


def _selects(request: MemberRequest, sifting: Sifting) -> list[dict[str, Any]]:
    """The drop-downs of the filter bar; one with a single choice is left out."""
    member = request.membership
    teachers = Teacher.objects.visible_to(member).select_related("membership__user")
    types = LessonType.objects.visible_to(member).filter(capacity__gt=1).order_by("name")
    departments = Department.objects.visible_to(member).order_by("name")
    every = [
        ("teacher", _("Every teacher"), teachers, sifting.teacher_id),
        ("type", _("Every lesson type"), types, sifting.lesson_type_id),
        ("department", _("Every department"), departments, sifting.department_id),
        ("group", _("Every class"), open_groups(member), sifting.group_id),
    ]
    offered: list[tuple[str, str, list[tuple[Any, str]], Any]] = [
        (name, label, [(row.pk, str(row)) for row in rows], value)
        for name, label, rows, value in every
    ]
    statuses = [(one.value, str(one.label)) for one in SHOWN_STATUSES]
    offered.append(("status", _("Every status"), statuses, sifting.status))
    return [
        {"name": name, "label": label, "options": [("", label), *rows], "value": value or ""}
        for name, label, rows, value in offered
        if len(rows) > 1
    ]


def planned_words(made: int) -> str:
    """``8 sessions are planned.``, in the reader's language."""
    said = ngettext("%(count)d session is planned.", "%(count)d sessions are planned.", made)
    return said % {"count": made}
