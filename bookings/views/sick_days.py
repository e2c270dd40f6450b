"""A teacher is ill: every lesson on one page, one plan, one step, ten minutes to take it back."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from administration.access import MemberRequest, requires
from administration.models import Teacher
from administration.permissions import Permission, may
from bookings.enums import SickDayOutcome
from bookings.forms import SickDayForm
from bookings.forms.sick_days import choice_field
from bookings.models import Booking, SickDay, SickDayLesson
from bookings.services import (
    Affected,
    Lost,
    announce_sick_day,
    preview_undo,
    report_sick_day,
    sick_day_plan,
    undo_sick_day,
)
from bookings.views.losses import losses_in_words
from bookings.views.move_check import staff_only
from bookings.views.outlook import outlook_of, said
from justdriving.kernel.policy import Refused
from justdriving.templatetags.formats import when

RECENT = 10


@require_http_methods(["GET", "POST"])
@requires(Permission.BOOK)
def sick_day(request: MemberRequest) -> HttpResponse:
    """The plan (?teacher, first_day, last_day); POST does it, or with ``look`` shows it anew."""
    staff_only(request)
    data = request.POST if request.method == "POST" else request.GET
    form = SickDayForm(_asked(request, data), member=request.membership)
    does = request.method == "POST" and "look" not in data
    if does and form.is_valid():
        try:
            reported = _report(request, form)
        except Refused as refused:
            form.add_error(None, said(refused))
        else:
            messages.success(request, _("Everything is settled. Get well soon!"))
            return redirect("bookings:sick_day_report", request.school.slug, reported.pk)
    context = {"form": form, "recent": _reported(request)[:RECENT]} | _plan(request, form)
    return render(request, "bookings/sick_day.html", context, status=422 if does else 200)


@require_GET
@requires(Permission.BOOK)
def sick_day_report(request: MemberRequest, sick_day_id: int) -> HttpResponse:
    """What became of each lesson, and the time that is left to take it back."""
    reported = _one(request, sick_day_id)
    related = reported.lessons.select_related(
        "booking__lesson_type", "restored", "transition__to_teacher__membership__user"
    ).prefetch_related("booking__participations__student__membership__user")
    lessons = list(related.order_by("booking__period", "pk"))
    context = {
        "sick_day": reported,
        "last_day": reported.period.upper - timedelta(minutes=1),
        "lessons": [_line(one) for one in lessons],
        "cancels": any(one.outcome == SickDayOutcome.CANCELLED for one in lessons),
        "is_renumbered": any(one.restored_id for one in lessons),
        "can_undo": _is_open(reported) and timezone.now() < reported.undo_until,
        "is_mine": reported.teacher.membership_id == request.membership.pk,
        "may_assign": may(request.membership, Permission.MANAGE_SESSIONS),
    } | _not_given_back(request, reported, lessons)
    return render(request, "bookings/sick_day_report.html", context)


def _line(lesson: SickDayLesson) -> dict[str, Any]:
    booking = lesson.booking
    names = [str(place.student) for place in booking.participations.all()]
    return {
        "lesson": lesson,
        "title": f"{when(lesson.transition.to_period)} · {', '.join(names) or booking.lesson_type}",
        "booking_id": lesson.restored_id or lesson.booking_id,
        "is_reassigned": lesson.outcome == SickDayOutcome.REASSIGNED,
    }


@require_POST
@requires(Permission.BOOK)
def sick_day_undo(request: MemberRequest, sick_day_id: int) -> HttpResponse:
    reported = _one(request, sick_day_id)
    try:
        undone = undo_sick_day(sick_day_id=reported.pk, by=request.membership, at=timezone.now())
    except Refused as refused:
        for refusal in refused.refusals:
            messages.error(request, str(refusal.message))
    else:
        messages.success(request, _undone_words(undone))
    return redirect("bookings:sick_day_report", request.school.slug, reported.pk)


@require_POST
@requires(Permission.BOOK)
def sick_day_announce(request: MemberRequest, sick_day_id: int) -> HttpResponse:
    """Nobody needs the rest of the time to undo it."""
    reported = _one(request, sick_day_id)
    announce_sick_day(sick_day_id=reported.pk, by=request.membership, at=timezone.now())
    messages.success(request, _("Everybody concerned is being told."))
    return redirect("bookings:sick_day_report", request.school.slug, reported.pk)


def _reported(request: MemberRequest) -> QuerySet[SickDay]:
    """The sick days this member may look after: a teacher's own, the office's teachers'."""
    rows = SickDay.objects.select_related("teacher__membership__user")
    teachers = Teacher.objects.visible_to(request.membership)
    if not may(request.membership, Permission.MANAGE_TEACHERS):
        teachers = teachers.filter(membership=request.membership)
    return rows.filter(teacher__in=teachers).order_by("-reported_at")


