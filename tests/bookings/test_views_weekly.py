"""The pages of weekly plans: what is split belongs together, what is shown is what is found."""

import datetime as dt

import pytest
import time_machine
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse

from bookings.models import Absence, Booking, ClosedDay, SessionTemplate
from bookings.services.occurrences import Scope, SessionEdit
from bookings.services.series import change_sessions
from bookings.services.sessions import generate_all
from tests.bookings.sessions import plan, room, theory, typed, values
from tests.factories import NOW

__all__ = ["plan", "room", "theory", "typed", "values"]

THURSDAY = dt.date(2026, 3, 5)
WEEK = dt.timedelta(weeks=1)


@pytest.fixture(autouse=True)
def on_monday_at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def address(cast):
    return lambda name, *args: reverse(f"bookings:{name}", args=[cast.school.slug, *args])


@pytest.fixture
def office(cast, signed_in):
    return signed_in(cast.office)


@pytest.fixture
def split(cast, plan):
    """A plan of four weeks, and the plan that continues it from the third at 16:00."""
    _template, generated = plan(weeks_ahead=4)
    change_sessions(
        booking_id=generated.made[2].pk,
        scope=Scope.FOLLOWING,
        edit=SessionEdit(starts_at=dt.time(16)),
        by=cast.office,
        at=NOW,
    )
    return list(SessionTemplate.objects.order_by("pk"))


@pytest.fixture
def session_values(cast):
    """The form of the first session, as it is."""
    return {
        "day": "2026-03-05",
        "starts_at": "15:00",
        "minutes": 120,
        "teacher": cast.teacher.pk,
        "capacity": 12,
        "place": "Room 1",
    }


def link(address, plan, text):
    return f'href="{address("weekly_plan", plan.pk)}">{text}</a>'


def test_plans_split_from_each_other_lead_to_each_other(office, address, split):
    first, second = split
    back = link(address, first, "Continues the plan until Wed 18 Mar")
    forth = link(address, second, "Continues as another plan from Thu 19 Mar")

    pages = [office.get(address("weekly_plan", one.pk)).content.decode() for one in split]
    both = office.get(address("weekly")).content.decode()

    assert [forth in page for page in pages] == [True, False]
    assert [back in page for page in pages] == [False, True]
    assert forth in both
    assert back in both


def test_the_preview_of_all_says_that_it_spans_the_plans(office, address, split, session_values):
    page = address("session_change", Booking.objects.order_by("period")[0].pk)
    said = session_values | {"capacity": 5, "step": "show"}
    words = "The sessions of all 2 weekly plans are included."

    one = office.post(page, said | {"scope": "one"})
    everything = office.post(page, said | {"scope": "all"})

    assert words not in one.content.decode()
    assert words in everything.content.decode()
    days = [outcome.before.day for outcome in everything.context["outcomes"]]
    assert days == [THURSDAY + WEEK * number for number in range(4)]


SKIPPED = {"do_2026-03-12": "skip"}
ON_FRIDAY = {"do_2026-03-12": "another", "day_2026-03-12": "2026-03-13"}
ANYWAY = {"anyway_school-closed": "Everybody agreed"}


def close(cast, day):
    ClosedDay.objects.create(school=cast.school, on=day, name="Inventory")


def shown_and_saved(office, page, typed, shown, said, between=lambda: None):
    """Look at the days with what is said first, then save with what is said since."""
    seen = office.post(page, typed | shown | {"step": "show"}).context["expected"]
    between()
    return office.post(page, typed | said | {"step": "save", "expected": seen})


@pytest.mark.parametrize("said", ({}, SKIPPED, ON_FRIDAY, ANYWAY))
@pytest.mark.parametrize("shown", ({}, SKIPPED, ON_FRIDAY))
def test_what_is_decided_after_the_look_is_no_change_of_the_calendar(
    cast, office, address, typed, shown, said
):
    close(cast, THURSDAY)

    answer = shown_and_saved(office, address("weekly_new"), typed, shown, said)

    assert answer.status_code == 302
    days = list(Booking.objects.order_by("period").values_list("wall_date", flat=True)[:2])
    second = {"skip": THURSDAY + 2 * WEEK, "another": dt.date(2026, 3, 13)}
    expected = second.get(said.get("do_2026-03-12"), THURSDAY + WEEK)
    assert days[1 if said is ANYWAY else 0] == expected
    assert (days[0] == THURSDAY) == (said is ANYWAY)


@pytest.mark.parametrize("said", ({}, SKIPPED, ON_FRIDAY, ANYWAY))
@pytest.mark.parametrize("day", (THURSDAY, THURSDAY + WEEK))
def test_a_calendar_that_changed_meanwhile_is_shown_again_whatever_is_decided(
    cast, office, address, typed, said, day
):
    answer = shown_and_saved(
        office, address("weekly_new"), typed, {}, said, lambda: close(cast, day)
    )

    assert answer.status_code == 422
    assert "The calendar changed meanwhile." in answer.content.decode()
    assert SessionTemplate.objects.count() == 0


