"""Who gets a discount, and what it takes off: exact, capped, never below zero."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.discount_policies import (
    Given,
    Grant,
    Paper,
    Person,
    Rule,
    age_on,
    discount_parts,
    discounts_for,
)
from finance.enums import DiscountKind, Stacking
from finance.policies import line_sums
from justdriving.kernel.money import Money

TODAY, LESSON_DAY = dt.date(2026, 3, 2), dt.date(2026, 3, 16)
PRODUCT = 1
PERSON = Person(born_on=dt.date(2008, 3, 16))


def gets(rule, person=PERSON, *, agreed_on=TODAY, on=LESSON_DAY, product=PRODUCT):
    found = discounts_for([rule], person, product, agreed_on=agreed_on, on=on)
    return (found[0].why, found[0].about) if found else None


FAMILY = Rule(1, "Siblings", DiscountKind.FAMILY, percent=10, from_sibling=2)


@pytest.mark.parametrize(
    ("from_sibling", "relatives", "elder", "about"),
    (
        (2, 1, 0, None),
        (2, 1, 1, "2"),
        (1, 1, 0, "1"),
        (1, 0, 0, None),
        (3, 2, 1, None),
        (3, 2, 2, "3"),
    ),
)
def test_a_family_counts_from_whoever_came_first(from_sibling, relatives, elder, about):
    rule = replace(FAMILY, from_sibling=from_sibling)

    found = gets(rule, replace(PERSON, relatives=relatives, elder=elder))

    assert found == (("family", about) if about else None)


@pytest.mark.parametrize(("days", "fits"), ((13, True), (14, True), (15, False)))
def test_early_is_so_many_days_before_the_lesson(days, fits):
    rule = Rule(1, "Early", DiscountKind.EARLY_BIRD, percent=5, days_ahead=days)

    assert gets(rule) == (("early_bird", "14") if fits else None)


@pytest.mark.parametrize(("years", "fits"), ((18, False), (19, True)))
def test_young_is_counted_on_the_day_of_the_lesson(years, fits):
    """Eighteen on that very day."""
    rule = Rule(1, "Young", DiscountKind.PROFILE, percent=5, younger_than=years)

    assert gets(rule) == (("age", str(years)) if fits else None)


def test_who_is_born_on_a_leap_day_is_older_the_day_after():
    born = dt.date(2008, 2, 29)

    assert [age_on(born, dt.date(2026, *day)) for day in ((2, 28), (3, 1))] == [17, 18]


@pytest.mark.parametrize(
    ("until", "fits"), ((None, True), (LESSON_DAY, True), (LESSON_DAY - dt.timedelta(1), False))
)
def test_a_document_must_be_valid_on_the_day_of_the_lesson(until, fits):
    rule = Rule(1, "Card", DiscountKind.PROFILE, percent=5, document_kind="student_card")
    person = replace(PERSON, papers=[Paper("student_card", TODAY, until)])

    assert gets(rule, person) == (("document", "student_card") if fits else None)


@pytest.mark.parametrize(
    ("until", "fits"), ((None, True), (TODAY, True), (TODAY - dt.timedelta(1), False))
)
def test_by_hand_holds_until_its_last_day_and_says_why(until, fits):
    rule = Rule(7, "Goodwill", DiscountKind.MANUAL, percent=5)
    person = replace(PERSON, grants={7: Grant("The car broke down", until)})

    assert gets(rule, person) == (("manual", "The car broke down") if fits else None)
    assert gets(replace(rule, pk=8), person) is None


@pytest.mark.parametrize(
    ("field", "fits"),
    (
        ({"valid_from": TODAY}, True),
        ({"valid_from": TODAY + dt.timedelta(1)}, False),
        ({"valid_until": TODAY}, True),
        ({"valid_until": TODAY - dt.timedelta(1)}, False),
        ({"products": frozenset({PRODUCT, 2})}, True),
        ({"products": frozenset({2})}, False),
    ),
)
def test_a_discount_holds_in_its_days_and_for_its_products(field, fits):
    person = replace(PERSON, relatives=1, elder=1)

    assert bool(gets(replace(FAMILY, **field), person)) is fits


def off(*rules, price=550_00, stacking=Stacking.BEST, cap=100, share=(1, 1)):
    found = [Given(rule, "manual", "") for rule in rules]
    return [-part.minor for part in discount_parts(price, found, stacking, cap, share)]


TEN = Rule(1, "Ten", DiscountKind.MANUAL, percent=10)
FIFTY_KRONER = Rule(2, "Fifty", DiscountKind.MANUAL, fixed_minor=50_00)
TWENTY = Rule(3, "Twenty", DiscountKind.MANUAL, percent=20)


@pytest.mark.parametrize(
    ("stacking", "cap", "taken"),
    (
        (Stacking.BEST, 100, [110_00]),
        (Stacking.ADD_UP, 100, [55_00, 50_00, 110_00]),
        (Stacking.ADD_UP, 30, [55_00, 50_00, 60_00]),
        (Stacking.ADD_UP, 10, [55_00]),
        (Stacking.ADD_UP, 0, []),
        (Stacking.IN_ORDER, 100, [55_00, 50_00, 89_00]),
        (Stacking.IN_ORDER, 10, [55_00, 50_00, 89_00]),
    ),
)
def test_several_at_once_follow_the_schools_rule(stacking, cap, taken):
    assert off(TEN, FIFTY_KRONER, TWENTY, stacking=stacking, cap=cap) == taken


def test_of_two_equally_good_the_first_is_given():
    other = replace(TEN, pk=9, name="Other")

    (part,) = discount_parts(
        100_00, [Given(one, "", "") for one in (TEN, other)], Stacking.BEST, 100
    )

    assert part.label == "Ten"


def test_an_amount_is_of_a_whole_lesson_and_never_more_than_the_price():
    assert off(FIFTY_KRONER, price=275_00, share=(1, 2)) == [25_00]
    assert off(FIFTY_KRONER, price=30_00) == [30_00]
    assert off(FIFTY_KRONER, price=0) == []


rules = st.one_of(
    st.builds(
        Rule,
        pk=st.integers(1, 99),
        name=st.just("x"),
        kind=st.just(DiscountKind.MANUAL),
        percent=st.integers(1, 100),
    ),
    st.builds(
        Rule,
        pk=st.integers(1, 99),
        name=st.just("x"),
        kind=st.just(DiscountKind.MANUAL),
        fixed_minor=st.integers(1, 10**6),
    ),
)


@given(
    st.lists(rules, max_size=6),
    st.integers(0, 10**7),
    st.sampled_from(Stacking),
    st.integers(0, 100),
    st.integers(1, 180),
    st.integers(0, 2500),
)
def test_what_is_left_is_never_below_zero_and_its_vat_adds_up(
    found, price, stacking, cap, minutes, rate
):
    taken = off(*found, price=price, stacking=stacking, cap=cap, share=(minutes, 45))
    left = Money(price - sum(taken), "DKK")
    sums = line_sums(left, quantity=1, rate_basis_points=rate)

    assert left.minor >= 0
    assert all(one > 0 for one in taken)
    assert (sums.net + sums.vat, sums.total) == (left, left)
    if stacking == Stacking.BEST:
        assert len(taken) <= 1
    if stacking == Stacking.ADD_UP:
        assert 100 * sum(taken) <= price * cap + 50
