"""The own messages, and the office's log of all of them."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.permissions import Permission, may
from notifications import queries
from notifications.content import NoLongerTrue, compose
from notifications.enums import MessageStatus
from notifications.models import Message

PAGE = 50


@require_GET
@requires(Permission.VIEW_MESSAGES)
def inbox(request: MemberRequest) -> HttpResponse:
    found = queries.inbox(request.membership)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(request, "notifications/inbox.html", {"page": page})


@require_GET
@requires(Permission.VIEW_ALL_MESSAGES)
def log(request: MemberRequest) -> HttpResponse:
    status, search = request.GET.get("status", ""), request.GET.get("q", "").strip()
    found = queries.log(request.membership, status=status, search=search)
    others = request.GET.copy()
    others.pop("page", None)
    return render(
        request,
        "notifications/log.html",
        {
            "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
            "search": search,
            "is_narrowed": bool(status or search),
            "query": f"{others.urlencode()}&" if others else "",
            "selects": [_status_select(status)],
        },
    )


def _status_select(status: str) -> dict[str, Any]:
    options = [
        ("", _("Every status")),
        (queries.ATTENTION, _("Needs attention")),
        *MessageStatus.choices,
    ]
    return {"name": "status", "label": _("Status"), "options": options, "value": status}


@require_GET
@requires(Permission.VIEW_MESSAGES)
def message(request: MemberRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Message.objects.visible_to(request.membership), pk=pk)
    sees_all = may(request.membership, Permission.VIEW_ALL_MESSAGES)
    return render(
        request,
        "notifications/message.html",
        {
            "message": found,
            "words": found.body or _preview(found),
            "sees_all": sees_all,
            "tries": found.tries.all() if sees_all else (),
        },
    )


def _preview(message: Message) -> str:
    """How a message that has no words yet would read now; empty when it would not be sent."""
    try:
        return compose(message).readable
    except NoLongerTrue:
        return ""
