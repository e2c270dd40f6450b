"""Progress of many students, and what they practise next, in a fixed number of queries."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.enums import LessonKind
from learning.enums import ModuleState
from learning.models import LessonRecord, PlanStep
from learning.queries import next_steps_of, planned_steps, progress_of
from learning.services import Taught
from tests.factories import NOON, StudentFactory
from tests.learning.factories import (
    complete,
    follow,
    lesson,
    steps,
    student_signs,
    taught_lesson,
)

DAY = dt.timedelta(days=1)


def codes(found: list[PlanStep]) -> list[str]:
    return [step.code for step in found]


def test_a_new_student_begins_at_the_beginning_of_each_kind(cast):
    follow(cast)

    assert codes(planned_steps(cast.student, LessonKind.THEORY)) == ["0", "1.1", "1.2"]
    assert codes(planned_steps(cast.student, LessonKind.PRACTICAL)) == ["7.1", "7.2", "7.3"]
    assert codes(planned_steps(cast.student, LessonKind.CLOSED_TRACK, 1)) == ["2.1"]
    assert planned_steps(cast.student, LessonKind.EXAM) == []


def test_what_is_to_be_repeated_comes_first(cast):
    plan = follow(cast)
    taught_lesson(cast, Taught(covered=steps(plan, 6, "7.1"), repeat=steps(plan, 6, "7.4")))

    assert codes(planned_steps(cast.student, LessonKind.PRACTICAL)) == ["7.4", "7.2", "7.3"]


def test_a_student_without_a_plan_has_no_next_steps(cast):
    assert next_steps_of([cast.student.pk]) == {}
    assert planned_steps(cast.student, LessonKind.PRACTICAL) == []


@pytest.mark.parametrize("signatures", (0, 1, 2))
def test_a_module_is_verified_when_both_have_signed_for_all_of_it(cast, signatures):
    plan = follow(cast)
    record = taught_lesson(cast, Taught(covered=steps(plan, 6)), sign=signatures > 0)
    if signatures == 2:
        student_signs(record)

    (progress,) = progress_of([cast.student.pk])[cast.student.pk]

    module = progress.modules[5]
    verified = ModuleState.VERIFIED if signatures == 2 else ModuleState.TAUGHT
    assert (module.state, module.progress.lessons) == (verified, 2)
    assert (progress.taught_modules, progress.verified_modules) == (1, int(signatures == 2))
    assert progress.road[5] == "done"


def test_lessons_before_the_plan_count_as_hours(cast):
    taught_lesson(cast)
    follow(cast)

    (progress,) = progress_of([cast.student.pk])[cast.student.pk]

    assert {kind.kind: kind.lessons for kind in progress.kinds} == {
        "theory": 0,
        "closed_track": 0,
        "road": 2,
        "skid_pad": 0,
    }


def test_a_record_that_was_replaced_no_longer_counts(cast):
    plan = follow(cast)
    old = taught_lesson(cast, Taught(covered=steps(plan, 6)))
    LessonRecord.objects.create(
        school=cast.school,
        participation=old.participation,
        student=old.student,
        student_plan=old.student_plan,
        teacher=old.teacher,
        taught_at=old.taught_at,
        minutes=45,
        content_hash=old.content_hash,
        version=2,
        supersedes=old,
    )

    (progress,) = progress_of([cast.student.pk])[cast.student.pk]

    assert progress.modules[5].state == ModuleState.NOT_STARTED
    assert [kind.lessons for kind in progress.kinds] == [0, 0, 1, 0]


def test_progress_of_many_takes_as_many_queries_as_of_one(cast):
    others = [StudentFactory(school=cast.school, department=cast.department) for _ in range(4)]
    everyone = [cast.student, *others]
    plan = follow(cast, *everyone)
    for day, student in enumerate(everyone):
        booking = lesson(cast, student, starts=NOON - day * DAY)
        complete(cast, booking, Taught(covered=steps(plan, 6, "7.1")), sign=True)

    counts = []
    for ids in ([cast.student.pk], [student.pk for student in everyone]):
        with CaptureQueriesContext(connection) as captured:
            found = next_steps_of(ids)
        counts.append(len(captured))

    assert {pk: codes(found[pk]) for pk in found} == {
        student.pk: ["7.2", "7.3", "7.4"] for student in everyone
    }
    assert counts == [6, 6]
