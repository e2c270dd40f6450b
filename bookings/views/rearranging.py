"""Rearranging lessons: choose them, see what it comes to, then do all of it or nothing."""

from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.forms import LessonsForm, MannerForm, RearrangeForm, SwapForm
from bookings.forms.rearranging import SEEN
from bookings.models import Booking, BookingResource
from bookings.queries import with_everyone
from bookings.services import preview_rearrangement, rearrange_bookings
from bookings.views.access import changeable, get_booking
from bookings.views.detail import OPEN
from bookings.views.move_check import staff_only
from bookings.views.outlook import Outlook, outlook_of, said
from justdriving.kernel.clock import day_named, instant_or_next
from justdriving.kernel.ids import ids_in
from justdriving.kernel.policy import Refused

if TYPE_CHECKING:
    from bookings.services.rearranging import Plan

MOST = 60
NOT_KEPT = ("csrfmiddlewaretoken", SEEN)


@require_http_methods(["GET", "POST"])
@requires(Permission.BOOK)
def rearrange(request: MemberRequest) -> HttpResponse:
    """GET chooses lessons and shows what would become of them; POST does it."""
    staff_only(request)
    data = request.POST if request.method == "POST" else request.GET
    chosen = LessonsForm(_asked(data), member=request.membership)
    lessons = _lessons(request, chosen)
    form = RearrangeForm(_given(data, "action"), member=request.membership, lessons=lessons)
    if request.method == "POST" and form.is_valid() and _done(request, form):
        address = reverse("bookings:rearrange", args=[request.school.slug])
        return redirect(f"{address}?{urlencode(_same_lessons(data))}")
    context = {
        "chosen": chosen,
        "form": form,
        "lessons": list(with_everyone(lessons)[:MOST]) if chosen.is_valid() else [],
        "ticked": set(ids_in(data.getlist("lesson"))),
    } | _outlook(request, form, data)
    return render(request, "bookings/rearrange.html", context, status=_status(request))


@require_http_methods(["GET", "POST"])
@requires(Permission.BOOK)
def swap(request: MemberRequest, booking_id: int) -> HttpResponse:
    """GET chooses another lesson (?day, other, exchange) and shows both; POST swaps them."""
    staff_only(request)
    booking = get_booking(changeable(request), booking_id)
    if booking.status not in OPEN:
        return redirect("bookings:detail", request.school.slug, booking.pk)
    data = request.POST if request.method == "POST" else request.GET
    day = _asked_day(data) or timezone.localdate(booking.starts_at)
    others = _open_on(request, day, day).exclude(pk=booking.pk)
    given = _given(data, "other") or _given(data, "exchange")
    form = SwapForm(given, member=request.membership, booking=booking, others=others)
    if request.method == "POST" and form.is_valid() and _done(request, form):
        return redirect("bookings:detail", request.school.slug, booking.pk)
    context = {
        "booking": booking,
        "day": day,
        "previous": day - timedelta(days=1),
        "next": day + timedelta(days=1),
        "others": list(with_everyone(others)[:MOST]),
        "form": form,
    } | _outlook(request, form, data)
    return render(request, "bookings/swap.html", context, status=_status(request))


def _status(request: MemberRequest) -> int:
    return 422 if request.method == "POST" else 200


def _asked(data: QueryDict) -> QueryDict:
    """Without a day the page begins with today."""
    asked = data.copy()
    asked.setdefault("day", timezone.localdate().isoformat())
    return asked


def _given(data: QueryDict, name: str) -> QueryDict | None:
    return data if name in data else None


def _asked_day(data: QueryDict) -> date | None:
    try:
        return day_named(data.get("day"))
    except ValueError as error:
        raise Http404 from error


def _lessons(request: MemberRequest, chosen: LessonsForm) -> QuerySet[Booking]:
    """The open lessons of these days that this member may change, narrowed as chosen."""
    if not chosen.is_valid():
        return Booking.objects.none()
    given = chosen.cleaned_data
    rows = _open_on(request, *chosen.days)
    for name in ("teacher", "department"):
        if given.get(name):
            rows = rows.filter(**{name: given[name]})
    if given.get("resource"):
        used = BookingResource.objects.filter(resource=given["resource"])
        rows = rows.filter(pk__in=used.values("booking"))
    return rows


def _open_on(request: MemberRequest, first: date, last: date) -> QuerySet[Booking]:
    zone = request.school.zone
    lower = instant_or_next(first, time(), zone)
    upper = instant_or_next(last + timedelta(days=1), time(), zone)
    rows: QuerySet[Booking] = changeable(request).filter(
        status__in=OPEN, period__startswith__gte=lower, period__startswith__lt=upper
    )
    return rows.order_by("period", "pk")


def _done(request: MemberRequest, form: RearrangeForm | SwapForm) -> bool:
    """Do it; a refusal is told by the page, lesson by lesson."""
    plan: Plan = form.plan
    try:
        written = rearrange_bookings(
            plan=plan,
            by=request.membership,
            at=timezone.now(),
            manner=form.manner,
            seen=form.seen,
        )
    except Refused as refused:
        form.add_error(None, said(refused))
        return False
    text = ngettext("%(count)d lesson is changed.", "%(count)d lessons are changed.", len(written))
    messages.success(request, text % {"count": len(written)})
    return True


def _outlook(
    request: MemberRequest, form: RearrangeForm | SwapForm, data: QueryDict
) -> dict[str, Any]:
    """What the page shows of the plan, and everything typed so far for the form that does it."""
    known = [(name, value) for name in data for value in data.getlist(name)]
    hidden = [(name, value) for name, value in known if _is_kept(name)]
    context: dict[str, Any] = {"outlook": None, "hidden": hidden}
    if not form.is_bound or not _is_planned(form):
        return context
    plan: Plan = form.plan
    try:
        judged = preview_rearrangement(
            plan=plan, by=request.membership, at=timezone.now(), manner=form.manner
        )
    except Refused as refused:
        form.add_error(None, str(refused))
        return context
    outlook: Outlook = outlook_of(judged, form)
    hidden += [(SEEN, f"{one.booking.pk}-{one.booking.version}") for one in judged]
    return context | {"outlook": outlook}


def _is_planned(form: MannerForm) -> bool:
    """Whether it is known what to do; a refusal of the plan itself does not hide it."""
    form.is_valid()
    return not set(form.errors) - {"__all__"}


def _is_kept(name: str) -> bool:
    manner = ("requested_by", "reason", "is_muted")
    said = name.startswith(("override_", "why_", "said_"))
    return name not in (*NOT_KEPT, *manner) and not said


def _same_lessons(data: QueryDict) -> dict[str, str]:
    names = ("teacher", "department", "resource", "day", "until")
    return {name: value for name in names if (value := data.get(name))}
