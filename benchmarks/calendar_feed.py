"""One school's week on the calendar: 50 teachers, 2,100 lessons, among ever more in the database.

``python benchmarks/calendar_feed.py [--scale small]`` makes a database of its own, adds lessons up
to 10,000 and 1,000,000 and measures each time, in turns and in one process:

* ``plain``: the bare indexed query for the lessons of the week, five columns, nothing joined;
* ``json``: the one query whose answer is the calendar's JSON (bookings/queries/feed.py);
* ``response``: the whole answer of the address that the calendar asks, with the session, the
  permission, lanes and closed hours.
"""

import contextlib
from collections.abc import Callable, Iterator
from datetime import date, time, timedelta
from statistics import median
from typing import Any

import world
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from free_time import timed

from administration.models import Membership
from bookings.queries.feed import events_json
from justdriving.kernel.clock import instant
from justdriving.kernel.tenancy import school_scope

MONDAY, DAYS, A_DAY = date(2031, 1, 6), 7, 6
SCHOOLS = 10
SIZES = {
    "small": {"teachers": 3, "lessons": (500, 2_000), "rounds": 3},
    "full": {"teachers": 50, "lessons": (10_000, 1_000_000), "rounds": 40},
}
PLAIN = """
SELECT id, lower(period), upper(period), teacher_id, status FROM bookings_booking
WHERE school_id = %s AND period && tstzrange(%s, %s) AND status <> 'cancelled'
"""


def grown(builder: world.Builder, teachers: int, totals: tuple[int, ...]) -> Iterator[world.School]:
    """Add lessons up to each total, and give back the school whose week is shown."""
    schools = [builder.school(f"school {number}", teachers) for number in range(SCHOOLS)]
    with builder.loading():
        builder.lessons(schools[0], MONDAY, DAYS, A_DAY)
    there, before = teachers * DAYS * A_DAY, MONDAY
    for total in totals:
        days = max(1, (total - there) // (SCHOOLS * teachers * world.LESSONS_A_DAY))
        before -= timedelta(days=days)
        with builder.loading():
            for school in schools:
                builder.lessons(school, before, days)
        there += days * SCHOOLS * teachers * world.LESSONS_A_DAY
        yield schools[0]


def measured(school: world.School, rounds: int) -> dict[str, Any]:
    """One line of the report: the three ways take turns."""
    by = Membership.objects.select_related("user", "school").get(pk=school.cast.office.pk)
    zone = by.school.zone
    lower, upper = (instant(day, time(), zone) for day in (MONDAY, MONDAY + timedelta(days=DAYS)))
    browser = Client()
    browser.force_login(by.user, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("bookings:events", args=[by.school.slug]) + f"?view=week&date={MONDAY}"
    with contextlib.closing(world.raw_connection()) as raw, raw.cursor() as cursor:
        ways: dict[str, Callable[[], Any]] = {
            "plain": lambda: cursor.execute(PLAIN, [by.school_id, lower, upper]).fetchall(),
            "json": lambda: events_json(by, lower, upper),
            "response": lambda: _answer(browser, url),
        }
        times = timed(ways, rounds)
        lessons = len(ways["plain"]())
    with CaptureQueriesContext(connection) as queries:
        size = len(_answer(browser, url))
    medians = {way: median(taken) for way, taken in times.items()}
    return {
        "lessons_shown": lessons,
        "bytes": size,
        "queries": len(queries),
        **{f"{way}_ms": round(1000 * taken, 2) for way, taken in medians.items()},
        "json_to_plain": round(medians["json"] / medians["plain"], 2),
        "response_to_plain": round(medians["response"] / medians["plain"], 2),
    }


def _answer(browser: Client, url: str) -> bytes:
    answer = browser.get(url)
    if answer.status_code != 200:  # noqa: PLR2004 -- OK
        raise RuntimeError(answer.status_code)
    return bytes(answer.content)


def run(scale: str) -> list[dict[str, Any]]:
    size: Any = SIZES[scale]
    lines = []
    with contextlib.closing(world.raw_connection()) as raw:
        builder = world.Builder(raw)
        for school in grown(builder, size["teachers"], size["lessons"]):
            with school_scope(school.pk):
                line = measured(school, size["rounds"])
            lines.append({"lessons": builder.count("bookings_booking"), **line})
    return lines


def main() -> None:
    scale = world.options(__doc__ or "").scale
    with world.scratch_database():
        world.report(run(scale), teachers=SIZES[scale]["teachers"])


if __name__ == "__main__":
    main()
