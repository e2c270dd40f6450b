"""What counts as an id among what somebody sends."""

import pytest

from justdriving.kernel.ids import id_in, ids_in


@pytest.mark.parametrize(
    ("text", "found"),
    (
        ("7", 7),
        (7, 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("9" * 5000, None),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("", None),
        (None, None),
    ),
)
def test_an_id_is_digits_that_the_database_can_hold(text, found):
    assert id_in(text) == found


def test_what_is_no_id_is_left_out():
    assert ids_in(["3", "x", "1" * 40, "2"]) == [3, 2]
