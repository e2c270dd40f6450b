"""A move of the calendar taken back, and where a lesson that is dragged could go."""

import datetime as dt
import json

import pytest
import time_machine
from django.urls import reverse

from tests.factories import NOON, NOW, BookingFactory

HOUR = dt.timedelta(hours=1)
DIALOG = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def on_monday_at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def address(cast):
    return lambda name, *args: reverse(f"bookings:{name}", args=[cast.school.slug, *args])


@pytest.fixture
def lesson(cast):
    """A function: a confirmed lesson on Thursday at noon, changed as told."""

    def make(**changes):
        values = {
            "school": cast.school,
            "department": cast.department,
            "teacher": cast.teacher,
            "lesson_type": cast.lesson_type,
            "students": [cast.student],
            "resources": [cast.vehicle],
        }
        return BookingFactory(**values | changes)

    return make


def move_form(cast, **changes):
    """Two hours later, same teacher, changed as told."""
    form = {"day": "2026-03-05", "time": "14:00", "teacher": cast.teacher.pk, "resource": ""}
    return form | changes


def undo_of(answer) -> str:
    return json.loads(answer["HX-Trigger"])["toast"]["undo"]


def test_a_move_is_taken_back_by_the_same_rules(cast, signed_in, address, lesson):
    booking, client = lesson(), signed_in(cast.office)
    form = move_form(cast, teacher=cast.other_teacher.pk, resource=cast.other_vehicle.pk)
    undo = undo_of(client.post(address("move_check", booking.pk), form, **DIALOG))

    back = client.post(undo, **DIALOG)

    booking.refresh_from_db()
    assert (back.status_code, "calendar:changed" in back["HX-Trigger"]) == (204, True)
    assert (booking.starts_at, booking.teacher) == (NOON, cast.teacher)
    assert [used.resource for used in booking.booking_resources.all()] == [cast.vehicle]
    assert [row.change for row in booking.transitions.order_by("sequence")] == ["moved", "moved"]


def test_a_place_taken_meanwhile_keeps_the_move_and_says_why(cast, signed_in, address, lesson):
    booking, client = lesson(), signed_in(cast.office)
    undo = undo_of(client.post(address("move_check", booking.pk), move_form(cast), **DIALOG))
    lesson(students=[cast.other_student], resources=[cast.other_vehicle])

    kept = client.post(undo, **DIALOG)

    booking.refresh_from_db()
    heard = json.loads(kept["HX-Trigger"])
    assert booking.starts_at == NOON + 2 * HOUR
    assert (heard["toast"]["tone"], "calendar:changed" in heard) == ("bad", False)
    assert "Mette Holm" in heard["toast"]["text"]


def test_what_somebody_changed_since_is_not_taken_back(cast, signed_in, address, lesson):
    booking, client = lesson(), signed_in(cast.office)
    undo = undo_of(client.post(address("move_check", booking.pk), move_form(cast), **DIALOG))
    client.post(address("move_check", booking.pk), move_form(cast, time="15:00"), **DIALOG)

    kept = client.post(undo, **DIALOG)

    booking.refresh_from_db()
    assert booking.starts_at == NOON + 3 * HOUR
    assert "Somebody has changed the lesson since." in kept["HX-Trigger"]


def test_without_scripts_the_message_takes_it_back(cast, signed_in, address, lesson):
    booking, client = lesson(), signed_in(cast.office)
    page = client.post(address("move_check", booking.pk), move_form(cast), follow=True)
    assert address("move_undo", booking.pk) in page.content.decode()


@pytest.mark.parametrize("who", ("student", "other_teacher"))
def test_others_take_no_move_back_and_see_no_free_times(cast, signed_in, address, lesson, who):
    booking, client = lesson(), signed_in(getattr(cast, who))
    query = "?start=2026-03-05T11:00:00%2B00:00&teacher=1&version=1"
    assert client.post(address("move_undo", booking.pk) + query).status_code == 404
    assert client.get(address("move_free", booking.pk), {"first": "2026-03-05"}).status_code == 404


@pytest.mark.parametrize(
    "query", ("", "?start=x", "?start=2026-03-05T11:00:00&teacher=1&version=1")
)
def test_a_way_back_that_is_none_is_not_found(cast, signed_in, address, lesson, query):
    where = address("move_undo", lesson().pk) + query
    assert signed_in(cast.office).post(where).status_code == 404


def free_of(client, address, booking, **asked):
    return client.get(address("move_free", booking.pk), {"first": "2026-03-05"} | asked).json()


def test_a_dragged_lesson_knows_where_it_could_go(cast, signed_in, address, lesson):
    booking = lesson()
    lesson(starts=NOON + 2 * HOUR, students=[cast.other_student], resources=[cast.other_vehicle])

    found = free_of(signed_in(cast.office), address, booking)

    day = "2026-03-05T"
    assert found["own"] == cast.teacher.pk
    assert found["free"][str(cast.teacher.pk)] == [
        [f"{day}08:00:00", f"{day}14:00:00"],
        [f"{day}15:30:00", f"{day}18:00:00"],
    ]
    assert found["free"][str(cast.other_teacher.pk)] == [[f"{day}08:00:00", f"{day}18:00:00"]]


@pytest.mark.parametrize("asked", ({"days": "8"}, {"days": "0"}, {"days": "x"}, {"first": "x"}))
def test_days_that_are_none_are_not_found(cast, signed_in, address, lesson, asked):
    where = address("move_free", lesson().pk)
    answer = signed_in(cast.office).get(where, {"first": "2026-03-05"} | asked)
    assert answer.status_code == 404
