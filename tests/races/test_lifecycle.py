"""A booking has one life, however many people change it at once."""

import threading
import time
import uuid
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from bookings import services
from bookings.enums import BookingStatus, SelfBooking
from bookings.models import Booking, BookingTransition, Occupancy
from bookings.services import (
    Attendance,
    LessonRequest,
    cancelling,
    completing,
    confirming,
    holding,
    holds,
)
from justdriving.doctor import examine
from tests.factories import StudentFactory
from tests.races.conftest import PATIENCE, unlocked

pytestmark = pytest.mark.race

MANY = 40
HISTORY = ("booking_history_in_one_line", "booking_enters_a_status_once")


@pytest.fixture
def planned(cast, soon):
    """A function: the cast's lesson a week from now, booked by the office or asked for."""

    def plan(*, asked=False, capacity=1):
        cast.lesson_type.capacity = capacity
        cast.lesson_type.self_booking = SelfBooking.REQUEST
        cast.lesson_type.save()
        return services.book_lesson(
            wanted=LessonRequest(
                lesson_type_id=cast.lesson_type.pk,
                teacher_id=cast.teacher.pk,
                student_ids=(cast.student.pk,),
                resource_ids=None,
                starts_at=soon,
            ),
            by=cast.student.membership if asked else cast.office,
            at=timezone.now(),
            request_key=uuid.uuid4(),
        )

    return plan


def confirming_of(cast, booking):
    now = timezone.now()
    return lambda: services.confirm_booking(booking_id=booking.pk, by=cast.office, at=now).to_status


def cancelling_of(member, booking, at):
    return lambda: services.cancel_booking(booking_id=booking.pk, by=member, at=at).to_status


def completing_of(cast, booking):
    place = booking.participations.get().pk
    return lambda: (
        services.complete_booking(
            booking_id=booking.pk,
            by=cast.teacher.membership,
            at=booking.ends_at,
            attendance={place: Attendance(attended=True)},
        ).to_status
    )


def arrivals(booking) -> list[str]:
    """The statuses a booking came to, in order."""
    changes = BookingTransition.objects.filter(booking=booking, change="status")
    return list(changes.order_by("sequence").values_list("to_status", flat=True))


# Forty clicks on "Confirm"


def test_without_locks_and_constraints_a_request_is_confirmed_twice(
    cast, at_once, planned, without_constraints, monkeypatch
):
    booking = planned(asked=True)
    without_constraints("bookings_bookingtransition", *HISTORY)
    monkeypatch.setattr(confirming, "hold", unlocked)
    monkeypatch.setattr(confirming, "announce", lambda transition, places: None)

    at_once([confirming_of(cast, booking)] * 8)

    assert arrivals(booking).count("confirmed") > 1


def test_forty_confirmations_are_one(cast, at_once, planned):
    booking = planned(asked=True)

    outcomes = at_once([confirming_of(cast, booking)] * MANY)

    assert sorted(outcomes) == ["confirmed", *["illegal-move"] * (MANY - 1)]
    assert arrivals(booking) == ["confirmed"]
    assert examine() == []


# Yes, no, and too late


def answers(cast, booking):
    """Everybody answers a request in the moment it expires."""
    late = booking.held_until
    expire = lambda: services.expire_holds(at=late)  # noqa: E731 -- one of three like it
    cancel = cancelling_of(cast.student.membership, booking, timezone.now())
    return [confirming_of(cast, booking), cancel, expire] * 5


def test_without_locks_and_constraints_a_request_ends_twice(
    cast, at_once, planned, without_constraints, monkeypatch
):
    booking = planned(asked=True)
    without_constraints("bookings_bookingtransition", *HISTORY)
    without_constraints("bookings_participationtransition", "participation_enters_a_status_once")
    for module in (confirming, cancelling, holds):
        monkeypatch.setattr(module, "hold", unlocked)
    for module in (confirming, cancelling):
        monkeypatch.setattr(module, "announce", lambda transition, places: None)

    at_once(answers(cast, booking))

    assert len(arrivals(booking)) > 2


