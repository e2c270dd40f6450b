"""When a teacher works and a school is open: exceptions, places, opening hours, due dates."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from administration.models import School
from bookings.models import (
    AvailabilityException,
    ClosedDay,
    LessonType,
    OpeningHours,
    Resource,
    ResourceDueDate,
    WeeklyAvailability,
)
from bookings.queries import why_not
from bookings.queries.opening import unavailable
from tests.factories import NOON, NOW, DepartmentFactory

pytestmark = pytest.mark.usefixtures("in_english")

THURSDAY = dt.date(2026, 3, 5)
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
ZONE = ZoneInfo("Europe/Copenhagen")


def clock(text):
    return dt.time.fromisoformat(text) if text else None


def wall(day, text, zone=ZONE):
    return dt.datetime.combine(day, clock(text), tzinfo=zone).astimezone(dt.UTC)


@pytest.fixture
def instead(cast):
    """A function: on Thursday, unless told, other hours hold for the cast's teacher."""

    def make(starts_at=None, ends_at=None, *, who=cast, **values):
        return AvailabilityException.across_schools.create(
            school=who.school,
            teacher=values.pop("teacher", who.teacher),
            on=values.pop("on", THURSDAY),
            starts_at=clock(starts_at),
            ends_at=clock(ends_at),
            **values,
        )

    return make


@pytest.fixture
def opens(cast):
    """A function: the school is open on Thursdays between two wall times."""

    def make(opens_at, closes_at, *, who=cast, department=None, weekday=3):
        return OpeningHours.across_schools.create(
            school=who.school,
            department=department,
            weekday=weekday,
            opens_at=clock(opens_at),
            closes_at=clock(closes_at),
        )

    return make


# Exceptions


@pytest.mark.parametrize(
    ("spans", "starts", "works"),
    (
        ([(None, None)], "12:00", False),
        ([("19:00", "21:00")], "12:00", False),
        ([("19:00", "21:00")], "19:00", True),
        ([("19:00", "21:00")], "19:30", True),
        ([("19:00", "21:00")], "19:31", False),
        ([("06:00", "08:00"), ("19:00", "21:00")], "06:30", True),
        ([("06:00", "08:00"), ("08:00", "09:30")], "07:00", True),
        ([(None, None), ("19:00", "21:00")], "19:00", True),
    ),
)
def test_exceptions_stand_instead_of_the_weeks_hours(codes, instead, spans, starts, works):
    for span in spans:
        instead(*span)

    expected = [] if works else ["teacher-not-available"]
    assert codes(starts_at=wall(THURSDAY, starts)) == expected


def test_exceptions_are_of_one_day_one_teacher_and_one_school(cast, other_school, codes, instead):
    instead(on=THURSDAY - DAY)
    instead(on=THURSDAY + DAY)
    instead(teacher=cast.other_teacher)
    instead(who=other_school)

    assert codes() == []


@pytest.mark.parametrize(("where", "works"), (("own", True), ("elsewhere", False), (None, True)))
@pytest.mark.parametrize("kind", ("weekly", "exception"))
def test_hours_at_another_department_do_not_count(cast, codes, instead, where, works, kind):
    department = {"own": cast.department, "elsewhere": DepartmentFactory(school=cast.school)}
    if kind == "weekly":
        WeeklyAvailability.objects.update(department=department.get(where))
    else:
        instead("08:00", "18:00", department=department.get(where))

    assert codes() == ([] if works else ["teacher-not-available"])


# Opening hours


@pytest.mark.parametrize(
    ("starts", "is_open"),
    (("09:59", False), ("10:00", True), ("14:30", True), ("14:31", False)),
)
def test_a_lesson_lies_within_the_opening_hours(codes, opens, starts, is_open):
    opens("10:00", "16:00")

    expected = [] if is_open else ["outside-opening-hours"]
    assert codes(starts_at=wall(THURSDAY, starts)) == expected


def test_the_words_name_the_opening_hours(against, opens):
    opens("13:00", "16:00")
    words = "The school is open 13:00–16:00 Thu 5 Mar."
    assert against() == [("outside-opening-hours", words)]

    OpeningHours.objects.update(weekday=4)
    words = "The school is not open Thu 5 Mar."
    assert against() == [("outside-opening-hours", words)]


