"""The link in an offer: yes or no without signing in, and nothing shown beyond the offer."""

from datetime import UTC, datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from administration.access import PublicRequest, public_page
from bookings.enums import OfferStatus, SelfBooking
from bookings.forms.booking import length_in_words
from bookings.links import offer_in
from bookings.models import WaitingListOffer
from bookings.queries.waiting import IN_LINE, OFFER_RELATED
from bookings.services import accept_offer, decline_offer
from bookings.services.holding import live_places
from bookings.views.joining import DIGITS, price_and_terms, terms_for
from justdriving.kernel.policy import Refusal, Refused


@require_http_methods(["GET", "POST"])
@never_cache
@public_page
def offer(request: PublicRequest, token: str) -> HttpResponse:
    """Looking changes nothing; only a pressed button answers."""
    offers = WaitingListOffer.objects.select_related(*OFFER_RELATED)
    found = get_object_or_404(offers, pk=offer_in(token))
    refused = None
    if request.method == "POST":
        try:
            _answer(request, found)
        except Refused as error:
            refused = error.refusal
            found = offers.get(pk=found.pk)
        else:
            return redirect("bookings:offer", request.school.slug, token)
    context = _context(found, refused) | {"offer": found}
    return render(request, "bookings/offer.html", context, status=422 if refused else 200)


def _answer(request: PublicRequest, found: WaitingListOffer) -> None:
    """The holder of the link answers for the student it was sent to."""
    who, now = found.entry.student.membership, timezone.now()
    match request.POST.get("answer"):
        case "yes":
            shown = request.POST.get("expected_price", "")[:DIGITS]
            accept_offer(
                offer_id=found.pk,
                by=who,
                at=now,
                expected_price=found.school.money(int(shown)) if shown.isdecimal() else None,
                expected_start=_start(request.POST.get("expected_start", "")),
                accepts_late_terms="accepts_late_terms" in request.POST,
            )
        case "no":
            decline_offer(offer_id=found.pk, by=who, at=now)
        case _:
            raise Http404


def _start(shown: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(shown), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _context(found: WaitingListOffer, refused: Refusal | None) -> dict[str, Any]:
    is_open = found.status == OfferStatus.OPEN and timezone.now() < found.expires_at
    context: dict[str, Any] = {
        "booking": found.booking,
        "first_name": found.entry.student.membership.user.first_name,
        "is_open": is_open,
        "refused": refused,
        "length": length_in_words(found.booking.minutes),
    }
    if not is_open:
        return context | _afterwards(found)
    if found.is_seat:
        return context | price_and_terms(found.booking, found.entry.student)
    (place,) = live_places(found.booking)
    return context | terms_for(found.booking, place)


def _afterwards(found: WaitingListOffer) -> dict[str, Any]:
    """Of an offer that is over: whether the student still waits, and where free times are."""
    book = reverse("bookings:book", args=[found.school.slug])
    lesson_type = found.entry.lesson_type
    by_themselves = lesson_type.is_active and lesson_type.self_booking != SelfBooking.OFF
    return {
        "has_expired": found.status in {OfferStatus.OPEN, OfferStatus.EXPIRED},
        "still_waits": found.entry.status in IN_LINE,
        "free_times_url": f"{book}?type={lesson_type.pk}" if by_themselves else "",
    }
