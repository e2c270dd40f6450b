"""Decisions of learning: pure, without a clock and without a query."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from administration.enums import Role
from administration.models import Membership
from administration.permissions import Permission, may
from justdriving.kernel.policy import Refusal
from learning.enums import ModuleKind, ModuleState, Side, StepOutcome, StepState


def canonical(content: Mapping[str, Any]) -> str:
    """The one way to write down what was taught, so that equal content has equal bytes."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fingerprint(text: str) -> str:
    """SHA-256 of the text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def iso(moment: datetime) -> str:
    """An instant as signed content writes it: ``2026-03-05T11:00:00.000000Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True, slots=True)
class Link:
    """What a signature seals, beside all the signatures before it."""

    student_id: int
    sequence: int
    record_id: int
    signed_as: Side
    signer_id: int
    signed_at: datetime
    method: str
    content_hash: str


def chain_hash(previous_hash: str, link: Link) -> str:
    """The hash that ties a signature to the student's previous one; ``""`` begins a chain."""
    parts = (
        previous_hash,
        link.student_id,
        link.sequence,
        link.record_id,
        link.signed_as.value,
        link.signer_id,
        iso(link.signed_at),
        link.method,
        link.content_hash,
    )
    return fingerprint("|".join(map(str, parts)))


def may_record(member: Membership, *, taught_by_membership_id: int) -> Refusal | None:
    """What was taught is written down by the teacher of the lesson or by an owner."""
    if not may(member, Permission.RECORD_TEACHING):
        return Refusal("may-not-record", _("You may not record what was taught."))
    if member.role != Role.OWNER and member.pk != taught_by_membership_id:
        return Refusal("not-your-lesson", _("Another teacher gave this lesson."))
    return None


def may_sign_as_teacher(member: Membership, *, taught_by_membership_id: int) -> Refusal | None:
    """The teacher of the lesson signs, or an owner who covers for them."""
    if not may(member, Permission.SIGN_AS_TEACHER):
        return Refusal("may-not-sign", _("You may not sign as the teacher."))
    if member.role != Role.OWNER and member.pk != taught_by_membership_id:
        return Refusal("not-your-lesson", _("Another teacher gave this lesson."))
    return None


def may_sign_as_student(member: Membership, *, student_membership_id: int) -> Refusal | None:
    """Nobody but the student signs as the student, whatever their role."""
    if member.pk != student_membership_id or not may(member, Permission.SIGN_AS_STUDENT):
        return Refusal("only-the-student", _("Only the student can sign here."))
    return None


def ready_to_sign(*, has_plan: bool, steps: int, is_superseded: bool) -> Refusal | None:
    """There must be something to sign, and it must be the version that counts."""
    if is_superseded:
        return Refusal("superseded", _("This record has been replaced by a corrected one."))
    if has_plan and not steps:
        return Refusal(
            "nothing-recorded",
            _("Tick what was taught before you sign, or save without signing."),
        )
    return None


def unchanged(read: str, current: str) -> Refusal | None:
    """The student signs exactly what they read: the hash their page showed."""
    if read == current:
        return None
    return Refusal(
        "changed-since-read",
        _("The lesson was changed since you read it. Read it again before you sign."),
    )


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """A module of a plan: its place, its kind, its lessons at least and its steps in order."""

    id: int
    position: int
    kind: ModuleKind
    minimum_lessons: int
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LessonFacts:
    """One lesson record: minutes really used, steps with outcomes, whether both sides signed.

    ``kind`` is what the lesson counts as when no step was recorded.
    """

    minutes: int
    kind: ModuleKind | None
    is_verified: bool
    outcomes: Mapping[int, StepOutcome]


@dataclass(frozen=True, slots=True)
class StepProgress:
    id: int
    state: StepState
    is_to_repeat: bool


@dataclass(frozen=True, slots=True)
class ModuleProgress:
    """``lessons`` are given, ``verified_lessons`` signed by both."""

    id: int
    state: ModuleState
    lessons: int
    verified_lessons: int
    minimum_lessons: int
    steps: tuple[StepProgress, ...]

    @property
    def missing_lessons(self) -> int:
        return max(self.minimum_lessons - self.lessons, 0)


@dataclass(frozen=True, slots=True)
class KindProgress:
    kind: ModuleKind
    lessons: int
    verified_lessons: int
    minimum_lessons: int


@dataclass(frozen=True, slots=True)
class PlanProgress:
    modules: tuple[ModuleProgress, ...]
    kinds: tuple[KindProgress, ...]


def lessons_in(minutes: int, lesson_minutes: int) -> int:
    """Whole lessons in this time: 90 minutes are two lessons of 45, 89 minutes are one."""
    return minutes // lesson_minutes


