"""What was taught, as it is shown and as it is signed."""

from typing import Any

from django.db.models import Prefetch, QuerySet

from administration.models import Student
from learning.models import LessonRecord, RecordedStep, Signature
from learning.policies import iso

CONTENT_FORMAT = 1


def recorded(records: QuerySet[LessonRecord]) -> QuerySet[LessonRecord]:
    """These records with everything a page says about them, in four queries."""
    steps = RecordedStep.objects.select_related("step__module").order_by(
        "step__module__position", "step__position"
    )
    signatures = Signature.objects.select_related("signer", "record__teacher__membership")
    return records.select_related(
        "school",
        "student__membership__user",
        "teacher__membership__user",
        "student_plan__lesson_plan",
        "participation__booking__lesson_type",
    ).prefetch_related(Prefetch("steps", steps), Prefetch("signatures", signatures))


def history_of(student: Student) -> QuerySet[LessonRecord]:
    """Every live record of a student, the latest lesson first."""
    records = LessonRecord.objects.live().with_signatures().filter(student=student)
    return recorded(records).order_by("-taught_at", "-pk")


def to_sign(student: Student) -> QuerySet[LessonRecord]:
    """What the student's teachers have signed and the student has not, the oldest first."""
    records = LessonRecord.objects.awaiting_student().filter(student=student)
    return recorded(records).order_by("taught_at", "pk")


def content_of(record: LessonRecord) -> dict[str, Any]:
    """Exactly what was taught: what the student reads, and what is signed.

    Ids bind it to the rows, names and titles keep it readable when those have changed. The internal
    note is not part of it: the student never sees it.
    """
    plan = record.student_plan.lesson_plan if record.student_plan else None
    steps = RecordedStep.objects.filter(record=record).select_related("step")
    return {
        "format": CONTENT_FORMAT,
        "school": {"id": record.school_id, "name": record.school.name},
        "student": {"id": record.student_id, "name": str(record.student)},
        "teacher": {"id": record.teacher_id, "name": str(record.teacher)},
        "lesson": record.participation.booking.lesson_type.name,
        "participation": record.participation_id,
        "version": record.version,
        "taught_at": iso(record.taught_at),
        "minutes": record.minutes,
        "plan": plan and {"id": plan.pk, "name": plan.name, "version": plan.version},
        "steps": [
            {
                "id": taught.step_id,
                "code": taught.step.code,
                "title": {"da": taught.step.title_da, "en": taught.step.title_en},
                "outcome": taught.outcome,
            }
            for taught in steps.order_by("step__module__position", "step__position")
        ],
        "note": record.note_shared,
    }
