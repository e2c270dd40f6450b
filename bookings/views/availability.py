"""A teacher's working week and times away: their own, or any teacher's for the office."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from administration.access import MemberRequest, requires
from administration.models import Teacher
from administration.permissions import Permission, may
from administration.queries import open_departments
from bookings.forms import AbsenceForm, WeeklyHoursForm
from bookings.forms.week import Hours
from bookings.models import Absence, Booking, WeeklyAvailability
from bookings.queries.working_week import working_week
from bookings.services.availability import add_absence, remove_absence, set_weekly_hours
from justdriving.kernel.clock import day_named
from justdriving.kernel.policy import Refused


@require_GET
@requires(Permission.VIEW_CALENDAR)
def own_availability(request: MemberRequest) -> HttpResponse:
    """A teacher's own week, at an address that is the same for everybody."""
    teacher = get_object_or_404(Teacher.objects.filter(membership=request.membership))
    return redirect("bookings:availability", request.school.slug, teacher.pk)


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_CALENDAR)
def availability(request: MemberRequest, teacher_id: int) -> HttpResponse:
    teacher = get_object_or_404(editable_teachers(request), pk=teacher_id)
    now = timezone.now()
    form = WeeklyHoursForm(
        request.POST or None,
        standing=_standing(teacher),
        departments=list(open_departments()),
        initial={"first_day": timezone.localdate(now)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            set_weekly_hours(
                teacher_id=teacher.pk,
                by=request.membership,
                at=now,
                hours=form.hours(),
                first_day=form.cleaned_data["first_day"],
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The working hours are saved."))
            return redirect("bookings:availability", request.school.slug, teacher.pk)
    return _page(request, teacher, week_form=form)


@require_POST
@requires(Permission.VIEW_CALENDAR)
def absence_add(request: MemberRequest, teacher_id: int) -> HttpResponse:
    teacher = get_object_or_404(editable_teachers(request), pk=teacher_id)
    form = AbsenceForm(request.POST, zone=request.school.zone)
    if form.is_valid():
        given = form.cleaned_data
        try:
            absence = add_absence(
                teacher_id=teacher.pk,
                by=request.membership,
                at=timezone.now(),
                starts_at=given["starts_at"],
                ends_at=given["ends_at"],
                reason=given["reason"],
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            _tell_affected(request, absence)
            return redirect("bookings:availability", request.school.slug, teacher.pk)
    return _page(request, teacher, absence_form=form)


@require_POST
@requires(Permission.VIEW_CALENDAR)
def absence_remove(request: MemberRequest, teacher_id: int, absence_id: int) -> HttpResponse:
    teacher = get_object_or_404(editable_teachers(request), pk=teacher_id)
    remove_absence(teacher_id=teacher.pk, absence_id=absence_id, by=request.membership)
    messages.success(request, _("The time away is removed."))
    return redirect("bookings:availability", request.school.slug, teacher.pk)


def editable_teachers(request: MemberRequest) -> Any:
    """Teachers whose hours this member may set; a colleague's are a 404."""
    teachers = Teacher.objects.visible_to(request.membership).select_related("membership__user")
    if may(request.membership, Permission.MANAGE_TEACHERS):
        return teachers
    return teachers.filter(membership=request.membership)


def _standing(teacher: Teacher) -> list[Hours]:
    """The pattern that is valid from today on, or begins last."""
    rows = WeeklyAvailability.objects.filter(teacher=teacher, valid_until=None)
    return [(row.weekday, row.starts_at, row.ends_at, row.department_id or 0) for row in rows]


def _page(
    request: MemberRequest,
    teacher: Teacher,
    *,
    week_form: WeeklyHoursForm | None = None,
    absence_form: AbsenceForm | None = None,
) -> HttpResponse:
    now = timezone.now()
    today = {"first_day": timezone.localdate(now)}
    monday = _monday(request)
    refused = (week_form and week_form.errors) or (absence_form and absence_form.errors)
    context = {
        "teacher": teacher,
        "is_own": teacher.membership_id == request.membership.pk,
        "week_form": week_form
        or WeeklyHoursForm(
            standing=_standing(teacher), departments=list(open_departments()), initial=today
        ),
        "week": working_week(teacher, monday),
        "next_week": monday + timedelta(days=7),
        "previous_week": monday - timedelta(days=7),
        "absence_form": absence_form or AbsenceForm(zone=request.school.zone, initial=today),
        "absences": Absence.objects.filter(teacher=teacher, period__endswith__gt=now).order_by(
            "period"
        ),
    }
    return render(request, "bookings/availability.html", context, status=422 if refused else 200)


def _monday(request: MemberRequest) -> date:
    """The Monday of the week that was asked for, else of this one."""
    try:
        asked = day_named(request.GET.get("week"))
    except ValueError:
        asked = None
    day = asked or timezone.localdate()
    return day - timedelta(days=day.weekday())


def _tell_affected(request: MemberRequest, absence: Absence) -> None:
    """Say how many lessons now stand in the time away: moving them is still to do."""
    period = absence.period
    lessons = Booking.objects.filter(teacher=absence.teacher_id).upcoming(after=timezone.now())
    affected = lessons.overlapping(period.lower, period.upper).count()
    if not affected:
        messages.success(request, _("The time away is saved. No lessons are affected."))
        return
    text = ngettext(
        "The time away is saved. %(count)s lesson is still booked in it.",
        "The time away is saved. %(count)s lessons are still booked in it.",
        affected,
    )
    messages.warning(request, text % {"count": affected})
