"""Every way to write into the calendar against every other one, forty at once, twenty each.

Who wants Mette, Åse or a car at noon (``paths.HOUR``). One gets it, whoever it is:

====================  =========================================  ===================
path                  service                                    meets
====================  =========================================  ===================
create                ``book_lesson`` by the office              all down to swap
self_booking          ``book_lesson`` by the student             all down to swap
request_and_confirm   ``book_lesson``, then ``confirm_booking``  all down to swap
join                  ``join_booking`` of a class at that hour   all down to swap
accept_seat           ``accept_offer`` of a seat in that class   all down to swap
generate              ``generate_sessions``                      all down to swap
move                  ``move_booking``                           all down to swap
swap                  ``rearrange_bookings(Swap)``               all down to swap
move_day              ``rearrange_bookings(MoveDay)``            create, swap
other_teacher         ``rearrange_bookings(GiveTeacher)``        create, swap
sick_day              ``report_sick_day``                        create, swap
attach_class          ``attach_group``                           create, swap
submit                ``submit_booking`` of a draft              create, swap
accept_time           ``accept_offer`` of a held time            create, swap
====================  =========================================  ===================

Who wants the last seat of a session (``paths.SEAT``), each against each and itself:
``join_booking``, ``attach_group``, ``add_members``, ``offer_seat``, ``fill_vacancies`` and
``accept_offer``. Who changes the same booking: ``test_lifecycle`` (confirm, cancel, expire,
complete), ``test_rearranging`` (swap, move a day, sick day, undo), ``test_waiting`` (offers).

What protects the hour are the locks of people and things, and behind them the exclusion
constraints; what protects the seat is that it is counted under the booking's lock; what protects a
student's limits is the student's lock alone. The controls take that away for each path and see two
lessons at once, more students than seats, one booking too many.
"""

import datetime as dt
import random
from itertools import cycle, islice

import pytest
from django.utils import timezone

from bookings.models import BookingSettings, Occupancy
from bookings.services import joining, offering, seating
from justdriving.doctor import examine
from tests.races.paths import HOUR, SEAT, Path, Round, make_stage, one_seat_left, taken

pytestmark = pytest.mark.race

EACH = 20
CONSTRAINTS = ("person_in_one_booking_at_a_time", "resource_in_one_booking_at_a_time")
HOUR_LOST = {
    "already-booked", "illegal-move", "left-out", "nothing-changed", "resource-booked",
    "student-booked", "teacher-booked",
}  # fmt: skip
SEAT_LOST = {
    "already-booked", "left-out", "no-seat-left", "not-waiting", "nothing-to-offer",
}  # fmt: skip
HELD_BEFORE = {"accept_time"}
"""Paths whose hour nobody else can want any more: their own race is in ``test_waiting``."""


@pytest.fixture
def stage(cast):
    return make_stage(cast)


@pytest.fixture
def days(stage):
    """A round for each day, from a week ahead on."""
    today = timezone.localdate(timezone=stage.cast.school.zone)
    return (Round(stage, today + dt.timedelta(days=ahead)) for ahead in range(7, 28))


@pytest.fixture
def unprotected(without_constraints, without_locks):
    """A function that takes locks and constraints away."""

    def remove():
        without_constraints("bookings_bookingtransition", "booking_history_in_one_line")
        without_constraints("bookings_occupancy", *CONSTRAINTS)
        without_locks()

    return remove


def prepared(day, *paths):
    """The calls of one path or two, in the order in which they can be prepared."""
    table = HOUR if paths[0].name in HOUR else SEAT
    return {name: path.prepare(day) for name, path in table.items() if path in paths}


def forty(path: Path, other: Path, calls) -> list:
    """Forty calls, half of each path; what works only once is called once."""
    first, second = sorted((path, other), key=lambda one: one.repeats)
    mixed = some(first, calls, EACH)
    if first is not second or first.repeats:
        mixed += some(second, calls, 2 * EACH - len(mixed))
    random.Random(EACH).shuffle(mixed)  # noqa: S311 -- a repeatable mix, not a secret
    return mixed


def some(path: Path, calls, many: int) -> list:
    return [*islice(cycle(calls[path.name]), many)] if path.repeats else [*calls[path.name]]


