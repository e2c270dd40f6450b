"""The calendar's pages: who sees what, in which order, with a fixed number of questions."""

import datetime as dt
import json
from importlib import import_module

import pytest
import time_machine
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse

from bookings.enums import BookingStatus, LessonKind, ResourceKind
from bookings.models import Absence, ClosedDay
from tests.bookings.feed import put_together
from tests.factories import (
    NOON,
    NOW,
    BookingFactory,
    DepartmentFactory,
    LessonTypeFactory,
    StudentFactory,
    TeacherFactory,
    VehicleFactory,
)

DAY = dt.timedelta(days=1)
THURSDAY = {"date": "2026-03-05"}


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
        }
        return BookingFactory(**values | changes)

    return make


@pytest.fixture
def office(cast, signed_in):
    """The office, signed in, and a vehicle of its school."""
    return signed_in(cast.office), cast.vehicle


def drawn(client, address, **query):
    data = json.loads(client.get(address("events"), THURSDAY | query).content)
    return data | {"lessons": put_together(data["lessons"])}


def shown(page) -> list[int]:
    return [booking.pk for _day, bookings in page.context["agenda"] for booking in bookings]


@pytest.mark.parametrize("name", ("calendar", "events", "sheet", "occupancy"))
def test_students_have_no_calendar(cast, signed_in, address, name):
    assert signed_in(cast.student).get(address(name)).status_code == 403


@pytest.mark.parametrize("name", ("calendar", "events", "sheet", "occupancy"))
def test_another_school_never_shows(cast, other_school, signed_in, address, lesson, name):
    lesson()
    assert signed_in(other_school.office).get(address(name)).status_code == 404


def test_the_grid_speaks_wall_time_of_the_school(cast, signed_in, address, lesson):
    booking = lesson(resources=[cast.vehicle])
    data = drawn(signed_in(cast.office), address)
    (event,) = data["lessons"]
    assert (event["id"], event["who"]) == (booking.pk, ["Åse Lind"])
    assert (event["start"], event["end"]) == ("2026-03-05T12:00:00", "2026-03-05T13:30:00")
    assert data["types"][str(cast.lesson_type.pk)] == {
        "name": "Driving lesson",
        "kind": "practical",
        "colour": "accent",
        "needs": ["vehicle"],
    }
    assert data["statuses"]["confirmed"] == {"label": "Confirmed", "icon": "check-circle"}


def test_the_grid_hatches_what_is_not_available(cast, signed_in, address):
    Absence.objects.create(
        school=cast.school,
        teacher=cast.other_teacher,
        period=DateTimeTZRange(NOON, NOON + dt.timedelta(hours=1)),
    )
    shut = {}
    for one in drawn(signed_in(cast.office), address)["shut"]:
        shut.setdefault(one["lane"], []).append((one["start"][11:16], one["end"][11:16]))
    assert shut == {
        cast.teacher.pk: [("00:00", "08:00"), ("18:00", "00:00")],
        cast.other_teacher.pk: [("00:00", "08:00"), ("12:00", "13:00"), ("18:00", "00:00")],
    }


def test_a_closed_day_is_hatched_from_midnight_to_midnight(cast, signed_in, address):
    ClosedDay.objects.create(school=cast.school, on=dt.date(2026, 3, 5), name="Inventory")
    shut = drawn(signed_in(cast.office), address)["shut"]
    assert {(one["start"], one["end"]) for one in shut} == {
        ("2026-03-05T00:00:00", "2026-03-06T00:00:00")
    }


def test_a_teacher_sees_their_own_column_unless_the_school_shows_all(
    cast, signed_in, address, lesson
):
    lesson()
    lesson(teacher=cast.other_teacher, students=[cast.other_student])
    client = signed_in(cast.teacher)
    own = drawn(client, address)
    assert (own["lanes"]["usual"], len(own["lessons"])) == ([cast.teacher.pk], 1)
    cast.school.teachers_see_whole_calendar = True
    cast.school.save()
    whole = drawn(client, address)
    assert (len(whole["lanes"]["usual"]), len(whole["lessons"])) == (2, 2)


