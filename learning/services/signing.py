"""Signing: the teacher first, then the student, each in their own name."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from administration.models import Membership
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.transactions import refusing, use_case
from learning.enums import Side, SignatureChange, SignatureMethod
from learning.models import LessonRecord, Signature, SignatureEvent
from learning.policies import (
    Link,
    canonical,
    chain_hash,
    fingerprint,
    may_sign_as_student,
    may_sign_as_teacher,
    ready_to_sign,
    unchanged,
)
from learning.queries import content_of
from learning.services.records import locked
from learning.signals import signature_changed

CHANGES = {
    Side.TEACHER: SignatureChange.TEACHER_SIGNED,
    Side.STUDENT: SignatureChange.VERIFIED,
}


@dataclass(frozen=True, slots=True)
class Hand:
    """Who puts their name, when, from where, and how we know it is them."""

    by: Membership
    at: datetime
    ip: str | None
    method: SignatureMethod


@use_case
def sign_as_teacher(
    *,
    record_id: int,
    by: Membership,
    at: datetime,
    ip: str | None = None,
    method: SignatureMethod = SignatureMethod.SESSION,
) -> Signature:
    """The teacher of the lesson, or an owner covering for them, signs what was taught.

    The record is final from here on, and the student is asked to sign. Having signed already
    changes nothing. Raises Refused(may-not-sign, not-your-lesson, superseded, nothing-recorded,
    not-over).
    """
    record = locked(record_id)
    enforce(may_sign_as_teacher(by, taught_by_membership_id=record.teacher.membership_id))
    if (signed := record.signatures.filter(signed_as=Side.TEACHER).first()) is not None:
        return signed
    enforce(_ready(record))
    content = canonical(content_of(record))
    record.content_hash = fingerprint(content)  # names may have changed since it was written
    record.save(update_fields=["content_hash"])
    return _sign(record, Side.TEACHER, content, Hand(by, at, ip, method))


@use_case
def sign_as_student(
    *,
    record_id: int,
    content_hash: str,
    by: Membership,
    at: datetime,
    ip: str | None = None,
    method: SignatureMethod = SignatureMethod.SESSION,
) -> Signature:
    """The student signs what they read; ``content_hash`` is what their page showed.

    Having signed already changes nothing. Raises Refused(only-the-student, superseded,
    not-signed-by-teacher, changed-since-read).
    """
    record = locked(record_id)
    enforce(may_sign_as_student(by, student_membership_id=record.student.membership_id))
    enforce(_ready(record))
    enforce(unchanged(content_hash, record.content_hash))
    if (signed := record.signatures.filter(signed_as=Side.STUDENT).first()) is not None:
        return signed
    teacher = record.signatures.filter(signed_as=Side.TEACHER).first()
    if teacher is None:
        words = _("The teacher has not signed this lesson yet.")
        raise Refused(Refusal("not-signed-by-teacher", words))
    return _sign(record, Side.STUDENT, teacher.content, Hand(by, at, ip, method))


def _ready(record: LessonRecord) -> Refusal | None:
    return ready_to_sign(
        has_plan=record.student_plan_id is not None,
        steps=record.steps.count(),
        is_superseded=LessonRecord.objects.filter(supersedes=record).exists(),
    )


def _sign(record: LessonRecord, side: Side, content: str, hand: Hand) -> Signature:
    """Add a link to the student's chain and announce it. The only code that writes signatures."""
    last = Signature.objects.filter(student=record.student_id).order_by("sequence").last()
    link = Link(
        student_id=record.student_id,
        sequence=last.sequence + 1 if last else 1,
        record_id=record.pk,
        signed_as=side,
        signer_id=hand.by.user_id,
        signed_at=hand.at,
        method=hand.method.value,
        content_hash=record.content_hash,
    )
    previous = last.chain_hash if last else ""
    signature = Signature(
        school_id=record.school_id,
        record=record,
        student_id=link.student_id,
        signer_id=link.signer_id,
        signed_as=side,
        signed_at=hand.at,
        method=hand.method,
        ip=hand.ip,
        content=content,
        content_hash=link.content_hash,
        sequence=link.sequence,
        previous_hash=previous,
        chain_hash=chain_hash(previous, link),
    )
    _save_as(hand.by, signature)
    event = SignatureEvent.objects.create(
        school_id=record.school_id,
        signature=signature,
        record=record,
        student_id=record.student_id,
        change=CHANGES[side],
        happened_at=hand.at,
        made_by_id=hand.by.user_id,
    )
    signature_changed.send(sender=LessonRecord, event=event)
    return signature


def _save_as(by: Membership, signature: Signature) -> None:
    """Tell the database who is signing, for the length of this one insert."""
    not_over = Refusal("not-over", _("The lesson can be signed when it is over."))
    with (
        refusing({"nothing_is_signed_before_it_was_taught": lambda: not_over}),
        connection.cursor() as cursor,
    ):
        name = "SELECT set_config('justdriving.signing_user', %s, true)"
        cursor.execute(name, [str(by.user_id)])
        signature.save(force_insert=True)
        cursor.execute(name, [""])
