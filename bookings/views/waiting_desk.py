"""The office's waiting list: who waits for what, and the hours it has filled."""

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.enums import WaitingStatus
from bookings.forms.waiting import DeskWishForm
from bookings.models import LessonType, WaitingListEntry
from bookings.queries.waiting import in_line, recovered
from bookings.views.waiting import SHOWN, save_wish
from bookings.views.wording import entry_line
from justdriving.kernel.ids import id_in
from justdriving.templatetags.formats import day

PAGE_SIZE = 25
BAR, GAP, TALL = 28, 16, 96


@require_GET
@requires(Permission.MANAGE_WAITING_LIST)
def waiting_desk(request: MemberRequest) -> HttpResponse:
    found = _filtered(request, in_line(request.membership))
    rows = found.select_related("student__membership__user", *SHOWN).order_by("created_at", "pk")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    asked = {name: request.GET[name] for name in ("q", "kind", "type") if request.GET.get(name)}
    context = {
        "page": page,
        "lines": [entry_line(entry) for entry in page.object_list],
        "search": request.GET.get("q", ""),
        "selects": _selects(request),
        "is_narrowed": bool(asked),
        "query": urlencode(asked) + "&" if asked else "",
        **_plot(request),
    }
    return render(request, "bookings/waiting_desk.html", context)


def _filtered(
    request: MemberRequest, entries: QuerySet[WaitingListEntry]
) -> QuerySet[WaitingListEntry]:
    asked = request.GET
    for word in asked.get("q", "").split():
        entries = entries.filter(student__membership__user__full_name__icontains=word)
    match asked.get("kind"):
        case "session":
            entries = entries.filter(booking__isnull=False)
        case "wish":
            entries = entries.filter(booking__isnull=True)
        case "offered":
            entries = entries.filter(status=WaitingStatus.OFFERED)
    lesson_type = id_in(asked.get("type", ""))
    if lesson_type is not None:
        entries = entries.filter(lesson_type=lesson_type)
    return entries


def _selects(request: MemberRequest) -> list[dict[str, Any]]:
    types = LessonType.objects.filter(is_active=True).order_by("name")
    return [
        {
            "name": "kind",
            "label": _("What they wait for"),
            "value": request.GET.get("kind", ""),
            "options": [
                ("", pgettext("waiting", "Sessions and wishes")),
                ("session", _("A seat in a session")),
                ("wish", _("A time they wish for")),
                ("offered", _("Has an offer")),
            ],
        },
        {
            "name": "type",
            "label": _("Lesson type"),
            "value": request.GET.get("type", ""),
            "options": [("", _("All lesson types")), *types.values_list("pk", "name")],
        },
    ]


def _plot(request: MemberRequest) -> dict[str, Any]:
    """Hours that the list filled: this month, and a bar for each of the last weeks."""
    brought = recovered(request.membership, at=timezone.now())
    most = max(*(minutes for _week, minutes in brought.weeks), 60)
    bars = []
    for number, (monday, minutes) in enumerate(brought.weeks):
        height = round(TALL * minutes / most)
        x = number * (BAR + GAP)
        bars.append(
            {
                "x": x,
                "middle": x + BAR // 2,
                "y": TALL - height,
                "height": height,
                "hours": _hours(minutes),
                "label": f"{monday.day}.{monday.month}.",
                "long": day(monday),
                "is_now": number + 1 == len(brought.weeks),
            }
        )
    return {
        "recovered_hours": _hours(brought.this_month),
        "bars": bars,
        "chart_width": len(bars) * (BAR + GAP) - GAP,
        "has_plot": any(minutes for _week, minutes in brought.weeks),
    }


def _hours(minutes: int) -> str:
    return f"{minutes / 60:.1f}".removesuffix(".0")


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_WAITING_LIST)
def waiting_add(request: MemberRequest) -> HttpResponse:
    form = DeskWishForm(
        request.POST or None,
        member=request.membership,
        initial={"student": request.GET.get("student"), "lesson_type": request.GET.get("type")},
    )
    is_sent = request.method == "POST" and form.is_valid()
    if is_sent and save_wish(request, form, form.cleaned_data["student"]):
        return redirect("bookings:waiting_desk", request.school.slug)
    context = {"form": form, "for_office": True}
    return render(request, "bookings/wish.html", context, status=422 if form.errors else 200)
