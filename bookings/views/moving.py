"""Moving a lesson: a student to a time that is offered, staff to any time they answer for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.forms import DeskMoveForm, MoveForm
from bookings.models import Booking, Participation, Resource
from bookings.policies import may_move_again, may_move_in_time, party_of
from bookings.ports import pricing
from bookings.queries.cancellation import cancellation_quote
from bookings.queries.prices import StudentPrices, steps
from bookings.queries.settings import settings_for
from bookings.queries.venues import confirmed_venues
from bookings.services import move_booking
from bookings.views.access import changeable, get_booking
from bookings.views.detail import OPEN
from bookings.views.picker import DAYS, Offer, Wish, build_picker, slot_key
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal, Refused


@require_http_methods(["GET", "POST"])
@requires(Permission.BOOK)
def move(request: MemberRequest, booking_id: int) -> HttpResponse:
    booking = get_booking(changeable(request), booking_id)
    if booking.status not in OPEN:
        return redirect("bookings:detail", request.school.slug, booking.pk)
    wish = Wish.read(
        request.POST if request.method == "POST" else request.GET, timezone.localdate()
    )
    form = _form(request, booking, wish)
    if request.method == "POST" and form.is_valid():
        try:
            _move(request, booking, wish, form)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The lesson is moved."))
            return redirect("bookings:detail", request.school.slug, booking.pk)
    context = _context(request, booking, wish) | {"form": form}
    return render(request, "bookings/move.html", context, status=422 if form.errors else 200)


def _form(request: MemberRequest, booking: Booking, wish: Wish) -> MoveForm:
    member, data = request.membership, request.POST or None
    if not member.is_staff_role:
        return MoveForm(data, member=member)
    start = timezone.localtime(wish.starts_at or booking.starts_at)
    initial = {
        "day": start.date(),
        "time": start.time(),
        "teacher": wish.teacher_id or booking.teacher_id,
    }
    return DeskMoveForm(data, member=member, initial=initial)


def _move(request: MemberRequest, booking: Booking, wish: Wish, form: MoveForm) -> None:
    given = form.cleaned_data
    starts_at = given.get("starts_at") or wish.starts_at
    teacher = given.get("teacher")
    resource = given.get("resource")
    if starts_at is None:
        raise Refused(Refusal("no-time", _("Choose a time first.")))
    move_booking(
        booking_id=booking.pk,
        by=request.membership,
        at=timezone.now(),
        starts_at=starts_at,
        teacher_id=teacher.pk if teacher else wish.teacher_id,
        resource_ids=with_thing(booking, resource),
        requested_by=form.asked_by if isinstance(form, DeskMoveForm) else None,
        overrides=form.overrides,
        reason=given["reason"],
        muted=given.get("is_muted", False),
        expected_price=_shown_price(request, form),
    )


def _shown_price(request: MemberRequest, form: MoveForm) -> Money | None:
    minor = form.cleaned_data["expected_price"]
    return None if minor is None else request.school.money(minor)


def with_thing(booking: Booking, chosen: Resource | None) -> tuple[int, ...] | None:
    """A chosen thing takes the place of the one of its kind, the others stay; None: as before."""
    if chosen is None:
        return None
    used = [one.resource for one in booking.booking_resources.all()]
    return (*(one.pk for one in used if one.kind != chosen.kind), chosen.pk)


def _context(request: MemberRequest, booking: Booking, wish: Wish) -> dict[str, Any]:
    now, today = timezone.now(), timezone.localdate()
    places = list(booking.participations.all())
    offer = Offer(
        booking.lesson_type,
        tuple(place.student for place in places),
        request.membership,
        now,
        booking.teacher,
        None if request.membership.is_staff_role else _prices(booking, places, wish, now),
        booking_id=booking.pk,
        minutes=booking.minutes,
        current=(booking.starts_at, booking.teacher_id),
    )
    picker = build_picker(offer, _from_its_day(wish, booking), today=today, keep={})
    quote = offer.quote(picker.chosen) if picker.chosen else None
    refusal = _standing_refusal(request, booking)
    return {
        "price": quote.amount if quote else None,
        "old_price": places[0].price if quote else None,
        "steps": steps(quote.parts, quote.amount.currency) if quote else [],
        "booking": booking,
        "picker": picker,
        "wish": wish,
        "slot_key": slot_key(picker.chosen) if picker.chosen else "",
        "refusal": refusal,
        "quote": cancellation_quote(booking=booking, by=request.membership, at=now)
        if refusal
        else None,
        "expecting": confirmed_venues(booking),
        "most_moves": settings_for(booking.department_id).max_moves,
        "for_staff": request.membership.is_staff_role,
    }


def _prices(
    booking: Booking, places: Sequence[Participation], wish: Wish, at: datetime
) -> StudentPrices | None:
    """What the lesson would cost its student at other times; None when it keeps its price."""
    if len(places) != 1:
        return None
    lesson_type, student = booking.lesson_type, places[0].student
    prices = StudentPrices.between([lesson_type], student, wish.first_day, DAYS, at=at)
    return prices if prices.quotes.has(lesson_type) else None


def _from_its_day(wish: Wish, booking: Booking) -> Wish:
    """Begin with the day the lesson is on, when that is among the days shown."""
    day = timezone.localdate(booking.starts_at)
    is_shown = wish.first_day <= day < wish.first_day + timedelta(days=DAYS)
    return wish if wish.day or not is_shown else replace(wish, day=day)


def _standing_refusal(request: MemberRequest, booking: Booking) -> Refusal | None:
    """Why no time at all can be chosen: too late, too often, or only the school moves it."""
    party, now = party_of(request.membership), timezone.now()
    fees = [
        pricing().cancellation_fee(place, by=party, at=now).amount
        for place in booking.participations.all()
    ]
    most = settings_for(booking.department_id).max_moves
    return may_move_in_time(
        party,
        status=booking.status,
        capacity=booking.capacity,
        self_booking=booking.lesson_type.self_booking,
        fee=sum(fees, request.school.money(0)),
    ) or may_move_again(moves=booking.moves, most=most)