@pytest.mark.parametrize(
    ("lane", "names"),
    (
        ("teacher", ["Mette Holm", "Søren Bæk"]),
        ("vehicle", ["Polo", "VW ID.3"]),
        ("room", ["Room 1", "Track"]),
    ),
)
def test_lanes_are_teachers_vehicles_or_rooms(cast, signed_in, address, lane, names):
    common = {"school": cast.school, "department": cast.department, "gearbox": ""}
    VehicleFactory(name="Room 1", kind=ResourceKind.ROOM, **common)
    VehicleFactory(name="Track", kind=ResourceKind.TRACK, **common)
    lanes = drawn(signed_in(cast.office), address, lane=lane)["lanes"]
    known = {one["id"]: one["title"] for one in lanes["known"]}
    assert [known[pk] for pk in lanes["usual"]] == names


def test_who_no_longer_works_here_is_known_and_has_no_column_of_their_own(
    cast, signed_in, address, lesson
):
    gone = TeacherFactory(school=cast.school, is_active=False)
    lesson(teacher=gone)
    lanes = drawn(signed_in(cast.office), address)["lanes"]
    assert gone.pk not in lanes["usual"]
    assert gone.pk in {one["id"] for one in lanes["known"]}


@pytest.mark.parametrize(
    ("query", "count"),
    (
        ({}, 2),
        ({"teacher": "mine"}, 1),
        ({"thing": "car"}, 1),
        ({"student": "noah"}, 1),
        ({"q": "åse"}, 1),
        ({"q": "nobody"}, 0),
        ({"status": "cancelled"}, 1),
        ({"status": "completed"}, 0),
        ({"department": "other"}, 0),
        ({"type": "9" * 30}, 0),
    ),
)
def test_the_calendar_can_be_narrowed(cast, signed_in, address, lesson, query, count):
    lesson(resources=[cast.vehicle])
    lesson(teacher=cast.other_teacher, students=[cast.other_student])
    lesson(
        students=[StudentFactory(school=cast.school)],
        starts=NOON + dt.timedelta(hours=3),
        status=BookingStatus.CANCELLED,
    )
    known = {
        "mine": cast.teacher.pk,
        "car": cast.vehicle.pk,
        "noah": cast.other_student.pk,
        "other": DepartmentFactory(school=cast.school).pk,
    }
    asked = {name: known.get(value, value) for name, value in query.items()}
    client = signed_in(cast.office)
    assert len(shown(client.get(address("calendar"), THURSDAY | asked | {"view": "list"}))) == count
    assert len(drawn(client, address, **asked)["lessons"]) == count


@pytest.mark.parametrize(
    "query",
    (
        "view=year",
        "lane=dog",
        "date=2026-02-30",
        "teacher=x",
        "student=-1",
        "status=happy",
        "date=9999-12-31",
        "view=week&date=0001-01-01",
    ),
)
def test_a_calendar_that_makes_no_sense_is_not_found(cast, signed_in, address, query):
    assert signed_in(cast.office).get(f"{address('calendar')}?{query}").status_code == 404


@pytest.mark.parametrize(
    ("view", "says"),
    (
        ("day", ("Thursday 5 March", "2026-03-04", "2026-03-06")),
        ("week", ("Mon 2 Mar – Sun 8 Mar", "2026-02-26", "2026-03-12")),
        ("month", ("March 2026", "2026-02-01", "2026-04-01")),
        ("list", ("Thu 5 Mar – Wed 11 Mar", "2026-02-26", "2026-03-12")),
    ),
)
def test_each_view_says_its_days_and_leads_on(cast, signed_in, address, lesson, view, says):
    title, earlier, later = says
    lesson()
    page = signed_in(cast.office).get(address("calendar"), THURSDAY | {"view": view})
    assert page.context["title"] == title
    assert f"date={earlier}" in page.context["toolbar"]["previous"]
    assert f"date={later}" in page.context["toolbar"]["next"]
    assert "Åse Lind" in page.content.decode()


