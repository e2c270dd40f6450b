"""Weekly plans: every day is shown before it is written, and can be decided about."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from administration.access import MemberRequest, requires
from administration.permissions import Permission, may
from bookings.forms.sessions import (
    LastDayForm,
    LaterForm,
    TemplateForm,
    completed,
    expected_of,
    initial_of,
    open_groups,
    read_choices,
    read_expected,
    read_overrides,
)
from bookings.models import SessionTemplate
from bookings.queries.series import DayPlan, later_day, preview_template, seen_days, things_of
from bookings.queries.sessions import (
    plan_line,
    plan_lines,
    session_lines,
    sessions,
    skipped_ahead,
    templates,
)
from bookings.services.series import end_template, ending_of
from bookings.services.sessions import (
    draft_template,
    generate_sessions,
    save_template,
    update_template,
)
from bookings.views.sessions import planned_words, tabs
from justdriving.kernel.policy import Refused

SHOWN = 12


@require_GET
@requires(Permission.MANAGE_SESSIONS)
def weekly(request: MemberRequest) -> HttpResponse:
    lines = plan_lines(templates(request.membership))
    context = {"lines": lines, "tabs": tabs(request, "weekly")}
    return render(request, "bookings/sessions/weekly.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SESSIONS)
def weekly_new(request: MemberRequest) -> HttpResponse:
    """First the days are shown, then the button saves what was shown."""
    typed = completed(request.POST, request.membership) if request.POST else None
    form = TemplateForm(typed, member=request.membership, initial=_initial(request))
    context: dict[str, Any] = {"form": form, "may_override": _may_override(request)}
    if request.method == "POST" and form.is_valid():
        if request.POST.get("step") == "save":
            try:
                template = _saved(request, form)
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                return redirect("bookings:weekly_plan", request.school.slug, template.pk)
        context |= _preview(request, form)
    return render(
        request, "bookings/sessions/weekly_new.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SESSIONS)
def weekly_plan(request: MemberRequest, template_id: int) -> HttpResponse:
    """One weekly plan: what is planned, what is left out and why; planning on demand."""
    template = _template(request, template_id)
    problem = ""
    if request.method == "POST":
        choices = read_choices(request.POST)
        try:
            generated = generate_sessions(
                template_id=template.pk,
                by=request.membership,
                at=timezone.now(),
                choices=choices,
            )
        except Refused as refused:
            problem = str(refused)
        else:
            messages.success(request, planned_words(len(generated.made)))
            return redirect("bookings:weekly_plan", request.school.slug, template.pk)
    context = _plan_context(request, template) | {"problem": problem}
    return render(
        request, "bookings/sessions/weekly_plan.html", context, status=422 if problem else 200
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SESSIONS)
def weekly_edit(request: MemberRequest, template_id: int) -> HttpResponse:
    """What holds for the sessions planned from now on."""
    template = _template(request, template_id)
    initial = initial_of(template, things_of(template))
    form = LaterForm(request.POST or None, member=request.membership, initial=initial)
    if request.method == "POST" and form.is_valid():
        update_template(
            template_id=template.pk,
            by=request.membership,
            values=form.cleaned_data,
            things=form.things(),
        )
        messages.success(request, _("Saved."))
        return redirect("bookings:weekly_plan", request.school.slug, template.pk)
    context = {"form": form, "template": template}
    return render(
        request, "bookings/sessions/weekly_edit.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SESSIONS)
def weekly_end(request: MemberRequest, template_id: int) -> HttpResponse:
    """Which sessions would be cancelled and which stay, before anything ends."""
    template, now = _template(request, template_id), timezone.now()
    form = LastDayForm(request.POST or None, initial={"last_day": timezone.localdate()})
    empty, busy = ending_of(template=template, last_day=timezone.localdate(), at=now)
    if request.method == "POST" and form.is_valid():
        last_day = form.cleaned_data["last_day"]
        if request.POST.get("step") == "end":
            end_template(template_id=template.pk, last_day=last_day, by=request.membership, at=now)
            messages.success(request, _("The weekly plan is ended."))
            return redirect("bookings:weekly_plan", request.school.slug, template.pk)
        empty, busy = ending_of(template=template, last_day=last_day, at=now)
    context = {"form": form, "template": template, "empty": empty, "busy": busy}
    return render(
        request, "bookings/sessions/weekly_end.html", context, status=422 if form.errors else 200
    )


def _plan_context(request: MemberRequest, template: SessionTemplate) -> dict[str, Any]:
    now = timezone.now()
    rows = sessions(request.membership).filter(template=template, period__endswith__gt=now)
    ahead = list(rows.order_by("period")[:SHOWN])
    return {
        "template": template,
        "plan": plan_line(request.membership, template),
        "things": things_of(template),
        "lines": session_lines(ahead),
        "first": ahead[0] if ahead else None,
        "later": None if ahead else later_day(template, at=now),
        "skipped": skipped_ahead(template, today=timezone.localdate()),
        "groups": open_groups(request.membership) if not template.group_id else [],
        "may_override": _may_override(request),
    }


def _saved(request: MemberRequest, form: TemplateForm) -> SessionTemplate:
    template, generated = save_template(
        by=request.membership,
        at=timezone.now(),
        values=form.cleaned_data,
        things=form.things(),
        overrides=read_overrides(request.POST),
        choices=read_choices(request.POST),
        expected=read_expected(request.POST.get("expected", "")),
    )
    messages.success(request, planned_words(len(generated.made)))
    return template


def _preview(request: MemberRequest, form: TemplateForm) -> dict[str, Any]:
    overrides, choices = read_overrides(request.POST), read_choices(request.POST)
    draft = draft_template(by=request.membership, values=form.cleaned_data, overrides=overrides)
    now = timezone.now()
    said: dict[str, Any] = {"template": draft, "things": form.things(), "choices": choices}
    said |= {"at": now}
    plans = preview_template(**said, may_override=_may_override(request))
    return {
        "days": [_shown(request, plan) for plan in plans],
        "is_previewed": True,
        "draft": draft,
        "later": later_day(draft, at=now),
        "planned": sum(plan.code == "ok" for plan in plans),
        "left_out": sum(plan.code != "ok" for plan in plans),
        "expected": expected_of(seen_days(plans, **said)),
        "everywhere": _everywhere(plans, overrides),
    }


def _shown(request: MemberRequest, plan: DayPlan) -> dict[str, Any]:
    """One day of the preview with what was decided about it."""
    key = plan.day.isoformat()
    said = request.POST
    return {
        "plan": plan,
        "key": key,
        "chosen": said.get(f"do_{key}", ""),
        "other": said.get(f"day_{key}", ""),
        "clock": said.get(f"time_{key}", ""),
        "why": said.get(f"why_{key}", ""),
        "rules": ",".join(
            refusal.code for refusal in (*plan.refusals, *plan.set_aside) if refusal.overridable
        ),
    }


def _everywhere(plans: Sequence[DayPlan], overrides: dict[str, str]) -> list[dict[str, Any]]:
    """The rules that stand in the way of several days: one reason may serve for all of them."""
    found: dict[str, list[str]] = {}
    for plan in plans:
        for refusal in (*plan.refusals, *plan.set_aside):
            if refusal.overridable:
                found.setdefault(refusal.code, []).append(str(refusal.message))
    return [
        {"code": code, "message": said[0], "count": len(said), "reason": overrides.get(code, "")}
        for code, said in found.items()
        if len(said) > 1 or code in overrides
    ]


def _initial(request: MemberRequest) -> dict[str, Any]:
    return {
        "first_day": timezone.localdate(),
        "weekday": timezone.localdate().weekday(),
        "department": request.membership.department_id,
    }


def _may_override(request: MemberRequest) -> bool:
    return may(request.membership, Permission.OVERRIDE_RULE)


def _template(request: MemberRequest, template_id: int) -> SessionTemplate:
    template: SessionTemplate = get_object_or_404(templates(request.membership), pk=template_id)
    return template
