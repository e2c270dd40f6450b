import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from administration.enums import Role
from administration.models import Membership
from bookings.enums import MOVES, BookingStatus, DeadlineKind, Party
from bookings.policies import (
    CancellationPolicy,
    FeeStep,
    business_day_test,
    has_seats,
    may_complete,
    may_move,
    may_move_in_time,
    may_withdraw,
    party_of,
)
from justdriving.kernel.money import Money
from tests.factories import NOON, CancellationTermsFactory

pytestmark = pytest.mark.usefixtures("in_english")

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
PRICE = Money(550_00, "DKK")
SECOND = dt.timedelta(seconds=1)
WEEKDAYS = business_day_test(frozenset())

LATE = FeeStep(DeadlineKind.BUSINESS_DAYS_BEFORE, 1, dt.time(12), percent=50)
LAST = FeeStep(DeadlineKind.DAYS_BEFORE, 0, dt.time(7), percent=100)
DANISH = CancellationPolicy((LATE, LAST))


def at(text: str, zone: ZoneInfo = COPENHAGEN) -> dt.datetime:
    """``2026-03-05 12:00`` on the clock of a zone."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(dt.UTC)


# Parties and moves


@pytest.mark.parametrize(
    ("role", "party"),
    (
        (Role.OWNER, Party.SCHOOL),
        (Role.OFFICE, Party.SCHOOL),
        (Role.TEACHER, Party.TEACHER),
        (Role.STUDENT, Party.STUDENT),
        (Role.GUARDIAN, Party.STUDENT),
    ),
)
def test_on_whose_side_a_member_acts(role, party):
    assert party_of(Membership(role=role)) == party


B, P = BookingStatus, Party


@pytest.mark.parametrize(
    ("status", "to", "allowed"),
    (
        (B.PENDING, B.CONFIRMED, {P.TEACHER, P.SCHOOL}),
        (B.PENDING, B.CANCELLED, {P.STUDENT, P.TEACHER, P.SCHOOL, P.SYSTEM}),
        (B.CONFIRMED, B.CANCELLED, {P.STUDENT, P.TEACHER, P.SCHOOL, P.SYSTEM}),
        (B.CONFIRMED, B.COMPLETED, {P.TEACHER, P.SCHOOL}),
        (B.CONFIRMED, B.NO_SHOW, {P.TEACHER, P.SCHOOL}),
        (B.PENDING, B.COMPLETED, set()),
        (B.COMPLETED, B.CANCELLED, set()),
        (B.CANCELLED, B.CONFIRMED, set()),
        (B.NO_SHOW, B.COMPLETED, set()),
        (B.CONFIRMED, B.PENDING, set()),
    ),
)
def test_who_may_make_which_move(status, to, allowed):
    assert {party for party in Party if may_move(status, to, party) is None} == allowed


def test_an_impossible_move_is_illegal_and_a_possible_one_may_be_somebody_elses():
    assert may_move(B.COMPLETED, B.COMPLETED, P.SCHOOL).code == "illegal-move"
    assert may_move(B.PENDING, B.CONFIRMED, P.STUDENT).code == "not-allowed"


def test_a_booking_never_comes_back_to_a_status():
    def reachable(status, seen=frozenset()):
        assert status not in seen
        for following in MOVES[status]:
            reachable(following, seen | {status})

    for status in MOVES:
        reachable(status)


# Seats, ends, starts


@pytest.mark.parametrize(
    ("capacity", "wanted", "code"),
    ((1, 0, "student-needed"), (1, 1, None), (1, 2, "no-seat-left"), (8, 0, None), (8, 8, None)),
)
def test_students_need_seats(capacity, wanted, code):
    refusal = has_seats(capacity=capacity, wanted=wanted)
    assert (refusal and refusal.code) == code


@pytest.mark.parametrize(("offset", "code"), ((-1, "not-over"), (0, None), (1, None)))
def test_a_lesson_is_over_from_the_second_it_ends(offset, code):
    refusal = may_complete(ends_at=NOON, at=NOON + offset * SECOND)
    assert (refusal and refusal.code) == code


@pytest.mark.parametrize(
    ("party", "offset", "code"),
    (
        (P.STUDENT, -1, None),
        (P.STUDENT, 0, "already-started"),
        (P.TEACHER, 1, None),
        (P.SCHOOL, 1, None),
    ),
)
def test_a_student_withdraws_until_the_start(party, offset, code):
    refusal = may_withdraw(party, starts_at=NOON, at=NOON + offset * SECOND)
    assert (refusal and refusal.code) == code


FREE = Money(0, "DKK")


@pytest.mark.parametrize(
    ("party", "status", "capacity", "self_booking", "fee", "code"),
    (
        (P.STUDENT, "confirmed", 1, "instant", FREE, None),
        (P.STUDENT, "confirmed", 1, "instant", PRICE, "too-late-to-move"),
        (P.STUDENT, "confirmed", 1, "request", FREE, "not-allowed"),
        (P.STUDENT, "confirmed", 1, "off", FREE, "not-allowed"),
        (P.STUDENT, "pending", 1, "request", FREE, None),
        (P.STUDENT, "confirmed", 8, "instant", FREE, "not-allowed"),
        (P.SCHOOL, "confirmed", 8, "off", PRICE, None),
        (P.SCHOOL, "completed", 1, "off", FREE, "illegal-move"),
        (P.STUDENT, "cancelled", 1, "instant", FREE, "illegal-move"),
    ),
)
def test_who_may_move_a_lesson_in_time(party, status, capacity, self_booking, fee, code):
    refusal = may_move_in_time(
        party, status=status, capacity=capacity, self_booking=self_booking, fee=fee
    )
    assert (refusal and refusal.code) == code


# What cancelling costs


@pytest.mark.parametrize(
    ("lesson", "deadline"),
    (
        ("2026-03-05 12:00", "2026-03-04 12:00"),  # Thursday: Wednesday
        ("2026-03-09 08:00", "2026-03-06 12:00"),  # Monday: Friday
        ("2026-03-08 10:00", "2026-03-06 12:00"),  # Sunday: Friday
        ("2026-03-07 10:00", "2026-03-06 12:00"),  # Saturday: Friday
    ),
)
@pytest.mark.parametrize(
    ("offset", "percent"), ((-1, None), (0, None), (1, 50)), ids=("before", "at", "after")
)
def test_free_until_noon_on_the_business_day_before(lesson, deadline, offset, percent):
    step = DANISH.step_at(at(lesson), at(deadline) + offset * SECOND, COPENHAGEN, WEEKDAYS)

    assert (step and step.percent) == percent


@pytest.mark.parametrize(("offset", "percent"), ((-1, 50), (0, 50), (1, 100)))
def test_the_whole_price_after_seven_on_the_day(offset, percent):
    moment = at("2026-03-05 07:00") + offset * SECOND

    step = DANISH.step_at(at("2026-03-05 12:00"), moment, COPENHAGEN, WEEKDAYS)

    assert step.percent == percent
    assert DANISH.fee(PRICE, at("2026-03-05 12:00"), moment, COPENHAGEN, WEEKDAYS) == PRICE.percent(
        percent
    )


def test_a_holiday_is_no_business_day():
    easter = frozenset({dt.date(2026, 4, 2), dt.date(2026, 4, 3), dt.date(2026, 4, 6)})

    free_until = DANISH.free_until(at("2026-04-07 10:00"), COPENHAGEN, business_day_test(easter))

    assert free_until == at("2026-04-01 12:00")


@pytest.mark.parametrize(
    ("amount", "lesson", "deadline"),
    (
        (1, "2026-03-05 12:00", "2026-03-04 12:00"),
        (7, "2026-03-05 12:00", "2026-02-24 12:00"),
        (0, "2026-03-05 13:00", "2026-03-05 12:00"),
    ),
)
def test_business_days_are_counted_back(amount, lesson, deadline):
    step = FeeStep(DeadlineKind.BUSINESS_DAYS_BEFORE, amount, dt.time(12), percent=100)

    assert step.passes_at(at(lesson), COPENHAGEN, WEEKDAYS) == at(deadline)


@pytest.mark.parametrize(("offset", "fee"), ((-1, 0), (0, 0), (1, 1000_00)))
def test_a_fixed_fee_whatever_the_price(offset, fee):
    track = CancellationPolicy((FeeStep(DeadlineKind.HOURS_BEFORE, 24, fixed_minor=1000_00),))
    moment = NOON - dt.timedelta(hours=24) + offset * SECOND

    assert track.fee(PRICE, NOON, moment, COPENHAGEN, WEEKDAYS) == Money(fee, "DKK")


def test_without_steps_it_is_always_free():
    free = CancellationPolicy(())

    assert free.free_until(NOON, COPENHAGEN, WEEKDAYS) is None
    assert free.fee(PRICE, NOON, NOON, COPENHAGEN, WEEKDAYS) == FREE


def test_a_step_that_costs_nothing_is_no_deadline():
    policy = CancellationPolicy(
        (
            FeeStep(DeadlineKind.HOURS_BEFORE, 72, percent=0),
            FeeStep(DeadlineKind.HOURS_BEFORE, 24, percent=50),
        )
    )

    assert policy.free_until(NOON, COPENHAGEN, WEEKDAYS) == NOON - dt.timedelta(hours=24)


def test_a_deadline_never_lies_after_the_start():
    evening = FeeStep(DeadlineKind.DAYS_BEFORE, 0, dt.time(18), percent=100)

    assert evening.passes_at(NOON, COPENHAGEN, WEEKDAYS) == NOON


def test_of_two_steps_with_one_deadline_the_dearer_counts():
    steps = tuple(FeeStep(DeadlineKind.HOURS_BEFORE, 24, percent=share) for share in (100, 50))

    step = CancellationPolicy(steps).step_at(NOON, NOON, COPENHAGEN, WEEKDAYS)

    assert step.percent == 100


@pytest.mark.parametrize(
    ("zone", "lesson", "clock", "deadline"),
    (
        # The clock skips 02.00-03.00: half past two is when it jumps.
        (COPENHAGEN, "2026-03-29 10:00", dt.time(2, 30), "2026-03-29T01:00+00:00"),
        # The clock shows 02.30 twice: the first counts.
        (COPENHAGEN, "2026-10-25 10:00", dt.time(2, 30), "2026-10-25T00:30+00:00"),
        (NEW_YORK, "2026-03-08 10:00", dt.time(2, 30), "2026-03-08T07:00+00:00"),
        (NEW_YORK, "2026-11-01 10:00", dt.time(1, 30), "2026-11-01T05:30+00:00"),
        # Half an hour only.
        (LORD_HOWE, "2026-10-04 10:00", dt.time(2, 15), "2026-10-03T15:30+00:00"),
        (LORD_HOWE, "2026-04-05 10:00", dt.time(1, 45), "2026-04-04T14:45+00:00"),
    ),
)
def test_deadlines_on_the_nights_the_clock_changes(zone, lesson, clock, deadline):
    step = FeeStep(DeadlineKind.DAYS_BEFORE, 0, clock, percent=100)

    moment = step.passes_at(at(lesson, zone), zone, WEEKDAYS)

    assert moment == dt.datetime.fromisoformat(deadline)


@pytest.mark.parametrize("start", ("2026-03-29T10:00+02:00", "2026-10-25T10:00+01:00"))
def test_hours_before_are_real_hours(start):
    lesson = dt.datetime.fromisoformat(start).astimezone(COPENHAGEN)
    step = FeeStep(DeadlineKind.HOURS_BEFORE, 24, percent=100)

    moment = step.passes_at(lesson, COPENHAGEN, WEEKDAYS)

    assert lesson.astimezone(dt.UTC) - moment == dt.timedelta(hours=24)


@given(
    days=st.integers(0, 365),
    minutes=st.integers(0, 24 * 60),
    zone=st.sampled_from((COPENHAGEN, NEW_YORK, LORD_HOWE)),
    notice=st.lists(st.integers(0, 240), min_size=2, max_size=2),
)
def test_cancelling_later_is_never_cheaper(days, minutes, zone, notice):
    start = at("2026-01-01 00:00") + dt.timedelta(days=days, minutes=minutes)
    earlier, later = (start - dt.timedelta(hours=hours) for hours in sorted(notice, reverse=True))

    fees = [DANISH.fee(PRICE, start, moment, zone, WEEKDAYS) for moment in (earlier, later)]

    assert fees[0] <= fees[1]
    assert (fees[0] == FREE) == (earlier <= DANISH.free_until(start, zone, WEEKDAYS))


def test_the_terms_of_a_school_say_the_policy(school):
    terms = CancellationTermsFactory(school=school, no_show_percent=80)

    policy = CancellationPolicy.of(terms)

    assert set(policy.steps) == {LATE, LAST}
    assert policy.no_show_fee(PRICE) == Money(440_00, "DKK")