def test_a_danish_day_does_not_end_a_sentence_with_two_full_stops(against, opens):
    opens("13:00", "16:00")
    with translation.override("da"):
        assert against()[0][1] == "Skolen har åbent tors. 5. mar. 13.00–16.00."

    OpeningHours.objects.update(weekday=4)
    with translation.override("da"):
        assert against()[0][1] == "Skolen holder tors. 5. mar. lukket."


def test_opening_hours_can_be_overruled_by_name(cast, book, opens):
    opens("13:00", "16:00")

    booking = book(overrides={"outside-opening-hours": "Agreed by phone"})

    assert booking.starts_at == NOON


@pytest.mark.parametrize(
    ("hours", "is_open"),
    (
        ({}, True),
        ({"school": ("08:00", "18:00")}, True),
        ({"school": ("08:00", "10:00")}, False),
        ({"school": ("08:00", "10:00"), "own": ("08:00", "18:00")}, True),
        ({"school": ("08:00", "18:00"), "own": ("08:00", "10:00")}, False),
        ({"other": ("08:00", "10:00")}, True),
        ({"school": ("08:00", "18:00"), "other": ("08:00", "10:00")}, True),
    ),
)
def test_a_departments_hours_stand_instead_of_the_schools(cast, codes, opens, hours, is_open):
    other = DepartmentFactory(school=cast.school)
    places = {"school": None, "own": cast.department, "other": other}
    for place, span in hours.items():
        opens(*span, department=places[place])

    assert codes() == ([] if is_open else ["outside-opening-hours"])


def test_another_schools_hours_never_count(other_school, codes, opens):
    opens("01:00", "02:00", who=other_school)

    assert codes() == []


@pytest.mark.parametrize(
    ("day", "starts_at", "is_open"),
    (
        # Open 01.00-04.00 on the night the clock jumps from 02.00 to 03.00: two real hours.
        ("2026-03-29", "2026-03-29T00:00+00:00", True),
        ("2026-03-29", "2026-03-29T00:30+00:00", True),
        ("2026-03-29", "2026-03-29T00:31+00:00", False),
        # ... and on the night 02.00-03.00 comes twice: four.
        ("2026-10-25", "2026-10-24T22:59+00:00", False),
        ("2026-10-25", "2026-10-24T23:00+00:00", True),
        ("2026-10-25", "2026-10-25T01:30+00:00", True),
        ("2026-10-25", "2026-10-25T01:31+00:00", False),
    ),
)
def test_opening_hours_are_wall_time_when_the_clock_changes(codes, opens, day, starts_at, is_open):
    WeeklyAvailability.objects.update(starts_at=dt.time(0), ends_at=dt.time(23, 59))
    opens("01:00", "04:00", weekday=dt.date.fromisoformat(day).weekday())

    expected = [] if is_open else ["outside-opening-hours"]
    assert codes(starts_at=dt.datetime.fromisoformat(starts_at)) == expected


@pytest.mark.parametrize("status", ("suspended", "archived"))
def test_a_school_that_is_not_active_gives_no_lessons(cast, wish, status):
    School.objects.filter(pk=cast.school.pk).update(status=status)

    (refusal,) = why_not(wanted=wish(), by=cast.office, at=NOW)

    assert (refusal.code, refusal.overridable) == ("school-not-active", False)


# Due dates


@pytest.mark.parametrize(
    ("kind", "overridable"),
    (("inspection", False), ("insurance", False), ("tyres", True), ("service", True)),
)
@pytest.mark.parametrize(("days", "is_lapsed"), ((-1, True), (0, False), (1, False)))
def test_a_vehicle_is_not_used_from_the_day_after_it_was_due(
    cast, wish, kind, overridable, days, is_lapsed
):
    due_on = THURSDAY + days * DAY
    ResourceDueDate.objects.create(
        school=cast.school, resource=cast.vehicle, kind=kind, due_on=due_on
    )

    found = [(one.code, one.overridable) for one in why_not(wanted=wish(), by=cast.office, at=NOW)]

    assert found == ([(f"resource-lapsed-{kind}", overridable)] if is_lapsed else [])


