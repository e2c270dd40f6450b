"""The owner's ladder of reminders, and what the office writes down about one invoice."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from administration.access import MemberRequest, requires
from administration.history import (
    RECENT_CHANGES,
    ChangeInWords,
    changes_in_words,
    changes_of,
    topic_of,
)
from administration.permissions import Permission
from finance.enums import FollowUpKind
from finance.models import FinanceSettings, Invoice, ReminderStep
from finance.queries import settings_of
from finance.reminder_forms import FollowUpForm, StepForm
from finance.reminder_queries import ladder_of, pause_of
from finance.reminder_words import day_in_words, step_in_words
from finance.services import (
    note_follow_up,
    pause_reminders,
    remove_step,
    resume_reminders,
    save_step,
    send_reminders,
)
from justdriving.kernel.policy import Refused


@require_GET
@requires(Permission.MANAGE_SCHOOL)
def reminders(request: MemberRequest) -> HttpResponse:
    """Every step, whether it is followed, and who changed what."""
    steps = [
        {"step": step, "day": day_in_words(step.days), "what": step_in_words(step)}
        for step in ladder_of(request.school)
    ]
    context = {
        "steps": steps,
        "is_on": settings_of(request.school).sends_reminders,
        "is_danish": request.school.country == "DK",
        "history": _history(),
    }
    return render(request, "finance/reminders.html", context)


def _history() -> list[ChangeInWords]:
    switch = Q(topic=topic_of(FinanceSettings), field="sends_reminders")
    changes = changes_of().filter(Q(topic=topic_of(ReminderStep)) | switch)
    return changes_in_words(changes[:RECENT_CHANGES])


@require_POST
@requires(Permission.MANAGE_SCHOOL)
def reminders_switch(request: MemberRequest) -> HttpResponse:
    is_on = request.POST.get("on") == "1"
    send_reminders(on=is_on, by=request.membership, at=timezone.now())
    text = _("Reminders are sent from now on.") if is_on else _("No reminders are sent any more.")
    messages.success(request, text)
    return redirect("finance:reminders", request.school.slug)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SCHOOL)
def reminder_step(request: MemberRequest, pk: int | None = None) -> HttpResponse:
    rows = ReminderStep.objects.select_related("school")
    found = get_object_or_404(rows, pk=pk) if pk else None
    name = day_in_words(found.days) if found else ""
    form = StepForm(request.POST or None, school=request.school, step=found)
    if request.method == "POST" and form.is_valid() and _save(request, found, form):
        messages.success(request, _("Saved. It counts for steps that are still to come."))
        return redirect("finance:reminders", request.school.slug)
    context = {"form": form, "step": found, "name": name}
    return render(
        request, "finance/reminder_step.html", context, status=422 if form.errors else 200
    )


FIELD_OF = {"day-taken": "days", "too-close": "days", "fee-too-high": "fee"}


def _save(request: MemberRequest, found: ReminderStep | None, form: StepForm) -> bool:
    """Whether it was saved; else the form says why not."""
    try:
        save_step(step=found, values=form.values(), by=request.membership, at=timezone.now())
    except Refused as refused:
        form.add_error(FIELD_OF.get(refused.refusal.code), refused.refusal.message)
        return False
    return True


@require_POST
@requires(Permission.MANAGE_SCHOOL)
def reminder_step_remove(request: MemberRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ReminderStep.objects.select_related("school"), pk=pk)
    remove_step(step=found, by=request.membership, at=timezone.now())
    messages.success(request, _("The step is taken off the ladder."))
    return redirect("finance:reminders", request.school.slug)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_INVOICES)
def follow_up(request: MemberRequest, pk: int) -> HttpResponse:
    """Write a note about an invoice, let its reminders rest, or take them up again."""
    seen = Invoice.objects.visible_to(request.membership).issued()
    found = get_object_or_404(seen.select_related("school", "student__membership__user"), pk=pk)
    form = FollowUpForm(
        request.POST or None,
        is_open=found.is_open,
        is_paused=pause_of(found, today=timezone.localdate()) is not None,
        initial={"request_key": uuid4(), "kind": request.GET.get("kind", FollowUpKind.NOTE)},
    )
    if request.method == "POST" and form.is_valid() and _write(request, found, form):
        messages.success(request, _("Written down."))
        return redirect("finance:invoice", request.school.slug, pk)
    context = {"form": form, "invoice": found}
    return render(request, "finance/follow_up.html", context, status=422 if form.errors else 200)


NOTE_FIELD_OF = {"note-missing": "note", "until-past": "until"}


def _write(request: MemberRequest, invoice: Invoice, form: FollowUpForm) -> bool:
    """Whether it was written down; else the form says why not."""
    said = form.cleaned_data
    asked: dict[str, Any] = {
        "invoice_id": invoice.pk,
        "note": said["note"],
        "by": request.membership,
        "at": timezone.now(),
        "request_key": said["request_key"],
    }
    try:
        match said["kind"]:
            case FollowUpKind.PAUSED:
                pause_reminders(until=said["until"], **asked)
            case FollowUpKind.RESUMED:
                resume_reminders(**asked)
            case _:
                note_follow_up(**asked)
    except Refused as refused:
        form.add_error(NOTE_FIELD_OF.get(refused.refusal.code), refused.refusal.message)
        return False
    return True
