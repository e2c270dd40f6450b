"""What was taught is written down when a lesson is completed, or later."""

import pytest

from bookings.enums import BookingStatus, LessonKind
from bookings.models import ParticipationTransition
from learning import services
from learning.enums import ModuleKind, Side, StepOutcome
from learning.models import (
    LessonRecord,
    RecordedStep,
    Signature,
)
from learning.policies import canonical, fingerprint
from learning.queries import content_of
from learning.services import Taught
from tests.factories import NOON, LessonTypeFactory, StudentFactory
from tests.learning.factories import (
    ENDED,
    complete,
    follow,
    install,
    lesson,
    refused,
    steps,
    taught_lesson,
)


def test_completing_a_lesson_records_what_was_taught(cast):
    plan = follow(cast)
    booking = lesson(cast)
    taught = Taught(
        covered=steps(plan, 6, "7.1", "7.2"),
        repeat=steps(plan, 6, "7.3"),
        note_shared=" Look further ahead. ",
        note_internal="Nervous.",
    )

    (record,) = complete(cast, booking, taught)

    booking.refresh_from_db()
    record.refresh_from_db()
    assert booking.status == BookingStatus.COMPLETED
    assert (record.student, record.teacher, record.taught_at, record.minutes, record.version) == (
        cast.student,
        cast.teacher,
        NOON,
        90,
        1,
    )
    assert (record.note_shared, record.note_internal) == ("Look further ahead.", "Nervous.")
    assert record.student_plan.lesson_plan == plan
    recorded = record.steps.order_by("step__position").values_list("step__code", "outcome")
    assert list(recorded) == [
        ("7.1", StepOutcome.COVERED),
        ("7.2", StepOutcome.COVERED),
        ("7.3", StepOutcome.REPEAT),
    ]
    assert record.content_hash == fingerprint(canonical(content_of(record)))
    assert not Signature.objects.exists()


def test_completing_can_sign_for_the_teacher_in_the_same_act(cast):
    plan = follow(cast)

    record = taught_lesson(cast, Taught(covered=steps(plan, 6)), sign=True)

    signature = Signature.objects.get()
    assert (signature.record, signature.signer, signature.signed_as, signature.signed_at) == (
        record,
        cast.teacher.membership.user,
        Side.TEACHER,
        ENDED,
    )


def test_a_group_is_written_up_for_those_who_came(cast):
    third = StudentFactory(school=cast.school, department=cast.department)
    plan = follow(cast, cast.student, cast.other_student, third)
    theory = LessonTypeFactory(school=cast.school, kind=LessonKind.THEORY, capacity=20)
    booking = lesson(cast, cast.student, cast.other_student, third, lesson_type=theory, minutes=135)

    complete(cast, booking, Taught(covered=steps(plan, 1)), sign=True, absent=(third,))

    assert set(LessonRecord.objects.values_list("student", "minutes")) == {
        (cast.student.pk, 135),
        (cast.other_student.pk, 135),
    }
    assert RecordedStep.objects.count() == 2 * 5
    assert set(Signature.objects.values_list("student", "sequence")) == {
        (cast.student.pk, 1),
        (cast.other_student.pk, 1),
    }


def test_nobody_came_leaves_nothing_to_sign(cast):
    plan = follow(cast)
    booking = lesson(cast)

    records = complete(
        cast, booking, Taught(covered=steps(plan, 6)), sign=True, absent=(cast.student,)
    )

    booking.refresh_from_db()
    assert (records, booking.status) == ([], BookingStatus.NO_SHOW)


def test_a_refusal_while_signing_undoes_the_whole_completion(cast):
    follow(cast)
    booking = lesson(cast)

    assert refused(lambda: complete(cast, booking, Taught(), sign=True)) == "nothing-recorded"

    booking.refresh_from_db()
    assert booking.status == BookingStatus.CONFIRMED
    assert not LessonRecord.objects.exists()


def test_a_lesson_without_a_plan_is_recorded_and_can_be_signed(cast):
    record = taught_lesson(cast, Taught(note_shared="Settling in"), sign=True)

    assert record.student_plan is None
    assert record.signatures.count() == 1


def test_the_office_completes_a_lesson_and_the_teacher_writes_it_up_later(cast):
    plan = follow(cast)
    (record,) = complete(cast, lesson(cast), by=cast.office)

    services.write_up(
        record_id=record.pk,
        taught=Taught(covered=steps(plan, 6, "7.1")),
        sign=True,
        by=cast.teacher.membership,
        at=ENDED,
    )

    assert list(record.steps.values_list("step__code", flat=True)) == ["7.1"]
    assert record.signatures.get().signer == cast.teacher.membership.user


def test_a_plan_chosen_after_the_lesson_is_the_plan_it_is_written_up_in(cast):
    record = taught_lesson(cast)
    plan = follow(cast)

    services.record_teaching(
        record_id=record.pk,
        taught=Taught(covered=steps(plan, 6, "7.1")),
        by=cast.teacher.membership,
        at=ENDED,
    )

    record.refresh_from_db()
    assert record.student_plan.lesson_plan == plan


def test_writing_up_again_replaces_what_was_written(cast):
    plan = follow(cast)
    record = taught_lesson(cast, Taught(covered=steps(plan, 6, "7.1"), note_shared="a"))
    before = record.content_hash

    services.record_teaching(
        record_id=record.pk,
        taught=Taught(repeat=steps(plan, 6, "7.2")),
        by=cast.teacher.membership,
        at=ENDED,
    )

    record.refresh_from_db()
    assert list(record.steps.values_list("step__code", "outcome")) == [("7.2", "repeat")]
    assert record.note_shared == ""
    assert record.content_hash != before


def test_a_place_that_becomes_attended_has_one_record_however_often_it_is_told(cast):
    record = taught_lesson(cast)
    transition = ParticipationTransition.objects.get(to_status="attended")

    assert services.open_record(transition=transition) == record
    assert LessonRecord.objects.count() == 1


@pytest.mark.parametrize("who", ("office", "other_teacher", "student"))
def test_what_was_taught_is_written_by_its_teacher_or_an_owner(cast, who):
    record = taught_lesson(cast)
    person = getattr(cast, who)
    member = getattr(person, "membership", person)

    def write():
        services.record_teaching(record_id=record.pk, taught=Taught(), by=member, at=ENDED)

    expected = "not-your-lesson" if who == "other_teacher" else "may-not-record"
    assert refused(write) == expected


@pytest.mark.parametrize("module", (1, 2, 18))
def test_a_step_of_another_kind_of_lesson_is_refused(cast, module):
    plan = follow(cast)
    taught = Taught(covered=steps(plan, module))

    assert refused(lambda: taught_lesson(cast, taught)) == "step-not-in-plan"


def test_a_step_of_a_plan_that_is_not_followed_is_refused(cast):
    plan = install(cast)

    assert (
        refused(lambda: taught_lesson(cast, Taught(covered=steps(plan, 6)))) == "step-not-in-plan"
    )


def test_kinds_of_modules_without_a_lesson_kind_are_taught_in_seminars(cast):
    plan = follow(cast)
    plan.modules.filter(position=1).update(kind=ModuleKind.FIRST_AID)
    seminar = LessonTypeFactory(school=cast.school, kind=LessonKind.SEMINAR)

    record = taught_lesson(cast, Taught(covered=steps(plan, 1, "0")), lesson_type=seminar)

    assert record.steps.count() == 1
