"""How far students are: derived from lesson records every time, stored nowhere."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from administration.models import Student
from bookings.enums import LessonKind
from learning.enums import TEACHES, ModuleKind, ModuleState, StepOutcome, StepState
from learning.models import LessonPlan, LessonRecord, PlanModule, PlanStep, StudentPlan
from learning.policies import (
    KindProgress,
    LessonFacts,
    ModuleFacts,
    ModuleProgress,
    PlanProgress,
    StepProgress,
    measure,
    next_steps,
)

ROAD = {ModuleState.VERIFIED: "done", ModuleState.TAUGHT: "done", ModuleState.STARTED: "now"}


@dataclass(frozen=True, slots=True)
class StepView:
    """A step of the plan and how far the student is with it."""

    step: PlanStep
    progress: StepProgress

    @property
    def state(self) -> StepState:
        return self.progress.state

    @property
    def is_to_repeat(self) -> bool:
        return self.progress.is_to_repeat


@dataclass(frozen=True)
class ModuleView:
    """A module of the plan and how far the student is with it."""

    module: PlanModule
    progress: ModuleProgress

    @property
    def state(self) -> ModuleState:
        return self.progress.state

    @cached_property
    def steps(self) -> list[StepView]:
        pairs = zip(self.module.steps.all(), self.progress.steps, strict=True)
        return [StepView(step, progress) for step, progress in pairs]

    @property
    def open_steps(self) -> list[StepView]:
        """Steps without which the module is not taught."""
        done = {StepState.COVERED, StepState.VERIFIED}
        return [step for step in self.steps if step.state not in done]


@dataclass(frozen=True)
class Progress:
    """One student's way through one plan."""

    student_plan: StudentPlan
    plan: LessonPlan
    facts: Sequence[ModuleFacts] = field(repr=False)
    measured: PlanProgress = field(repr=False)

    @cached_property
    def modules(self) -> list[ModuleView]:
        pairs = zip(self.plan.modules.all(), self.measured.modules, strict=True)
        return [ModuleView(module, progress) for module, progress in pairs]

    @property
    def kinds(self) -> tuple[KindProgress, ...]:
        """Hours by kind against the minimum; kinds without a minimum are left out."""
        return tuple(kind for kind in self.measured.kinds if kind.minimum_lessons)

    @property
    def road(self) -> list[str]:
        return [ROAD.get(module.state, "todo") for module in self.modules]

    @property
    def taught_modules(self) -> int:
        return self.road.count("done")

    @property
    def verified_modules(self) -> int:
        return sum(module.state == ModuleState.VERIFIED for module in self.modules)

    @property
    def is_verified(self) -> bool:
        return self.verified_modules == len(self.modules)

    def next_steps(self, kind: LessonKind, limit: int) -> list[PlanStep]:
        steps = {view.step.pk: view.step for module in self.modules for view in module.steps}
        chosen = next_steps(self.measured, self.facts, kinds=TEACHES[kind], limit=limit)
        return [steps[step] for step in chosen]


def progress_of(student_ids: Collection[int]) -> dict[int, list[Progress]]:
    """Each student's progress in each plan they follow now; six queries for any number of them."""
    followed = StudentPlan.objects.current().filter(student__in=student_ids)
    student_plans = list(followed.order_by("student", "licence_category"))
    plans = LessonPlan.objects.with_steps().in_bulk({plan.lesson_plan_id for plan in student_plans})
    facts = {plan.pk: _modules_of(plan) for plan in plans.values()}
    records = _records_of({plan.student_id for plan in student_plans})
    found: dict[int, list[Progress]] = defaultdict(list)
    for student_plan in student_plans:
        plan = plans[student_plan.lesson_plan_id]
        lessons = _lessons_of(student_plan, records.get(student_plan.student_id, ()))
        measured = measure(facts[plan.pk], lessons, lesson_minutes=plan.lesson_minutes)
        found[student_plan.student_id].append(
            Progress(student_plan, plan, facts[plan.pk], measured)
        )
    return dict(found)


def planned_steps(student: Student, kind: LessonKind, limit: int = 3) -> list[PlanStep]:
    """What this student could practise in their next lesson of this kind."""
    return next_steps_of([student.pk], kind=kind, limit=limit).get(student.pk, [])


def next_steps_of(
    student_ids: Collection[int], *, kind: LessonKind = LessonKind.PRACTICAL, limit: int = 3
) -> dict[int, list[PlanStep]]:
    """The same for many students at once, in a fixed number of queries; without a plan: absent."""
    return {
        student_id: [step for plan in plans for step in plan.next_steps(kind, limit)][:limit]
        for student_id, plans in progress_of(student_ids).items()
    }


def choices_for(progress: Progress, kind: LessonKind) -> list[ModuleView]:
    """The modules that a lesson of this kind can feed, in the order of the plan."""
    return [view for view in progress.modules if view.module.kind in TEACHES[kind]]


def _modules_of(plan: LessonPlan) -> tuple[ModuleFacts, ...]:
    return tuple(
        ModuleFacts(
            id=module.pk,
            position=module.position,
            kind=ModuleKind(module.kind),
            minimum_lessons=module.minimum_lessons,
            steps=tuple(step.pk for step in module.steps.all()),
        )
        for module in plan.modules.all()
    )


def _records_of(student_ids: Collection[int]) -> Mapping[int, list[LessonRecord]]:
    records = (
        LessonRecord.objects.live()
        .with_signatures()
        .filter(student__in=student_ids)
        .select_related("participation__booking__lesson_type")
        .prefetch_related("steps")
        .order_by("taught_at", "pk")
    )
    found: dict[int, list[LessonRecord]] = defaultdict(list)
    for record in records:
        found[record.student_id].append(record)
    return found


def _lessons_of(student_plan: StudentPlan, records: Iterable[LessonRecord]) -> list[LessonFacts]:
    """The lessons that count for this plan: its own, and those given before there was one."""
    lessons = []
    for record in records:
        lesson_type = record.participation.booking.lesson_type
        without_plan = record.student_plan_id is None
        same_licence = lesson_type.licence_category == student_plan.licence_category
        if record.student_plan_id == student_plan.pk or (without_plan and same_licence):
            lessons.append(
                LessonFacts(
                    minutes=record.minutes,
                    kind=TEACHES[LessonKind(lesson_type.kind)][0],
                    is_verified=record.has_teacher and record.has_student,
                    outcomes={
                        step.step_id: StepOutcome(step.outcome) for step in record.steps.all()
                    },
                )
            )
    return lessons
