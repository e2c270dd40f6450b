import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test.utils import CaptureQueriesContext

from bookings import services
from bookings.enums import SelfBooking
from bookings.models import Absence, LessonType, WeeklyAvailability
from bookings.queries import (
    CalendarFilters,
    calendar_bookings,
    cancellation_quote,
    free_times,
    todays_lessons,
    why_not,
)
from justdriving.kernel.money import Money
from justdriving.kernel.tenancy import school_scope
from tests.cast import make_cast, make_teacher
from tests.factories import NOON, NOW, StudentFactory, VehicleFactory

pytestmark = pytest.mark.usefixtures("in_english")

THURSDAY = dt.date(2026, 3, 5)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@pytest.fixture
def offered(cast):
    """A function: the times offered for the cast's lesson on Thursday."""

    def ask(**changes):
        values = {
            "lesson_type": LessonType.objects.get(pk=cast.lesson_type.pk),
            "students": (cast.student,),
            "by": cast.office,
            "at": NOW,
            "teacher": cast.teacher,
            "first_day": THURSDAY,
            "days": 1,
        }
        return free_times(**values | changes)

    return ask


def clocks(slots, zone="Europe/Copenhagen") -> list[str]:
    return [f"{slot.starts_at.astimezone(ZoneInfo(zone)):%H:%M}" for slot in slots]


def count(action) -> int:
    with CaptureQueriesContext(connection) as queries:
        action()
    return len(queries)


# Free times


def test_every_half_hour_is_offered_while_the_lesson_fits(offered):
    slots = offered()

    assert clocks(slots)[:3] == ["08:00", "08:30", "09:00"]
    assert clocks(slots)[-1] == "16:30"
    assert len(slots) == 18
    assert {slot.ends_at - slot.starts_at for slot in slots} == {dt.timedelta(minutes=90)}


def test_booked_times_and_absences_are_not_offered(cast, book, offered):
    LessonType.objects.update(slot_minutes=90)
    book()
    Absence.objects.create(
        school=cast.school,
        teacher=cast.teacher,
        period=DateTimeTZRange(NOON + 2 * HOUR, NOON + 3 * HOUR),
    )

    assert clocks(offered()) == ["08:00", "09:30", "15:30"]


def test_taken_times_come_with_their_reasons_on_request(book, offered):
    LessonType.objects.update(slot_minutes=90)
    book()

    slots = offered(only_free=False)

    assert clocks(slots) == ["08:00", "09:30", "11:00", "12:30", "14:00", "15:30"]
    assert [[refusal.code for refusal in slot.refusals] for slot in slots] == [
        [],
        [],
        ["teacher-booked", "student-booked"],
        ["teacher-booked", "student-booked"],
        [],
        [],
    ]
    assert [slot.is_free for slot in slots] == [True, True, False, False, True, True]


def test_a_time_is_offered_exactly_when_nothing_is_said_against_it(cast, book, offered, wish):
    LessonType.objects.update(buffer_before_minutes=5, buffer_after_minutes=20)
    book(starts_at=NOON - HOUR)
    by = cast.student.membership

    slots = offered(by=by, only_free=False)

    assert {slot.is_free for slot in slots} == {True, False}
    for slot in slots:
        wanted = wish(starts_at=slot.starts_at, resource_ids=None)
        said = [refusal.code for refusal in why_not(wanted=wanted, by=by, at=NOW)]
        assert [refusal.code for refusal in slot.refusals] == said
    assert offered(by=by) == [slot for slot in slots if slot.is_free]


def test_times_already_begun_are_not_offered(offered):
    slots = offered(at=NOON, only_free=False)

    assert clocks(slots)[0] == "12:30"


def test_a_student_is_offered_what_their_notice_allows(cast, offered):
    LessonType.objects.update(min_notice_hours=4)

    assert clocks(offered(by=cast.student.membership, at=NOON))[:1] == ["16:00"]


def test_a_lesson_only_the_school_books_is_not_offered_to_students(cast, offered):
    LessonType.objects.update(self_booking=SelfBooking.OFF)

    assert offered(by=cast.student.membership) == []
    assert offered(by=cast.office) != []


def test_any_teacher_means_the_departments_with_the_students_own_first(cast, offered):
    LessonType.objects.update(slot_minutes=600)
    elsewhere = make_cast(name="Elsewhere")
    stranger = make_teacher(cast.school, cast.department, "Anna Aagaard")
    lorry = make_teacher(cast.school, cast.department, "Lars Lorry")
    lorry.licence_categories = ["C"]
    lorry.save()

    slots = offered(teacher=None)

    assert [slot.teacher for slot in slots] == [cast.teacher, stranger, cast.other_teacher]
    assert elsewhere.teacher not in [slot.teacher for slot in slots]


