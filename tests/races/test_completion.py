"""Eight clicks complete a lesson once, and charge for it once."""

import uuid

import pytest
from django.utils import timezone

from bookings import services
from bookings.models import BookingTransition, ParticipationTransition
from bookings.services import Attendance, LessonRequest, completing
from finance.models import LedgerEntry
from justdriving.doctor import examine
from tests.races.conftest import unlocked

pytestmark = pytest.mark.race


@pytest.fixture
def clicks(cast, soon):
    """Eight people completing the same lesson, just when it has ended."""
    lesson = services.book_lesson(
        wanted=LessonRequest(
            lesson_type_id=cast.lesson_type.pk,
            teacher_id=cast.teacher.pk,
            student_ids=(cast.student.pk,),
            resource_ids=(cast.vehicle.pk,),
            starts_at=soon,
        ),
        by=cast.office,
        at=timezone.now(),
        request_key=uuid.uuid4(),
    )
    place = lesson.participations.get().pk

    def complete():
        return services.complete_booking(
            booking_id=lesson.pk,
            by=cast.teacher.membership,
            at=lesson.ends_at,
            attendance={place: Attendance(attended=True)},
        ).pk

    return [complete] * 8


def completions() -> int:
    return BookingTransition.objects.filter(to_status="completed").count()


def test_without_locks_and_constraints_a_lesson_is_completed_twice(
    at_once, clicks, without_constraints, monkeypatch
):
    without_constraints(
        "bookings_bookingtransition", "booking_history_in_one_line", "booking_enters_a_status_once"
    )
    without_constraints("bookings_participationtransition", "participation_enters_a_status_once")
    monkeypatch.setattr(completing, "hold", unlocked)
    monkeypatch.setattr(completing, "announce", lambda transition, places: None)

    at_once(clicks)

    assert completions() > 1


def test_eight_completions_are_one_and_charge_once(cast, at_once, clicks):
    outcomes = at_once(clicks)

    assert sorted(map(str, outcomes))[1:] == ["illegal-move"] * 7
    assert completions() == 1
    assert ParticipationTransition.objects.filter(to_status="attended").count() == 1
    assert list(
        LedgerEntry.objects.filter(student=cast.student).values_list("kind", flat=True)
    ) == ["lesson_charge"]
    assert examine() == []
