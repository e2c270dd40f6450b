"""The lessons that the demonstration adds for today are booked whatever the rules say."""

import pytest

from bookings.ports import overridable_codes
from justdriving.demo.today import REASONS


@pytest.mark.parametrize("code", ("prerequisites-missing", "daily-cap", "teacher-not-available"))
def test_a_rule_in_the_way_of_todays_lessons_is_overruled(code):
    assert REASONS[code]


def test_only_what_may_be_overruled_has_a_reason():
    assert REASONS.keys() <= overridable_codes().keys()
