"""The calendar's JSON says exactly what the rows say, in wall time, on every night of the year."""

import datetime as dt
import json

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from administration.enums import Role
from bookings.enums import BookingStatus, ParticipationStatus
from bookings.models import Booking, BookingResource, Participation, StudentGroup
from bookings.queries import CalendarFilters
from bookings.queries.calendar import EVERYTHING
from bookings.queries.feed import NAMED, events_json
from tests.bookings.feed import put_together
from tests.factories import (
    NOON,
    NOW,
    BookingFactory,
    DepartmentFactory,
    LessonTypeFactory,
    MembershipFactory,
    ParticipationFactory,
    StudentFactory,
)

DAY = dt.timedelta(days=1)
SWITCHES = {
    "Europe/Copenhagen": ("2026-03-29T01:00Z", "2026-10-25T01:00Z"),
    "America/New_York": ("2026-03-08T07:00Z", "2026-11-01T06:00Z"),
    "Australia/Lord_Howe": ("2026-04-04T15:00Z", "2026-10-03T15:30Z"),
}
"""The UTC moments at which the clocks of three zones change in 2026."""


def told(member, lower, upper, filters=EVERYTHING):
    return put_together(json.loads(events_json(member, lower, upper, filters, with_things=True)))


def slowly(booking, member) -> dict:
    """The same lesson, read the plain way."""
    zone = member.school.zone

    def wall(moment):
        return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M:%S}" if moment else None

    places = Participation.objects.filter(booking=booking).order_by("pk")
    if booking.status != BookingStatus.CANCELLED:
        places = places.exclude(status=ParticipationStatus.CANCELLED)
    things = BookingResource.objects.filter(booking=booking).values_list("resource", flat=True)
    is_open = booking.status in {BookingStatus.PENDING, BookingStatus.CONFIRMED}
    mine = member.is_office or booking.teacher.membership_id == member.pk
    return {
        "id": booking.pk,
        "start": wall(booking.starts_at),
        "end": wall(booking.ends_at),
        "teacher": booking.teacher_id,
        "type": booking.lesson_type_id,
        "status": booking.status,
        "taken": len(places) if booking.capacity > NAMED else 0,
        "seats": booking.capacity,
        "who": [place.student.membership.user.full_name for place in places]
        if booking.capacity <= NAMED
        else [],
        "name": booking.group.name if booking.group else "",
        "things": sorted(things),
        "held": wall(booking.held_until) if booking.status == BookingStatus.PENDING else None,
        "afterwards": booking.entered_afterwards,
        "movable": bool(is_open and member.is_staff_role and mine),
    }


def expected(member, lower, upper) -> list[dict]:
    rows = Booking.objects.visible_to(member).overlapping(lower, upper)
    rows = rows.exclude(status=BookingStatus.CANCELLED).order_by("period__startswith", "pk")
    return [slowly(booking, member) for booking in rows]


@pytest.mark.parametrize("zone", SWITCHES)
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_the_feed_is_what_the_rows_say_around_the_nights_the_clocks_change(cast, zone, data):
    cast.school.timezone = zone
    cast.school.save()
    member = data.draw(st.sampled_from((cast.office, cast.teacher.membership)))
    member.school.timezone = zone
    switch = dt.datetime.fromisoformat(data.draw(st.sampled_from(SWITCHES[zone])))
    with transaction.atomic():
        for number in data.draw(st.lists(st.integers(-4, 4), min_size=1, max_size=4, unique=True)):
            some_booking(cast, data, switch + number * dt.timedelta(minutes=100))
        lower, upper = switch - 3 * DAY, switch + 4 * DAY
        assert told(member, lower, upper) == expected(member, lower, upper)
        transaction.set_rollback(True)


def some_booking(cast, data, around) -> None:
    """Any lesson that begins within ten minutes after; a hundred minutes on there is room again."""
    status = data.draw(st.sampled_from(BookingStatus.values))
    booking = BookingFactory(
        school=cast.school,
        department=cast.department,
        teacher=data.draw(st.sampled_from((cast.teacher, cast.other_teacher))),
        lesson_type=cast.lesson_type,
        starts=around + dt.timedelta(minutes=data.draw(st.integers(0, 10))),
        minutes=data.draw(st.sampled_from((15, 45, 90))),
        capacity=data.draw(st.sampled_from((1, 2, 8))),
        status=status,
        held_until=around if status == BookingStatus.PENDING else None,
        entered_afterwards=data.draw(st.booleans()),
        students=[],
    )
    for number in range(data.draw(st.integers(0, 3))):
        is_gone = number == 1
        ParticipationFactory(
            booking=booking,
            student=StudentFactory(school=cast.school),
            status=ParticipationStatus.CANCELLED if is_gone else ParticipationStatus.BOOKED,
        )


def test_the_two_half_past_twos_of_the_last_night_of_summer_are_both_there(cast):
    first = dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
    for number in range(2):
        BookingFactory(
            school=cast.school,
            department=cast.department,
            teacher=cast.teacher,
            lesson_type=cast.lesson_type,
            starts=first + dt.timedelta(hours=number),
            minutes=45,
        )
    events = told(cast.office, first - DAY, first + DAY)
    assert [(one["start"][11:16], one["end"][11:16]) for one in events] == [
        ("02:30", "02:15"),
        ("02:30", "03:15"),
    ]


