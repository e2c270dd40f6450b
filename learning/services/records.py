"""Writing down what was taught, until its teacher signs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from administration.models import Membership
from bookings.enums import LessonKind, ParticipationStatus
from bookings.models import ParticipationTransition
from justdriving.kernel.locks import take_sorted
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.transactions import use_case
from learning.enums import TEACHES, Side, StepOutcome
from learning.models import LessonRecord, PlanStep, RecordedStep, StudentPlan
from learning.policies import canonical, fingerprint, may_record
from learning.queries import content_of


@dataclass(frozen=True, slots=True)
class Taught:
    """What a teacher says about a lesson: ids of plan steps, and two notes.

    A step in both lists was taught and is to be repeated.
    """

    covered: Collection[int] = ()
    repeat: Collection[int] = ()
    note_shared: str = ""
    note_internal: str = ""

    @property
    def outcomes(self) -> dict[int, StepOutcome]:
        covered = dict.fromkeys(self.covered, StepOutcome.COVERED)
        return covered | dict.fromkeys(self.repeat, StepOutcome.REPEAT)


@use_case
def open_record(*, transition: ParticipationTransition) -> LessonRecord | None:
    """Begin the record of a lesson that was attended; a second call finds the first one's."""
    if transition.to_status != ParticipationStatus.ATTENDED:
        return None
    participation = transition.participation
    existing = LessonRecord.objects.filter(participation=participation).order_by("version").last()
    if existing is not None:
        return existing
    booking = participation.booking
    record = LessonRecord(
        school_id=transition.school_id,
        participation=participation,
        student=participation.student,
        student_plan=_plan_for(participation.student_id, booking.lesson_type.licence_category),
        teacher=booking.teacher,
        taught_at=booking.starts_at,
        minutes=transition.minutes_used or booking.minutes,
        content_hash="",
    )
    record.save()
    _seal(record)
    return record


@use_case
def record_teaching(
    *,
    record_id: int,
    taught: Taught,
    by: Membership,
    at: datetime,  # noqa: ARG001 -- every use case is told when
) -> LessonRecord:
    """Write down what was taught, in place of what was written before.

    Raises Refused(may-not-record, not-your-lesson, already-signed, step-not-in-plan).
    """
    record = locked(record_id)
    enforce(may_record(by, taught_by_membership_id=record.teacher.membership_id))
    if record.signatures.filter(signed_as=Side.TEACHER).exists():
        words = _("The lesson is signed and can no longer be changed.")
        raise Refused(Refusal("already-signed", words))
    lesson_type = record.participation.booking.lesson_type
    if record.student_plan is None:
        record.student_plan = _plan_for(record.student_id, lesson_type.licence_category)
    outcomes = taught.outcomes
    enforce(_in_plan(outcomes, record.student_plan, LessonKind(lesson_type.kind)))
    record.note_shared = taught.note_shared.strip()
    record.note_internal = taught.note_internal.strip()
    record.steps.all().delete()
    RecordedStep.objects.bulk_create(
        RecordedStep(school_id=record.school_id, record=record, step_id=step, outcome=outcome)
        for step, outcome in outcomes.items()
    )
    _seal(record)
    return record


def locked(record_id: int) -> LessonRecord:
    """The record, held against every other writer of the student's records and signatures."""
    owner = LessonRecord.objects.values_list("student_id", flat=True).get(pk=record_id)
    take_sorted([("signatures", owner)])
    found: LessonRecord = (
        LessonRecord.objects.select_for_update(of=("self",))
        .select_related(
            "school",
            "student__membership__user",
            "teacher__membership__user",
            "student_plan__lesson_plan",
            "participation__booking__lesson_type",
        )
        .get(pk=record_id)
    )
    return found


def _seal(record: LessonRecord) -> None:
    record.content_hash = fingerprint(canonical(content_of(record)))
    record.save()


def _plan_for(student_id: int, licence_category: str) -> StudentPlan | None:
    return (
        StudentPlan.objects.current()
        .filter(student=student_id, licence_category=licence_category)
        .select_related("lesson_plan")
        .first()
    )


def _in_plan(
    steps: Collection[int], student_plan: StudentPlan | None, kind: LessonKind
) -> Refusal | None:
    plan = student_plan.lesson_plan_id if student_plan else None
    teachable = PlanStep.objects.filter(
        pk__in=steps, module__plan=plan, module__kind__in=TEACHES[kind]
    )
    if teachable.count() == len(steps):
        return None
    return Refusal(
        "step-not-in-plan",
        _("A step that you ticked does not belong to this lesson. Load the page again."),
    )