def test_a_teacher_searches_their_own_time_only(cast, offered):
    slots = offered(by=cast.other_teacher.membership, teacher=None)

    assert {slot.teacher for slot in slots} == {cast.other_teacher}


def test_each_time_comes_with_a_free_vehicle(cast, book, offered):
    book(
        teacher_id=cast.other_teacher.pk,
        student_ids=(cast.other_student.pk,),
        resource_ids=(cast.other_vehicle.pk,),
    )

    by_clock = {slot.starts_at: slot.resources for slot in offered()}

    assert by_clock[NOON] == (cast.vehicle,)


def test_a_time_without_a_free_vehicle_is_not_offered(cast, book, offered):
    book(
        teacher_id=cast.other_teacher.pk,
        student_ids=(cast.other_student.pk,),
        resource_ids=(cast.vehicle.pk, cast.other_vehicle.pk),
    )

    assert NOON not in [slot.starts_at for slot in offered()]
    refused = {slot.starts_at: slot.refusals for slot in offered(only_free=False)}[NOON]
    assert [refusal.code for refusal in refused] == ["no-resource-free"]


def test_the_booking_to_be_moved_does_not_stand_in_its_own_way(book, offered):
    booking = book()

    assert NOON not in [slot.starts_at for slot in offered()]
    assert NOON in [slot.starts_at for slot in offered(booking_id=booking.pk)]


def test_hours_that_begin_oddly_begin_the_grid(cast, offered):
    WeeklyAvailability.objects.update(starts_at=dt.time(8, 15), ends_at=dt.time(11))

    assert clocks(offered()) == ["08:15", "08:45", "09:15"]


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    (
        ("Europe/Copenhagen", dt.date(2026, 3, 29), ["01:00", "01:30", "03:00", "03:30"]),
        (
            "Europe/Copenhagen",
            dt.date(2026, 10, 25),
            ["01:00", "01:30", "02:00", "02:30", "03:00", "03:30"],
        ),
        ("America/New_York", dt.date(2026, 3, 8), ["01:00", "01:30", "03:00", "03:30"]),
        (
            "America/New_York",
            dt.date(2026, 11, 1),
            ["01:00", "01:30", "02:00", "02:30", "03:00", "03:30"],
        ),
        (
            "Australia/Lord_Howe",
            dt.date(2026, 10, 4),
            ["01:00", "01:30", "02:30", "03:00", "03:30"],
        ),
        (
            "Australia/Lord_Howe",
            dt.date(2026, 4, 5),
            ["01:00", "01:30", "02:00", "02:30", "03:00", "03:30"],
        ),
    ),
)
def test_a_skipped_hour_is_not_offered_and_a_doubled_one_once(db, zone, day, expected):
    people = make_cast(timezone=zone)
    LessonType.across_schools.update(duration_minutes=30)
    WeeklyAvailability.across_schools.update(starts_at=dt.time(1), ends_at=dt.time(4))

    with school_scope(people.school.pk):
        slots = free_times(
            lesson_type=LessonType.objects.get(),
            students=(people.student,),
            by=people.office,
            at=NOW,
            teacher=people.teacher,
            first_day=day,
            days=1,
        )

    assert clocks(slots, zone) == expected


@pytest.mark.parametrize(("teachers", "days"), ((1, 1), (4, 14)))
def test_a_search_costs_a_fixed_number_of_queries(cast, book, offered, teachers, days):
    for number in range(teachers - 1):
        make_teacher(cast.school, cast.department, f"Teacher {number}")
        VehicleFactory(school=cast.school, department=cast.department)
    for number in range(days):
        book(starts_at=NOON + number * DAY)

    queries = count(lambda: offered(teacher=None, days=days, by=cast.student.membership))

    assert queries == 7


# The calendar


@pytest.fixture
def week(cast, book):
    """Two lessons of two teachers on Thursday, one on Friday."""
    return [
        book(),
        book(
            teacher_id=cast.other_teacher.pk,
            student_ids=(cast.other_student.pk,),
            resource_ids=(cast.other_vehicle.pk,),
        ),
        book(starts_at=NOON + DAY),
    ]


