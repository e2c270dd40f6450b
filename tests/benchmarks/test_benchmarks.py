"""Each benchmark runs on a small scale, says what it measured, and asks as little as promised.

Times are never asserted: they are measured by running the benchmarks.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.benchmark

ROOT = Path(__file__).resolve().parents[2]
STATEMENTS_A_BOOKING = 25
QUERIES_A_SEARCH = 7


def measured(name: str):
    """What ``benchmarks/<name>.py`` prints."""
    found = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), "--scale", "small"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-2000:]
    printed = json.loads(found.stdout)
    assert {"postgres", "python", "cpus", "load", "results"} <= printed.keys()
    return printed["results"]


@pytest.fixture(autouse=True)
def database(db):
    """They make a database of their own; this one tells that there is a server."""


def test_a_booking_costs_few_statements():
    results = measured("booking_commit")

    assert results["statements"] <= STATEMENTS_A_BOOKING
    assert [(one["existing_bookings"], one["clients"]) for one in results["lines"]] == [
        (0, 1),
        (0, 8),
        (1_000, 1),
        (1_000, 8),
    ]
    assert all(one["ratio"] > 0 for one in results["lines"])


def test_a_search_asks_the_same_few_queries_however_many_lessons_there_are():
    *lines, growth = measured("free_time")

    assert [one["queries"] for one in lines] == [QUERIES_A_SEARCH - 1] * len(lines)
    assert len({one["times_found"] for one in lines}) == 1
    assert lines[-1]["lessons"] > lines[0]["lessons"]
    assert growth.keys() == {"plain_growth", "sql_growth", "service_growth"}


def test_a_week_on_the_calendar_asks_the_same_queries_however_many_lessons_there_are():
    lines = measured("calendar_feed")

    assert len({(one["queries"], one["lessons_shown"]) for one in lines}) == 1
    assert lines[0]["lessons_shown"] == 3 * 7 * 6


def test_one_of_forty_wins_each_round_and_nothing_goes_wrong():
    results = measured("race")

    assert set(results["winners_per_round"]) == {1}
    assert results["outcomes"].keys() == {"booked", "teacher-booked"}


def test_booking_over_http_is_measured_against_a_plain_view():
    lines = measured("http_booking")

    assert [(one["existing_bookings"], one["clients"]) for one in lines] == [
        (0, 1),
        (0, 8),
        (1_000, 1),
        (1_000, 8),
    ]
    assert all(one["share_of_plain"] > 0 for one in lines)
