"""Changing a weekly session: what becomes of each date is shown before anything is written."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from administration.access import MemberRequest, requires
from administration.models import Teacher
from administration.permissions import Permission
from bookings.forms.sessions import ChooseGroupForm, SessionChangeForm, read_overrides
from bookings.models import Booking
from bookings.queries.sessions import sessions
from bookings.services.groups import attach_group, preview_attach
from bookings.services.occurrences import Fate, Outcome
from bookings.services.series import change_sessions, changes_nothing, preview_change
from bookings.views.sessions import session_page
from justdriving.kernel.policy import Refusal, Refused


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SESSIONS)
def session_change(request: MemberRequest, booking_id: int) -> HttpResponse:
    """Only this one, this and the following, or all that are to come."""
    rows = sessions(request.membership).filter(template__isnull=False)
    booking = get_object_or_404(rows, pk=booking_id)
    form = SessionChangeForm(
        request.POST or None, member=request.membership, initial=_values(booking)
    )
    context: dict[str, Any] = {"booking": booking, "form": form}
    if request.method == "POST" and form.is_valid():
        change = change_sessions if request.POST.get("step") == "save" else preview_change
        try:
            outcomes = change(
                booking_id=booking.pk,
                scope=form.cleaned_data["scope"],
                edit=form.edit(),
                by=request.membership,
                at=timezone.now(),
                overrides=read_overrides(request.POST),
            )
        except Refused as refused:
            form.add_error(None, str(refused))
            context |= {"rules": _rules(request, refused.refusals)}
        else:
            if change is change_sessions:
                messages.success(request, _said(outcomes))
                return redirect("bookings:session", request.school.slug, booking.pk)
            context |= _shown(request, outcomes) | {
                "nothing": changes_nothing(outcomes, form.edit())
            }
    return render(
        request, "bookings/sessions/change.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["POST"])
@requires(Permission.MANAGE_SESSIONS)
def session_class(request: MemberRequest, booking_id: int) -> HttpResponse:
    """A whole class takes its seats; who cannot is named before anybody sits."""
    booking = get_object_or_404(sessions(request.membership), pk=booking_id)
    form = ChooseGroupForm(request.POST, member=request.membership)
    if not form.is_valid():
        return session_page(request, booking, _("Choose a class."))
    group = form.cleaned_data["group"]
    said = {
        "group_id": group.pk,
        "booking_ids": [booking.pk],
        "by": request.membership,
        "at": timezone.now(),
    }
    try:
        seating = preview_attach(**said)
        if seating.refused and "leaves_out" not in request.POST:
            context = {"booking": booking, "group": group, "seating": seating}
            return render(request, "bookings/sessions/attach.html", context, status=422)
        attach_group(**said, leaves_out=bool(seating.refused))
    except Refused as refused:
        return session_page(request, booking, str(refused))
    messages.success(request, _("%(group)s attends this session.") % {"group": group})
    return redirect("bookings:session", request.school.slug, booking.pk)


def _values(booking: Booking) -> dict[str, Any]:
    """What the session is now: a value left alone is no change."""
    return {
        "scope": "one",
        "day": booking.wall_date,
        "starts_at": booking.wall_time,
        "minutes": booking.minutes,
        "teacher": booking.teacher_id,
        "capacity": booking.capacity,
        "place": booking.place,
    }


def _said(outcomes: list[Outcome]) -> str:
    """How many sessions are changed, and how many stay as they were."""
    fates = [outcome.fate for outcome in outcomes]
    changed, stayed = fates.count(Fate.CHANGED), fates.count(Fate.KEPT) + fates.count(Fate.REFUSED)
    said = ngettext(
        "%(number)d session is changed.", "%(number)d sessions are changed.", changed
    ) % {"number": changed}
    if not stayed:
        return said
    rest = ngettext("%(number)d stays as it is.", "%(number)d stay as they are.", stayed)
    return f"{said} {rest % {'number': stayed}}"


def _changes(outcome: Outcome, names: dict[int, str]) -> list[str]:
    """What of a session changes besides its start, from what to what."""
    said = {
        "minutes": _("%(before)s → %(after)s min"),
        "capacity": _("%(before)s → %(after)s seats"),
        "teacher": "%(before)s → %(after)s",
        "place": _("Where: %(before)s → %(after)s"),
    }
    before, after = outcome.before._asdict(), outcome.after._asdict()
    changed = [name for name in said if before[name] != after[name]]
    for values in (before, after):
        values["teacher"] = names.get(values["teacher"])
    return [
        said[name] % {"before": before[name] or "–", "after": after[name] or "–"}
        for name in changed
    ]


def _names_of_teachers(outcomes: list[Outcome]) -> dict[int, str]:
    """The teachers of these sessions, before and after, by their ids; in one query."""
    ids = {one.teacher for outcome in outcomes for one in (outcome.before, outcome.after)}
    rows = Teacher.objects.filter(pk__in=ids).select_related("membership__user")
    return {teacher.pk: str(teacher) for teacher in rows}


def _shown(request: MemberRequest, outcomes: list[Outcome]) -> dict[str, Any]:
    refused = [refusal for outcome in outcomes for refusal in outcome.refusals]
    names = _names_of_teachers(outcomes)
    return {
        "lines": [(outcome, _changes(outcome, names)) for outcome in outcomes],
        "outcomes": outcomes,
        "plans": len({outcome.booking.template_id for outcome in outcomes}),
        "told": sum(outcome.students for outcome in outcomes if outcome.fate == "changed"),
        "rules": _rules(request, refused),
    }


def _rules(request: MemberRequest, refusals: Any) -> list[dict[str, str]]:
    """The rules in the way that may be overruled, each once, with the reason typed so far."""
    reasons = read_overrides(request.POST)
    found: dict[str, Refusal] = {}
    for one in refusals:
        if one.overridable:
            found.setdefault(one.code, one)
    shown = [
        {"code": code, "message": str(one.message), "reason": reasons.get(code, "")}
        for code, one in found.items()
    ]
    kept = [
        {"code": code, "message": request.POST.get(f"said_{code}", code), "reason": reason}
        for code, reason in reasons.items()
        if code not in found
    ]
    return shown + kept
