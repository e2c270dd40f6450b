"""How tests of the calendar ask for a lesson."""

import uuid

import pytest
from django.utils import translation

from bookings import services
from bookings.queries import why_not
from bookings.services import LessonRequest
from tests.factories import NOON, NOW

SAID_BESIDES = ("request_key", "expected_price", "overrides", "muted")


@pytest.fixture
def wish(cast):
    """A function: the cast's lesson on Thursday at noon, changed as told."""

    def make(**changes):
        values = {
            "lesson_type_id": cast.lesson_type.pk,
            "teacher_id": cast.teacher.pk,
            "student_ids": (cast.student.pk,),
            "resource_ids": (cast.vehicle.pk,),
            "starts_at": NOON,
            "place": "Station",
        }
        return LessonRequest(**values | changes)

    return make


@pytest.fixture
def book(cast, wish):
    """A function: book that lesson, by the office unless told."""

    def make(*, by=None, at=NOW, accepts_late_terms=True, **changes):
        said = {name: changes.pop(name) for name in SAID_BESIDES if name in changes}
        return services.book_lesson(
            wanted=wish(**changes),
            by=by or cast.office,
            at=at,
            accepts_late_terms=accepts_late_terms,
            **{"request_key": uuid.uuid4()} | said,
        )

    return make


@pytest.fixture
def against(cast, wish):
    """A function: the reasons against a lesson, as (code, words)."""

    def ask(*, by=None, at=NOW, **changes):
        refusals = why_not(wanted=wish(**changes), by=by or cast.office, at=at)
        return [(refusal.code, refusal.message) for refusal in refusals]

    return ask


@pytest.fixture
def codes(against):
    return lambda **changes: [code for code, _ in against(**changes)]


@pytest.fixture
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def count_queries(django_assert_max_num_queries):
    """A function: how many queries an action makes."""

    def count(action) -> int:
        with django_assert_max_num_queries(500) as asked:
            action()
        return len(asked)

    return count
