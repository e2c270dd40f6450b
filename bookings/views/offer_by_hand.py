"""The office offers somebody who waits a free time, or a seat, out of turn."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.enums import WaitingStatus
from bookings.models import Booking, WaitingListEntry
from bookings.queries import Slot, free_times
from bookings.queries.seats import seats_left
from bookings.queries.waiting import in_line
from bookings.services import offer_seat, offer_time
from bookings.services.holding import changeable_by
from bookings.views.picker import read_slot, slot_key
from bookings.views.waiting import SHOWN
from bookings.views.wording import entry_line
from justdriving.kernel.ids import id_in
from justdriving.kernel.policy import Refused
from justdriving.templatetags.formats import clock_to, day

DAYS = 14
MOST_SLOTS = 24


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_WAITING_LIST)
def offer_by_hand(request: MemberRequest, entry_id: int) -> HttpResponse:
    """Free times that suit the wish, or the sessions with a seat: one press makes the offer."""
    rows = in_line(request.membership).filter(status=WaitingStatus.WAITING)
    entry = get_object_or_404(
        rows.select_related(
            "student__membership__user", "student__teacher__membership__user", *SHOWN
        ),
        pk=entry_id,
    )
    problem = ""
    if request.method == "POST":
        try:
            _offer(request, entry, request.POST)
        except Refused as refused:
            problem = str(refused)
        else:
            messages.success(request, _("The offer is on its way."))
            return redirect("bookings:waiting_desk", request.school.slug)
    context = {"line": entry_line(entry), "entry": entry, "problem": problem}
    context |= _choices(request, entry)
    return render(request, "bookings/offer_by_hand.html", context, status=422 if problem else 200)


def _offer(request: MemberRequest, entry: WaitingListEntry, given: QueryDict) -> None:
    who, now = request.membership, timezone.now()
    session = id_in(given.get("session", ""))
    if session is not None:
        offer_seat(entry_id=entry.pk, booking_id=session, by=who, at=now)
        return
    starts_at, teacher_id = read_slot(given.get("slot", ""))
    if starts_at is None or teacher_id is None:
        raise Http404
    offer_time(entry_id=entry.pk, starts_at=starts_at, teacher_id=teacher_id, by=who, at=now)


def _choices(request: MemberRequest, entry: WaitingListEntry) -> dict[str, Any]:
    """Sessions for what is taught in classes, times for everything else."""
    if entry.booking_id or entry.lesson_type.capacity > 1:
        return {"sessions": _sessions(request, entry)}
    slots = free_times(
        lesson_type=entry.lesson_type,
        students=[entry.student],
        by=request.membership,
        at=timezone.now(),
        teacher=entry.teacher,
        first_day=max(entry.first_day or timezone.localdate(), timezone.localdate()),
        days=DAYS,
    )
    suiting = [slot for slot in slots if _suits(slot, entry)]
    return {
        "times": [_time(slot) for slot in (suiting or slots)[:MOST_SLOTS]],
        "fits": bool(suiting),
    }


def _suits(slot: Slot, entry: WaitingListEntry) -> bool:
    starts, ends = timezone.localtime(slot.starts_at), timezone.localtime(slot.ends_at)
    return (
        (not entry.weekdays or starts.weekday() in entry.weekdays)
        and (entry.earliest is None or starts.time() >= entry.earliest)
        and (entry.latest is None or ends.time() <= entry.latest)
        and (entry.last_day is None or starts.date() <= entry.last_day)
    )


def _time(slot: Slot) -> dict[str, Any]:
    title = f"{day(slot.starts_at)} {clock_to(slot.starts_at, slot.ends_at)}"
    return {"slot": slot, "key": slot_key(slot), "title": title}


def _sessions(request: MemberRequest, entry: WaitingListEntry) -> list[dict[str, Any]]:
    sessions = changeable_by(request.membership).upcoming(after=timezone.now())  # type: ignore[attr-defined]  # our own queryset
    wanted = sessions.filter(lesson_type=entry.lesson_type_id, capacity__gt=1)
    if entry.booking_id:
        wanted = wanted.filter(pk=entry.booking_id)
    found: list[Booking] = list(
        wanted.select_related("teacher__membership__user").order_by("period", "pk")[:MOST_SLOTS]
    )
    left = seats_left(found)
    return [{"session": one, "left": max(left[one.pk], 0)} for one in found]
