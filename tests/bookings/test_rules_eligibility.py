"""What a lesson asks of a student: each requirement alone, at its bound, under its own code."""

import datetime as dt

import pytest

from administration.models import Student, StudentDocument
from bookings.models import EligibilityRule, LessonType, WeeklyAvailability
from bookings.queries import why_not
from bookings.rules.eligibility import months_between
from bookings.services import join_booking
from justdriving.kernel.policy import Refused
from tests.factories import NOON, NOW

pytestmark = pytest.mark.usefixtures("in_english")

THURSDAY = dt.date(2026, 3, 5)
DAY = dt.timedelta(days=1)
TOO_SMALL = "Åse Lind is 140 cm tall; asked for is at least 150 cm."
TOO_YOUNG = (
    "Åse Lind is 16 years and 8 months old that day; asked for is at least 16 years and 9 months."
)


@pytest.fixture
def ask(cast):
    """A function: the lesson asks something of its students."""

    def make(attribute, minimum=None, maximum=None, *, who=cast):
        return EligibilityRule.across_schools.create(
            school=who.school,
            lesson_type=who.lesson_type,
            attribute=attribute,
            minimum=minimum,
            maximum=maximum,
        )

    return make


@pytest.fixture
def paper(cast):
    """A function: the school has seen a paper of the cast's student."""

    def make(kind="medical", first=THURSDAY, last=None, *, student=cast.student):
        return StudentDocument.across_schools.create(
            school=student.school,
            student=student,
            kind=kind,
            valid_from=first,
            valid_until=last,
        )

    return make


@pytest.mark.parametrize(
    ("height", "words"),
    (
        (None, "The height of Åse Lind is not known; asked for is 150 cm to 200 cm."),
        (149, "Åse Lind is 149 cm tall; asked for is 150 cm to 200 cm."),
        (150, None),
        (200, None),
        (201, "Åse Lind is 201 cm tall; asked for is 150 cm to 200 cm."),
    ),
)
def test_the_bounds_of_height_are_included(against, ask, height, words):
    ask("height_cm", 150, 200)
    Student.objects.update(height_cm=height)

    assert against() == ([("eligibility-height-cm", words)] if words else [])


@pytest.mark.parametrize(
    ("weight", "words"),
    (
        (None, "The weight of Åse Lind is not known; asked for is at most 120 kg."),
        (120, None),
        (121, "Åse Lind weighs 121 kg; asked for is at most 120 kg."),
    ),
)
def test_a_requirement_may_have_one_bound(against, ask, weight, words):
    ask("weight_kg", maximum=120)
    Student.objects.update(weight_kg=weight)

    assert against() == ([("eligibility-weight-kg", words)] if words else [])


@pytest.mark.parametrize(
    ("born_on", "words"),
    (
        (dt.date(2009, 6, 5), None),
        (
            dt.date(2009, 6, 6),
            TOO_YOUNG,
        ),
    ),
)
def test_age_is_in_whole_months_on_the_day(against, ask, born_on, words):
    ask("age_months", minimum=16 * 12 + 9)
    Student.objects.update(born_on=born_on)

    assert against() == ([("eligibility-age-months", words)] if words else [])


@pytest.mark.parametrize(
    ("born_on", "day", "months"),
    (
        ((2000, 1, 31), (2000, 2, 29), 0),
        ((2000, 1, 31), (2000, 3, 1), 1),
        ((2000, 2, 29), (2001, 2, 28), 11),
        ((2000, 2, 29), (2001, 3, 1), 12),
        ((2009, 3, 5), (2026, 3, 4), 203),
        ((2009, 3, 5), (2026, 3, 5), 204),
    ),
)
def test_whole_months(born_on, day, months):
    assert months_between(dt.date(*born_on), dt.date(*day)) == months


@pytest.mark.parametrize(
    ("first", "last", "is_valid"),
    (
        (0, None, True),
        (1, None, False),
        (-9, 0, True),
        (-9, -1, False),
        (-9, 30, True),
    ),
)
def test_a_document_is_valid_on_the_lessons_day(against, ask, paper, first, last, is_valid):
    ask("medical")
    paper(first=THURSDAY + first * DAY, last=None if last is None else THURSDAY + last * DAY)

    words = "Åse Lind: “Medical certificate” must be valid Thu 5 Mar."
    assert against() == ([] if is_valid else [("eligibility-medical", words)])


def test_the_day_is_of_the_schools_clock(codes, ask, paper):
    WeeklyAvailability.objects.update(starts_at=dt.time(0), ends_at=dt.time(23, 59))
    ask("medical")
    paper(first=THURSDAY + DAY)
    midnight = dt.datetime(2026, 3, 5, 23, tzinfo=dt.UTC)

    assert codes(starts_at=midnight - dt.timedelta(minutes=92)) == ["eligibility-medical"]
    assert codes(starts_at=midnight) == []


def test_only_this_kind_of_paper_of_this_student_counts(cast, other_school, codes, ask, paper):
    ask("medical")
    paper(kind="first_aid")
    paper(student=cast.other_student)
    paper(student=other_school.student)

    assert codes() == ["eligibility-medical"]


def test_what_another_school_or_type_asks_never_counts(other_school, codes, ask):
    ask("height_cm", 150, who=other_school)

    assert codes() == []


def test_switching_height_off_still_lets_weight_refuse(cast, ask, book, wish):
    ask("height_cm", 150)
    ask("weight_kg", 40)

    found = why_not(wanted=wish(), by=cast.office, at=NOW)
    with pytest.raises(Refused) as refused:
        book(overrides={"eligibility-height-cm": "Measured today"})
    booking = book(
        overrides=dict.fromkeys(("eligibility-height-cm", "eligibility-weight-kg"), "Seen today")
    )

    assert {(one.code, one.overridable) for one in found} == {
        ("eligibility-height-cm", True),
        ("eligibility-weight-kg", True),
    }
    assert [one.code for one in refused.value.refusals] == ["eligibility-weight-kg"]
    assert booking.starts_at == NOON


def test_one_refusal_names_everybody_it_is_about(cast, against, ask):
    ask("height_cm", 150)
    cast.lesson_type.capacity = 2
    cast.lesson_type.save()
    Student.objects.filter(pk=cast.student.pk).update(height_cm=140)

    assert against(student_ids=(cast.student.pk, cast.other_student.pk)) == [
        (
            "eligibility-height-cm",
            f"{TOO_SMALL} The height of Noah Berg is not known; asked for is at least 150 cm.",
        )
    ]


def test_what_was_overruled_for_one_holds_for_nobody_who_joins(cast, ask, book):
    ask("height_cm", 150)
    LessonType.objects.update(capacity=2)
    said = {"eligibility-height-cm": "Measured today"}
    booking = book(overrides=said)
    joining = {
        "booking_id": booking.pk,
        "student_id": cast.other_student.pk,
        "by": cast.office,
        "at": NOW,
    }

    with pytest.raises(Refused) as refused:
        join_booking(**joining)
    join_booking(**joining, overrides=said)

    assert [one.code for one in refused.value.refusals] == ["eligibility-height-cm"]
    assert booking.participations.count() == 2
