"""Progress, plans, and what belongs to another school."""

import datetime as dt

import pytest
import time_machine
from django.utils import translation

from administration.enums import Role
from justdriving.kernel.tenancy import school_scope
from learning.models import LessonPlan, StudentPlan
from learning.services import Taught
from tests.factories import (
    NOON,
    GuardianFactory,
    MembershipFactory,
    UserFactory,
)
from tests.learning.factories import (
    KEY,
    follow,
    install,
    lesson,
    steps,
    student_signs,
    taught_lesson,
)
from tests.learning.pages import LATER, queries_of, url


@pytest.fixture(autouse=True)
def _an_hour_after_the_lesson():
    with time_machine.travel(LATER, tick=False), translation.override("en"):
        yield


@pytest.fixture
def signed(cast):
    plan = follow(cast)
    return taught_lesson(
        cast,
        Taught(covered=steps(plan, 6, "7.1"), note_shared="Good", note_internal="Secret"),
        sign=True,
    )


def test_the_student_sees_the_way_so_far(cast, signed_in, signed):
    student_signs(signed, at=LATER)

    page = signed_in(cast.student).get(url(cast, "progress"))

    for words in ("0 of 18 modules taught", "of 16 lessons", "Signed by both", "Mette Holm"):
        assert words in page.text


def test_staff_and_student_see_the_same_numbers(cast, signed_in, signed):
    pages = [
        signed_in(person).get(url(cast, "student_progress", cast.student.pk)).context["plans"]
        for person in (cast.student, cast.teacher, cast.office, cast.owner)
    ]

    numbers = [[(plan.road, plan.kinds) for plan in plans] for plans in pages]
    assert all(seen == numbers[0] for seen in numbers)
    assert numbers[0][0][0].count("now") == 1


def test_a_guardian_follows_their_child_and_reads_no_internal_note(cast, signed_in, signed):
    parent = MembershipFactory(school=cast.school, role=Role.GUARDIAN, user=UserFactory())
    GuardianFactory(student=cast.student, user=parent.user)
    client = signed_in(parent)

    page = client.get(url(cast, "student_progress", cast.student.pk))

    assert page.status_code == 200
    assert "Secret" not in page.text
    assert client.get(url(cast, "student_progress", cast.other_student.pk)).status_code == 404
    assert client.get(url(cast, "record", signed.pk)).status_code == 403


def test_a_student_without_a_plan_is_told_what_comes(cast, signed_in):
    page = signed_in(cast.student).get(url(cast, "progress"))

    assert "No lesson plan yet" in page.text


def test_the_number_of_queries_does_not_grow_with_the_lessons(cast, signed_in):
    plan = follow(cast)
    client = signed_in(cast.student)

    def teach(day):
        record = taught_lesson(
            cast,
            Taught(covered=steps(plan, 6, "7.1")),
            sign=True,
            starts=NOON - dt.timedelta(days=day),
        )
        if day > 1:
            student_signs(record, at=LATER)

    teach(1)
    client.get(url(cast, "progress"))
    few = queries_of(client, url(cast, "progress"))
    to_sign = queries_of(client, url(cast, "to_sign"))
    for day in range(2, 6):
        teach(day)
    for day in range(6, 9):
        taught_lesson(
            cast,
            Taught(covered=steps(plan, 6, "7.2")),
            sign=True,
            starts=NOON - dt.timedelta(days=day),
        )

    assert queries_of(client, url(cast, "progress")) == few
    assert queries_of(client, url(cast, "to_sign")) == to_sign


def test_an_owner_adds_the_danish_plan_and_reads_it(cast, signed_in):
    client = signed_in(cast.owner)

    offered = client.get(url(cast, "plans"))
    for _ in range(2):
        client.post(url(cast, "install_plan"), {"key": KEY})
    page = client.get(url(cast, "plans"))

    assert "Add this plan" in offered.text
    assert "Add this plan" not in page.text
    assert "Roundabouts" in page.text
    assert LessonPlan.objects.count() == 1


def test_an_unknown_template_adds_nothing(cast, signed_in):
    client = signed_in(cast.owner)

    client.post(url(cast, "install_plan"), {"key": "mars-z"})
    page = client.get(url(cast, "plans"))

    assert "There is no such lesson plan." in page.text
    assert not LessonPlan.objects.exists()


def test_the_office_gives_a_student_a_plan(cast, signed_in):
    plan = install(cast)
    client = signed_in(cast.office)
    address = url(cast, "assign", cast.student.pk)

    page = client.get(address)
    answer = client.post(address, {"lesson_plan": plan.pk})

    assert "Denmark B – lesson plan, version 1" in page.text
    assert (answer.status_code, answer.url) == (
        302,
        url(cast, "student_progress", cast.student.pk),
    )
    assert StudentPlan.objects.get().student == cast.student
    assert "has followed" not in client.get(address).text


def test_changing_the_plan_says_what_it_means_first(cast, signed_in):
    follow(cast)
    LessonPlan.objects.create(school=cast.school, name="Ours", licence_category="B")

    page = signed_in(cast.office).get(url(cast, "assign", cast.student.pk))

    assert "Another plan begins anew" in page.text


def test_a_plan_that_is_not_offered_is_refused(cast, signed_in):
    install(cast)
    lorry = LessonPlan.objects.create(school=cast.school, name="Lorry", licence_category="C")

    page = signed_in(cast.office).post(
        url(cast, "assign", cast.student.pk), {"lesson_plan": lorry.pk}
    )

    assert page.status_code == 422
    assert not StudentPlan.objects.exists()


@pytest.mark.parametrize(
    ("name", "who"),
    (("plans", "office"), ("plans", "teacher"), ("assign", "teacher"), ("assign", "student")),
)
def test_who_may_not_choose_plans(cast, signed_in, name, who):
    args = [cast.student.pk] if name == "assign" else []

    assert signed_in(getattr(cast, who)).get(url(cast, name, *args)).status_code == 403


@pytest.mark.parametrize("who", ("owner", "teacher"))
def test_what_belongs_to_another_school_does_not_exist(cast, other_school, signed_in, who):
    with school_scope(other_school.school.pk):
        record = taught_lesson(other_school)
        booking = lesson(other_school, starts=NOON - dt.timedelta(days=1))
    client = signed_in(getattr(cast, who))
    data = {"content_hash": record.content_hash}

    for name, pk in (
        ("complete", booking.pk),
        ("record", record.pk),
        ("student_progress", other_school.student.pk),
    ):
        assert client.get(url(cast, name, pk)).status_code == 404
        assert client.get(url(other_school, name, pk)).status_code == 404
    for name, pk in (("complete", booking.pk), ("record", record.pk)):
        assert client.post(url(cast, name, pk), data).status_code == 404
        assert client.post(url(other_school, name, pk), data).status_code == 404
    student = signed_in(cast.student)
    assert student.get(url(cast, "review", record.pk)).status_code == 404
    assert student.post(url(other_school, "review", record.pk), data).status_code == 404
