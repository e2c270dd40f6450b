"""Classes: who is in them, and what they attend."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.forms.booking import bookable_students
from bookings.forms.sessions import ChooseGroupForm, GroupForm, open_groups
from bookings.models import StudentGroup
from bookings.queries.sessions import (
    OPEN,
    SessionLine,
    open_to_a_class,
    session_lines,
    sessions,
)
from bookings.services.groups import (
    GROUP_FIELDS,
    add_members,
    move_member,
    preview_members,
    remove_member,
    save_group,
)
from justdriving.kernel.ids import ids_in
from justdriving.kernel.policy import Refused

SHOWN, FOUND = 12, 20


@require_GET
@requires(Permission.MANAGE_SESSIONS)
def classes(request: MemberRequest) -> HttpResponse:
    present = Count("members", filter=Q(members__left_at__isnull=True))
    rows = StudentGroup.objects.visible_to(request.membership).select_related("department")
    groups = rows.annotate(students=present).order_by("-is_active", "-starts_on", "name")
    return render(request, "bookings/classes/list.html", {"groups": groups})


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SESSIONS)
def class_edit(request: MemberRequest, group_id: int | None = None) -> HttpResponse:
    group = _group(request, group_id) if group_id else None
    initial = {name: getattr(group, name) for name in GROUP_FIELDS} if group else {}
    form = GroupForm(request.POST or None, member=request.membership, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_group(by=request.membership, values=form.cleaned_data, group_id=group_id)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Saved."))
            return redirect("bookings:class", request.school.slug, saved.pk)
    context = {"form": form, "group": group}
    return render(
        request, "bookings/classes/edit.html", context, status=422 if form.errors else 200
    )


@require_GET
@requires(Permission.MANAGE_SESSIONS)
def class_page(request: MemberRequest, group_id: int) -> HttpResponse:
    """One class: its students, its sessions to come, and a search for more students."""
    return _page(request, _group(request, group_id))


@require_POST
@requires(Permission.MANAGE_SESSIONS)
def class_add(request: MemberRequest, group_id: int) -> HttpResponse:
    """Put students in; whoever cannot be in a session is named before they join."""
    group = _group(request, group_id)
    chosen = ids_in(request.POST.getlist("student"))
    said: dict[str, Any] = {
        "group_id": group.pk,
        "student_ids": chosen,
        "by": request.membership,
        "at": timezone.now(),
    }
    try:
        seating = preview_members(**said)
        if seating.refused and "leaves_out" not in request.POST:
            context = {"group": group, "seating": seating, "chosen": chosen}
            return render(request, "bookings/classes/add.html", context, status=422)
        add_members(**said, leaves_out=bool(seating.refused))
    except Refused as refused:
        return _page(request, group, str(refused))
    messages.success(request, _("The class has new students."))
    return redirect("bookings:class", request.school.slug, group.pk)


@require_POST
@requires(Permission.MANAGE_SESSIONS)
def class_leave(request: MemberRequest, group_id: int, student_id: int) -> HttpResponse:
    """Take a student out, or with another class named move them there."""
    group = _group(request, group_id)
    form = ChooseGroupForm(request.POST, member=request.membership)
    said = {"group_id": group.pk, "student_id": student_id}
    try:
        if form.is_valid():
            to = form.cleaned_data["group"]
            seating = move_member(
                **said, to_group_id=to.pk, by=request.membership, at=timezone.now(), leaves_out=True
            )
            messages.success(request, _moved(seating.refused, to))
        else:
            remove_member(**said, by=request.membership, at=timezone.now())
            messages.success(request, _("The student has left the class."))
    except Refused as refused:
        return _page(request, group, str(refused))
    return redirect("bookings:class", request.school.slug, group.pk)


def _moved(refused: list[Any], to: StudentGroup) -> str:
    if not refused:
        return _("The student is in %(group)s now.") % {"group": to}
    said = _("The student is in %(group)s now, but %(count)d of its sessions do not fit.")
    return said % {"group": to, "count": len(refused)}


def _page(request: MemberRequest, group: StudentGroup, problem: str = "") -> HttpResponse:
    members = group.members.filter(left_at__isnull=True).select_related(
        "student__membership__user", "student__department"
    )
    ahead = sessions(request.membership).filter(group=group, period__endswith__gt=timezone.now())
    words = request.GET.get("q", "").strip()
    choices = _choices(request) if group.is_active else []
    context = {
        "group": group,
        "members": members.order_by("student__membership__user__full_name"),
        "lines": session_lines(list(ahead.order_by("period")[:SHOWN])),
        "search": words,
        "found": _found(request, group, words),
        "choices": choices,
        "tickable": open_to_a_class(choices, at=timezone.now()),
        "these": [group],
        "others": open_groups(request.membership).exclude(pk=group.pk),
        "problem": problem,
    }
    status = 422 if problem else 200
    return render(request, "bookings/classes/class.html", context, status=status)


def _choices(request: MemberRequest) -> list[SessionLine]:
    """The next sessions that no class attends."""
    ahead = sessions(request.membership).filter(
        group=None, status__in=OPEN, period__startswith__gt=timezone.now()
    )
    return session_lines(list(ahead.order_by("period", "pk")[:SHOWN]))


def _found(request: MemberRequest, group: StudentGroup, words: str) -> list[Any]:
    if not words:
        return []
    present = group.members.filter(left_at__isnull=True).values("student")
    named = Q(membership__user__full_name__icontains=words) | Q(
        membership__user__email__icontains=words
    )
    return list(
        bookable_students(request.membership)
        .filter(named)
        .exclude(pk__in=present)
        .select_related("department")[:FOUND]
    )


def _group(request: MemberRequest, group_id: int) -> StudentGroup:
    rows: Any = StudentGroup.objects.visible_to(request.membership).select_related("department")
    group: StudentGroup = get_object_or_404(rows, pk=group_id)
    return group
