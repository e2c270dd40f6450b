"""Tells the calendar for which lessons a student's plan is ready."""

from collections.abc import Collection

from bookings.enums import LessonKind
from learning.enums import TEACHES
from learning.queries import progress_of


class PlanStages:
    """Answers bookings.ports.Stages from the plans that students follow."""

    def next_in(self, kind: LessonKind, student_ids: Collection[int]) -> frozenset[int]:
        progress = progress_of(student_ids)
        return frozenset(
            student
            for student, plans in progress.items()
            if any(plan.next_steps(kind, 1) for plan in plans)
        )

    def next_kinds(self, student_id: int) -> list[LessonKind]:
        """By where the next step of each kind stands in the plan."""
        places: dict[LessonKind, tuple[int, int]] = {}
        for number, plan in enumerate(progress_of([student_id]).get(student_id, [])):
            order = {view.module.pk: place for place, view in enumerate(plan.modules)}
            for kind in TEACHES:
                for step in plan.next_steps(kind, 1):
                    places.setdefault(kind, (number, order[step.module_id]))
        return sorted(places, key=lambda kind: places[kind])
