"""Reads over plans, lesson records and signatures."""

from learning.queries.completion import Class, Seat, class_of_record, classes_of, seats_of
from learning.queries.progress import (
    ModuleView,
    Progress,
    StepView,
    choices_for,
    next_steps_of,
    planned_steps,
    progress_of,
)
from learning.queries.records import content_of, history_of, recorded, to_sign

__all__ = [
    "Class",
    "ModuleView",
    "Progress",
    "Seat",
    "StepView",
    "choices_for",
    "class_of_record",
    "classes_of",
    "content_of",
    "history_of",
    "next_steps_of",
    "planned_steps",
    "progress_of",
    "recorded",
    "seats_of",
    "to_sign",
]