def _one(request: MemberRequest, sick_day_id: int) -> SickDay:
    staff_only(request)
    return get_object_or_404(_reported(request), pk=sick_day_id)


def _not_given_back(
    request: MemberRequest, reported: SickDay, lessons: Iterable[SickDayLesson]
) -> dict[str, Any]:
    """What undoing would leave to people now, or has left, and what refuses it."""
    if reported.undone_at is not None:
        rows = [
            (one.restored or one.booking, Lost.of(each)) for one in lessons for each in one.lost
        ]
        return {"lost": losses_in_words(rows), "needs_places": _needs_places(rows)}
    if not _is_open(reported):
        return {}
    preview = preview_undo(sick_day_id=reported.pk, by=request.membership, at=timezone.now())
    return {"lost": losses_in_words(preview.lost), "against": preview.refusals}


def _needs_places(rows: Iterable[tuple[Booking, Lost]]) -> bool:
    return any(lost.thing_id and lost.student_id for _booking, lost in rows)


def _undone_words(undone: SickDay) -> str:
    if undone.lessons.filter(restored__isnull=False).exists():
        return _(
            "Undone. The lessons take place again, those that were cancelled under new numbers, "
            "and nobody was told."
        )
    return _("Undone. Every lesson is as it was, and nobody was told.")


def _is_open(reported: SickDay) -> bool:
    return reported.undone_at is None and reported.announced_at is None


def _asked(request: MemberRequest, data: QueryDict) -> QueryDict | None:
    """A teacher's page begins with today and themselves; the office chooses."""
    asked = data.copy()
    own = Teacher.objects.filter(membership=request.membership).first()
    if not request.membership.is_office:
        if own is None:
            raise Http404
        asked["teacher"] = str(own.pk)
    elif "teacher" not in asked:
        return None
    today = timezone.localdate().isoformat()
    asked.setdefault("first_day", today)
    asked.setdefault("last_day", asked.get("first_day"))
    return asked


def _report(request: MemberRequest, form: SickDayForm) -> SickDay:
    starts_at, ends_at = form.bounds
    return report_sick_day(
        teacher_id=form.cleaned_data["teacher"].pk,
        starts_at=starts_at,
        ends_at=ends_at,
        choices=form.choices or {},
        by=request.membership,
        at=timezone.now(),
        overrides=form.overrides,
    )


def _plan(request: MemberRequest, form: SickDayForm) -> dict[str, Any]:
    form.is_valid()
    if not form.is_bound or set(form.errors) - {"__all__"}:
        return {"plan": None}
    starts_at, ends_at = form.bounds
    plan: list[Affected] = sick_day_plan(
        teacher_id=form.cleaned_data["teacher"].pk,
        starts_at=starts_at,
        ends_at=ends_at,
        by=request.membership,
        at=timezone.now(),
        choices=form.choices,
        overrides=form.overrides,
    )
    outlook = outlook_of([one.judged for one in plan if one.judged], form)
    return {
        "plan": [(one, choice_field(one)) for one in plan],
        "cancelled": sum(one.chosen is None for one in plan),
        "stuck": outlook.stuck,
        "rules": outlook.rules,
        "teacher": form.cleaned_data["teacher"],
        "is_mine": form.cleaned_data["teacher"].membership_id == request.membership.pk,
    }
