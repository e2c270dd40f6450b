"""How full the weeks are: planned, bookable, booked and attended, for each who may look."""

import csv
import datetime as dt
import io

import pytest
import time_machine
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse

from administration.models import User
from bookings.enums import BookingStatus, ParticipationStatus
from bookings.models import Absence, AvailabilityException, ClosedDay, Participation, ResourceOutage
from bookings.queries.occupancy import Load, Weeks, joined, left_of, occupancy_by
from tests.factories import NOON, NOW, BookingFactory, StudentFactory, TeacherFactory

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
MONDAY = dt.date(2026, 3, 2)
WEEK = 7 * 10 * 60
"""The cast's teachers work ten hours a day, seven days a week."""


@pytest.fixture(autouse=True)
def on_monday_at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def address(cast):
    return reverse("bookings:occupancy", args=[cast.school.slug])


@pytest.fixture
def lesson(cast):
    """A function: a confirmed lesson of 90 minutes on Thursday at noon, changed as told."""

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


def loads(cast, what="teacher", *, member=None, count=1, first=MONDAY) -> dict[str, list[Load]]:
    weeks = Weeks(first, count, cast.school.zone)
    rows = occupancy_by(member or cast.office, what, weeks)
    return {row.title: list(row.weeks) for row in rows}


def test_an_empty_week_is_planned_and_bookable(cast):
    nothing = Load(planned=WEEK, bookable=WEEK)
    assert loads(cast) == {"Mette Holm": [nothing], "Søren Bæk": [nothing]}


def test_absences_and_closed_days_leave_less_to_book(cast):
    Absence.objects.create(
        school=cast.school, teacher=cast.teacher, period=DateTimeTZRange(NOON, NOON + 2 * HOUR)
    )
    ClosedDay.objects.create(school=cast.school, on=MONDAY, name="Inventory")
    (mette,), (soeren,) = loads(cast).values()
    assert (mette.planned, mette.bookable) == (WEEK, WEEK - 600 - 120)
    assert (soeren.planned, soeren.bookable) == (WEEK, WEEK - 600)


def test_a_day_with_other_hours_is_planned_by_those(cast):
    AvailabilityException.objects.create(
        school=cast.school,
        teacher=cast.teacher,
        on=MONDAY,
        starts_at=dt.time(8),
        ends_at=dt.time(12),
    )
    AvailabilityException.objects.create(school=cast.school, teacher=cast.other_teacher, on=MONDAY)
    (mette,), (soeren,) = loads(cast).values()
    assert (mette.planned, soeren.planned) == (WEEK - 360, WEEK - 600)


def test_lessons_count_in_the_week_they_begin(cast, lesson):
    lesson()
    lesson(starts=NOON + 7 * DAY)
    lesson(starts=NOON + 8 * DAY, status=BookingStatus.CANCELLED)
    mette, _soeren = loads(cast, count=2).values()
    assert [week.booked for week in mette] == [90, 90]


def test_the_last_moment_of_sunday_is_not_next_week(cast, lesson):
    sunday = dt.datetime(2026, 3, 8, 22, 59, tzinfo=dt.UTC)  # 23.59 in Copenhagen
    lesson(starts=sunday)
    mette, _soeren = loads(cast, count=2).values()
    assert [week.booked for week in mette] == [90, 0]


def test_attended_is_what_was_really_used(cast, lesson):
    done = lesson(status=BookingStatus.COMPLETED)
    Participation.objects.filter(booking=done).update(
        status=ParticipationStatus.ATTENDED, minutes_used=75
    )
    lesson(starts=NOON + 3 * HOUR, status=BookingStatus.NO_SHOW)
    (mette,), _soeren = loads(cast).values()
    assert (mette.booked, mette.attended, mette.percent) == (180, 75, round(18000 / WEEK))


def test_a_class_counts_once_however_many_come(cast, lesson):
    lesson(
        capacity=12, students=[StudentFactory(school=cast.school) for _ in range(5)], resources=[]
    )
    (mette,), _soeren = loads(cast).values()
    assert mette.booked == 90


def test_a_vehicle_waits_for_whoever_works_and_not_in_the_workshop(cast, lesson):
    ResourceOutage.objects.create(
        school=cast.school, resource=cast.vehicle, period=DateTimeTZRange(NOON, NOON + 2 * HOUR)
    )
    lesson(starts=NOON + 2 * HOUR)
    (polo,), (vw,) = loads(cast, "vehicle").values()
    assert (polo.planned, polo.bookable, polo.booked) == (WEEK, WEEK, 0)
    assert (vw.planned, vw.bookable, vw.booked) == (WEEK, WEEK - 120, 90)


