"""What a visitor sees of a school, and how they become its student."""

from datetime import datetime

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods

from administration import queries, services
from administration.access import PublicRequest, public, public_page
from administration.enums import MembershipStatus
from administration.forms import JoinForm, RegistrationForm
from administration.forms.fields import add_refusals
from administration.forms.students import FIELD_OF
from administration.models import School, User
from administration.policies.colours import theme_of
from administration.ports import school_offers
from justdriving.kernel.policy import Refused

A_DAY = 24 * 60 * 60


@require_GET
@public_page
def school(request: PublicRequest) -> HttpResponse:
    """A school's front page: what it teaches, what that costs, where it is."""
    return render(
        request,
        "administration/school.html",
        {
            "departments": queries.open_departments(),
            "categories": queries.taught_categories(),
            "offers": school_offers().offers(request.school, at=timezone.now()),
        },
    )


@require_GET
@public_page
def terms(request: PublicRequest) -> HttpResponse:
    return render(request, "administration/terms.html")


@require_http_methods(["GET", "POST"])
@public_page
def register(request: PublicRequest) -> HttpResponse:
    if request.method == "POST" and not ratelimit.consume(request, action="register"):
        return _too_many(request)
    at = timezone.now()
    form = RegistrationForm(request.POST or None, school=request.school, at=at)
    if form.is_valid() and _is_too_much(request, form):
        return _too_many(request)
    if form.is_trapped or (form.is_valid() and _registered(request, form, at)):
        return redirect("administration:registered", school=request.school.slug)
    return render(
        request, "administration/register.html", {"form": form}, status=422 if form.errors else 200
    )


def _too_many(request: HttpRequest) -> HttpResponse:
    answer: HttpResponse = ratelimit.respond_429(request)
    return answer


def _is_too_much(request: HttpRequest, form: RegistrationForm) -> bool:
    """Whether this address would be written to too often, whoever it is that asks."""
    email = form.cleaned_data["email"]
    return not ratelimit.consume(request, action="register_address", key=email)


def _registered(request: PublicRequest, form: RegistrationForm, at: datetime) -> bool:
    """Known or new: the answer is the same."""
    try:
        services.register_student(
            school=request.school,
            details=form.details(accepted_terms=form.cleaned_data["terms"]),
            at=at,
            ip=get_adapter().get_client_ip(request),
        )
    except Refused as refused:
        add_refusals(form, refused, FIELD_OF)
    return not form.errors


@require_GET
@public_page
def registered(request: PublicRequest) -> HttpResponse:
    return render(request, "administration/registered.html")


@require_http_methods(["GET", "POST"])
@login_required
@public_page
def join(request: PublicRequest) -> HttpResponse:
    """A person with an account elsewhere becomes a student of this school."""
    assert isinstance(request.user, User)  # noqa: S101 -- login_required; tells the type checker
    member = queries.membership_at(request.school, request.user)
    if member and member.status == MembershipStatus.ACTIVE:
        return redirect("home:home", school=request.school.slug)
    at = timezone.now()
    form = JoinForm(request.POST or None, school=request.school, user=request.user, at=at)
    if form.is_valid() and _joined(request, form, at):
        return redirect("home:home", school=request.school.slug)
    return render(
        request, "administration/join.html", {"form": form}, status=422 if form.errors else 200
    )


def _joined(request: PublicRequest, form: JoinForm, at: datetime) -> bool:
    try:
        services.join_school(
            school=request.school,
            user=form.user,
            details=form.details(accepted_terms=form.cleaned_data["terms"]),
            at=at,
            ip=get_adapter().get_client_ip(request),
        )
    except Refused as refused:
        add_refusals(form, refused, FIELD_OF)
    return not form.errors


@public
@require_GET
@cache_control(public=True, max_age=A_DAY)
def school_theme(_request: HttpRequest, school: str) -> HttpResponse:
    """The school's colours as tokens of the look; pages ask for them with the colours as query."""
    found = get_object_or_404(School, slug=school)
    css = theme_of(found.accent, found.accent_dark).css()
    return HttpResponse(css, content_type="text/css; charset=utf-8")
