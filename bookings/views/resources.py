"""Vehicles, rooms and tracks: what they are, when they are out of service, what is due on them."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.forms import ResourceForm
from bookings.forms.upkeep import DueDatesForm, OutageForm
from bookings.forms.venues import VenueForm
from bookings.models import Booking, Resource, ResourceOutage
from bookings.queries.upkeep import due_dates, lessons_with
from bookings.services.catalogue import save_resource
from bookings.services.upkeep import add_outage, remove_outage, set_due_dates
from bookings.services.venues import set_venue
from bookings.views.answers import history_of
from bookings.views.rearranging import MOST
from justdriving.kernel.policy import Refused

LESSONS_SHOWN = 8


@require_GET
@requires(Permission.MANAGE_RESOURCES)
def resources(request: MemberRequest) -> HttpResponse:
    found = Resource.objects.visible_to(request.membership).select_related("department")
    rows = list(found.order_by("-is_active", "kind", "name"))
    due = due_dates(rows, today=timezone.localdate())
    now = timezone.now()
    out = ResourceOutage.objects.filter(resource__in=rows, period__contains=now)
    context = {
        "rows": [(row, due.get(row.pk, [])) for row in rows],
        "out": set(out.values_list("resource", flat=True)),
    }
    return render(request, "bookings/resources.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_RESOURCES)
def resource_edit(request: MemberRequest, resource_id: int | None = None) -> HttpResponse:
    resource = _get(request, resource_id) if resource_id else None
    form = ResourceForm(request.POST or None, instance=resource, member=request.membership)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_resource(
                resource_id=resource_id,
                by=request.membership,
                at=timezone.now(),
                values=form.cleaned_data,
            )
        except Refused as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
            return redirect("bookings:resources", request.school.slug)
    # The form writes what was typed on its instance: the rest of the page shows what is stored.
    stored = _get(request, resource_id) if resource_id else None
    return _page(request, stored, form=form)


@require_POST
@requires(Permission.MANAGE_RESOURCES)
def resource_due(request: MemberRequest, resource_id: int) -> HttpResponse:
    resource = _get(request, resource_id)
    form = DueDatesForm(request.POST, resource=resource)
    if not form.is_valid():
        return _page(request, resource, due_form=form)
    try:
        set_due_dates(
            resource_id=resource.pk,
            due=form.due(),
            odometer_km=form.reading(),
            corrects=form.corrects(),
            by=request.membership,
            at=timezone.now(),
        )
    except Refused as refused:
        form.refuse(refused)
        return _page(request, resource, due_form=form)
    messages.success(request, _("The dates are saved."))
    return redirect("bookings:resource_edit", request.school.slug, resource.pk)


@require_POST
@requires(Permission.MANAGE_RESOURCES)
def resource_venue(request: MemberRequest, resource_id: int) -> HttpResponse:
    resource = _get(request, resource_id)
    form = VenueForm(request.POST, instance=resource)
    if not form.is_valid():
        return _page(request, _get(request, resource_id), venue_form=form)
    set_venue(
        resource_id=resource.pk,
        values=form.cleaned_data,
        by=request.membership,
        at=timezone.now(),
    )
    messages.success(request, _("%(name)s is saved.") % {"name": resource.name})
    return redirect("bookings:resource_edit", request.school.slug, resource.pk)


@require_POST
@requires(Permission.MANAGE_RESOURCES)
def outage_add(request: MemberRequest, resource_id: int) -> HttpResponse:
    resource = _get(request, resource_id)
    form = OutageForm(request.POST, zone=request.school.zone)
    if form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("starts_at", "ends_at", "reason")}
        try:
            outage = add_outage(
                resource_id=resource.pk, by=request.membership, at=timezone.now(), **given
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            _tell_affected(request, resource, outage)
            return redirect("bookings:resource_edit", request.school.slug, resource.pk)
    return _page(request, resource, outage_form=form)


@require_POST
@requires(Permission.MANAGE_RESOURCES)
def outage_remove(request: MemberRequest, resource_id: int, outage_id: int) -> HttpResponse:
    resource = _get(request, resource_id)
    remove_outage(
        resource_id=resource.pk, outage_id=outage_id, by=request.membership, at=timezone.now()
    )
    messages.success(request, _("%(name)s is in service then.") % {"name": resource.name})
    return redirect("bookings:resource_edit", request.school.slug, resource.pk)


def _get(request: MemberRequest, resource_id: int) -> Resource:
    mine = Resource.objects.visible_to(request.membership).prefetch_related("due_dates")
    return get_object_or_404(mine, pk=resource_id)


def _page(
    request: MemberRequest,
    resource: Resource | None,
    *,
    form: Any = None,
    due_form: DueDatesForm | None = None,
    outage_form: OutageForm | None = None,
    venue_form: VenueForm | None = None,
) -> HttpResponse:
    refused = any(given and given.errors for given in (form, due_form, outage_form, venue_form))
    context: dict[str, Any] = {"resource": resource}
    context["form"] = form or ResourceForm(instance=resource, member=request.membership)
    if resource is not None:
        today = timezone.localdate()
        context |= {
            "name": resource.name,
            "due_form": due_form or DueDatesForm(resource=resource),
            "due": due_dates([resource], today=today).get(resource.pk, []),
            "outage_form": outage_form
            or OutageForm(zone=request.school.zone, initial={"first_day": today}),
            "outages": _outages(resource),
            "venue_form": venue_form or VenueForm(instance=resource),
            "history": history_of(resource),
        }
    return render(request, "bookings/resource_edit.html", context, status=422 if refused else 200)


def _outages(resource: Resource) -> list[dict[str, Any]]:
    """The times out of service that are not over, each with the lessons that stand in them."""
    now = timezone.now()
    rows = ResourceOutage.objects.filter(resource=resource, period__endswith__gt=now)
    found = []
    for outage in rows.order_by("period"):
        lessons = lessons_with(resource, max(outage.period.lower, now), outage.period.upper)
        shown = list(lessons[: LESSONS_SHOWN + 1])
        more = lessons.count() - LESSONS_SHOWN if len(shown) > LESSONS_SHOWN else 0
        found.append(
            {
                "outage": outage,
                "lessons": shown[:LESSONS_SHOWN],
                "more": more,
                "query": _rearranging(resource, outage, lessons),
            }
        )
    return found


def _rearranging(resource: Resource, outage: ResourceOutage, lessons: QuerySet[Booking]) -> str:
    """The page that finds these lessons another thing of the kind, with all of them ticked."""
    rows = list(lessons.values_list("pk", "wall_date")[:MOST])
    ids, days = [pk for pk, _day in rows], [day for _pk, day in rows]
    first = min(days, default=timezone.localdate())
    last = max([*days, timezone.localdate(outage.period.upper - timedelta(seconds=1))])
    asked = {"resource": resource.pk, "day": first, "until": last, "action": "resource"}
    return urlencode(asked | {"without": resource.pk, "lesson": ids}, doseq=True)


def _tell_affected(request: MemberRequest, resource: Resource, outage: ResourceOutage) -> None:
    period = outage.period
    lower = max(period.lower, timezone.now())
    affected = lessons_with(resource, lower, period.upper).count()
    if not affected:
        text = _("%(name)s is out of service then. No lessons are affected.")
        messages.success(request, text % {"name": resource.name})
        return
    words = ngettext(
        "%(name)s is out of service then. %(count)d lesson still uses it: find it another one.",
        "%(name)s is out of service then. %(count)d lessons still use it: find them another one.",
        affected,
    )
    messages.warning(request, words % {"name": resource.name, "count": affected})