def test_a_class_has_its_name_and_its_seats(cast):
    group = StudentGroup.objects.create(
        school=cast.school, department=cast.department, name="Class 14"
    )
    lesson = BookingFactory(
        school=cast.school,
        department=cast.department,
        teacher=cast.teacher,
        lesson_type=LessonTypeFactory(school=cast.school, capacity=12),
        capacity=12,
        group=group,
        resources=[cast.vehicle],
        students=[StudentFactory(school=cast.school) for _ in range(8)],
    )
    (event,) = told(cast.office, NOON - DAY, NOON + DAY)
    assert (event["name"], event["taken"], event["seats"]) == ("Class 14", 8, 12)
    assert (event["who"], event["things"]) == ([], [cast.vehicle.pk])
    assert event["id"] == lesson.pk


@pytest.fixture
def week(cast):
    """One lesson of each teacher, one of them cancelled on Friday."""
    common = {
        "school": cast.school,
        "department": cast.department,
        "lesson_type": cast.lesson_type,
    }
    return (
        BookingFactory(teacher=cast.teacher, students=[cast.student], **common),
        BookingFactory(teacher=cast.other_teacher, students=[cast.other_student], **common),
        BookingFactory(
            teacher=cast.teacher,
            students=[cast.student],
            starts=NOON + DAY,
            status=BookingStatus.CANCELLED,
            **common,
        ),
    )


@pytest.mark.parametrize(
    ("who", "seen"),
    (("owner", (0, 1)), ("office", (0, 1)), ("teacher", (0,)), ("student", (0,))),
)
def test_everybody_reads_only_what_they_may_see(cast, other_school, week, who, seen):
    BookingFactory(school=other_school.school, teacher=other_school.teacher)
    member = getattr(getattr(cast, who), "membership", getattr(cast, who))
    found = [one["id"] for one in told(member, NOON - DAY, NOON + 7 * DAY)]
    assert found == [week[number].pk for number in seen]


def test_an_office_of_another_department_reads_nothing(cast, week):
    elsewhere = MembershipFactory(
        school=cast.school, role=Role.OFFICE, department=DepartmentFactory(school=cast.school)
    )
    assert told(elsewhere, NOON - DAY, NOON + 7 * DAY) == []


@pytest.mark.parametrize(
    ("filters", "seen"),
    (
        (lambda cast: {"teacher_id": cast.other_teacher.pk}, (1,)),
        (lambda cast: {"student_id": cast.student.pk}, (0,)),
        (lambda cast: {"student_name": "åse"}, (0,)),
        (lambda cast: {"status": BookingStatus.CANCELLED, "student_name": "Lind"}, (2,)),
        (lambda cast: {"resource_id": cast.vehicle.pk}, ()),
        (lambda cast: {"with_cancelled": True}, (0, 1, 2)),
    ),
)
def test_the_feed_can_be_narrowed(cast, week, filters, seen):
    asked = CalendarFilters(**filters(cast))
    found = [one["id"] for one in told(cast.office, NOON - DAY, NOON + 7 * DAY, asked)]
    assert found == [week[number].pk for number in seen]


def test_a_teacher_may_move_their_own_open_lessons_only(cast, week):
    cast.school.teachers_see_whole_calendar = True
    cast.school.save()
    cast.teacher.membership.school.teachers_see_whole_calendar = True
    events = told(cast.teacher.membership, NOON - DAY, NOON + 7 * DAY)
    assert {one["id"]: one["movable"] for one in events} == {week[0].pk: True, week[1].pk: False}


def test_the_feed_is_one_question_for_one_lesson_and_for_many(cast, count_queries):
    common = {
        "school": cast.school,
        "department": cast.department,
        "lesson_type": cast.lesson_type,
        "teacher": cast.teacher,
    }
    for number in range(3):
        BookingFactory(starts=NOW + number * DAY, **common)
        assert count_queries(lambda: told(cast.office, NOW - DAY, NOW + 7 * DAY)) == 1


def test_vehicles_and_rooms_are_told_only_when_asked_for(cast):
    BookingFactory(
        school=cast.school,
        department=cast.department,
        teacher=cast.teacher,
        lesson_type=cast.lesson_type,
        resources=[cast.vehicle],
    )
    feed = json.loads(events_json(cast.office, NOON - DAY, NOON + DAY))
    assert (len(feed["lessons"]["id"]), feed["things"]["lesson"]) == (1, [])


def test_a_name_is_never_more_than_a_word_of_json(cast):
    cast.student.membership.user.full_name = 'Bo "\\</script> %s {0}'
    cast.student.membership.user.save()
    BookingFactory(
        school=cast.school,
        department=cast.department,
        teacher=cast.teacher,
        lesson_type=cast.lesson_type,
        students=[cast.student],
    )
    (event,) = told(cast.office, NOON - DAY, NOON + DAY)
    assert event["who"] == ['Bo "\\</script> %s {0}']
