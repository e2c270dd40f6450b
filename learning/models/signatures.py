"""Who signed for what was taught: append-only, chained per student, guarded by the database."""

from typing import ClassVar, Self

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from administration.models import Membership, Student, User
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned
from learning.enums import Side, SignatureChange, SignatureMethod
from learning.invariants import CHAIN_SQL
from learning.models.records import LessonRecord

REFUSE = """IF {condition} THEN
    RAISE EXCEPTION '{words}' USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
END IF;
"""


def _refuse(name: str, words: str, condition: str) -> str:
    return REFUSE.format(name=name, words=words, condition=condition)


# The lock makes every change of the record wait: what is signed is what is there.
FIND = """
SELECT r.student_id, r.teacher_id, r.content_hash, s.membership_id,
       upper(b.period) AS ended_at, p.status,
       (SELECT m.user_id FROM administration_membership AS m WHERE m.id = s.membership_id) AS pupil
INTO rec
FROM learning_lessonrecord AS r
JOIN administration_student AS s ON s.id = r.student_id
JOIN bookings_participation AS p ON p.id = r.participation_id AND p.student_id = r.student_id
JOIN bookings_booking AS b ON b.id = p.booking_id
WHERE r.id = NEW.record_id AND r.school_id = NEW.school_id
FOR UPDATE OF r;
SELECT coalesce(max(sequence), 0) AS sequence,
       coalesce((array_agg(chain_hash ORDER BY sequence DESC))[1], '') AS chain_hash
INTO last FROM learning_signature WHERE student_id = NEW.student_id;
"""

RIGHT_PERSON = (
    FIND  # noqa: S608 -- made of constants only
    + _refuse(
        "signature_is_of_its_record",
        "the signature does not fit its record",
        "rec.student_id IS DISTINCT FROM NEW.student_id"
        " OR rec.content_hash IS DISTINCT FROM NEW.content_hash"
        " OR encode(sha256(convert_to(NEW.content, 'UTF8')), 'hex') <> NEW.content_hash",
    )
    + _refuse(
        "only_the_signer_signs",
        "a signature is written by the person who signs, in their own session",
        "current_setting('justdriving.signing_user', true) IS DISTINCT FROM NEW.signer_id::text",
    )
    + _refuse(
        "only_the_student_signs_as_the_student",
        "nobody but the student signs as the student",
        "NEW.signed_as = 'student' AND rec.pupil IS DISTINCT FROM NEW.signer_id",
    )
    + _refuse(
        "student_signs_after_the_teacher",
        "the teacher has not signed yet",
        "NEW.signed_as = 'student' AND NOT EXISTS (SELECT FROM learning_signature"
        " WHERE record_id = NEW.record_id AND signed_as = 'teacher')",
    )
    + _refuse(
        "only_the_teacher_or_an_owner_signs_as_the_teacher",
        "only the teacher of the lesson or an owner signs as the teacher",
        "NEW.signed_as = 'teacher' AND NOT EXISTS (SELECT FROM administration_membership AS m"
        " LEFT JOIN administration_teacher AS t ON t.membership_id = m.id"
        " WHERE m.user_id = NEW.signer_id AND m.school_id = NEW.school_id"
        " AND m.status = 'active' AND m.role IN ('owner', 'teacher')"
        " AND (m.role = 'owner' OR t.id = rec.teacher_id))",
    )
    + _refuse(
        "nothing_is_signed_before_it_was_taught",
        "the lesson was not attended, or is not over",
        "rec.status <> 'attended' OR NEW.signed_at < rec.ended_at",
    )
    + _refuse(
        "signatures_of_a_student_are_one_chain",
        "the signature does not continue the chain",
        "NEW.sequence <> last.sequence + 1 OR NEW.previous_hash <> last.chain_hash"
        f" OR NEW.chain_hash <> {CHAIN_SQL.format(row='NEW')}",
    )
    + "RETURN NEW;"
)


class SignatureQuerySet(models.QuerySet["Signature"]):
    def visible_to(self, member: Membership) -> Self:
        return self.filter(student__in=Student.objects.visible_to(member))


class Signature(SchoolOwned):
    """One person put their name to one lesson record.

    ``content`` is the exact text that was signed and ``content_hash`` its SHA-256. ``chain_hash``
    seals this signature and all the student's earlier ones; ``previous_hash`` is the one before.
    """

    record = models.ForeignKey(LessonRecord, on_delete=models.PROTECT, related_name="signatures")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="signatures")
    signer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    signed_as = models.CharField(max_length=8, choices=Side)
    signed_at = models.DateTimeField()
    method = models.CharField(max_length=16, choices=SignatureMethod)
    ip = models.GenericIPAddressField(null=True)
    content = models.TextField()
    content_hash = models.CharField(max_length=64)
    sequence = models.PositiveIntegerField()
    previous_hash = models.CharField(max_length=64, blank=True)
    chain_hash = models.CharField(max_length=64)

    objects: ClassVar = SchoolManager.from_queryset(SignatureQuerySet)()

    class Meta:
        ordering: ClassVar = ["student", "sequence"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["record", "signed_as"], name="each_side_signs_once"),
            models.UniqueConstraint(
                fields=["student", "sequence"], name="signatures_of_a_student_in_one_line"
            ),
            models.CheckConstraint(
                condition=Q(signed_as__in=Side.values), name="signature_side_known"
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="signed_by_the_right_person",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("rec", "record"), ("last", "record")],
                func=RIGHT_PERSON,
            ),
            pgtrigger.Protect(
                name="signature_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]

    def __str__(self) -> str:
        return f"{self.signer_id} as {self.signed_as} of {self.record_id}"

    @cached_property
    def is_covering(self) -> bool:
        """An owner signed in place of the teacher who taught."""
        taught_by = self.record.teacher.membership.user_id
        return self.signed_as == Side.TEACHER and taught_by != self.signer_id


class SignatureEvent(SchoolOwned):
    """A record was signed by one side: the event others follow. Written once, never edited."""

    signature = models.OneToOneField(Signature, on_delete=models.PROTECT, related_name="event")
    record = models.ForeignKey(LessonRecord, on_delete=models.PROTECT, related_name="events")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+")
    change = models.CharField(max_length=16, choices=SignatureChange)
    happened_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="signature_event_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record_id}: {self.change}"
