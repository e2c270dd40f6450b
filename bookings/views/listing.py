"""The lists: a student's lessons, the unfinished ones, the ones that wait for an answer."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.models import Student
from administration.permissions import Permission, may
from bookings.enums import BookingStatus, ParticipationStatus
from bookings.models import Booking, Participation

PAGE_SIZE = 20
SHOWS: tuple[tuple[str, Promise], ...] = (
    ("", gettext_lazy("Upcoming")),
    ("past", gettext_lazy("Past")),
    ("drafts", gettext_lazy("Drafts")),
)
"""The lists of lessons; the last is for staff."""


def with_people(bookings: QuerySet[Booking]) -> QuerySet[Booking]:
    """Everything a line about a lesson shows, in a fixed number of queries."""
    here = Participation.objects.exclude(
        ~Q(booking__status=BookingStatus.CANCELLED), status=ParticipationStatus.CANCELLED
    )
    people = Prefetch("participations", here.select_related("student__membership__user"))
    return bookings.select_related(
        "lesson_type", "teacher__membership__user", "department"
    ).prefetch_related(people)


@require_GET
@requires(Permission.VIEW_BOOKINGS)
def booking_list(request: MemberRequest) -> HttpResponse:
    member = request.membership
    offered = SHOWS if member.is_staff_role else SHOWS[:2]
    show = request.GET.get("show", "")
    show = show if show in {one for one, _label in offered} else ""
    page = Paginator(_rows(request, show), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "tabs": [_tab(request, one, label, show) for one, label in offered],
        "is_past": show == "past",
        "is_draft": show == "drafts",
        "query": f"show={show}&" if show else "",
        "may_book": may(member, Permission.BOOK),
        "for_staff": member.is_staff_role,
    }
    return render(request, "bookings/list.html", context)


def _rows(request: MemberRequest, show: str) -> QuerySet[Booking]:
    now, member = timezone.now(), request.membership
    seen = Booking.objects.visible_to(member)
    if not member.is_staff_role:
        seen = seen.not_given_up_by(Student.objects.visible_to(member))
    mine = with_people(seen)
    match show:
        case "past":
            open_ = Booking.objects.upcoming(after=now).values("pk")
            over = mine.exclude(pk__in=open_).exclude(status=BookingStatus.DRAFT)
            return over.order_by("-period", "-pk")
        case "drafts":
            return mine.filter(status=BookingStatus.DRAFT).order_by("period", "pk")
        case _:
            coming: QuerySet[Booking] = mine.upcoming(after=now)  # type: ignore[attr-defined]  # select_related keeps the queryset class
            return coming.order_by("period", "pk")


def _tab(request: MemberRequest, show: str, label: Promise, chosen: str) -> dict[str, Any]:
    address = reverse("bookings:list", args=[request.school.slug])
    url = f"{address}?show={show}" if show else address
    return {"label": label, "url": url, "is_current": show == chosen}


@require_GET
@requires(Permission.COMPLETE_BOOKING)
def unfinished(request: MemberRequest) -> HttpResponse:
    """Lessons that are over and that nobody has completed, the oldest first."""
    mine = Booking.objects.taught_by_or_managed_by(request.membership)
    rows = with_people(mine.unresolved(at=timezone.now())).order_by("period", "pk")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "bookings/unfinished.html", {"page": page})


@require_GET
@requires(Permission.COMPLETE_BOOKING)
def requested(request: MemberRequest) -> HttpResponse:
    """Requests that wait for an answer, the one that expires first at the top."""
    rows = Booking.objects.taught_by_or_managed_by(request.membership)
    held = rows.filter(status=BookingStatus.PENDING, held_until__gt=timezone.now())
    waiting = with_people(held.not_on_offer())
    page = Paginator(waiting.order_by("held_until", "pk"), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    return render(request, "bookings/requested.html", {"page": page})
