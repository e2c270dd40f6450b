"""The demo inbox: what would have left the house, as its readers would see it."""

from base64 import b64decode

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from administration.access import public
from notifications import queries
from notifications.models import DemoMessage

PAGE = 30


@require_GET
@public
def demo_inbox(request: HttpRequest) -> HttpResponse:
    _only_in_the_demo()
    to = request.GET.get("to", "")
    page = Paginator(queries.demo_messages(to), PAGE).get_page(request.GET.get("page"))
    readers = [("", _("Everybody")), *queries.demo_readers()]
    selects = [{"name": "to", "label": _("To"), "options": readers, "value": to}]
    query = f"to={to}&" if to else ""
    return render(
        request,
        "notifications/demo_inbox.html",
        {"page": page, "selects": selects, "query": query, "to": to},
    )


@require_GET
@public
def demo_message(request: HttpRequest, pk: int) -> HttpResponse:
    _only_in_the_demo()
    found = get_object_or_404(DemoMessage, pk=pk)
    return render(request, "notifications/demo_message.html", {"mail": found})


@require_GET
@public
@xframe_options_sameorigin
def demo_letter(request: HttpRequest, pk: int) -> HttpResponse:  # noqa: ARG001 -- Django passes it
    """The e-mail itself in a frame without rights: mail needs inline styles, and nothing else."""
    _only_in_the_demo()
    html = get_object_or_404(DemoMessage, pk=pk).html
    response = HttpResponse(html.replace("<head>", '<head><base target="_blank">', 1))
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
        "sandbox allow-popups allow-popups-to-escape-sandbox"
    )
    return response


@require_GET
@public
def demo_file(request: HttpRequest, pk: int, number: int) -> HttpResponse:  # noqa: ARG001 -- Django passes it
    _only_in_the_demo()
    files = get_object_or_404(DemoMessage, pk=pk).attachments
    if number >= len(files):
        raise Http404
    file = files[number]
    return HttpResponse(
        b64decode(file["base64"]),
        content_type=file["type"],
        headers={"Content-Disposition": f'attachment; filename="{file["name"]}"'},
    )


def _only_in_the_demo() -> None:
    if not settings.DEMO:
        raise Http404
