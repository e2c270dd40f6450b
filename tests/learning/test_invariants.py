"""The doctor finds every planted fault, and only that one."""

import pytest
from django.db import connection

from bookings.models import Participation
from justdriving.doctor import examine
from learning.invariants import INVARIANTS
from learning.models import LessonRecord, Signature, StudentPlan
from learning.services import Taught
from tests.learning.factories import follow, install, steps, student_signs, taught_lesson

TABLES = (
    "learning_lessonrecord",
    "learning_recordedstep",
    "learning_signature",
    "learning_signatureevent",
    "bookings_participation",
)


@pytest.fixture
def healthy(cast):
    """A lesson signed by both, and one that is not signed."""
    plan = follow(cast)
    record = taught_lesson(cast, Taught(covered=steps(plan, 6), note_shared="Fine"), sign=True)
    student_signs(record)
    return record


def plant(sql: str, *values: object) -> None:
    """Break something behind the back of every trigger and constraint."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        cursor.execute(sql, values)


def found() -> set[str]:
    return {finding.code for finding in examine(INVARIANTS)}


def test_a_healthy_school_has_no_findings(healthy):
    assert examine(INVARIANTS) == []


@pytest.mark.parametrize(
    ("sql", "codes"),
    (
        pytest.param(
            "UPDATE learning_lessonrecord SET minutes = minutes - 1",
            {"learning.signed_rows_unchanged"},
            id="minutes",
        ),
        pytest.param(
            "UPDATE learning_lessonrecord SET note_shared = 'Fine!'",
            {"learning.signed_rows_unchanged"},
            id="note",
        ),
        pytest.param(
            "UPDATE learning_lessonrecord SET taught_at = taught_at + interval '1 microsecond'",
            {"learning.signed_rows_unchanged"},
            id="time",
        ),
        pytest.param(
            "UPDATE learning_recordedstep SET outcome = 'repeat'"
            " WHERE id = (SELECT min(id) FROM learning_recordedstep)",
            {"learning.signed_rows_unchanged"},
            id="outcome",
        ),
        pytest.param(
            "DELETE FROM learning_recordedstep"
            " WHERE id = (SELECT min(id) FROM learning_recordedstep)",
            {"learning.signed_rows_unchanged"},
            id="step gone",
        ),
        pytest.param(
            "UPDATE learning_signature SET content = content || ' '",
            {"learning.signed_rows_unchanged"},
            id="content",
        ),
        pytest.param(
            "UPDATE learning_signature SET method = 'other' WHERE signed_as = 'teacher'",
            {"learning.signatures_are_one_chain"},
            id="method",
        ),
        pytest.param(
            "UPDATE learning_signature SET signed_at = signed_at + interval '1 microsecond'"
            " WHERE signed_as = 'student'",
            {"learning.signatures_are_one_chain", "learning.every_signature_was_told"},
            id="moment",
        ),
        pytest.param(
            "DELETE FROM learning_signature WHERE signed_as = 'teacher'",
            {"learning.signatures_are_one_chain", "learning.signed_by_the_right_people"},
            id="signature gone",
        ),
        pytest.param(
            "DELETE FROM learning_signatureevent WHERE change = 'verified'",
            {"learning.every_signature_was_told"},
            id="event gone",
        ),
        pytest.param(
            "UPDATE bookings_participation SET status = 'absent'",
            {"learning.signed_after_the_lesson", "learning.attended_place_has_one_live_record"},
            id="was not there",
        ),
    ),
)
def test_a_planted_fault_is_found(healthy, sql, codes):
    plant(sql)

    assert found() == codes


def test_a_forged_signer_is_found(cast, healthy):
    plant(
        "UPDATE learning_signature SET signer_id = %s WHERE signed_as = 'student'",
        cast.owner.user_id,
    )

    assert found() == {
        "learning.signed_by_the_right_people",
        "learning.signatures_are_one_chain",
        "learning.every_signature_was_told",
    }


def test_a_stranger_as_the_teacher_is_found(cast, other_school, healthy):
    plant(
        "UPDATE learning_signature SET signer_id = %s WHERE signed_as = 'teacher'",
        other_school.owner.user_id,
    )

    assert found() == {
        "learning.signed_by_the_right_people",
        "learning.signatures_are_one_chain",
        "learning.every_signature_was_told",
    }


def test_a_signature_before_the_end_is_found(healthy):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "UPDATE bookings_booking SET period ="
            " tstzrange(lower(period), upper(period) + interval '1 day')"
        )

    assert found() == {"learning.signed_after_the_lesson"}


def test_an_attended_place_without_a_record_is_found(cast):
    record = taught_lesson(cast)
    plant("DELETE FROM learning_lessonrecord WHERE id = %s", record.pk)

    assert found() == {"learning.attended_place_has_one_live_record"}


def test_a_record_of_another_students_place_is_found(cast):
    taught_lesson(cast)
    plant("UPDATE learning_lessonrecord SET student_id = %s", cast.other_student.pk)

    assert found() == {"learning.attended_place_has_one_live_record"}


def test_a_correction_that_skips_a_version_is_found(cast):
    record = taught_lesson(cast)
    LessonRecord.objects.create(
        school=cast.school,
        participation=record.participation,
        student=record.student,
        teacher=record.teacher,
        taught_at=record.taught_at,
        minutes=record.minutes,
        content_hash=record.content_hash,
        version=3,
        supersedes=record,
    )

    assert found() == {"learning.corrections_supersede"}


def test_a_step_of_another_plan_is_found(cast):
    plan = follow(cast)
    taught_lesson(cast, Taught(covered=steps(plan, 6, "7.1")))
    plant("UPDATE learning_lessonrecord SET student_plan_id = NULL")

    assert found() == {"learning.records_fit_their_plan"}


def test_a_plan_in_the_wrong_category_is_found(cast):
    follow(cast)
    StudentPlan.objects.update(licence_category="A")

    assert found() == {"learning.records_fit_their_plan"}


def test_the_fixtures_have_something_to_lose(cast, healthy):
    assert (Signature.objects.count(), Participation.objects.count()) == (2, 1)
    assert install(cast).student_plans.count() == 1
