"""Why can this lesson not be then? Every rule in the way, its facts, and who may overrule it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.models import Teacher
from administration.permissions import Permission
from bookings.forms.why_not import WhyNotForm
from bookings.queries import LessonRequest
from bookings.queries import why_not as reasons_against
from bookings.views.move_check import staff_only
from justdriving.kernel.ids import id_in
from justdriving.kernel.policy import Refusal
from justdriving.templatetags.formats import long_day, wall_clock


@require_GET
@requires(Permission.BOOK)
def why_not(request: MemberRequest) -> HttpResponse:
    """The address asks: ``?lesson_type=&student=&day=&time=&teacher=&resource=``, or ``?start=``
    with what was clicked in the calendar. Changes nothing.
    """
    staff_only(request)
    form = _form(request)
    context = {
        "form": form,
        "clicked": _clicked(request.GET.get("start", "")),
        "teacher": _teacher(form),
        "answer": _answer(request, form) if form.is_bound and form.is_valid() else None,
    }
    return render(request, "bookings/why_not.html", context | {"new_url": _new_url(request, form)})


def _form(request: MemberRequest) -> WhyNotForm:
    """Asked in full it answers; a click in the calendar only fills in what it knows."""
    asked, member = request.GET, request.membership
    if "day" in asked:
        return WhyNotForm(asked, member=member)
    start = _start(asked.get("start", ""))
    initial = {
        "teacher": _known(asked, "teacher") or _own_teacher(request),
        "resource": _known(asked, "resource"),
        "student": _known(asked, "student"),
        "day": start.date() if start else timezone.localdate(),
        "time": start.time() if start else None,
    }
    return WhyNotForm(member=member, initial=initial)


def _known(asked: Any, name: str) -> str:
    """An id in the address; anything else there is nobody's."""
    value = asked.get(name, "")
    if value and not value.isdecimal():
        raise Http404
    return str(value)[:18]


def _own_teacher(request: MemberRequest) -> int | None:
    return (
        Teacher.objects.filter(membership=request.membership).values_list("pk", flat=True).first()
    )


def _start(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError as error:
        raise Http404 from error


def _clicked(text: str) -> str:
    """``Thursday 5 March 12:00``: what was clicked, even where the clock skips it."""
    start = _start(text)
    return f"{capfirst(long_day(start.date()))} {wall_clock(start.time())}" if start else ""


def _teacher(form: WhyNotForm) -> Teacher | None:
    """The teacher whose column was clicked."""
    chosen = form.data.get("teacher") if form.is_bound else form.initial.get("teacher")
    teachers = form.fields["teacher"].queryset  # type: ignore[attr-defined]  # a ModelChoiceField
    found: Teacher | None = teachers.filter(pk=id_in(chosen)).first()
    return found


@dataclass(frozen=True, slots=True)
class Answer:
    """``final`` nobody may overrule; ``overridable`` may be, by name and with a reason."""

    starts_at: datetime
    final: list[Refusal]
    overridable: list[Refusal]


def _answer(request: MemberRequest, form: WhyNotForm) -> Answer:
    given = form.cleaned_data
    student, resource = given["student"], given["resource"]
    wanted = LessonRequest(
        lesson_type_id=given["lesson_type"].pk,
        teacher_id=given["teacher"].pk,
        student_ids=(student.pk,) if student else (),
        resource_ids=(resource.pk,) if resource else None,
        starts_at=given["starts_at"],
    )
    against = reasons_against(wanted=wanted, by=request.membership, at=timezone.now())
    asked = [one for one in against if student or one.code != "student-needed"]
    return Answer(
        given["starts_at"],
        [one for one in asked if not one.overridable],
        [one for one in asked if one.overridable],
    )


def _new_url(request: MemberRequest, form: WhyNotForm) -> str:
    """Where to book this lesson, with everything that is known about it."""
    names = {
        "student": "student",
        "teacher": "teacher",
        "type": "lesson_type",
        "vehicle": "resource",
    }
    source = form.data if form.is_bound else form.initial
    known = {name: source.get(field) for name, field in names.items() if source.get(field)}
    day, time = source.get("day"), source.get("time")
    if day and time:
        known["start"] = f"{day}T{str(time)[:5]}"
    return reverse("bookings:new", args=[request.school.slug]) + "?" + urlencode(known)
