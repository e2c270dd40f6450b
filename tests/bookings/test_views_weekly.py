"""The pages of weekly plans: what is split belongs together, what is shown is what is found."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from bookings.models import Booking, SessionTemplate
from bookings.services.occurrences import Scope, SessionEdit
from bookings.services.series import change_sessions
from tests.bookings.sessions import plan, room, theory, values
from tests.factories import NOW

__all__ = ["plan", "room", "theory", "values"]

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