def test_a_department_has_the_hours_of_its_teachers(cast, lesson):
    lesson()
    (centre,) = loads(cast, "department").values()
    assert centre == [Load(planned=2 * WEEK, bookable=2 * WEEK, booked=90)]


@pytest.mark.parametrize(
    ("first", "hours"), ((dt.date(2026, 3, 23), 70), (dt.date(2026, 10, 19), 70))
)
def test_the_nights_the_clocks_change_cost_nobody_an_hour_of_work(cast, first, hours):
    (mette,), _soeren = loads(cast, first=first).values()
    assert (mette.planned, mette.bookable) == (hours * 60, hours * 60)


def test_a_teacher_sees_their_own_alone(cast, lesson):
    lesson()
    lesson(teacher=cast.other_teacher, students=[cast.other_student], resources=[])
    cast.school.teachers_see_whole_calendar = True
    cast.school.save()
    member = cast.teacher.membership
    member.school.teachers_see_whole_calendar = True
    assert list(loads(cast, member=member)) == ["Mette Holm"]
    assert loads(cast, "vehicle", member=member) == {}


def test_another_school_never_counts(cast, other_school, lesson):
    lesson()
    for what in ("teacher", "vehicle", "department"):
        rows = loads(cast, what)
        assert sum(week.booked for weeks in rows.values() for week in weeks) == 90


@pytest.mark.parametrize("by", ("teacher", "vehicle", "department"))
def test_it_asks_the_same_number_of_questions_for_one_and_for_many(
    cast, signed_in, address, lesson, by, count_queries
):
    client = signed_in(cast.office)
    lesson()
    ask = lambda: client.get(address, {"by": by})  # noqa: E731
    ask()
    one = count_queries(ask)
    for number in range(1, 4):
        teacher = TeacherFactory(school=cast.school)
        lesson(teacher=teacher, starts=NOON + number * DAY)
    assert count_queries(ask) == one


def test_each_number_opens_its_lessons(cast, signed_in, address, lesson):
    lesson()
    page = signed_in(cast.office).get(address, {"from": "2026-03-05"})
    (row, cells), *_others = page.context["rows"]
    assert row.title == "Mette Holm"
    assert f"view=week&date=2026-03-02&lane=teacher&teacher={cast.teacher.pk}" in cells[0].url
    assert page.context["asked"].first == MONDAY


def test_the_numbers_go_into_a_spreadsheet_and_a_name_is_no_formula(
    cast, signed_in, address, lesson
):
    user = cast.teacher.membership.user
    user.full_name = "=cmd()"
    user.save()
    lesson()
    answer = signed_in(cast.office).get(address, {"csv": 1})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 1 + 2 * 4
    assert rows[1] == ["'=cmd()", "2026-03-02", "70.00", "70.00", "1.50", "0.00", "2"]


def test_a_danish_spreadsheet_reads_the_numbers(cast, signed_in, address, lesson):
    User.objects.filter(pk=cast.office.user_id).update(language="da")
    lesson()
    answer = signed_in(cast.office).get(address, {"csv": 1})
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].count(";") == 6
    assert lines[1] == "Mette Holm;2026-03-02;70,00;70,00;1,50;0,00;2"


@pytest.mark.parametrize("query", ("by=dog", "weeks=5", "from=2026-02-31", "from=9999-12-31"))
def test_a_question_that_makes_no_sense_is_not_found(cast, signed_in, address, query):
    assert signed_in(cast.office).get(f"{address}?{query}").status_code == 404


@pytest.mark.parametrize(
    ("taken", "left"),
    (
        ([], [(0, 10)]),
        ([(2, 4)], [(0, 2), (4, 10)]),
        ([(0, 2)], [(2, 10)]),
        ([(8, 12)], [(0, 8)]),
        ([(0, 10)], []),
        ([(2, 4), (4, 6)], [(0, 2), (6, 10)]),
    ),
)
def test_what_is_taken_is_left_out(taken, left):
    at = [NOON + n * HOUR for n in range(13)]
    spans = [(at[lower], at[upper]) for lower, upper in taken]
    assert left_of([(at[0], at[10])], spans) == [(at[lower], at[upper]) for lower, upper in left]
    assert joined([(at[2], at[4]), (at[0], at[2]), (at[3], at[5])]) == [(at[0], at[5])]
