"""The request boundary: resolve the membership, check the permission, enter the scope."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from administration.enums import MembershipStatus, SchoolStatus
from administration.models import Membership, School, User
from administration.permissions import Permission, may
from justdriving.kernel.reads import Reading
from justdriving.kernel.tenancy import school_scope

P = ParamSpec("P")
V = TypeVar("V", bound=Callable[..., HttpResponse])

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class MemberRequest(HttpRequest):
    user: User
    htmx: HtmxDetails
    membership: Membership
    school: School


def membership_of(user: User, slug: str) -> Membership:
    """The active membership of this user at this school, or a 404: outsiders learn nothing."""
    found = _active_memberships(user.pk, slug)
    if not found:
        raise Http404
    member = found[0]
    member.user = user
    return member


@Reading
def _active_memberships(user_id: int, slug: str) -> QuerySet[Membership]:
    """None or one."""
    everywhere = Membership.across_schools.filter(user=user_id, status=MembershipStatus.ACTIVE)
    here = everywhere.filter(school__slug=slug).select_related("school")
    return here.exclude(school__status=SchoolStatus.ARCHIVED)


def requires(
    permission: Permission,
) -> Callable[[Callable[Concatenate[MemberRequest, P], HttpResponse]], Callable[..., HttpResponse]]:
    """Guard a view of ``/schools/<slug>/…``: the only way to reach a school's data over HTTP.

    The view gets ``request.membership`` and ``request.school`` and runs inside the school's scope
    and time zone. Not signed in: to the sign-in page. No membership: 404. Not granted: 403.
    A suspended school can be read and not written.
    """

    def decorate(
        view: Callable[Concatenate[MemberRequest, P], HttpResponse],
    ) -> Callable[..., HttpResponse]:
        @login_required
        @wraps(view)
        def guarded(request: Any, school: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            member = request.membership = membership_of(request.user, school)
            request.school = member.school
            if not may(member, permission):
                raise PermissionDenied
            if not member.school.is_active and request.method not in SAFE_METHODS:
                raise PermissionDenied(_("This school is suspended: it can be read, not changed."))
            if request.session.get("school") != school:
                request.session["school"] = school  # where the sign-in leads next time
            with school_scope(member.school_id), timezone.override(member.school.zone):
                return view(request, *args, **kwargs)

        guarded.required_permission = permission  # type: ignore[attr-defined]  # read by test_urls.py
        return guarded

    return decorate


class PublicRequest(HttpRequest):
    school: School


def public_page(
    view: Callable[Concatenate[PublicRequest, P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """A page of a school that anyone may see, inside its scope and zone. Unknown school: 404."""

    @wraps(view)
    def opened(request: Any, school: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        found = School.objects.open_to_visitors().filter(slug=school).first()
        if found is None:
            raise Http404
        request.school = found
        with school_scope(found.pk), timezone.override(found.zone):
            return view(request, *args, **kwargs)

    return public(opened)


def public(view: V) -> V:
    """Say aloud that a view needs no permission; test_urls.py lists them all with a reason."""
    view.is_public = True  # type: ignore[attr-defined]  # read by test_urls.py
    return view
