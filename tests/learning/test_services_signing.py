"""The teacher signs, then the student; nobody else."""

import datetime as dt

import pytest

from justdriving.kernel.tenancy import school_scope
from learning import services
from learning.enums import Side, SignatureChange
from learning.models import (
    LessonPlan,
    LessonRecord,
    Signature,
    SignatureEvent,
)
from learning.policies import fingerprint
from learning.services import Taught
from learning.signals import signature_changed
from tests.factories import NOON
from tests.learning.factories import (
    ENDED,
    follow,
    refused,
    steps,
    student_signs,
    taught_lesson,
)


@pytest.fixture
def signed(cast):
    """A lesson that its teacher has signed."""
    plan = follow(cast)
    return taught_lesson(cast, Taught(covered=steps(plan, 6)), sign=True)


def test_the_student_signs_what_the_teacher_signed(cast, signed):
    student_signs(signed)

    teacher, student = Signature.objects.order_by("sequence")
    assert (student.signer, student.signed_as) == (cast.student.membership.user, Side.STUDENT)
    assert student.content == teacher.content
    assert student.content_hash == teacher.content_hash == fingerprint(student.content)
    assert student.previous_hash == teacher.chain_hash
    assert teacher.previous_hash == ""


def test_each_signature_is_told_once(cast):
    told = []

    def listen(sender, event, **kwargs):
        told.append((event.change, event.record_id, event.made_by_id))

    signature_changed.connect(listen)
    try:
        plan = follow(cast)
        record = taught_lesson(cast, Taught(covered=steps(plan, 6)), sign=True)
        student_signs(record)
        student_signs(record)
        services.sign_as_teacher(record_id=record.pk, by=cast.teacher.membership, at=ENDED)
    finally:
        signature_changed.disconnect(listen)

    assert told == [
        (SignatureChange.TEACHER_SIGNED, record.pk, cast.teacher.membership.user_id),
        (SignatureChange.VERIFIED, record.pk, cast.student.membership.user_id),
    ]
    assert SignatureEvent.objects.count() == Signature.objects.count() == 2


def test_the_chain_runs_through_all_lessons_of_a_student(cast, signed):
    plan = LessonPlan.objects.get()
    second = taught_lesson(
        cast,
        Taught(covered=steps(plan, 8)),
        sign=True,
        starts=NOON + dt.timedelta(days=1),
    )
    student_signs(second, at=NOON + dt.timedelta(days=2))
    student_signs(signed, at=NOON + dt.timedelta(days=2))

    chain = list(Signature.objects.order_by("sequence"))
    assert [link.sequence for link in chain] == [1, 2, 3, 4]
    assert [link.previous_hash for link in chain] == [
        "",
        *(link.chain_hash for link in chain[:-1]),
    ]


def test_an_owner_signs_for_a_teacher_and_it_shows(cast):
    plan = follow(cast)
    record = taught_lesson(cast, Taught(covered=steps(plan, 6)))

    signature = services.sign_as_teacher(record_id=record.pk, by=cast.owner, at=ENDED)

    assert (signature.signer, signature.is_covering) == (cast.owner.user, True)


@pytest.mark.parametrize(
    ("who", "code"),
    (
        ("office", "may-not-sign"),
        ("student", "may-not-sign"),
        ("other_teacher", "not-your-lesson"),
    ),
)
def test_nobody_else_signs_as_the_teacher(cast, who, code):
    plan = follow(cast)
    record = taught_lesson(cast, Taught(covered=steps(plan, 6)))
    person = getattr(cast, who)
    member = getattr(person, "membership", person)

    def sign():
        services.sign_as_teacher(record_id=record.pk, by=member, at=ENDED)

    assert refused(sign) == code
    assert not Signature.objects.exists()


@pytest.mark.parametrize("who", ("owner", "office", "teacher", "other_student"))
def test_nobody_else_signs_as_the_student(cast, signed, who):
    person = getattr(cast, who)
    member = getattr(person, "membership", person)

    def sign():
        services.sign_as_student(
            record_id=signed.pk, content_hash=signed.content_hash, by=member, at=ENDED
        )

    assert refused(sign) == "only-the-student"
    assert Signature.objects.count() == 1


def test_the_student_waits_for_the_teacher(cast):
    plan = follow(cast)
    record = taught_lesson(cast, Taught(covered=steps(plan, 6)))

    assert refused(lambda: student_signs(record)) == "not-signed-by-teacher"


def test_what_changed_since_it_was_read_is_not_signed(cast, signed):
    def sign():
        services.sign_as_student(
            record_id=signed.pk, content_hash="0" * 64, by=cast.student.membership, at=ENDED
        )

    assert refused(sign) == "changed-since-read"
    assert Signature.objects.count() == 1


@pytest.mark.parametrize(("seconds", "can"), ((-1, False), (0, True), (1, True)))
def test_a_lesson_is_signed_when_it_is_over(cast, seconds, can):
    plan = follow(cast)
    record = taught_lesson(cast, Taught(covered=steps(plan, 6)))
    at = ENDED + dt.timedelta(seconds=seconds)

    if can:
        services.sign_as_teacher(record_id=record.pk, by=cast.teacher.membership, at=at)
    else:
        assert (
            refused(
                lambda: services.sign_as_teacher(
                    record_id=record.pk, by=cast.teacher.membership, at=at
                )
            )
            == "not-over"
        )


def test_a_signed_record_takes_no_more_writing(cast, signed):
    def write():
        services.record_teaching(
            record_id=signed.pk, taught=Taught(), by=cast.teacher.membership, at=ENDED
        )

    assert refused(write) == "already-signed"


def test_the_internal_note_is_not_part_of_what_is_signed(cast):
    plan = follow(cast)
    record = taught_lesson(cast, Taught(covered=steps(plan, 6), note_internal="Secret"), sign=True)

    assert "Secret" not in record.signatures.get().content


def test_a_record_of_another_school_does_not_exist_here(cast, other_school):
    with school_scope(other_school.school.pk):
        theirs = taught_lesson(other_school)

    with pytest.raises(LessonRecord.DoesNotExist):
        services.sign_as_teacher(record_id=theirs.pk, by=cast.owner, at=ENDED)
