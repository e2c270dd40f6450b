"""Venues that belong to others: which lessons they have confirmed, and with which number."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.forms.venues import VenueNumberForm, VenueToldForm
from bookings.models import Booking, BookingResource
from bookings.queries.proposals import not_found
from bookings.queries.venues import VenueFilters, at_venues, given_up, venues_of_others, with_lesson
from bookings.services import note_venue_told, write_venue_number
from bookings.views.access import changeable, get_booking
from bookings.views.detail import detail_page
from justdriving.kernel.ids import id_in
from justdriving.kernel.policy import Refused

PAGE_SIZE = 25
ASKED = ("q", "show", "venue", "days")
SOON = (7, 14, 30)
TELLS = ("", "tell")


@require_GET
@requires(Permission.CONFIRM_VENUE)
def venues(request: MemberRequest) -> HttpResponse:
    """The coming lessons at other people's venues: at first those without a number."""
    return _list(request, request.GET)


@require_POST
@requires(Permission.CONFIRM_VENUE)
def venue_number(request: MemberRequest, booking_id: int, resource_id: int) -> HttpResponse:
    """Write a number down, from the lesson's page or, with ``back``, from the list."""
    used = _used(request, booking_id, resource_id)
    form = VenueNumberForm(request.POST, used=used)
    refused = _written(request, form) if form.is_valid() else form
    if refused is None:
        return _answered(request, used)
    back = request.POST.get("back")
    if back is not None:
        return _list(request, QueryDict(back), refused=refused)
    booking = get_booking(changeable(request), booking_id)
    return detail_page(request, booking, refused=refused)


@require_POST
@requires(Permission.CONFIRM_VENUE)
def venue_told(request: MemberRequest, booking_id: int, resource_id: int) -> HttpResponse:
    """Tick off that a venue knows of a lesson that was moved or cancelled."""
    mine = Booking.objects.taught_by_or_managed_by(request.membership)
    booking = get_object_or_404(mine, pk=booking_id)
    get_object_or_404(booking.venue_confirmations.filter(resource=resource_id)[:1])
    form = VenueToldForm(request.POST)
    try:
        if not form.is_valid():
            raise not_found()
        given = form.cleaned_data
        note_venue_told(
            booking_id=booking.pk,
            resource_id=resource_id,
            number=given["number"],
            starts_at=given["starts_at"],
            by=request.membership,
            at=timezone.now(),
        )
    except Refused:
        messages.error(request, _("There is nothing to tell the venue any more."))
    else:
        messages.success(request, _("It is noted that the venue was told."))
    return redirect("bookings:venues", request.school.slug)


def _used(request: MemberRequest, booking_id: int, resource_id: int) -> BookingResource:
    mine = Booking.objects.taught_by_or_managed_by(request.membership).filter(pk=booking_id)
    rows = BookingResource.objects.filter(booking__in=mine.values("pk"), resource=resource_id)
    others = rows.exclude(resource__owner="").select_related("booking", "resource")
    return get_object_or_404(others)


def _written(request: MemberRequest, form: VenueNumberForm) -> VenueNumberForm | None:
    """None when it is done; else the form with what refuses it, for the lesson as it is now."""
    used, given = form.used, form.cleaned_data
    try:
        write_venue_number(
            booking_id=used.booking_id,
            resource_id=used.resource_id,
            number=given["number"],
            starts_at=given["starts_at"],
            by=request.membership,
            at=timezone.now(),
        )
    except Refused as refused:
        now = _used(request, used.booking_id, used.resource_id)
        values = {"number": given["number"], "starts_at": now.booking.starts_at.isoformat()}
        again = VenueNumberForm(values, used=now)
        again.add_error("number", str(refused))
        return again
    return None


def _answered(request: MemberRequest, used: BookingResource) -> HttpResponse:
    number = request.POST["number"].strip()
    words = {"booking": used.booking.number, "venue": used.resource, "number": number}
    text = (
        _("%(booking)s: %(venue)s has confirmed with no. %(number)s.")
        if number
        else _("%(booking)s: the number of %(venue)s is taken back.")
    )
    messages.success(request, text % words)
    back = request.POST.get("back")
    if back is None:
        return redirect("bookings:detail", request.school.slug, used.booking_id)
    address = reverse("bookings:venues", args=[request.school.slug])
    return redirect(f"{address}?{_query(QueryDict(back), page=True)}")


def _query(asked: QueryDict, *, page: bool = False) -> str:
    names = (*ASKED, "page") if page else ASKED
    return urlencode({name: asked[name] for name in names if asked.get(name)})


def _list(
    request: MemberRequest, asked: QueryDict, refused: VenueNumberForm | None = None
) -> HttpResponse:
    member, now = request.membership, timezone.now()
    filters = VenueFilters(
        show=asked.get("show", ""),
        venue_id=id_in(asked.get("venue", "")),
        days=id_in(asked.get("days", "")),
        student=asked.get("q", "").strip(),
    )
    rows = with_lesson(at_venues(member, at=now, filters=filters))
    page = Paginator(rows, PAGE_SIZE).get_page(asked.get("page"))
    query = _query(asked)
    mine = Booking.objects.taught_by_or_managed_by(member)
    context = {
        "page": page,
        "given_up": given_up(mine, at=now) if filters.show in TELLS else [],
        "lines": [(used, _form(used, refused)) for used in page.object_list],
        "problem": _not_in_sight(refused, page.object_list),
        "search": filters.student,
        "selects": _selects(request, asked),
        "is_narrowed": bool(query),
        "query": f"{query}&" if query else "",
        "back": _query(asked, page=True),
        "printed_at": now,
    }
    return render(request, "bookings/venues.html", context, status=422 if refused else 200)


def _not_in_sight(refused: VenueNumberForm | None, shown: Iterable[BookingResource]) -> str:
    """What refused a number whose line is not on the list any more: it was cancelled, say."""
    if refused is None or refused.used.pk in {used.pk for used in shown}:
        return ""
    said = " ".join(str(error) for errors in refused.errors.values() for error in errors)
    return f"{refused.used.booking.number}: {said}"


def _form(used: BookingResource, refused: VenueNumberForm | None) -> VenueNumberForm:
    is_it = refused is not None and refused.used.pk == used.pk
    return refused if is_it and refused else VenueNumberForm(used=used)


def _selects(request: MemberRequest, asked: QueryDict) -> list[dict[str, Any]]:
    owned = venues_of_others(request.membership).values_list("pk", "name", "owner")
    choices = (
        (
            "show",
            _("What to show"),
            [
                ("", _("Not yet confirmed")),
                ("lapsed", _("Needs a new confirmation")),
                ("tell", _("Tell the venue")),
                ("confirmed", _("Confirmed")),
                ("all", _("All coming")),
            ],
        ),
        (
            "venue",
            _("Venue"),
            [("", _("All venues")), *((pk, f"{name} · {owner}") for pk, name, owner in owned)],
        ),
        (
            "days",
            _("When"),
            [
                ("", _("Whenever")),
                *((days, _("The next %(days)d days") % {"days": days}) for days in SOON),
            ],
        ),
    )
    return [
        {"name": name, "label": label, "options": options, "value": asked.get(name, "")}
        for name, label, options in choices
    ]
