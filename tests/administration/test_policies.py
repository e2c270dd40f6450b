"""Ages, roles and colours: tables with the exact boundary."""

import datetime as dt

import pytest

from administration.enums import Role
from administration.policies.colours import (
    READABLE,
    SURFACE_DARK,
    WHITE,
    accent_refusal,
    contrast,
    luminance,
    mixed,
    theme_of,
)
from administration.policies.people import (
    age_on,
    born_on_refusal,
    may_give_role,
    needs_guardian,
    owners_remain,
)

DAY = dt.date(2026, 3, 2)


@pytest.mark.parametrize(
    ("born_on", "age"),
    (
        (dt.date(2008, 3, 1), 18),
        (dt.date(2008, 3, 2), 18),
        (dt.date(2008, 3, 3), 17),
        (DAY, 0),
    ),
)
def test_a_birthday_counts_from_its_own_day(born_on, age):
    assert age_on(born_on, DAY) == age


@pytest.mark.parametrize(("day", "age"), ((dt.date(2026, 2, 28), 17), (dt.date(2026, 3, 1), 18)))
def test_who_is_born_on_29_february_grows_older_on_1_march(day, age):
    assert age_on(dt.date(2008, 2, 29), day) == age


@pytest.mark.parametrize(
    ("born_on", "code"),
    (
        (dt.date(2026, 3, 3), "born_in_the_future"),
        (DAY, "too_young"),
        (dt.date(2012, 3, 3), "too_young"),
        (dt.date(2012, 3, 2), None),
        (dt.date(1915, 3, 3), None),
        (dt.date(1915, 3, 2), "born_too_long_ago"),
    ),
)
def test_only_impossible_dates_of_birth_are_refused(born_on, code):
    refusal = born_on_refusal(born_on, DAY)

    assert (refusal.code if refusal else None) == code


@pytest.mark.parametrize(
    ("born_on", "needed"), ((dt.date(2008, 3, 3), True), (dt.date(2008, 3, 2), False))
)
def test_a_guardian_is_needed_until_the_eighteenth_birthday(born_on, needed):
    assert needs_guardian(born_on, DAY) is needed


@pytest.mark.parametrize(
    ("giver", "given"),
    (
        (Role.OWNER, {Role.OWNER, Role.OFFICE, Role.TEACHER, Role.STUDENT, Role.GUARDIAN}),
        (Role.OFFICE, {Role.OFFICE, Role.TEACHER, Role.STUDENT, Role.GUARDIAN}),
        (Role.TEACHER, {Role.TEACHER, Role.STUDENT, Role.GUARDIAN}),
        (Role.STUDENT, {Role.STUDENT, Role.GUARDIAN}),
    ),
)
def test_nobody_gives_a_role_above_their_own(giver, given):
    assert {role for role in Role if may_give_role(giver, role) is None} == given


@pytest.mark.parametrize(("others", "code"), ((0, "last_owner"), (1, None)))
def test_the_last_owner_stays(others, code):
    refusal = owners_remain(others)

    assert (refusal.code if refusal else None) == code


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    (
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#767676", "#ffffff", 4.54),
        ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4.0),
    ),
)
def test_contrast_is_what_wcag_says(one, other, ratio):
    assert round(contrast(one, other), 2) == ratio
    assert contrast(one, other) == contrast(other, one)


def test_luminance_runs_from_black_to_white():
    assert (luminance("#000000"), round(luminance("#ffffff"), 6)) == (0, 1)


@pytest.mark.parametrize(
    ("colour", "dark", "readable"),
    (
        ("#767676", False, True),
        ("#777777", False, False),
        ("#0b6b5c", False, True),
        ("#0b6b5c", True, False),
        ("#55c8b0", True, True),
        ("red", False, False),
        ("#FFF", False, False),
        ("#0b6b5c;}", False, False),
    ),
)
def test_a_colour_that_cannot_be_read_is_refused(colour, dark, readable):
    assert (accent_refusal(colour, dark=dark) is None) is readable


@pytest.mark.parametrize(
    ("accent", "accent_dark"),
    (
        ("#0b6b5c", "#55c8b0"),
        ("#767676", "#8f8f8f"),
        ("#000000", "#ffffff"),
        ("#0000ff", "#ffff00"),
        ("#a3231b", "#ff8f86"),
        ("#d6006c", "#ff66b3"),
    ),
)
def test_every_accepted_colour_makes_a_readable_theme(accent, accent_dark):
    assert accent_refusal(accent, dark=False) is None
    assert accent_refusal(accent_dark, dark=True) is None

    theme = theme_of(accent, accent_dark)

    for side, ground in ((0, WHITE), (1, SURFACE_DARK)):
        assert contrast(theme.accent[side], ground) >= READABLE
        assert contrast(theme.accent[side], theme.ink[side]) >= READABLE
        assert contrast(theme.accent[side], theme.soft[side]) >= READABLE


def test_a_mixture_lies_between_its_colours():
    assert mixed("#000000", "#ffffff", 0) == "#ffffff"
    assert mixed("#000000", "#ffffff", 100) == "#000000"
    assert mixed("#0b6b5c", "#ffffff", 10) == "#e7f0ef"


def test_a_theme_is_three_tokens_of_css():
    assert theme_of("#0b6b5c", "#55c8b0").css() == (
        ":root{--jd-accent:light-dark(#0b6b5c,#55c8b0);"
        "--jd-accent-ink:light-dark(#ffffff,#04221c);"
        "--jd-accent-soft:light-dark(#ddeae8,#1f3630);}\n"
    )
