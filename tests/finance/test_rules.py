"""Who owes the limit books nothing; what is owed is the ledger's sum."""

import pytest

from bookings.models import BookingSettings
from bookings.queries import LessonRequest, why_not
from finance.models import LedgerEntry
from tests.factories import NOON, NOW


@pytest.fixture
def owes():
    """A function: one entry in a student's ledger, in minor units."""

    def make(student, amount_minor):
        return LedgerEntry.across_schools.create(
            school=student.school,
            student=student,
            kind="correction",
            amount_minor=amount_minor,
            currency="DKK",
            reason="Carried over",
            made_by=student.membership.user,
            posted_at=NOW,
        )

    return make


@pytest.fixture
def limit(cast):
    def make(most, department=None, school=cast.school):
        return BookingSettings.across_schools.create(
            school=school, department=department, max_debt_minor=most
        )

    return make


def against(cast, by=None):
    wanted = LessonRequest(
        lesson_type_id=cast.lesson_type.pk,
        teacher_id=cast.teacher.pk,
        student_ids=(cast.student.pk,),
        resource_ids=None,
        starts_at=NOON,
    )
    return why_not(wanted=wanted, by=by or cast.office, at=NOW)


def codes(cast):
    return [one.code for one in against(cast)]


@pytest.mark.parametrize(
    ("entries", "is_refused"),
    (
        ([], False),
        ([999_99], False),
        ([1000_00], True),
        ([1000_01], True),
        ([1500_00, -500_01], False),
        ([-2000_00], False),
    ),
)
def test_who_owes_the_limit_books_nothing(cast, limit, owes, entries, is_refused):
    limit(1000_00)
    for amount in entries:
        owes(cast.student, amount)

    assert codes(cast) == (["in-debt"] if is_refused else [])


def test_without_a_limit_nobody_is_asked(cast, owes):
    owes(cast.student, 9000_00)

    assert codes(cast) == []


def test_a_limit_of_nothing_lets_those_book_who_owe_nothing(cast, limit, owes):
    limit(0)
    assert codes(cast) == []

    owes(cast.student, 1)
    assert codes(cast) == ["in-debt"]


def test_a_departments_limit_holds_there(cast, limit, owes):
    limit(100_00)
    limit(5000_00, department=cast.department)
    owes(cast.student, 200_00)

    assert codes(cast) == []


def test_another_student_or_school_never_counts(cast, other_school, limit, owes):
    limit(1000_00)
    limit(1, school=other_school.school)
    owes(cast.other_student, 9000_00)
    owes(other_school.student, 9000_00)

    assert codes(cast) == []


def test_a_teacher_does_not_read_how_much(cast, limit, owes):
    limit(1000_00)
    owes(cast.student, 1234_00)

    (student,) = against(cast, by=cast.student.membership)
    (office,) = against(cast)
    (teacher,) = against(cast, by=cast.teacher.membership)

    assert "1" in student.message
    assert office.facts["owed_minor"] == 1234_00
    assert "1234" not in teacher.message.replace(".", "").replace(",", "")
    assert "owed_minor" not in teacher.facts
    assert office.overridable


def test_one_query_for_all_students_with_a_limit_and_without(
    cast, limit, owes, django_assert_max_num_queries
):
    def asked():
        with django_assert_max_num_queries(100) as seen:
            against(cast)
        return len(seen)

    before = asked()
    limit(1000_00)
    owes(cast.student, 2000_00)

    assert asked() == before
