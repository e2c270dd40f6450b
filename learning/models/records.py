"""What was really taught to one student in one lesson."""

from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from administration.enums import Role
from administration.models import Membership, Student, Teacher
from bookings.models import Participation
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned
from learning.enums import Side, StepOutcome
from learning.models.plans import PlanStep, StudentPlan

# FOR SHARE waits for a signature that is being written: it holds the record FOR UPDATE.
REFUSE_IF_SIGNED = """
    PERFORM FROM learning_lessonrecord WHERE id = {record} FOR SHARE;
    IF EXISTS (SELECT FROM learning_signature WHERE record_id = {record}) THEN
        RAISE EXCEPTION 'lesson record % is signed', {record}
            USING ERRCODE = 'check_violation', CONSTRAINT = 'signed_record_is_final';
    END IF;
"""


class LessonRecordQuerySet(models.QuerySet["LessonRecord"]):
    def visible_to(self, member: Membership) -> Self:
        """The records of the students this person may know about."""
        return self.filter(student__in=Student.objects.visible_to(member))

    def taught_by_or_managed_by(self, member: Membership) -> Self:
        """The records this member of staff may fill in, not only see."""
        if member.role == Role.OWNER:
            return self.visible_to(member)
        return self.filter(teacher__membership=member)

    def live(self) -> Self:
        """Not replaced by a corrected version."""
        return self.filter(superseded_by__isnull=True)

    def with_signatures(self) -> Self:
        """Annotate ``has_teacher`` and ``has_student``: which side has signed."""
        return self.annotate(
            has_teacher=_signed_by(Side.TEACHER), has_student=_signed_by(Side.STUDENT)
        )

    def signed_by_teacher(self) -> Self:
        return self.with_signatures().filter(has_teacher=True)

    def awaiting_student(self) -> Self:
        return self.live().signed_by_teacher().filter(has_student=False)

    def awaiting_teacher(self) -> Self:
        return self.live().with_signatures().filter(has_teacher=False)


def _signed_by(side: Side) -> Exists:
    from learning.models.signatures import Signature  # noqa: PLC0415 -- it refers back to records

    return Exists(Signature.objects.filter(record=OuterRef("pk"), signed_as=side))


class LessonRecord(SchoolOwned):
    """What one student was taught in one lesson; one live version for each attended place.

    ``taught_at`` is the lesson's start (UTC), ``minutes`` the time really used. ``content_hash`` is
    the SHA-256 of learning.queries.records.content_of: what the student sees is what they sign.
    Once its teacher has signed, the row and its steps are final; a correction is a new version.
    """

    participation = models.ForeignKey(
        Participation, on_delete=models.PROTECT, related_name="lesson_records"
    )
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="lesson_records")
    student_plan = models.ForeignKey(
        StudentPlan, on_delete=models.PROTECT, null=True, blank=True, related_name="records"
    )
    teacher = models.ForeignKey(Teacher, on_delete=models.PROTECT, related_name="lesson_records")
    taught_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    version = models.PositiveSmallIntegerField(default=1)
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    note_shared = models.TextField(_("note for the student"), max_length=2000, blank=True)
    note_internal = models.TextField(_("internal note"), max_length=2000, blank=True)
    content_hash = models.CharField(max_length=64)
    has_teacher: bool  # annotated by with_signatures
    has_student: bool

    objects: ClassVar = SchoolManager.from_queryset(LessonRecordQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["participation", "version"], name="one_record_per_place_and_version"
            ),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="record_has_minutes"),
            models.CheckConstraint(
                condition=Q(version=1, supersedes__isnull=True)
                | Q(version__gt=1, supersedes__isnull=False),
                name="later_record_version_supersedes_one",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["student", "taught_at"], name="record_by_student"),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="signed_record_is_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=REFUSE_IF_SIGNED.format(record="OLD.id")
                + "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student_id} in {self.participation_id}, version {self.version}"


class RecordedStep(SchoolOwned):
    """A step of the plan was taught in a lesson, and how it went."""

    record = models.ForeignKey(LessonRecord, on_delete=models.CASCADE, related_name="steps")
    step = models.ForeignKey(PlanStep, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=16, choices=StepOutcome)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["record", "step"], name="step_once_per_record"),
            models.CheckConstraint(
                condition=Q(outcome__in=StepOutcome.values), name="step_outcome_known"
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="steps_of_a_signed_record_are_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="IF TG_OP <> 'INSERT' THEN"
                + REFUSE_IF_SIGNED.format(record="OLD.record_id")
                + "END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;"
                + REFUSE_IF_SIGNED.format(record="NEW.record_id")
                + "RETURN NEW;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step_id}: {self.outcome}"
