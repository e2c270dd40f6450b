"""The nights on which the clock changes, in three zones: an hour, an hour, and half an hour."""

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings import services
from bookings.enums import Party
from bookings.invariants import INVARIANTS
from bookings.models import Booking, LessonType, WeeklyAvailability
from bookings.ports import pricing
from bookings.queries import free_times
from justdriving.doctor import examine
from justdriving.kernel.tenancy import school_scope
from tests.cast import make_cast

SWITCHES = {
    "Europe/Copenhagen": (dt.date(2027, 3, 28), dt.date(2027, 10, 31)),
    "America/New_York": (dt.date(2027, 3, 14), dt.date(2027, 11, 7)),
    "Australia/Lord_Howe": (dt.date(2027, 4, 4), dt.date(2027, 10, 3)),
}
DAY, HOUR, MINUTE = dt.timedelta(days=1), dt.timedelta(hours=1), dt.timedelta(minutes=1)
NIGHTS = [(zone, day) for zone, days in SWITCHES.items() for day in days]


@st.composite
def stories(draw):
    """A school in one of the zones, its teachers' hours through the night, and a length."""
    zone, day = draw(st.sampled_from(NIGHTS))
    opens = draw(st.integers(0, 3))
    return zone, day, opens, draw(st.sampled_from((45, 60, 90))), draw(st.sampled_from((15, 30)))


def settled(zone, opens, minutes, step):
    people = make_cast(timezone=zone)
    with school_scope(people.school.pk):
        WeeklyAvailability.objects.update(starts_at=dt.time(opens), ends_at=dt.time(9))
        LessonType.objects.update(duration_minutes=minutes, slot_minutes=step, min_notice_hours=0)
        people.lesson_type.refresh_from_db()
    return people


def offered(people, day):
    return free_times(
        lesson_type=people.lesson_type,
        students=(people.student,),
        by=people.office,
        at=dt.datetime.combine(day - 20 * DAY, dt.time(9), tzinfo=dt.UTC),
        teacher=people.teacher,
        first_day=day - DAY,
        days=3,
    )


slowly = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(story=stories())
@slowly
def test_every_time_that_is_offered_exists_once_and_is_as_long_as_it_says(db, story):
    zone, day, opens, minutes, step = story
    people = settled(zone, opens, minutes, step)
    with school_scope(people.school.pk):
        slots = offered(people, day)

    walls = [slot.starts_at.astimezone(ZoneInfo(zone)) for slot in slots]
    assert {slot.ends_at - slot.starts_at for slot in slots} == {minutes * MINUTE}
    assert len({wall.replace(tzinfo=None, fold=0) for wall in walls}) == len(slots)
    for wall in walls:
        assert wall.astimezone(dt.UTC).astimezone(wall.tzinfo) == wall
        assert wall.minute % step == 0
        assert opens <= wall.hour < 9


@given(story=stories(), pick=st.integers(0, 10**6))
@slowly
def test_a_lesson_of_that_night_is_booked_moved_and_found_where_people_agreed(db, story, pick):
    zone, day, opens, minutes, step = story
    people = settled(zone, opens, minutes, step)
    with school_scope(people.school.pk):
        slots = offered(people, day)
        first, second = slots[pick % len(slots)], slots[(pick // 7) % len(slots)]
        booking = services.book_lesson(
            wanted=services.LessonRequest(
                lesson_type_id=people.lesson_type.pk,
                teacher_id=people.teacher.pk,
                student_ids=(people.student.pk,),
                resource_ids=None,
                starts_at=first.starts_at,
            ),
            by=people.office,
            at=first.starts_at - 20 * DAY,
            request_key=uuid.uuid4(),
        )
        if second.starts_at != first.starts_at:
            services.move_booking(
                booking_id=booking.pk,
                by=people.office,
                at=first.starts_at - 19 * DAY,
                starts_at=second.starts_at,
            )
        stored = Booking.objects.get()

    wall = second.starts_at.astimezone(ZoneInfo(zone))
    assert (stored.wall_date, stored.wall_time) == (wall.date(), wall.time())
    assert stored.ends_at - stored.starts_at == minutes * MINUTE
    assert examine(INVARIANTS) == []


@pytest.mark.parametrize(("zone", "day"), NIGHTS)
def test_the_deadline_is_noon_on_the_wall_the_business_day_before(db, zone, day):
    """The switch is on a Sunday: Monday's lesson is free until Friday noon, across the change."""
    people = settled(zone, 0, 60, 30)
    monday = day + DAY
    starts_at = dt.datetime.combine(monday, dt.time(8), tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
    with school_scope(people.school.pk):
        booking = services.book_lesson(
            wanted=services.LessonRequest(
                lesson_type_id=people.lesson_type.pk,
                teacher_id=people.teacher.pk,
                student_ids=(people.student.pk,),
                resource_ids=None,
                starts_at=starts_at,
            ),
            by=people.office,
            at=starts_at - 20 * DAY,
            request_key=uuid.uuid4(),
        )
        place = booking.participations.get()
        fee = pricing().cancellation_fee(place, by=Party.STUDENT, at=starts_at - 10 * DAY)

    free_until = fee.free_until.astimezone(ZoneInfo(zone))
    assert (free_until.date(), free_until.time()) == (monday - 3 * DAY, dt.time(12))
