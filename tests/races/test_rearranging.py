"""Swaps, moved days and sick days against whatever else happens at the same moment."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from bookings import services
from bookings.models import Booking, SickDay
from bookings.services import (
    Exchange,
    LessonRequest,
    MoveDay,
    Swap,
    cancelling,
    holding,
    rearranging,
    sick_days,
)
from justdriving.doctor import examine
from tests.races.conftest import unlocked

pytestmark = pytest.mark.race

MANY = 40
CONSTRAINTS = ("person_in_one_booking_at_a_time", "resource_in_one_booking_at_a_time")
LATER = dt.timedelta(hours=2)


@pytest.fixture
def booked(cast, soon):
    """A function that books for the cast's first student and returns the booking."""

    def book(**changes):
        values = {
            "lesson_type_id": cast.lesson_type.pk,
            "teacher_id": cast.teacher.pk,
            "student_ids": (cast.student.pk,),
            "resource_ids": (cast.vehicle.pk,),
            "starts_at": soon,
        }
        return services.book_lesson(
            wanted=LessonRequest(**values | changes),
            by=cast.office,
            at=timezone.now(),
            request_key=uuid.uuid4(),
        )

    return book


@pytest.fixture
def pair(cast, booked, soon):
    """Åse at noon and Noah two hours later, both with Mette in one car."""
    return booked(), booked(student_ids=(cast.other_student.pk,), starts_at=soon + LATER)


@pytest.fixture
def swapper(cast):
    def prepare(first, second):
        plan = Swap(first.pk, second.pk, Exchange.TIMES)
        return lambda: len(
            services.rearrange_bookings(plan=plan, by=cast.office, at=timezone.now())
        )

    return prepare


@pytest.fixture
def mover(cast):
    def prepare(*bookings, minutes):
        plan = MoveDay([one.pk for one in bookings], shift_minutes=minutes)
        return lambda: len(
            services.rearrange_bookings(plan=plan, by=cast.office, at=timezone.now())
        )

    return prepare


@pytest.fixture
def reporter(cast, soon):
    def prepare(choices):
        midnight = soon.replace(hour=0)
        return lambda: (
            services.report_sick_day(
                teacher_id=cast.teacher.pk,
                starts_at=midnight,
                ends_at=midnight + dt.timedelta(days=1),
                choices=choices,
                by=cast.office,
                at=timezone.now(),
            ).pk
        )

    return prepare


def all_unlocked(booking_ids, seen, also=()):
    """``hold_all`` without its locks."""
    return [unlocked(pk, seen) for pk in sorted(booking_ids)]


def sound() -> bool:
    return examine() == []


def test_forty_swaps_both_ways_never_wait_for_each_other(at_once, pair, swapper, collisions):
    calls = [swapper(*(pair if number % 2 else pair[::-1])) for number in range(MANY)]

    outcomes = at_once(calls)

    assert outcomes == [2] * MANY
    assert collisions == []
    starts = set(Booking.objects.values_list("wall_time", flat=True))
    assert len(starts) == 2
    assert sound()


@pytest.fixture
def one_by_one(rendezvous):
    """``hold_all`` as it must not be: each lesson's lock in the order of the plan."""
    lock = rendezvous(2)(lambda pk: holding.take_sorted(holding.booking_keys([pk])))

    def hold_all(booking_ids, seen, also=()):
        for pk in booking_ids:
            lock(pk)
        return holding.hold_all(booking_ids, seen, also)

    return hold_all


def test_locked_one_by_one_two_swaps_wait_for_each_other(
    at_once, pair, swapper, collisions, one_by_one, monkeypatch
):
    monkeypatch.setattr(rearranging, "hold_all", one_by_one)

    at_once([swapper(*pair), swapper(*pair[::-1])])

    assert len(collisions) > 0


@pytest.fixture
def both_ways(cast, booked, mover, soon):
    """Two lessons of one teacher, four hours apart, that both move to the hour between."""
    early = booked(starts_at=soon - LATER)
    late = booked(starts_at=soon + LATER, student_ids=(cast.other_student.pk,))
    return [mover(early, minutes=120), mover(late, minutes=-120)]


def test_without_locks_and_constraints_two_days_are_moved_onto_each_other(
    at_once, both_ways, without_constraints, monkeypatch, all_look_first
):
    without_constraints("bookings_occupancy", *CONSTRAINTS)
    monkeypatch.setattr(rearranging, "hold_all", all_unlocked)
    all_look_first(2)

    outcomes = at_once(both_ways)

    assert outcomes == [1, 1]
    assert "bookings.nobody_in_two_lessons" in {finding.code for finding in examine()}