def measure(
    modules: Sequence[ModuleFacts], lessons: Sequence[LessonFacts], *, lesson_minutes: int
) -> PlanProgress:
    """How far a student is. ``lessons`` in the order they were given.

    A lesson that touches several modules counts for the first of them that still lacks lessons,
    then for the next; what is left over counts for the last one it touched.
    """
    given: Counter[int | ModuleKind] = Counter()
    signed: Counter[int | ModuleKind] = Counter()
    for lesson in lessons:
        count = lessons_in(lesson.minutes, lesson_minutes)
        touched = [m for m in modules if any(step in lesson.outcomes for step in m.steps)]
        shares = _deal(count, touched, given)
        if kind := touched[0].kind if touched else lesson.kind:
            shares[kind] = count
        given.update(shares)
        if lesson.is_verified:
            signed.update(shares)
    steps = _step_states(lessons)
    return PlanProgress(
        modules=tuple(_module(m, given[m.id], signed[m.id], steps) for m in modules),
        kinds=tuple(
            _kind(kind, given[kind], signed[kind], modules)
            for kind in dict.fromkeys(module.kind for module in modules)
        ),
    )


def _deal(
    count: int, touched: Sequence[ModuleFacts], given: Counter[int | ModuleKind]
) -> dict[int | ModuleKind, int]:
    shares: dict[int | ModuleKind, int] = {}
    for module in touched:
        share = min(count, max(module.minimum_lessons - given[module.id], 0))
        shares[module.id] = share
        count -= share
    if touched:
        shares[touched[-1].id] += count
    return shares


def _step_states(lessons: Iterable[LessonFacts]) -> dict[int, StepProgress]:
    latest: dict[int, StepOutcome] = {}
    verified: set[int] = set()
    for lesson in lessons:
        latest.update(lesson.outcomes)
        if lesson.is_verified:
            verified |= {s for s, o in lesson.outcomes.items() if o == StepOutcome.COVERED}
    return {step: _step(step, outcome, verified) for step, outcome in latest.items()}


def _step(step: int, latest: StepOutcome, verified: Collection[int]) -> StepProgress:
    plain = StepState.REPEAT if latest == StepOutcome.REPEAT else StepState.COVERED
    state = StepState.VERIFIED if step in verified else plain
    return StepProgress(step, state, is_to_repeat=latest == StepOutcome.REPEAT)


def _module(
    module: ModuleFacts, lessons: int, signed: int, states: Mapping[int, StepProgress]
) -> ModuleProgress:
    fresh = StepState.NOT_STARTED
    steps = tuple(states.get(s, StepProgress(s, fresh, is_to_repeat=False)) for s in module.steps)
    return ModuleProgress(
        id=module.id,
        state=module_state(
            [step.state for step in steps],
            lessons=lessons,
            verified_lessons=signed,
            minimum=module.minimum_lessons,
        ),
        lessons=lessons,
        verified_lessons=signed,
        minimum_lessons=module.minimum_lessons,
        steps=steps,
    )


def module_state(
    steps: Sequence[StepState], *, lessons: int, verified_lessons: int, minimum: int
) -> ModuleState:
    """Verified: every step signed by both, and the lessons signed reach the minimum."""
    if verified_lessons >= minimum and all(s == StepState.VERIFIED for s in steps):
        return ModuleState.VERIFIED
    taught = {StepState.COVERED, StepState.VERIFIED}
    if lessons >= minimum and all(s in taught for s in steps):
        return ModuleState.TAUGHT
    if lessons or any(s != StepState.NOT_STARTED for s in steps):
        return ModuleState.STARTED
    return ModuleState.NOT_STARTED


def _kind(
    kind: ModuleKind, lessons: int, signed: int, modules: Iterable[ModuleFacts]
) -> KindProgress:
    minimum = sum(module.minimum_lessons for module in modules if module.kind == kind)
    return KindProgress(kind, lessons, signed, minimum)


def next_steps(
    progress: PlanProgress,
    modules: Sequence[ModuleFacts],
    *,
    kinds: Collection[ModuleKind],
    limit: int,
) -> list[int]:
    """What to practise next in a lesson that feeds ``kinds``, in the order of the plan.

    What is to be repeated comes first, then what has not been taught.
    """
    taught = [
        m.steps for m, facts in zip(progress.modules, modules, strict=True) if facts.kind in kinds
    ]
    steps = [step for module in taught for step in module]
    repeat = [step.id for step in steps if step.is_to_repeat]
    fresh = [step.id for step in steps if step.state == StepState.NOT_STARTED]
    return [*repeat, *fresh][:limit]
