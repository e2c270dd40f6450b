"""The pages of cancellation terms: the list with presets, the editor, the preview as one types."""

from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.enums import DeadlineKind, Party
from bookings.forms.terms import StepFormSet, TermsForm, as_typed, steps_typed
from bookings.models import Booking, CancellationStep, CancellationTerms, LessonType
from bookings.policies import CancellationPolicy, business_day_test
from bookings.services.terms import DANISH, HOURS_24, HOURS_48, apply_preset, save_terms
from bookings.views.answers import history_of
from bookings.views.terms import terms_sentence
from bookings.wording import step_in_words
from justdriving.kernel.clock import instant_or_next
from justdriving.kernel.policy import Refused

EXAMPLE_PRICE_MINOR = 550_00
EXAMPLE_TIME = time(14)
PRESETS = (DANISH, HOURS_24, HOURS_48)


@require_GET
@requires(Permission.MANAGE_BOOKING_RULES)
def terms_list(request: MemberRequest) -> HttpResponse:
    newest = CancellationTerms.objects.order_by("name", "-version").distinct("name")
    rows = CancellationTerms.objects.filter(pk__in=newest.values("pk")).prefetch_related("steps")
    used: dict[str, list[str]] = {}
    for lesson_type in LessonType.objects.select_related("cancellation_terms").order_by("name"):
        used.setdefault(lesson_type.cancellation_terms.name, []).append(lesson_type.name)
    found = [
        {"terms": terms, "used": used.get(terms.name, []), **_preview(request, terms)}
        for terms in rows.order_by("name")
    ]
    return render(request, "bookings/terms_list.html", {"rows": found})


@require_POST
@requires(Permission.MANAGE_BOOKING_RULES)
def terms_preset(request: MemberRequest) -> HttpResponse:
    code = request.POST.get("preset", "")
    if code in PRESETS:
        made = apply_preset(code=code, by=request.membership, at=timezone.now())
        names = ", ".join(terms.name for terms in made)
        messages.success(request, _("Ready: %(names)s.") % {"names": names})
    return redirect("bookings:terms_list", request.school.slug)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_BOOKING_RULES)
def terms_edit(request: MemberRequest, terms_id: int | None = None) -> HttpResponse:
    terms = _newest(terms_id) if terms_id else None
    form = TermsForm(request.POST or None, terms=terms)
    steps = _formset(request, terms)
    is_typed = form.is_valid() & steps.is_valid()
    if request.method == "POST" and is_typed and _save(request, form, steps):
        return redirect("bookings:terms_list", request.school.slug)
    context = {"form": form, "steps": steps, "terms": terms, **_about(request, terms)}
    refused = form.errors or (steps.is_bound and not steps.is_valid())
    return render(request, "bookings/terms_edit.html", context, status=422 if refused else 200)


@require_GET
@requires(Permission.MANAGE_BOOKING_RULES)
def terms_preview(request: MemberRequest) -> HttpResponse:
    """What the steps as typed so far would mean; nothing is stored."""
    steps = StepFormSet(request.GET, form_kwargs={"school": request.school})
    context: dict[str, Any] = {"is_whole": steps.is_valid()}
    if context["is_whole"]:
        draft = CancellationTerms(school=request.school)
        rows = [step.row(draft) for step in steps_typed(steps)]
        context |= _preview(request, draft, rows)
    return render(request, "bookings/_terms_preview.html", context)


def _newest(terms_id: int) -> CancellationTerms:
    """The newest version of the terms that one of its versions was asked for; else a 404."""
    asked = get_object_or_404(CancellationTerms.objects.all(), pk=terms_id)
    versions = CancellationTerms.objects.filter(name=asked.name).prefetch_related("steps")
    newest: CancellationTerms = versions.latest("version")
    return newest


def _formset(request: MemberRequest, terms: CancellationTerms | None) -> Any:
    stands = terms.steps.order_by("pk") if terms else ()
    return StepFormSet(
        request.POST or None,
        initial=as_typed(stands, request.school),
        form_kwargs={"school": request.school},
    )


def _save(request: MemberRequest, form: TermsForm, steps: Any) -> bool:
    """Save what was typed; False, with the reason on the form, when it was refused."""
    given = form.cleaned_data
    try:
        saved = save_terms(
            draft=form.draft(steps_typed(steps)),
            by=request.membership,
            at=timezone.now(),
            version=given["version"],
            lesson_type_ids=[lesson_type.pk for lesson_type in given["lesson_types"]],
        )
    except Refused as refused:
        fields = {"name_taken": "name", "no-terms-left": "lesson_types"}
        form.add_error(fields.get(refused.refusal.code), str(refused))
        return False
    text = _("%(name)s is saved as version %(version)d. Lessons already booked keep their terms.")
    messages.success(request, text % {"name": saved.name, "version": saved.version})
    return True


def _about(request: MemberRequest, terms: CancellationTerms | None) -> dict[str, Any]:
    """The saved terms in words, their versions with the bookings under each, their history."""
    preview = reverse("bookings:terms_preview", args=[request.school.slug])
    if terms is None:
        return {"preview_url": preview, "is_whole": True, **_preview(request, None)}
    versions = list(
        CancellationTerms.objects.filter(name=terms.name)
        .prefetch_related("steps")
        .order_by("-version")
    )
    under = Booking.objects.upcoming(after=timezone.now()).filter(cancellation_terms__in=versions)
    counts: dict[int, int] = {}
    for pk in under.values_list("cancellation_terms", flat=True):
        counts[pk] = counts.get(pk, 0) + 1
    return {
        "preview_url": preview,
        "is_whole": True,
        **_preview(request, terms),
        "versions": [
            {"terms": one, "lessons": counts.get(one.pk, 0), **_preview(request, one)}
            for one in versions
        ],
        "history": history_of(versions[-1]),
    }


def _preview(
    request: MemberRequest,
    terms: CancellationTerms | None,
    steps: list[CancellationStep] | None = None,
) -> dict[str, Any]:
    """The steps in words, and what they mean for a lesson next Monday at 14.00 for 550."""
    rows = steps if steps is not None else list(terms.steps.all()) if terms else []
    price = request.school.money(EXAMPLE_PRICE_MINOR)
    starts_at = _example_start(request)
    policy = CancellationPolicy.of(terms or CancellationTerms(), rows, party=Party.STUDENT)
    sentence = terms_sentence(
        policy,
        price=price,
        starts_at=starts_at,
        at=starts_at - timedelta(days=365),
        zone=request.school.zone,
        is_business_day=business_day_test(frozenset()),
    )
    ordered = sorted(rows, key=lambda step: (step.party, _earliness(step)))
    return {
        "words": [step_in_words(step, price.currency) for step in ordered],
        "example": sentence,
        "price": price,
        "example_at": starts_at,
    }


def _earliness(step: CancellationStep) -> tuple[int, float]:
    """Sorts steps by how early they begin, the earliest first."""
    if step.deadline == DeadlineKind.HOURS_BEFORE:
        return (-(step.amount // 24), -step.amount % 24)
    clock = step.clock_time or time()
    return (-step.amount, clock.hour + clock.minute / 60)


def _example_start(request: MemberRequest) -> datetime:
    today = timezone.localdate()
    monday = today + timedelta(days=7 - today.weekday())
    return instant_or_next(monday, EXAMPLE_TIME, request.school.zone)
