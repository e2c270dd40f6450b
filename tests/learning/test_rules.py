"""The closed track of the plan is over, or booked to come first, before the road."""

import datetime as dt

import pytest
from django.utils import translation

from bookings.models import LessonType
from bookings.queries import LessonRequest, why_not
from learning.models import StudentPlan
from tests.factories import NOON, NOW, LessonTypeFactory
from tests.learning.factories import follow, lesson

DAY = dt.timedelta(days=1)


@pytest.fixture
def types(cast):
    """The kinds of lesson the school books; the plan wants 4 on the track before the road."""
    made = {
        kind: LessonTypeFactory(school=cast.school, kind=kind, needs=[])
        for kind in ("theory", "closed_track", "skid_pad")
    }
    return made | {"practical": cast.lesson_type}


@pytest.fixture
def had(cast, types):
    """A function: the student has, or is booked for, so many lessons of 45 minutes of a kind."""

    def make(kind, lessons, *, starts=NOON - 2 * DAY, status="attended", students=()):
        booking = lesson(
            cast, *students, starts=starts, minutes=45 * lessons, lesson_type=types[kind]
        )
        if status == "attended":
            booking.participations.update(status=status, minutes_used=45 * lessons)
        return booking

    return make


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def missing(cast, types):
    """A function: what is missing before a lesson of a kind, in words."""

    def ask(kind="practical", *, starts_at=NOON, by=None):
        wanted = LessonRequest(
            lesson_type_id=types[kind].pk,
            teacher_id=cast.teacher.pk,
            student_ids=(cast.student.pk,),
            resource_ids=None,
            starts_at=starts_at,
        )
        refusals = why_not(wanted=wanted, by=by or cast.office, at=NOW)
        return [one.message for one in refusals if one.code == "prerequisites-missing"]

    return ask


def test_without_a_plan_nothing_is_asked(missing):
    assert missing() == []


@pytest.mark.parametrize(("lessons", "words"), ((3, ["1 more lesson"]), (4, []), (5, [])))
@pytest.mark.parametrize("kind", ("practical", "skid_pad"))
def test_the_road_comes_after_the_closed_track(cast, missing, had, kind, lessons, words):
    follow(cast)
    had("closed_track", lessons)

    found = missing(kind)

    assert len(found) == len(words)
    assert all(word in one for word, one in zip(words, found, strict=True))


@pytest.mark.parametrize("kind", ("theory", "closed_track"))
def test_theory_and_the_track_are_never_held_back(cast, missing, kind):
    follow(cast)

    assert missing(kind) == []


@pytest.mark.parametrize(("minutes", "is_ready"), ((-1, True), (0, False), (1, False)))
def test_what_is_booked_to_come_first_counts(cast, missing, had, minutes, is_ready):
    follow(cast)
    had("closed_track", 4, starts=NOON + dt.timedelta(minutes=minutes), status="booked")

    assert (missing() == []) is is_ready


def test_what_the_school_does_not_book_is_not_asked_for(cast, missing):
    follow(cast)
    LessonType.objects.exclude(kind="practical").update(is_active=False)

    assert missing() == []


def test_a_plan_of_another_category_or_one_that_ended_asks_nothing(cast, missing):
    follow(cast)
    StudentPlan.objects.update(licence_category="A")
    assert missing() == []

    StudentPlan.objects.update(licence_category="B", ended_on=dt.date(2030, 1, 1))
    assert missing() == []


def test_another_students_lessons_never_count(cast, missing, had):
    follow(cast)
    had("closed_track", 4, students=(cast.other_student,))

    assert len(missing()) == 1


def test_the_rule_costs_three_queries(cast, missing, django_assert_max_num_queries, had):
    def asked():
        with django_assert_max_num_queries(100) as seen:
            missing()
        return len(seen)

    without = asked()
    follow(cast)
    one = asked()
    had("closed_track", 2)
    had("closed_track", 1, starts=NOON - DAY)

    assert one == asked() == without + 2


@pytest.mark.parametrize(
    ("lessons", "said"),
    (
        (3, "You need 1 more lesson first: Closed track."),
        (2, "You need 2 more lessons first: Closed track."),
    ),
)
def test_the_student_is_spoken_to(cast, missing, had, lessons, said):
    follow(cast)
    had("closed_track", lessons)
    LessonType.objects.update(self_booking="instant")

    assert missing(by=cast.student.membership) == [said]
