"""A student's record for staff: who they are, how far, what is booked, owed, said and changed."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.enums import LicenceCategory, StudentChange
from administration.models import Student, StudentEvent, User
from administration.permissions import Permission, may
from bookings.models import Booking
from bookings.queries import with_everyone
from finance.queries import account_of
from justdriving.templatetags.formats import clock, full_date
from learning.queries import progress_of
from notifications.models import Message

PAGE_SIZE = 20
ICONS = {
    StudentChange.REGISTERED: ("person-plus", "ok"),
    StudentChange.UPDATED: ("pencil", "neutral"),
    StudentChange.STATUS: ("flag", "info"),
}


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    is_current: bool


@require_GET
@requires(Permission.VIEW_STUDENTS)
def student_record(request: MemberRequest, student_id: int) -> HttpResponse:
    member = request.membership
    if not member.is_staff_role:
        raise Http404  # a guardian has the home page
    student = get_object_or_404(
        Student.objects.visible_to(member).select_related(
            "membership__user", "department", "teacher__membership__user", "school"
        ),
        pk=student_id,
    )
    sections = _sections(request)
    show = request.GET.get("show", "overview")
    if show not in sections:
        raise Http404
    context = {
        "student": student,
        "tabs": [
            Tab(label, "" if name == "overview" else f"?show={name}", name == show)
            for name, label in sections.items()
        ],
        "show": show,
        "actions": _actions(request, student),
        "category": LicenceCategory(student.licence_category).label,
        **READS[show](request, student),
    }
    return render(request, "home/record.html", context)


def _sections(request: MemberRequest) -> dict[str, str]:
    sections = {"overview": _("Overview"), "lessons": _("Lessons")}
    if may(request.membership, Permission.VIEW_INVOICES):
        sections["money"] = _("Money")
    sections["messages"] = _("Messages")
    sections["events"] = _("Events")
    return sections


def _overview(request: MemberRequest, student: Student) -> dict[str, Any]:
    now = timezone.now()
    lessons = Booking.objects.visible_to(request.membership).of_student(student)
    coming = lessons.upcoming(after=now).not_given_up_by([student])
    upcoming = with_everyone(coming).order_by("period")
    member = request.membership
    sees_money = may(member, Permission.VIEW_INVOICES)
    return {
        "plans": progress_of([student.pk]).get(student.pk, []),
        "upcoming": upcoming[:3],
        "guardians": student.guardians.order_by("pk"),
        "account": account_of(student, member, today=timezone.localdate()) if sees_money else None,
    }


def _lessons(request: MemberRequest, student: Student) -> dict[str, Any]:
    rows = Booking.objects.visible_to(request.membership).of_student(student)
    rows = rows.select_related("lesson_type", "teacher__membership__user")
    rows = rows.prefetch_related("participations__student__membership__user")
    return {"page": _page(request, rows.order_by("-period", "-pk"))}


def _money(request: MemberRequest, student: Student) -> dict[str, Any]:
    return {"account": account_of(student, request.membership, today=timezone.localdate())}


def _messages(request: MemberRequest, student: Student) -> dict[str, Any]:
    rows = Message.objects.visible_to(request.membership)
    rows = rows.filter(recipient=student.membership.user_id)
    return {"page": _page(request, rows.order_by("-created_at", "-pk"))}


def _events(request: MemberRequest, student: Student) -> dict[str, Any]:
    rows = StudentEvent.objects.filter(student=student).select_related("made_by")
    page = _page(request, rows.order_by("-happened_at", "-pk"))
    return {"page": page, "history": [_event_line(event) for event in page.object_list]}


READS = {
    "overview": _overview,
    "lessons": _lessons,
    "money": _money,
    "messages": _messages,
    "events": _events,
}


def _page(request: MemberRequest, rows: Any) -> Any:
    return Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))


def _event_line(event: StudentEvent) -> dict[str, str]:
    who = str(event.made_by) if event.made_by else _("The student")
    icon, tone = ICONS[StudentChange(event.change)]
    changed = [
        f"{_named(name)}: {_said(old)} → {_said(new)}"
        for name, pair in event.details.items()
        if isinstance(pair, list) and len(pair) == 2  # noqa: PLR2004 -- [old, new]
        for old, new in [pair]
    ]
    return {
        "title": str(event.get_change_display()),
        "meta": f"{who} · {full_date(event.happened_at)} {clock(event.happened_at)}",
        "note": "\n".join(changed),
        "icon": icon,
        "tone": tone,
    }


def _named(field: str) -> str:
    """What people call a field of a student's record."""
    fields = {one.name: one for model in (User, Student) for one in model._meta.fields}
    if field in fields:
        return capfirst(str(fields[field].verbose_name))
    return {"document": _("Document")}.get(field, field)


def _said(value: Any) -> str:
    return str(value) if value not in {None, ""} else "–"


def _actions(request: MemberRequest, student: Student) -> dict[str, str]:
    """The addresses of what this member may do with this record; empty where they may not."""
    member, slug = request.membership, request.school.slug
    routes = {
        "book": ("bookings:new", Permission.BOOK, False),
        "edit": ("administration:student_edit", Permission.EDIT_STUDENTS, True),
        "plan": ("learning:assign", Permission.ASSIGN_LESSON_PLAN, True),
        "pay": ("finance:payment_new", Permission.REGISTER_PAYMENT, True),
    }
    return {
        name: reverse(route, args=[slug, student.pk] if with_pk else [slug])
        for name, (route, permission, with_pk) in routes.items()
        if may(member, permission)
    }
