"""Cancellation terms and reasons. Saved terms are a new version; bookings keep theirs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import override

from administration.models import Membership, School
from administration.services.noting import note_changes, set_and_note
from bookings.enums import DeadlineKind, LessonKind, Party
from bookings.models import CancellationReason, CancellationStep, CancellationTerms, LessonType
from bookings.wording import terms_in_words
from justdriving.kernel.policy import Refusal, Refused
from justdriving.kernel.transactions import refusing, use_case

REASON_FIELDS = ("name", "category", "party", "waives_fee", "needs_document", "is_active")
TRACK_FEE_MINOR = 1_000_00


@dataclass(frozen=True, slots=True)
class Step:
    """From this deadline on it costs ``percent`` or ``fixed_minor`` or the lesson. Wall time."""

    deadline: DeadlineKind
    amount: int
    clock_time: time | None = None
    percent: int | None = None
    fixed_minor: int | None = None
    consumes_lesson: bool = False
    party: Party = Party.STUDENT

    def row(self, terms: CancellationTerms) -> CancellationStep:
        return CancellationStep(
            school_id=terms.school_id,
            terms=terms,
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """Terms as somebody wrote them. ``kinds``: a preset moves lesson types of these kinds to it."""

    name: str
    steps: Sequence[Step]
    no_show_percent: int = 100
    kinds: Collection[LessonKind] = field(default=())


DANISH, HOURS_24, HOURS_48 = "danish", "24h", "48h"


def preset(code: str) -> tuple[Draft, ...]:
    """The terms a preset makes, named in the active language.

    Source: docs of Danish schools' published terms; a road lesson is free until noon the business
    day before, then half, the whole from 07:00 on the day; the track is let for a fixed fee.
    """
    whole = Step(DeadlineKind.DAYS_BEFORE, 0, time(7), percent=100)
    half = Step(DeadlineKind.BUSINESS_DAYS_BEFORE, 1, time(12), percent=50)
    track = Step(DeadlineKind.BUSINESS_DAYS_BEFORE, 7, time(12), fixed_minor=TRACK_FEE_MINOR)
    lessons = (LessonKind.PRACTICAL,)
    return {
        DANISH: (
            Draft(_("Driving lessons"), (half, whole), kinds=lessons),
            Draft(
                _("Track and skid pad"),
                (track,),
                kinds=(LessonKind.CLOSED_TRACK, LessonKind.SKID_PAD),
            ),
            Draft(_("Theory, free"), (), no_show_percent=0, kinds=(LessonKind.THEORY,)),
        ),
        HOURS_24: (Draft(_("24 hours"), (Step(DeadlineKind.HOURS_BEFORE, 24, percent=100),)),),
        HOURS_48: (Draft(_("48 hours"), (Step(DeadlineKind.HOURS_BEFORE, 48, percent=100),)),),
    }[code]


@use_case
def save_terms(
    *,
    draft: Draft,
    by: Membership,
    at: datetime,
    version: int,
    lesson_type_ids: Collection[int] | None = None,
) -> CancellationTerms:
    """Write these terms as the next version of their name; ``version`` is the one that was edited.

    0 begins a new name. Lesson types that had the name, or ``lesson_type_ids`` if given, move to
    the new version; bookings stay under what was agreed. Saving what stands already writes no
    version. Raises Refused: ``name_taken``, ``changed-meanwhile``, ``no-terms-left`` when a lesson
    type would be left without any.
    """
    School.objects.select_for_update(no_key=True).get(pk=by.school_id)  # one version at a time
    newest = newest_terms(draft.name)
    _check_version(newest, version)
    if newest and _says_the_same(newest, draft):
        _move_lesson_types(newest, lesson_type_ids, by, at)
        return newest
    terms = CancellationTerms.objects.create(
        school_id=by.school_id,
        name=draft.name,
        version=version + 1,
        no_show_percent=draft.no_show_percent,
    )
    CancellationStep.objects.bulk_create(step.row(terms) for step in draft.steps)
    _note(terms, newest, by, at)
    _move_lesson_types(terms, lesson_type_ids, by, at)
    return terms


@use_case
def apply_preset(*, code: str, by: Membership, at: datetime) -> list[CancellationTerms]:
    """Make the terms of a preset, in the school's language; twice changes nothing.

    Lesson types of the kinds a preset is for move to it; the hour presets move none.
    """
    with override(by.school.language):
        drafts = preset(code)
    made = []
    for draft in drafts:
        latest = CancellationTerms.objects.filter(name=draft.name).aggregate(last=Max("version"))
        terms = save_terms(draft=draft, by=by, at=at, version=latest["last"] or 0)
        moving = LessonType.objects.filter(kind__in=draft.kinds).exclude(cancellation_terms=terms)
        _move(moving.select_related("cancellation_terms"), terms, by, at)
        made.append(terms)
    return made


@use_case
def save_reason(
    *, values: Mapping[str, Any], by: Membership, at: datetime, reason_id: int | None = None
) -> CancellationReason:
    """Create or change a reason people choose (a value for each of REASON_FIELDS).

    Lessons cancelled for it keep what was decided then. Raises Refused ``name_taken``.
    """
    reason = CancellationReason(school_id=by.school_id)
    if reason_id is not None:
        reason = CancellationReason.objects.select_for_update().get(pk=reason_id)
    with refusing({"cancellation_reason_once": _name_taken}):
        set_and_note(reason, {name: values[name] for name in REASON_FIELDS}, by=by, at=at)
    return reason


def newest_terms(name: str) -> CancellationTerms | None:
    return (
        CancellationTerms.objects.filter(name=name)
        .prefetch_related("steps")
        .order_by("-version")
        .first()
    )


def _check_version(newest: CancellationTerms | None, version: int) -> None:
    stands = newest.version if newest else 0
    if stands == version:
        return
    if version == 0:
        raise Refused(_name_taken())
    message = _("Somebody changed these terms meanwhile. Open them again to see what they say now.")
    raise Refused(Refusal("changed-meanwhile", message))


def _says_the_same(terms: CancellationTerms, draft: Draft) -> bool:
    stands = sorted(_said(step) for step in terms.steps.all())
    same_steps = stands == sorted(_said(step) for step in draft.steps)
    return same_steps and terms.no_show_percent == draft.no_show_percent


def _said(step: CancellationStep | Step) -> tuple[str, ...]:
    return tuple(str(getattr(step, name)) for name in Step.__dataclass_fields__)


def _note(
    terms: CancellationTerms, before: CancellationTerms | None, by: Membership, at: datetime
) -> None:
    """What the terms said and say, under their first version: its history is the name's."""
    first = CancellationTerms.objects.filter(name=terms.name).order_by("version").first()
    currency = by.school.currency
    with override(by.school.language):
        old = terms_in_words(before.steps.all(), currency) if before else ""
        new = terms_in_words(terms.steps.order_by("pk"), currency)
    shares = (f"{before.no_show_percent}" if before else "", f"{terms.no_show_percent}")
    changes = {"steps": (old, new), "no_show_percent": shares}
    note_changes(first or terms, changes, by=by, at=at, name=terms.name)


def _move_lesson_types(
    terms: CancellationTerms, chosen: Collection[int] | None, by: Membership, at: datetime
) -> None:
    types = LessonType.objects.select_related("cancellation_terms")
    had = types.filter(cancellation_terms__name=terms.name)
    if chosen is not None and had.exclude(pk__in=chosen).exists():
        message = _("A lesson type needs terms: choose other ones on its own page.")
        raise Refused(Refusal("no-terms-left", message))
    wanted = had if chosen is None else types.filter(pk__in=chosen)
    _move(wanted.exclude(cancellation_terms=terms), terms, by, at)


def _move(types: Any, terms: CancellationTerms, by: Membership, at: datetime) -> None:
    for lesson_type in types.order_by("pk"):
        set_and_note(lesson_type, {"cancellation_terms": terms}, by=by, at=at)


def _name_taken() -> Refusal:
    return Refusal("name_taken", _("There is already one with this name."))
