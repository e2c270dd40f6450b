"""Days on which other hours hold than every week's: many planned at once, each taken back alone."""

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from administration.access import MemberRequest, requires
from administration.models import Teacher
from administration.permissions import Permission
from administration.queries import open_departments
from bookings.forms.availability import PlanDaysForm
from bookings.models import AvailabilityException, Booking
from bookings.services.availability import plan_days, unplan_day
from bookings.views.availability import editable_teachers
from justdriving.kernel.clock import day_named
from justdriving.kernel.policy import Refused


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_CALENDAR)
def planned_days(request: MemberRequest, teacher_id: int) -> HttpResponse:
    teacher = get_object_or_404(editable_teachers(request), pk=teacher_id)
    form = PlanDaysForm(
        request.POST or None, today=timezone.localdate(), departments=list(open_departments())
    )
    if request.method == "POST" and form.is_valid() and _save(request, teacher, form):
        return redirect("bookings:planned_days", request.school.slug, teacher.pk)
    rows = AvailabilityException.objects.filter(teacher=teacher, on__gte=timezone.localdate())
    planned = [
        (day, [row for row in group if row.starts_at])
        for day, group in groupby(
            rows.select_related("department").order_by("on", "starts_at"), key=lambda row: row.on
        )
    ]
    context = {
        "teacher": teacher,
        "is_own": teacher.membership_id == request.membership.pk,
        "form": form,
        "planned": planned,
        "weeks": _weeks(form, {day for day, _hours in planned}),
    }
    status = 422 if form.errors else 200
    return render(request, "bookings/planned_days.html", context, status=status)


@require_POST
@requires(Permission.VIEW_CALENDAR)
def planned_day_remove(request: MemberRequest, teacher_id: int) -> HttpResponse:
    teacher = get_object_or_404(editable_teachers(request), pk=teacher_id)
    try:
        day = day_named(request.POST.get("day"))
    except ValueError:
        day = None
    if day is not None:
        unplan_day(teacher_id=teacher.pk, day=day, by=request.membership)
        messages.success(request, _("The hours of every week hold again that day."))
    return redirect("bookings:planned_days", request.school.slug, teacher.pk)


def _save(request: MemberRequest, teacher: Teacher, form: PlanDaysForm) -> bool:
    """Save what was typed; False, with the reason on the form, when it was refused."""
    days, now = form.chosen(), timezone.now()
    try:
        number = plan_days(
            teacher_id=teacher.pk, days=days, plan=form.plan(), by=request.membership, at=now
        )
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    text = ngettext("%(count)d day is planned.", "%(count)d days are planned.", number)
    words = text % {"count": number}
    booked = Booking.objects.filter(teacher=teacher, wall_date__in=days).upcoming(after=now)
    if affected := booked.count():
        lessons = ngettext(
            "%(count)d lesson is already booked on these days and stays.",
            "%(count)d lessons are already booked on these days and stay.",
            affected,
        )
        messages.warning(request, words + " " + lessons % {"count": affected})
    else:
        messages.success(request, words)
    return True


def _weeks(form: PlanDaysForm, planned: set[Any]) -> list[list[dict[str, Any]]]:
    """The days of the coming weeks as boxes to tick, seven a row."""
    ticked = set(form["days"].value() or ())
    boxes = [
        {
            "day": day,
            "is_past": day < form.today,
            "is_planned": day in planned,
            "is_ticked": day.isoformat() in ticked,
        }
        for day in form.shown
    ]
    return [boxes[number : number + 7] for number in range(0, len(boxes), 7)]
