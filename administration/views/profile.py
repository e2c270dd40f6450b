"""A person's own page, and the language of everything they read."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from administration import services
from administration.access import MemberRequest, public, requires
from administration.forms import LanguageForm, ProfileForm
from administration.models import Student, User
from administration.permissions import Permission


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_OWN_PROFILE)
def profile(request: MemberRequest) -> HttpResponse:
    student = Student.objects.filter(membership=request.membership).first()
    form = ProfileForm(request.POST or None, user=request.user, student=student)
    if form.is_valid():
        user = services.edit_profile(
            profile=form.profile(), by=request.membership, at=timezone.now()
        )
        translation.activate(user.language)
        messages.success(request, _("Saved."))
        return _speaking(
            redirect("administration:profile", school=request.school.slug), user.language
        )
    return render(
        request, "administration/profile.html", {"form": form}, status=422 if form.errors else 200
    )


@require_POST
@requires(Permission.EDIT_OWN_PROFILE)
def end_sessions(request: MemberRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    update_session_auth_hash(request, services.end_other_sessions(user=request.user))
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("administration:profile", school=request.school.slug)


@public
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """The switch in the page's head: kept in a cookie, and with the person once signed in."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    answer = redirect(target)
    form = LanguageForm(request.POST)
    if not form.is_valid():
        return answer
    language = form.cleaned_data["language"]
    if isinstance(request.user, User):
        services.set_language(user=request.user, language=language)
    return _speaking(answer, language)


def _speaking(answer: HttpResponse, language: str) -> HttpResponse:
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE or 365 * 24 * 60 * 60,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return answer
