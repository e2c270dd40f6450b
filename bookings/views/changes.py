"""Cancelling, confirming and submitting: the consequence first, then the button."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.enums import BookingStatus, Party
from bookings.forms import CancelForm, OverrideForm
from bookings.models import Booking, BookingTransition
from bookings.policies import may_act_for, party_of
from bookings.queries.cancellation import cancellation_quote
from bookings.queries.grounds import is_declined, ran_out
from bookings.queries.venues import confirmed_venues
from bookings.services import cancel_booking, confirm_booking, submit_booking
from bookings.views.access import changeable, get_booking
from bookings.views.detail import OPEN, shown_participations
from justdriving.kernel.policy import Refused

TOO_LATE = frozenset({"hold-over", "illegal-move"})
"""Refusals of a confirmation after which the lesson itself shows how it stands."""
ASKED_BY = (Party.STUDENT, Party.TEACHER, Party.SCHOOL)


@require_http_methods(["GET", "POST"])
@requires(Permission.BOOK)
def cancel(request: MemberRequest, booking_id: int) -> HttpResponse:
    booking = get_booking(changeable(request), booking_id)
    form = CancelForm(request.POST or None, member=request.membership, party=_party(request))
    if request.method == "POST" and form.is_valid():
        try:
            done = _cancel(request, booking, form)
        except Refused as refused:
            form.add_error(None, str(refused))
            booking.refresh_from_db()
        else:
            messages.success(request, _off(done))
            return redirect("bookings:detail", request.school.slug, booking.pk)
    return _cancel_page(request, booking, form)


def _party(request: MemberRequest) -> Party:
    """In whose name it is cancelled: ``party`` of the address, else one's own."""
    own = party_of(request.membership)
    asked = request.POST.get("party") or request.GET.get("party") or own
    allowed = [party for party in ASKED_BY if may_act_for(own, party) is None]
    return Party(asked) if asked in allowed else own


def _cancel(request: MemberRequest, booking: Booking, form: CancelForm) -> BookingTransition:
    given = form.cleaned_data
    return cancel_booking(
        booking_id=booking.pk,
        by=request.membership,
        at=timezone.now(),
        grounds=form.grounds,
        expected_fee=request.school.money(given["expected_fee"]),
        expected_status=given["expected_status"],
        muted=given.get("is_muted", False),
    )


def _off(done: BookingTransition) -> str:
    if is_declined(done):
        return _("The request is declined. The time is free again.")
    return _("The lesson is cancelled. The time is free again.")


def _cancel_page(request: MemberRequest, booking: Booking, form: CancelForm) -> HttpResponse:
    if booking.status not in CANCELLABLE and not form.errors:
        return redirect("bookings:detail", request.school.slug, booking.pk)
    member = request.membership
    quote = cancellation_quote(booking=booking, by=member, at=timezone.now(), party=form.party)
    if not quote.total:
        form.without_waiver()
    context = {
        "booking": booking,
        "participations": shown_participations(booking, member),
        "quote": quote,
        "form": form,
        "expecting": confirmed_venues(booking) if member.is_staff_role else [],
        "for_staff": member.is_staff_role,
        "is_request": booking.status == BookingStatus.PENDING,
        "parties": _parties(request, form.party, booking),
    }
    return render(request, "bookings/cancel.html", context, status=422 if form.errors else 200)


CANCELLABLE = (*OPEN, BookingStatus.DRAFT)


def _parties(request: MemberRequest, chosen: Party, booking: Booking) -> list[dict[str, Any]]:
    """Who may be said to cancel, each with the address of this page for them."""
    own = party_of(request.membership)
    if own == Party.STUDENT or booking.status != BookingStatus.CONFIRMED:
        return []
    return [
        {
            "label": party.label,
            "url": f"{request.path}?party={party}",
            "is_current": party == chosen,
        }
        for party in ASKED_BY
        if may_act_for(own, party) is None
    ]


@require_http_methods(["GET", "POST"])
@requires(Permission.BOOK)
def confirm(request: MemberRequest, booking_id: int) -> HttpResponse:
    """Say yes to a request; the rules are asked again, and may be overruled by name."""
    return _bring_on(request, booking_id, BookingStatus.PENDING, confirm_booking)


@require_http_methods(["GET", "POST"])
@requires(Permission.BOOK)
def submit(request: MemberRequest, booking_id: int) -> HttpResponse:
    """Make a lesson of a draft; the rules are asked again, and may be overruled by name."""
    return _bring_on(request, booking_id, BookingStatus.DRAFT, submit_booking)


def _typed(request: MemberRequest) -> Any:
    """What was sent, even if nothing had to be typed."""
    return request.POST if request.method == "POST" else None


def _bring_on(
    request: MemberRequest, booking_id: int, status: BookingStatus, act: Callable[..., Any]
) -> HttpResponse:
    booking = get_booking(Booking.objects.taught_by_or_managed_by(request.membership), booking_id)
    form = OverrideForm(_typed(request), member=request.membership)
    if request.method == "POST" and form.is_valid():
        try:
            act(
                booking_id=booking.pk,
                by=request.membership,
                at=timezone.now(),
                overrides=form.overrides,
            )
        except Refused as refused:
            if refused.refusal.code in TOO_LATE:
                messages.error(request, str(refused))
                return redirect("bookings:detail", request.school.slug, booking.pk)
            form.refuse(refused)
        else:
            messages.success(request, _("The lesson is confirmed."))
            return redirect("bookings:detail", request.school.slug, booking.pk)
    is_late = booking.status != status or ran_out(booking, at=timezone.now())
    if is_late and not form.errors:
        return redirect("bookings:detail", request.school.slug, booking.pk)
    context = {"booking": booking, "form": form, "is_draft": status == BookingStatus.DRAFT}
    return render(request, "bookings/confirm.html", context, status=422 if form.errors else 200)