@pytest.mark.parametrize(
    ("who", "query", "grid"),
    (
        ("office", {"view": "day"}, "resourceTimeGridDay"),
        ("office", {"view": "week"}, "resourceTimelineMonth"),
        ("office", {"view": "week", "teacher": "mine"}, "timeGridWeek"),
        ("teacher", {"view": "week"}, "timeGridWeek"),
        ("office", {"view": "list"}, ""),
    ),
)
def test_a_week_of_many_is_by_lane_and_a_week_of_one_by_the_hour(
    cast, signed_in, address, who, query, grid
):
    asked = {name: cast.teacher.pk if value == "mine" else value for name, value in query.items()}
    page = signed_in(getattr(cast, who)).get(address("calendar"), asked)
    assert page.context["grid"] == grid


def test_a_month_has_whole_weeks_and_counts_what_it_does_not_show(cast, signed_in, address, lesson):
    for number in range(6):
        lesson(starts=NOON + dt.timedelta(hours=2 * number - 5), minutes=60)
    page = signed_in(cast.office).get(address("calendar"), THURSDAY | {"view": "month"})
    weeks = page.context["weeks"]
    assert (weeks[0][0].day, weeks[-1][-1].day) == (dt.date(2026, 2, 23), dt.date(2026, 4, 5))
    (thursday,) = [cell for week in weeks for cell in week if cell.count]
    assert (thursday.day, thursday.count, thursday.more) == (dt.date(2026, 3, 5), 6, 2)


def test_a_long_list_says_that_there_is_more(cast, signed_in, address, lesson, monkeypatch):
    monkeypatch.setattr(import_module("bookings.views.calendar"), "AGENDA_AT_MOST", 1)
    first = lesson()
    lesson(starts=NOON + DAY)
    page = signed_in(cast.office).get(address("calendar"), THURSDAY | {"view": "list"})
    assert (shown(page), page.context["more_than"]) == ([first.pk], 1)


def test_a_lesson_wears_its_tags(cast, signed_in, address, lesson):
    track = LessonTypeFactory(school=cast.school, kind=LessonKind.SKID_PAD)
    first = lesson(lesson_type=track, entered_afterwards=True)
    second = lesson(starts=NOON + dt.timedelta(hours=3))
    page = signed_in(cast.office).get(address("calendar"), THURSDAY | {"view": "list"})
    tags = {pk: [str(tag.text) for tag in found] for pk, found in page.context["tags"].items()}
    assert tags == {
        first.pk: [
            "Depends on the weather",
            "Entered afterwards",
            "First lesson",
            "Twice that day",
        ],
        second.pk: ["Twice that day"],
    }


@pytest.mark.parametrize("view", ("day", "week", "month", "list"))
@pytest.mark.parametrize("name", ("calendar", "events", "sheet"))
def test_the_calendar_asks_the_same_number_of_questions_for_one_and_for_many(
    office, address, lesson, name, view, count_queries
):
    client, vehicle = office
    lesson(resources=[vehicle])
    ask = lambda: client.get(address(name), THURSDAY | {"view": view})  # noqa: E731
    ask()
    one = count_queries(ask)
    for hour in (-4, -2, 2, 4):
        other = StudentFactory(school=vehicle.school)
        starts = NOON + dt.timedelta(hours=hour)
        lesson(starts=starts, resources=[vehicle], students=[other])
    assert count_queries(ask) == one


def test_the_office_of_one_department_sees_only_its_lessons(cast, signed_in, address, lesson):
    lesson()
    cast.office.department = DepartmentFactory(school=cast.school)
    cast.office.save()
    client = signed_in(cast.office)
    assert shown(client.get(address("calendar"), THURSDAY | {"view": "list"})) == []
    assert drawn(client, address)["lessons"] == []


@pytest.mark.parametrize(
    ("lane", "names"), (("teacher", ["Mette Holm", "Søren Bæk"]), ("vehicle", ["Polo", "VW ID.3"]))
)
def test_the_sheet_has_a_table_for_each_column(cast, signed_in, address, lesson, lane, names):
    lesson(resources=[cast.vehicle])
    lesson(
        teacher=cast.other_teacher, students=[cast.other_student], resources=[cast.other_vehicle]
    )
    page = signed_in(cast.office).get(address("sheet"), THURSDAY | {"lane": lane})
    assert [name for name, _lessons in page.context["tables"]] == names


def test_an_empty_sheet_says_so(cast, signed_in, address):
    page = signed_in(cast.office).get(address("sheet"), THURSDAY)
    assert "There is nothing to print for these days." in page.content.decode()