@pytest.mark.parametrize("kind", ("inspection", "service"))
@pytest.mark.parametrize(
    ("read", "due_km", "is_lapsed"),
    ((15_000, 15_000, False), (15_001, 15_000, True), (None, 15_000, False), (15_001, None, False)),
)
def test_a_vehicle_is_not_used_once_it_has_driven_too_far(
    cast, wish, kind, read, due_km, is_lapsed
):
    Resource.objects.filter(pk=cast.vehicle.pk).update(odometer_km=read)
    ResourceDueDate.objects.create(
        school=cast.school, resource=cast.vehicle, kind=kind, due_on=THURSDAY, due_km=due_km
    )

    found = [
        (one.code, one.overridable, str(one.message))
        for one in why_not(wanted=wish(), by=cast.office, at=NOW)
    ]

    words = f"VW ID.3: “{kind.title()}” was due at 15,000\N{NO-BREAK SPACE}km."
    refused = (f"resource-lapsed-{kind}", kind == "service", words)
    assert found == ([refused] if is_lapsed else [])


def test_who_may_overrules_a_service_by_km(cast, book):
    Resource.objects.filter(pk=cast.vehicle.pk).update(odometer_km=15_001)
    ResourceDueDate.objects.create(
        school=cast.school, resource=cast.vehicle, kind="service", due_on=THURSDAY, due_km=15_000
    )

    booking = book(overrides={"resource-lapsed-service": "Booked for tomorrow"})

    assert booking.booking_resources.get().resource == cast.vehicle


def test_the_day_after_begins_at_the_schools_midnight(cast, codes):
    WeeklyAvailability.objects.update(starts_at=dt.time(0), ends_at=dt.time(23, 59))
    LessonType.objects.update(duration_minutes=60)
    ResourceDueDate.objects.create(
        school=cast.school, resource=cast.vehicle, kind="inspection", due_on=THURSDAY
    )
    midnight = wall(THURSDAY + DAY, "00:00")

    assert codes(starts_at=midnight - 62 * MINUTE) == []
    assert codes(starts_at=midnight) == ["resource-lapsed-inspection"]


def test_what_does_not_block_is_only_a_reminder(cast, other_school, codes):
    due_on = THURSDAY - 9 * DAY
    for who, blocks in ((cast, False), (other_school, True)):
        ResourceDueDate.across_schools.create(
            school=who.school, resource=who.vehicle, kind="tyres", due_on=due_on, blocks=blocks
        )

    assert codes() == []


def test_a_vehicle_that_lapsed_is_not_picked(cast, book):
    ResourceDueDate.objects.create(
        school=cast.school, resource=cast.vehicle, kind="inspection", due_on=THURSDAY - DAY
    )

    booking = book(resource_ids=None)

    picked = booking.booking_resources.values_list("resource", flat=True)
    assert list(picked) == [cast.other_vehicle.pk]


# The calendar shows what the rules say


def worked(cast):
    """The wall times of Thursday that the calendar leaves open."""
    spans = unavailable([cast.teacher.pk], first_day=THURSDAY, last_day=THURSDAY, zone=ZONE)
    shut = [
        (f"{a.astimezone(ZONE):%H:%M}", f"{b.astimezone(ZONE):%H:%M}")
        for a, b in spans[cast.teacher.pk]
    ]
    return list(zip([end for _, end in shut[:-1]], [start for start, _ in shut[1:]], strict=True))


def test_the_calendar_is_shaded_outside_the_hours(cast):
    assert worked(cast) == [("08:00", "18:00")]


def test_the_calendar_knows_exceptions(cast, instead):
    instead("19:00", "21:00")
    instead("07:00", "09:00")
    assert worked(cast) == [("07:00", "09:00"), ("19:00", "21:00")]

    AvailabilityException.objects.all().delete()
    instead()
    assert worked(cast) == []


def test_the_calendar_knows_opening_hours_and_closed_days(cast, opens):
    elsewhere = DepartmentFactory(school=cast.school)
    opens("10:00", "12:00", department=elsewhere)
    assert worked(cast) == [("08:00", "18:00")]

    opens("09:00", "12:00", department=cast.department)
    opens("13:00", "20:00", department=cast.department)
    assert worked(cast) == [("09:00", "12:00"), ("13:00", "18:00")]

    ClosedDay.objects.create(
        school=cast.school, department=cast.department, on=THURSDAY, name="Inventory"
    )
    assert worked(cast) == []
