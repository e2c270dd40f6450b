"""The stage: every component on one page, beside the routes that the frame asks for."""

from types import SimpleNamespace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import engines
from django.template.loader import render_to_string
from django.urls import include, path
from django.utils.safestring import SafeString, mark_safe

from administration.models import User
from tests.frontend.samples import SAMPLES, WRAPPERS

# Standing alone they would repeat the landmarks or ids of the frame and of the forms.
NOT_ON_STAGE = {"toasts", "language_switch", "theme_switch", "error_summary", "toast"}
MENU = [
    SimpleNamespace(label=label, url=url, icon=icon, is_current=url == "/stage/", in_tabbar=tab)
    for label, url, icon, tab in (
        ("Hjem", "/stage/", "house", True),
        ("Book", "/book/", "calendar-plus", True),
        ("Forløb", "/plan/", "signpost-2", True),
        ("Penge", "/money/", "wallet2", True),
        ("Beskeder", "/messages/", "chat-dots", False),
    )
]
PAGE = """{% extends "layouts/member.html" %}{% load static %}
{% block title %}Stage{% endblock %}
{% block scripts %}
<script src="{% static "vendor/signature_pad/5.1.4/signature_pad.umd.min.js" %}" defer></script>
<script src="{% static "js/signature.js" %}" defer></script>
{% endblock %}
{% block content %}<div class="stack">{{ body }}</div>{% endblock %}"""


def render_component(name: str, values: dict[str, object], request: HttpRequest) -> SafeString:
    return render_to_string(f"components/{name}.html", values, request)


def all_components(request: HttpRequest) -> SafeString:
    parts = []
    for name, uses in SAMPLES.items():
        if name in NOT_ON_STAGE:
            continue
        body = "".join(render_component(name, values, request) for values in uses)
        wrapper = WRAPPERS.get(name, "<div>{}</div>")
        parts.append(wrapper.replace("{}", body))
    return mark_safe("".join(parts))  # noqa: S308 -- our own templates


def stage(request: HttpRequest, *, alone: bool = False) -> HttpResponse:
    request.user = User(full_name="Åse Lind", email="aase@nordlys.example")
    messages.success(request, "Lektionen er flyttet.", extra_tags="/undo/")
    messages.error(request, "Kortet blev afvist.")
    template = engines["django"].from_string(PAGE)
    frame = {
        "school": SimpleNamespace(name="Nordlys Køreskole", slug="nordlys"),
        "navigation": MENU,
        "other_schools": [] if alone else [SimpleNamespace(name="Sydkysten", url="/other/")],
        "demo_mode": True,
        "body": all_components(request),
    }
    return HttpResponse(template.render(frame, request))


def public(request: HttpRequest) -> HttpResponse:
    return render(request, "404.html", {"request_id": "4b1f-77aa", "demo_mode": True}, status=200)


def theme(_request: HttpRequest, slug: str) -> HttpResponse:
    colours = (
        "--jd-accent: light-dark(#7a2e83, #d9a2e0); --jd-accent-ink: light-dark(#fff, #2a0f2e);"
    )
    colours += "--jd-accent-soft: light-dark(#f5e8f7, #341b38);"
    return HttpResponse(f"/* {slug} */ :root {{ {colours} }}", content_type="text/css")


urlpatterns = [
    path("", public, name="landing"),
    path("home/", stage, name="home"),
    path("stage/", stage, name="stage"),
    path("alone/", stage, {"alone": True}, name="alone"),
    path("public/", public, name="public"),
    path("themes/<slug:slug>.css", theme, name="school_theme"),
    path("demo/inbox/", public, name="demo_inbox"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("accounts/", include("allauth.urls")),
]