def test_a_request_is_answered_once(cast, at_once, planned):
    booking = planned(asked=True)

    at_once(answers(cast, booking))

    assert arrivals(booking) in (["cancelled"], ["confirmed", "cancelled"], ["confirmed"])
    booking.refresh_from_db()
    assert booking.status == arrivals(booking)[-1]
    assert Occupancy.objects.exists() is (booking.status == BookingStatus.CONFIRMED)
    assert examine() == []


# Over, or called off


def test_without_locks_and_constraints_a_lesson_is_completed_and_cancelled(
    cast, at_once, planned, without_constraints, monkeypatch
):
    booking = planned()
    without_constraints("bookings_bookingtransition", *HISTORY)
    without_constraints("bookings_participationtransition", "participation_enters_a_status_once")
    for module in (completing, cancelling):
        monkeypatch.setattr(module, "hold", unlocked)
        monkeypatch.setattr(module, "announce", lambda transition, places: None)

    at_once(
        [completing_of(cast, booking), cancelling_of(cast.office, booking, booking.ends_at)] * 4
    )

    assert {"completed", "cancelled"} <= set(arrivals(booking))


def test_a_lesson_is_completed_or_cancelled(cast, at_once, planned):
    booking = planned()

    outcomes = at_once(
        [completing_of(cast, booking), cancelling_of(cast.office, booking, booking.ends_at)] * 10
    )

    won = [outcome for outcome in outcomes if outcome != "illegal-move"]
    assert len(won) == 1
    assert arrivals(booking) == won
    assert [found for found in examine() if found.code != "bookings.completed_after_the_end"] == []


# Whoever holds a booking holds everybody in it


class Watch(threading.local):
    """What a thread has locked, and whether it is one that holds."""

    holds = False

    def __init__(self):
        self.asked = set()


@pytest.fixture
def pause():
    """A function: wait where people are locked; another, that says that somebody has joined."""
    looked, joined = threading.Event(), threading.Event()

    def wait(*, holds, interleaved):
        if not interleaved:
            time.sleep(0.02)
        elif holds:
            looked.set()
            joined.wait(PATIENCE)
        else:
            looked.wait(PATIENCE)

    return wait, joined.set


@pytest.fixture
def watched(cast, at_once, planned, pause, monkeypatch):
    """A function: ten join a class while ten hold it; how many a holder had not locked.

    When it is ``interleaved`` nobody joins before a holder has looked who is in the class, and no
    holder goes on before somebody has joined: impossible while the class itself is locked.
    """
    mine, take = Watch(), holding.take_sorted
    wait, somebody_joined = pause

    def look(booking):
        mine.holds = True
        with transaction.atomic():
            holding.hold(booking.pk, Booking.objects.all())
            inside = Occupancy.objects.filter(booking=booking, user__isnull=False)
            users = {("user", user) for user in inside.values_list("user_id", flat=True)}
            return len(users - mine.asked)

    def join(booking, student, at):
        services.join_booking(booking_id=booking.pk, student_id=student.pk, by=cast.office, at=at)
        somebody_joined()
        return 0

    def watch(*, interleaved=False):
        def slowly(keys):
            mine.asked.update(keys := list(keys))
            if any(namespace == "user" for namespace, _number in mine.asked):
                wait(holds=mine.holds, interleaved=interleaved)
            take(keys)

        monkeypatch.setattr(holding, "take_sorted", slowly)
        booking, now = planned(capacity=12), timezone.now()
        students = StudentFactory.create_batch(10, school=cast.school, department=cast.department)
        joiners = [partial(join, booking, student, now) for student in students]
        return sum(at_once([*[partial(look, booking)] * 10, *joiners]))

    return watch


def test_without_the_bookings_own_lock_somebody_joins_behind_the_holders_back(watched, monkeypatch):
    monkeypatch.setattr(holding, "booking_keys", lambda booking_ids: [])

    assert watched(interleaved=True) > 0


def test_whoever_holds_a_booking_holds_everybody_in_it(watched):
    assert watched() == 0
    assert Booking.objects.get().participations.count() == 11
    assert examine() == []
