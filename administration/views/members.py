"""The people who work at the school: list, invitation, role, farewell."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from administration import queries, services
from administration.access import MemberRequest, PublicRequest, public_page, requires
from administration.enums import MembershipStatus, Role
from administration.forms import InviteForm, PlaceForm
from administration.forms.fields import add_refusals
from administration.forms.members import FIELD_OF, place_of
from administration.models import Membership, Student, Teacher, User
from administration.permissions import Permission, may, may_manage
from justdriving.kernel.policy import Refused


@require_GET
@requires(Permission.MANAGE_TEACHERS)
def teachers(request: MemberRequest) -> HttpResponse:
    shows_office = may(request.membership, Permission.MANAGE_OFFICE)
    return render(
        request,
        "administration/teachers.html",
        {
            "teachers": queries.teachers(request.membership),
            "office": queries.office_staff() if shows_office else [],
            "shows_office": shows_office,
        },
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_TEACHERS)
def teacher_invite(request: MemberRequest) -> HttpResponse:
    form = InviteForm(
        request.POST or None, by=request.membership, initial={"language": request.school.language}
    )
    if form.is_valid():
        invitation = form.invitation()
        try:
            services.invite_member(invitation=invitation, by=request.membership, at=timezone.now())
        except Refused as refused:
            add_refusals(form, refused, FIELD_OF)
        else:
            messages.success(
                request, _("The invitation is on its way to %(to)s.") % {"to": invitation.email}
            )
            return redirect("administration:teachers", school=request.school.slug)
    return render(
        request,
        "administration/teacher_invite.html",
        {"form": form},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_TEACHERS)
def teacher_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """A teacher by the teacher's own number; the page is the one of the member."""
    teacher = get_object_or_404(Teacher.objects.visible_to(request.membership), pk=pk)
    return _edit(request, teacher.membership_id)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_TEACHERS)
def staff_edit(request: MemberRequest, pk: int) -> HttpResponse:
    return _edit(request, pk)


def _edit(request: MemberRequest, pk: int) -> HttpResponse:
    member = _manageable(request, pk, staff_only=True)
    teacher = Teacher.objects.filter(membership=member).first()
    form = PlaceForm(request.POST or None, by=request.membership, initial=place_of(member, teacher))
    if form.is_valid():
        try:
            services.change_member(
                membership_id=member.pk,
                changes=form.changes(),
                by=request.membership,
                at=timezone.now(),
            )
        except Refused as refused:
            add_refusals(form, refused, FIELD_OF)
        else:
            messages.success(request, _("Saved."))
            return redirect("administration:teachers", school=request.school.slug)
    return render(
        request,
        "administration/staff_edit.html",
        {"form": form, "person": member, "teacher": teacher},
        status=422 if form.errors else 200,
    )


def _manageable(request: MemberRequest, pk: int, *, staff_only: bool = False) -> Membership:
    """A member whom this person may manage, within what they see; everybody else is a 404."""
    member = get_object_or_404(Membership.objects.select_related("user", "school"), pk=pk)
    role = Role(member.role)
    if not may_manage(request.membership, role) or (staff_only and not member.is_staff_role):
        raise Http404
    if not _is_seen(request.membership, member):
        raise Http404
    return member


def _is_seen(by: Membership, member: Membership) -> bool:
    """Whether a teacher or a student lies within the scope of who asks."""
    if member.role == Role.TEACHER:
        return Teacher.objects.visible_to(by).filter(membership=member).exists()
    if member.role == Role.STUDENT:
        return Student.objects.visible_to(by).filter(membership=member).exists()
    return True


@require_POST
@requires(Permission.EDIT_STUDENTS)
def deactivate(request: MemberRequest, pk: int) -> HttpResponse:
    return _act(request, pk, services.deactivate_member, _("%(name)s has no access any more."))


@require_POST
@requires(Permission.EDIT_STUDENTS)
def reactivate(request: MemberRequest, pk: int) -> HttpResponse:
    return _act(request, pk, services.reactivate_member, _("%(name)s has access again."))


@require_POST
@requires(Permission.MANAGE_TEACHERS)
def invite_again(request: MemberRequest, pk: int) -> HttpResponse:
    return _act(request, pk, services.invite_again, _("%(name)s is invited once more."))


def _act(
    request: MemberRequest, pk: int, use_case: Callable[..., Membership], done: str
) -> HttpResponse:
    """One press of a button on somebody's page; a refusal is told on that page."""
    member = _manageable(request, pk)
    try:
        use_case(membership_id=member.pk, by=request.membership, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done % {"name": member.user})
    if member.role == Role.STUDENT:
        student = Student.objects.get(membership=member)
        return redirect("administration:student_edit", school=request.school.slug, pk=student.pk)
    return redirect("administration:staff_edit", school=request.school.slug, pk=member.pk)


@require_http_methods(["GET", "POST"])
@login_required
@public_page
def accept(request: PublicRequest) -> HttpResponse:
    """The invited person, signed in, says yes."""
    assert isinstance(request.user, User)  # noqa: S101 -- login_required; tells the type checker
    member = queries.membership_at(request.school, request.user)
    if member is None or member.status == MembershipStatus.INACTIVE:
        raise Http404
    if request.method == "POST" or member.status == MembershipStatus.ACTIVE:
        if member.status == MembershipStatus.INVITED:
            services.accept_invitation(school=request.school, user=request.user, at=timezone.now())
        return redirect("home:home", school=request.school.slug)
    return render(request, "administration/accept.html", {"invitation": member})