def test_one_of_two_days_gets_the_hour_both_move_to(at_once, both_ways):
    outcomes = at_once(both_ways)

    assert sorted(map(str, outcomes)) == ["1", "teacher-booked"]
    assert sound()


def test_a_moved_day_and_a_booking_want_the_same_hour(cast, at_once, pair, mover, booked, soon):
    def book():
        return booked(student_ids=(cast.other_student.pk,), starts_at=soon + 2 * LATER).pk

    outcomes = at_once([mover(*pair, minutes=120), *[book] * 4])

    won = [one for one in outcomes if isinstance(one, int)]
    assert len(won) == 1
    assert {one for one in outcomes if isinstance(one, str)} <= {
        "teacher-booked",
        "student-booked",
        "resource-booked",
    }
    assert sound()


@pytest.fixture
def cancel(cast, pair):
    """A function: the school cancels the first of the pair."""
    return lambda: (
        services.cancel_booking(
            booking_id=pair[0].pk, by=cast.office, at=timezone.now(), category="other"
        ).pk
    )


@pytest.fixture
def looks_first(without_locks, without_constraints, meet_at):
    """A function: no locks, and two threads meet where they have looked and not written yet."""

    def arrange(*where):
        without_constraints("bookings_bookingtransition", "booking_history_in_one_line")
        without_locks()
        meet_at(2, *where)

    return arrange


def test_without_locks_a_swap_and_a_cancellation_hurt_each_other(
    at_once, pair, swapper, cancel, looks_first, collisions
):
    """They wait for each other, or leave a cancelled lesson in the calendar."""
    looks_first((rearranging, "_judged"), (cancelling, "live_places"))

    at_once([swapper(*pair), cancel])

    assert collisions or not sound()


def test_a_swap_and_a_cancellation(at_once, pair, swapper, cancel):
    outcomes = at_once([swapper(*pair), cancel])

    assert isinstance(outcomes[1], int)
    assert outcomes[0] in (2, "illegal-move")
    assert Booking.objects.get(pk=pair[0].pk).status == "cancelled"
    assert sound()


def test_a_sick_day_and_a_booking(cast, at_once, pair, reporter, booked, soon):
    choices = {pair[0].pk: cast.other_teacher.pk, pair[1].pk: None}

    def book():
        return booked(starts_at=soon + 2 * LATER).pk

    outcomes = at_once([reporter(choices), book])

    if outcomes[0] == "lessons-changed":
        assert isinstance(outcomes[1], int)
        assert not SickDay.objects.exists()
    else:
        assert outcomes[1] == "teacher-not-available"
        assert SickDay.objects.count() == 1
    assert sound()


def test_without_locks_a_sick_day_is_reported_twice(cast, at_once, pair, reporter, looks_first):
    choices = dict.fromkeys((one.pk for one in pair), cast.other_teacher.pk)
    looks_first((sick_days, "affected_lessons"))

    at_once([reporter(choices)] * 2)

    assert SickDay.objects.count() == 2


def test_a_sick_day_reported_eight_times_is_one(cast, at_once, pair, reporter):
    choices = {pair[0].pk: cast.other_teacher.pk, pair[1].pk: None}

    outcomes = at_once([reporter(choices)] * 8)

    assert len(set(outcomes)) == 1
    assert SickDay.objects.count() == 1
    assert sound()


def test_undoing_twice_restores_once(cast, at_once, pair, reporter):
    sick_day = reporter({pair[0].pk: cast.other_teacher.pk, pair[1].pk: None})()

    def undo():
        return services.undo_sick_day(sick_day_id=sick_day, by=cast.office, at=timezone.now()).pk

    outcomes = at_once([undo] * 4)

    assert sorted(map(str, outcomes))[1:] == ["undo-over"] * 3
    assert Booking.objects.filter(replaces=pair[1]).count() == 1
    assert sound()


def test_what_is_undone_is_not_told_and_what_is_told_is_not_undone(cast, at_once, pair, reporter):
    sick_day = reporter({pair[0].pk: None, pair[1].pk: None})()

    def undo():
        return services.undo_sick_day(sick_day_id=sick_day, by=cast.office, at=timezone.now()).pk

    def tell():
        return services.announce_sick_day(
            sick_day_id=sick_day, by=cast.office, at=timezone.now()
        ).pk

    at_once([undo, tell])

    row = SickDay.objects.get()
    assert (row.undone_at is None) != (row.announced_at is None)
    assert sound()
