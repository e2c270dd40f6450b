"""The tables of moves have no cycles, and the documentation shows them as they are."""

import pytest

from bookings.enums import MOVES, PARTICIPATION_MOVES
from justdriving.management.commands.print_lifecycles import page, section


def reachable(moves, start) -> set:
    found, waiting = set(), [start]
    while waiting:
        for following in moves[waiting.pop()] - found:
            found.add(following)
            waiting.append(following)
    return found


@pytest.mark.parametrize("moves", (MOVES, PARTICIPATION_MOVES), ids=("booking", "participation"))
def test_a_life_never_comes_back_to_where_it_was(moves):
    assert [state for state in moves if state in reachable(moves, state)] == []


def test_the_documentation_shows_the_tables_of_the_code():
    assert section() in page().read_text()