def partners(path: Path, table) -> list[Path]:
    """The path itself and those after it: every pair once."""
    if path.more:
        return [HOUR["create"], HOUR["swap"]]
    names = list(table)
    return [
        one
        for one in table.values()
        if not one.more and names.index(one.name) >= names.index(path.name)
    ]


@pytest.mark.parametrize("path", HOUR.values(), ids=HOUR)
def test_whoever_wants_the_hour_one_gets_it(at_once, days, collisions, path):
    for other, day in zip(partners(path, HOUR), days, strict=False):
        outcomes = at_once(forty(path, other, prepared(day, path, other)))

        pair = f"{path.name} and {other.name}"
        winners = {one for one in outcomes if isinstance(one, int)}
        assert len(winners) == (1 if path.wants & other.wants else 2), pair
        assert {one for one in outcomes if isinstance(one, str)} <= HOUR_LOST, pair
        assert lessons_of(day) <= 2, pair
        assert collisions == [], pair
        assert examine() == [], pair


def lessons_of(day) -> int:
    """How often Mette and Åse are taken at noon, together."""
    users = [day.cast.teacher.membership.user, day.cast.student.membership.user]
    return Occupancy.objects.filter(user__in=users, period__contains=day.noon).count()


@pytest.mark.parametrize("path", [p for p in HOUR.values() if p.name not in HELD_BEFORE], ids=str)
def test_without_locks_and_constraints_two_get_the_hour(
    at_once, days, path, unprotected, all_look_first
):
    day, create = next(days), HOUR["create"]
    calls = prepared(day, path, create)
    unprotected()
    all_look_first(2)

    outcomes = at_once([calls[path.name][0], calls["create"][0]])

    assert len(set(outcomes)) == 2
    assert "bookings.nobody_in_two_lessons" in {finding.code for finding in examine()}


@pytest.mark.parametrize("path", SEAT.values(), ids=SEAT)
def test_the_last_seat_is_given_once(at_once, days, collisions, path):
    for other, day in zip(partners(path, SEAT), days, strict=False):
        session = one_seat_left(day)
        calls = prepared(day, path, other)

        outcomes = at_once(forty(path, other, calls))

        pair = f"{path.name} and {other.name}"
        assert taken(session) == 2, pair
        assert {one for one in outcomes if isinstance(one, str)} <= SEAT_LOST, pair
        assert collisions == [], pair
        assert examine() == [], pair


@pytest.mark.parametrize(
    "path", [p for p in SEAT.values() if p.name != "accept_last_seat"], ids=str
)
def test_without_locks_and_constraints_two_get_the_last_seat(
    at_once, days, path, unprotected, meet_at
):
    day, take = next(days), SEAT["take_seat"]
    session = one_seat_left(day)
    calls = prepared(day, path, take)
    unprotected()
    meet_at(2, (joining, "new_places"), (seating, "new_places"), (offering, "_make"))

    at_once([calls[path.name][0], calls["take_seat"][-1]])

    assert taken(session) > 2


@pytest.fixture
def one_a_day(cast):
    BookingSettings.objects.create(school=cast.school, max_bookings_per_day=1)


@pytest.fixture
def two_hours(days):
    """Åse's own bookings of two different hours of one day, with two teachers."""
    day = next(days)
    her = day.cast.student.membership
    return [
        lambda: day.book(her, resource_ids=None).pk,
        lambda: (
            day.book(
                her,
                resource_ids=None,
                teacher_id=day.cast.other_teacher.pk,
                starts_at=day.at(dt.time(15)),
            ).pk
        ),
    ]


@pytest.mark.usefixtures("one_a_day")
def test_without_locks_a_limit_is_passed_by_two_at_once(
    at_once, two_hours, without_locks, all_look_first
):
    """No constraint knows the limits: only the student's lock keeps the count true."""
    without_locks()
    all_look_first(2)

    outcomes = at_once(two_hours)

    assert [type(one) for one in outcomes] == [int, int]


@pytest.mark.usefixtures("one_a_day")
def test_a_limit_holds_for_forty_at_once(at_once, two_hours):
    outcomes = at_once(two_hours * EACH)

    assert len([one for one in outcomes if isinstance(one, int)]) == 1
    assert "too-many-bookings-that-day" in outcomes
