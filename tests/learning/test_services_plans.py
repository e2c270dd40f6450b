"""Plans are copied into a school, and students follow them."""

import datetime as dt

import pytest
from django.db import IntegrityError

from justdriving.kernel.tenancy import school_scope
from learning import services
from learning.models import (
    LessonPlan,
    PlanStep,
    StudentPlan,
)
from tests.factories import NOW
from tests.learning.factories import (
    follow,
    install,
    refused,
)


def test_installing_a_plan_copies_it_into_the_school_once(cast):
    plan = install(cast)

    assert install(cast) == plan
    assert list(LessonPlan.objects.values_list("name", "version", "licence_category")) == [
        ("Denmark B – lesson plan", 1, "B")
    ]
    assert (plan.modules.count(), PlanStep.objects.count()) == (18, 80)


def test_a_danish_school_gets_the_danish_name(cast):
    cast.owner.school.language = "da"

    assert install(cast).name == "Danmark B – lektionsplan"


def test_an_unknown_template_is_refused(cast):
    code = refused(lambda: services.install_plan(key="mars-z", by=cast.owner, at=NOW))

    assert code == "unknown-template"


def test_a_student_follows_a_plan_from_the_day_it_was_chosen(cast):
    plan = install(cast)
    late = dt.datetime(2026, 3, 2, 23, 30, tzinfo=dt.UTC)  # 0.30 the next day in Copenhagen

    services.assign_plan(
        student_id=cast.student.pk, lesson_plan_id=plan.pk, by=cast.office, at=late
    )

    assert list(
        StudentPlan.objects.values_list("student", "lesson_plan", "started_on", "assigned_by")
    ) == [(cast.student.pk, plan.pk, dt.date(2026, 3, 3), cast.office.user_id)]


def test_choosing_the_plan_that_is_followed_changes_nothing(cast):
    plan = follow(cast)
    services.assign_plan(
        student_id=cast.student.pk,
        lesson_plan_id=plan.pk,
        by=cast.owner,
        at=NOW + dt.timedelta(days=9),
    )

    assert StudentPlan.objects.get().assigned_by_id == cast.office.user_id


def test_another_plan_ends_the_one_before(cast):
    first = follow(cast)
    second = LessonPlan.objects.create(school=cast.school, name="Ours", licence_category="B")
    services.assign_plan(
        student_id=cast.student.pk,
        lesson_plan_id=second.pk,
        by=cast.office,
        at=NOW + dt.timedelta(days=9),
    )

    plans = StudentPlan.objects.order_by("pk").values_list("lesson_plan", "ended_on")
    assert list(plans) == [(first.pk, dt.date(2026, 3, 11)), (second.pk, None)]


@pytest.mark.parametrize(
    ("change", "code"),
    (
        ({"is_active": False}, "plan-not-in-use"),
        ({"licence_category": "A"}, "plan-of-another-category"),
    ),
)
def test_a_plan_that_does_not_fit_is_refused(cast, change, code):
    plan = LessonPlan.objects.create(
        **{"school": cast.school, "name": "Ours", "licence_category": "B"} | change
    )

    def assign():
        services.assign_plan(
            student_id=cast.student.pk, lesson_plan_id=plan.pk, by=cast.office, at=NOW
        )

    assert refused(assign) == code
    assert not StudentPlan.objects.exists()


def test_a_plan_of_another_school_does_not_exist_here(cast, other_school):
    with school_scope(other_school.school.pk):
        theirs = install(other_school)

    with pytest.raises(LessonPlan.DoesNotExist):
        services.assign_plan(
            student_id=cast.student.pk, lesson_plan_id=theirs.pk, by=cast.office, at=NOW
        )


def test_the_database_lets_a_student_follow_one_plan_per_category(cast):
    follow(cast)
    twice = StudentPlan.objects.get()
    twice.pk = None

    with pytest.raises(IntegrityError, match="student_follows_one_plan_per_category"):
        twice.save(force_insert=True)