@pytest.mark.parametrize(
    ("who", "seen"),
    (
        ("owner", (0, 1, 2)),
        ("office", (0, 1, 2)),
        ("teacher", (0, 2)),
        ("other_teacher", (1,)),
        ("student", (0, 2)),
        ("other_student", (1,)),
    ),
)
def test_everybody_sees_their_part_of_the_calendar(cast, other_school, week, who, seen):
    by = getattr(cast, who)

    found = calendar_bookings(getattr(by, "membership", by), NOON - DAY, NOON + 7 * DAY)

    assert found == [week[number] for number in seen]


@pytest.mark.parametrize(
    ("filters", "seen"),
    (
        (lambda cast: CalendarFilters(teacher_id=cast.teacher.pk), (0, 2)),
        (lambda cast: CalendarFilters(student_id=cast.other_student.pk), (1,)),
        (lambda cast: CalendarFilters(resource_id=cast.vehicle.pk), (0, 2)),
        (lambda cast: CalendarFilters(department_id=cast.department.pk), (0, 1, 2)),
        (lambda cast: CalendarFilters(department_id=0), ()),
        (lambda cast: CalendarFilters(lesson_type_id=0), ()),
        (lambda cast: CalendarFilters(status="pending"), ()),
    ),
)
def test_the_calendar_is_filtered(cast, week, filters, seen):
    found = calendar_bookings(cast.office, NOON - DAY, NOON + 7 * DAY, filters(cast))

    assert found == [week[number] for number in seen]


def test_cancelled_lessons_show_on_request(cast, week):
    services.cancel_booking(booking_id=week[0].pk, by=cast.office, at=NOW)
    bounds = (NOON - DAY, NOON + 7 * DAY)

    assert calendar_bookings(cast.office, *bounds) == week[1:]
    assert calendar_bookings(cast.office, *bounds, CalendarFilters(with_cancelled=True)) == week
    only = CalendarFilters(status="cancelled")
    assert calendar_bookings(cast.office, *bounds, only) == week[:1]


@pytest.mark.parametrize("lessons", (1, 3))
def test_a_calendar_costs_three_queries(cast, book, lessons):
    for number in range(lessons):
        book(starts_at=NOON + number * DAY)

    def read():
        for booking in calendar_bookings(cast.office, NOON - DAY, NOON + 7 * DAY):
            assert str(booking.teacher), booking.lesson_type.name
            assert booking.department.name
            for place in booking.participations.all():
                assert str(place.student)
            for row in booking.booking_resources.all():
                assert row.resource.name

    assert count(read) == 3


@pytest.mark.parametrize(
    ("who", "seen"), (("teacher", (0,)), ("office", (0, 1)), ("student", (0,)))
)
def test_todays_lessons_are_the_days_on_the_schools_clock(cast, week, who, seen):
    by = getattr(cast, who)

    assert todays_lessons(getattr(by, "membership", by), THURSDAY) == [week[n] for n in seen]


def test_a_teacher_who_sees_the_whole_calendar_still_has_their_own_day(cast, week):
    cast.school.teachers_see_whole_calendar = True
    cast.school.save()
    member = type(cast.office).objects.get(pk=cast.teacher.membership_id)

    assert todays_lessons(member, THURSDAY) == week[:1]
    assert len(calendar_bookings(member, NOON - DAY, NOON + 7 * DAY)) == 3


# What cancelling would cost


@pytest.mark.parametrize(
    ("who", "at", "owed"),
    (
        ("student", NOON - 24 * HOUR, 0),
        ("student", NOON - 23 * HOUR, 275_00),
        ("student", NOON - HOUR, 550_00),
        ("teacher", NOON - HOUR, 0),
        ("office", NOON - HOUR, 0),
    ),
)
def test_the_fee_shown_before_the_click(cast, book, who, at, owed):
    by = getattr(cast, who)
    booking = book()

    quote = cancellation_quote(booking=booking, by=getattr(by, "membership", by), at=at)

    assert quote.total == Money(owed, "DKK")
    assert len(quote.fees) == 1
    assert quote.free_until == (NOON - 24 * HOUR if who == "student" else None)


def test_a_student_in_a_class_is_told_their_own_fee(cast, book):
    LessonType.objects.update(capacity=3)
    third = StudentFactory(school=cast.school, department=cast.department)
    booking = book(student_ids=(cast.student.pk, cast.other_student.pk, third.pk))

    quote = cancellation_quote(booking=booking, by=cast.student.membership, at=NOON - HOUR)

    assert quote.total == Money(550_00, "DKK")


def test_another_schools_calendar_is_empty_here(cast, week, other_school):
    with school_scope(other_school.school.pk):
        assert calendar_bookings(other_school.owner, NOON - DAY, NOON + 7 * DAY) == []
