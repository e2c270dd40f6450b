"""Which price holds: the most specific line, to the minute; every price is the sum of its steps."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.enums import RateEffect, Step
from finance.price_policies import Moment, Rate, for_minutes, price_parts

LESSON, OTHER_LESSON = 1, 2
NORTH, SENIOR = 7, 5
STANDARD = 550_00
MONDAY_EVENING = Moment(dt.date(2026, 3, 2), dt.time(18), department_id=NORTH, level_id=SENIOR)
EVENING = Rate(
    1, RateEffect.ADD, "Evening", amount_minor=50_00, starts_at=dt.time(18), ends_at=dt.time(21)
)


def price(pk, minor, **fields):
    return Rate(pk, RateEffect.PRICE, f"price {pk}", amount_minor=minor, **fields)


def top(pk, minor, **fields):
    return Rate(pk, RateEffect.ADD, f"top {pk}", amount_minor=minor, **fields)


def parts(*rates, moment=MONDAY_EVENING):
    return price_parts(LESSON, STANDARD, rates, moment)


def cost(*rates, moment=MONDAY_EVENING):
    return sum(part.minor for part in parts(*rates, moment=moment))


@pytest.mark.parametrize(
    ("clock", "amount"),
    (
        (dt.time(17, 59, 59), STANDARD),
        (dt.time(18), STANDARD + 50_00),
        (dt.time(20, 59, 59), STANDARD + 50_00),
        (dt.time(21), STANDARD),
    ),
)
def test_a_window_begins_at_its_first_minute_and_ends_before_its_last(clock, amount):
    assert cost(EVENING, moment=replace(MONDAY_EVENING, clock=clock)) == amount


@pytest.mark.parametrize(
    ("on", "amount"),
    (
        (dt.date(2026, 2, 28), STANDARD),
        (dt.date(2026, 3, 1), 600_00),
        (dt.date(2026, 3, 31), 600_00),
        (dt.date(2026, 4, 1), STANDARD),
    ),
)
def test_both_days_of_a_list_count(on, amount):
    march = price(
        1,
        600_00,
        product_id=LESSON,
        valid_from=dt.date(2026, 3, 1),
        valid_until=dt.date(2026, 3, 31),
    )

    assert cost(march, moment=replace(MONDAY_EVENING, on=on)) == amount


@pytest.mark.parametrize(
    "field",
    (
        {"product_id": OTHER_LESSON},
        {"department_id": 8},
        {"level_id": 6},
        {"weekdays": frozenset({1})},
    ),
)
def test_a_line_for_something_else_does_not_hold(field):
    assert cost(top(1, 50_00, **field)) == STANDARD


def test_a_teacher_of_no_level_is_of_none():
    senior = top(1, 50_00, level_id=SENIOR)

    assert cost(senior, moment=replace(MONDAY_EVENING, level_id=None)) == STANDARD


MONDAY = frozenset({0})
ORDER = (
    {"department_id": NORTH},
    {"product_id": LESSON},
    {"level_id": SENIOR},
    {"starts_at": dt.time(18), "ends_at": dt.time(19)},
    {"weekdays": MONDAY},
    {"starts_at": dt.time(17)},
    {"weekdays": frozenset({0, 1, 2, 3, 4, 5})},
)


@pytest.mark.parametrize("place", range(len(ORDER) - 1))
def test_the_most_specific_line_wins_whatever_the_order(place):
    """Department before product, product before level, level before the time, less before more."""
    strong = replace(top(9, 10_00), **{"weekdays": MONDAY, **ORDER[place]})
    weak = replace(top(1, 90_00), **{"weekdays": MONDAY, **ORDER[place + 1]})
    if "weekdays" not in ORDER[place + 1] and place >= 2:
        weak = replace(weak, weekdays=frozenset())
    if "weekdays" not in ORDER[place] and place >= 3:
        strong = replace(strong, weekdays=frozenset())

    assert cost(strong, weak) == cost(weak, strong) == STANDARD + 10_00


def test_of_two_alike_the_older_line_wins():
    assert cost(top(2, 90_00), top(1, 10_00)) == STANDARD + 10_00


def test_one_line_for_the_time_and_one_for_the_rest_come_on_top():
    senior = top(2, 30_00, level_id=SENIOR)
    evening_too = top(3, 70_00, starts_at=dt.time(16))

    found = parts(EVENING, senior, evening_too)

    assert [(part.what, part.label, part.minor) for part in found] == [
        (Step.STANDARD, "", STANDARD),
        (Step.SURCHARGE, "Evening", 50_00),
        (Step.SURCHARGE, "top 2", 30_00),
    ]


def test_a_share_is_of_the_price_that_holds_and_rounded_once():
    weekend = Rate(1, RateEffect.PERCENT, "Weekend", percent=15)

    assert cost(weekend, price(2, 333_33, product_id=LESSON)) == 333_33 + 50_00


rates = st.builds(
    Rate,
    pk=st.integers(1, 50),
    effect=st.sampled_from(RateEffect),
    name=st.just("x"),
    amount_minor=st.integers(0, 10**6),
    percent=st.integers(0, 300),
    product_id=st.sampled_from([None, LESSON, OTHER_LESSON]),
    department_id=st.sampled_from([None, NORTH, 8]),
    level_id=st.sampled_from([None, SENIOR, 6]),
    weekdays=st.frozensets(st.integers(0, 6)),
    starts_at=st.sampled_from([None, dt.time(6), dt.time(17)]),
    ends_at=st.sampled_from([None, dt.time(18), dt.time(22)]),
)
moments = st.builds(
    Moment,
    on=st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
    clock=st.times(),
    department_id=st.sampled_from([NORTH, 8]),
    level_id=st.sampled_from([None, SENIOR]),
)


@given(st.lists(rates, unique_by=lambda rate: rate.pk), moments, st.randoms(use_true_random=False))
def test_the_price_does_not_depend_on_the_order_of_the_lines(found, moment, random):
    shuffled = list(found)
    random.shuffle(shuffled)

    assert price_parts(LESSON, STANDARD, found, moment) == price_parts(
        LESSON, STANDARD, shuffled, moment
    )


@given(st.lists(rates, unique_by=lambda rate: rate.pk), moments, st.integers(1, 400))
def test_minutes_cost_their_share_of_every_step_and_nothing_is_below_zero(found, moment, minutes):
    whole = price_parts(LESSON, STANDARD, found, moment)
    shares = for_minutes(whole, minutes, 45)

    exact = sum(part.minor for part in whole) * minutes / 45
    assert abs(sum(part.minor for part in shares) - exact) <= len(whole) / 2
    assert all(part.minor >= 0 for part in shares)
    assert for_minutes(whole, 45, 45) == whole