@pytest.mark.parametrize("shown", ({}, ON_FRIDAY))
def test_a_day_chosen_instead_that_is_taken_is_shown_before_it_is_left_out(
    cast, office, address, typed, shown
):
    def change():
        close(cast, dt.date(2026, 3, 13))

    answer = shown_and_saved(office, address("weekly_new"), typed, shown, ON_FRIDAY, change)

    assert answer.status_code == 422
    assert "One of your choices does not work." in answer.content.decode()
    assert SessionTemplate.objects.count() == 0
    again = typed | ON_FRIDAY | {"step": "save", "expected": answer.context["expected"]}
    assert office.post(address("weekly_new"), again).status_code == 302


@pytest.mark.parametrize("last_day", ("", "2026-06-30"))
def test_days_beyond_the_weeks_ahead_are_said_to_be_planned_later(office, address, typed, last_day):
    far = typed | {"first_day": "2026-05-01", "last_day": last_day, "weeks_ahead": 4}
    words = (
        "The next day is Thu 7 May, more than 4 weeks ahead. It is planned by itself on Thu 9 Apr."
    )

    shown = office.post(address("weekly_new"), far | {"step": "show"})
    expected = shown.context["expected"]
    saved = office.post(
        address("weekly_new"), far | {"step": "save", "expected": expected}, follow=True
    )

    for page in (shown, saved):
        assert words in page.content.decode()
        assert "Nothing is planned yet" in page.content.decode()
    assert "Look at the first and the last day." not in shown.content.decode()
    for day, planned in ((dt.date(2026, 4, 8), 0), (dt.date(2026, 4, 9), 1)):
        assert generate_all(at=dt.datetime.combine(day, dt.time(9), dt.UTC)) == planned


@pytest.mark.parametrize(
    ("last_day", "words"),
    (
        ("2026-06-30", "The rest until Tue 30 Jun is planned as the weeks come, 4 weeks ahead."),
        ("", "The days after that are planned as the weeks come, 4 weeks ahead."),
        ("2026-04-02", "The rest until"),
        ("2026-04-01", ""),
        ("2026-03-03", "Look at the first and the last day."),
    ),
)
def test_where_the_list_ends_before_the_plan_is_said(office, address, typed, last_day, words):
    some = typed | {"last_day": last_day, "weeks_ahead": 4}

    page = office.post(address("weekly_new"), some | {"step": "show"}).content.decode()

    assert words in page
    assert ("weeks ahead." in page) == (last_day in {"", "2026-06-30", "2026-04-02"})


@pytest.mark.parametrize(
    ("starts_at", "pill"), (("15:00", "Teacher away"), ("19:00", "Outside working hours"))
)
def test_the_pill_names_why_the_teacher_cannot(cast, office, address, typed, starts_at, pill):
    lower = dt.datetime(2026, 3, 5, 8, tzinfo=dt.UTC)
    period = DateTimeTZRange(lower, lower + dt.timedelta(hours=8))
    Absence.objects.create(school=cast.school, teacher=cast.teacher, period=period)

    page = office.post(address("weekly_new"), typed | {"starts_at": starts_at, "step": "show"})

    pills = ("Teacher away", "Outside working hours")
    assert [one for one in pills if one in page.content.decode()] == [pill]


@pytest.mark.parametrize(
    ("edit", "words"),
    (
        ({"minutes": 90}, "120 → 90 min"),
        ({"capacity": 10}, "12 → 10 seats"),
        ({"place": "Hall"}, "Where: Room 1 → Hall"),
        ({"place": ""}, "Where: Room 1 → –"),
        ({"starts_at": "16:00"}, ""),
    ),
)
def test_the_preview_of_a_change_shows_what_changes(
    office, address, plan, session_values, edit, words
):
    plan(weeks_ahead=2)
    page = address("session_change", Booking.objects.order_by("period")[0].pk)

    shown = office.post(page, session_values | edit | {"scope": "all", "step": "show"})

    assert [changes for _outcome, changes in shown.context["lines"]] == [
        [words] if words else []
    ] * 2
    assert words in shown.content.decode()
    assert ("<br>→" in shown.content.decode()) == ("starts_at" in edit)


def test_the_preview_of_a_change_names_the_teachers(cast, office, address, plan, session_values):
    _template, generated = plan(weeks_ahead=2)
    page = address("session_change", generated.made[0].pk)
    edit = {"teacher": cast.other_teacher.pk, "minutes": 90, "scope": "one", "step": "show"}

    shown = office.post(page, session_values | edit)

    words = f"{cast.teacher} → {cast.other_teacher}"
    assert [changes for _outcome, changes in shown.context["lines"]] == [["120 → 90 min", words]]
    assert words in shown.content.decode()
