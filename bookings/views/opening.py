"""When the school is open: hours of the week, closed days of the year, public holidays."""

from datetime import date
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from administration.access import MemberRequest, requires
from administration.history import RECENT_CHANGES, changes_in_words, changes_of, topic_of
from administration.permissions import Permission
from administration.queries import open_departments
from bookings.enums import OCCUPYING
from bookings.forms.settings import ClosedPeriodForm, HolidaysForm, RenameForm
from bookings.forms.week import OpeningHoursForm
from bookings.models import Booking, ClosedDay, OpeningHours
from bookings.services.closed_days import (
    close_days,
    import_holidays,
    open_days,
    public_holidays,
    rename_closed_days,
)
from bookings.services.settings import set_opening_hours
from bookings.views.booking_rules import department_asked, department_tabs
from justdriving.kernel.ids import ids_in
from justdriving.kernel.policy import Refused

YEARS_BACK, YEARS_AHEAD = 1, 3


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_BOOKING_RULES)
def opening_hours(request: MemberRequest, department_id: int | None = None) -> HttpResponse:
    here = department_asked(request, department_id)
    rows = OpeningHours.objects.filter(department=here)
    standing = [(row.weekday, row.opens_at, row.closes_at, 0) for row in rows]
    form = OpeningHoursForm(request.POST or None, standing=standing)
    if request.method == "POST" and form.is_valid():
        set_opening_hours(
            spans=[hours[:3] for hours in form.week()],
            department_id=here.pk if here else None,
            by=request.membership,
            at=timezone.now(),
        )
        messages.success(request, _("The opening hours are saved."))
        return redirect(request.path)
    kept = changes_of(topic=topic_of(OpeningHours)).filter(subject_id=here.pk if here else None)
    context = {
        "form": form,
        "department": here,
        "is_open_always": not standing,
        "tabs": department_tabs(request, "opening_hours", here),
        "changes": changes_in_words(kept[:RECENT_CHANGES]),
    }
    status = 422 if form.errors else 200
    return render(request, "bookings/opening_hours.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_BOOKING_RULES)
def closed_days(request: MemberRequest) -> HttpResponse:
    """The closed days of a year; posting adds a period."""
    form = ClosedPeriodForm(request.POST or None, departments=list(open_departments()))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            close_days(
                first_day=given["first_day"],
                last_day=given["last_day"],
                name=given["name"],
                department_id=int(given["department"]) if given["department"] else None,
                by=request.membership,
                at=timezone.now(),
            )
        except Refused as refused:
            form.add_error("last_day", str(refused))
        else:
            _tell_affected(request, given)
            return redirect(_address(request, given["first_day"].year))
    context = _year_page(request, form)
    status = 422 if form.errors else 200
    return render(request, "bookings/closed_days.html", context, status=status)


@require_POST
@requires(Permission.MANAGE_BOOKING_RULES)
def closed_days_change(request: MemberRequest) -> HttpResponse:
    """Give closed days another name, or open them again; unknown ids change nothing."""
    ids = ids_in(request.POST.getlist("day"))
    form = RenameForm(request.POST)
    if "remove" in request.POST:
        open_days(closed_day_ids=ids, by=request.membership, at=timezone.now())
        messages.success(request, _("The school is open then."))
    elif form.is_valid():
        name = form.cleaned_data["name"]
        rename_closed_days(closed_day_ids=ids, name=name, by=request.membership, at=timezone.now())
        messages.success(request, _("%(name)s is saved.") % {"name": name})
    else:
        messages.error(request, _("Closed days need a name."))
    return redirect(_address(request, _year(request)))


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_BOOKING_RULES)
def public_holidays_import(request: MemberRequest) -> HttpResponse:
    """Look through the public holidays of a year before the school closes on them."""
    year, school = _year(request), request.school
    found = public_holidays(country=school.country, year=year, language=school.language)
    known = ClosedDay.objects.filter(department=None, on__in=[holiday.on for holiday in found])
    form = HolidaysForm(request.POST or None, found=found, known=known.values_list("on", flat=True))
    if request.method == "POST" and form.is_valid():
        new = import_holidays(names=form.chosen(), by=request.membership, at=timezone.now())
        text = ngettext("%(count)d holiday is added.", "%(count)d holidays are added.", new)
        messages.success(request, text % {"count": new})
        return redirect(_address(request, year))
    context = {"form": form, "year": year, "years": _years(request, "holidays", year)}
    status = 422 if form.errors else 200
    return render(request, "bookings/holidays.html", context, status=status)


def _year(request: MemberRequest) -> int:
    """The year that was asked for, within reach of today's; else this one."""
    today = timezone.localdate().year
    asked = request.POST.get("year") or request.GET.get("year") or ""
    year = int(asked) if asked.isdecimal() and len(asked) == len("2026") else today
    return year if today - YEARS_BACK <= year <= today + YEARS_AHEAD else today


def _address(request: MemberRequest, year: int) -> str:
    return reverse("bookings:closed_days", args=[request.school.slug]) + f"?year={year}"


def _years(request: MemberRequest, route: str, year: int) -> list[dict[str, Any]]:
    today = timezone.localdate().year
    address = reverse(f"bookings:{route}", args=[request.school.slug])
    return [
        {"label": str(one), "url": f"{address}?year={one}", "is_current": one == year}
        for one in range(today - YEARS_BACK, today + YEARS_AHEAD + 1)
    ]


def _year_page(request: MemberRequest, form: ClosedPeriodForm) -> dict[str, Any]:
    year = _year(request)
    rows = ClosedDay.objects.filter(on__year=year).select_related("department")
    kept = changes_of(topic=topic_of(ClosedDay))
    return {
        "form": form,
        "year": year,
        "years": _years(request, "closed_days", year),
        "months": _by_month(_periods(rows.order_by("department", "on", "pk"))),
        "changes": changes_in_words(kept[:RECENT_CHANGES]),
    }


def _periods(rows: Any) -> list[dict[str, Any]]:
    """Days that follow each other, of one name and one place, as one line."""
    found: list[dict[str, Any]] = []
    for row in rows:
        last = found[-1] if found else None
        follows = last and (row.on - last["last"]).days == 1
        if last and follows and (row.name, row.department) == (last["name"], last["department"]):
            last["last"] = row.on
            last["ids"].append(row.pk)
            continue
        found.append(
            {
                "first": row.on,
                "last": row.on,
                "name": row.name,
                "department": row.department,
                "is_public_holiday": row.is_public_holiday,
                "ids": [row.pk],
            }
        )
    return sorted(found, key=lambda period: period["first"])


def _by_month(periods: list[dict[str, Any]]) -> list[tuple[date, list[dict[str, Any]]]]:
    by_month = groupby(periods, key=lambda period: period["first"].replace(day=1))
    return [(month, list(group)) for month, group in by_month]


def _tell_affected(request: MemberRequest, given: dict[str, Any]) -> None:
    """Say how many lessons now stand on the closed days: moving them is still to do."""
    lessons = Booking.objects.filter(
        status__in=OCCUPYING, wall_date__range=(given["first_day"], given["last_day"])
    )
    if given["department"]:
        lessons = lessons.filter(department=int(given["department"]))
    affected = lessons.upcoming(after=timezone.now()).count()
    if not affected:
        messages.success(request, _("%(name)s is saved.") % {"name": given["name"]})
        return
    text = ngettext(
        "%(name)s is saved. %(count)d lesson is still booked then: move or cancel it.",
        "%(name)s is saved. %(count)d lessons are still booked then: move or cancel them.",
        affected,
    )
    messages.warning(request, text % {"name": given["name"], "count": affected})
