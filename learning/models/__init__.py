"""Lesson plans, what was taught, and who signed for it."""

from learning.models.plans import LessonPlan, PlanModule, PlanStep, StudentPlan
from learning.models.records import LessonRecord, RecordedStep
from learning.models.signatures import Signature, SignatureEvent

__all__ = [
    "LessonPlan",
    "LessonRecord",
    "PlanModule",
    "PlanStep",
    "RecordedStep",
    "Signature",
    "SignatureEvent",
    "StudentPlan",
]
