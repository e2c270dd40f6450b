"""Where a person lands: the front door, and the way to their own school."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from administration.access import public
from administration.enums import MembershipStatus, SchoolStatus
from administration.models import Membership, School, User
from administration.queries import open_invitations


@public
def landing(request: HttpRequest) -> HttpResponse:
    """The front door: sign in, or find a school."""
    if request.user.is_authenticated:
        return redirect("home")
    schools = School.objects.open_to_visitors().order_by("name")
    return render(request, "home/landing.html", {"schools": schools})


@public
@login_required
def enter(request: HttpRequest) -> HttpResponse:
    """Lead a signed-in person to their school's home; let them choose when they have several."""
    assert isinstance(request.user, User)  # noqa: S101 -- login_required; tells the type checker
    memberships = list(
        Membership.across_schools.filter(user=request.user, status=MembershipStatus.ACTIVE)
        .exclude(school__status=SchoolStatus.ARCHIVED)
        .select_related("school")
        .order_by("school__name")
    )
    last = request.session.get("school")
    invitations = open_invitations(request.user)
    for membership in [] if invitations else memberships:
        if len(memberships) == 1 or membership.school.slug == last:
            return redirect("home:home", school=membership.school.slug)
    if not memberships and request.user.is_staff:
        return redirect("admin:index")
    return render(
        request,
        "home/choose_school.html",
        {
            "memberships": memberships,
            "invitations": invitations,
            "schools": School.objects.open_to_visitors().order_by("name"),
        },
    )
