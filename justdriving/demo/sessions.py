"""A class with its theory evening, a skid-pad Saturday that is full, and people who wait."""

import datetime as dt
from itertools import islice

from bookings.models import Booking, LessonType, Resource, SessionTemplate
from bookings.queries.series import Thing
from bookings.services import (
    WishedTimes,
    add_wish,
    join_booking,
    join_waiting_list,
    save_template,
)
from bookings.services.groups import add_members, attach_group_to_template, save_group
from justdriving.demo.lessons import Diary
from justdriving.demo.people import Course
from justdriving.kernel.policy import Refused
from justdriving.kernel.transactions import use_case

MONDAY, THURSDAY, FRIDAY, SATURDAY = 0, 3, 4, 5
CLASS, CARS, WAITING = 12, 3, 2
EVENING, MORNING, TRACK_TIME = dt.time(17, 30), dt.time(9), dt.time(10)
EVERYBODY_WORKS = (MONDAY, THURSDAY, FRIDAY)
WEEK, WEEKS = 7, 4


@use_case
def plan_sessions(diary: Diary) -> None:
    """Weekly sessions, a class and a waiting list; once."""
    if SessionTemplate.objects.exists():
        return
    _theory_evenings(diary)
    _skid_pad(diary)
    _wishes(diary)


def _theory_evenings(diary: Diary) -> None:
    structure = diary.structure
    room = Resource.objects.get(name="Teorilokale 1")
    template = _template(
        diary,
        structure.theory,
        [Thing(room, is_place=False)],
        name="Teoriaften",
        weekday=THURSDAY,
        starts_at=EVENING,
        capacity=16,
    )
    group = save_group(
        by=structure.owner,
        values={
            "department": structure.departments[0],
            "name": "Hold 48",
            "starts_on": template.first_day,
            "max_students": 16,
            "is_active": True,
        },
    )
    behind = sorted(diary.others, key=lambda course: -len(course.theory))[:CLASS]
    add_members(
        group_id=group.pk,
        student_ids=[course.student.pk for course in behind],
        by=structure.owner,
        at=diary.now,
    )
    attach_group_to_template(
        group_id=group.pk,
        template_id=template.pk,
        by=structure.owner,
        at=diary.now,
        leaves_out=True,
    )


def _skid_pad(diary: Diary) -> None:
    """Three cars, three seats; the first Saturday is full and three more would like to come."""
    structure, ready = diary.structure, iter(_ready_for_the_skid_pad(diary))
    track = Resource.objects.get(name="Glatbanen")
    cars = Resource.objects.filter(kind="vehicle", is_active=True).order_by("pk")[:CARS]
    template = _template(
        diary,
        LessonType.objects.get(name="Køreteknisk anlæg"),
        [Thing(track, is_place=False), *(Thing(car, is_place=True) for car in cars)],
        name="Køreteknisk lørdag",
        weekday=SATURDAY,
        starts_at=MORNING,
        capacity=6,
    )
    first = Booking.objects.filter(template=template).order_by("period").first()
    if first is None:
        return
    seats = CARS
    while seats and (course := next(ready, None)):
        seats -= _joins(diary, first, course)
    for course in (diary.aase, *islice(ready, WAITING)):
        try:
            join_waiting_list(
                student_id=course.student.pk,
                booking_id=first.pk,
                by=structure.office,
                at=diary.now,
            )
        except Refused:
            continue


def _ready_for_the_skid_pad(diary: Diary) -> list[Course]:
    """Those who drove on the closed track, which comes first, on a day about a week ago."""
    days = (day for day in reversed(diary.past()[:-WEEK]) if day not in diary.closed)
    day = next(day for day in days if day.weekday() in EVERYBODY_WORKS)
    return diary.teach_track(day, TRACK_TIME)


def _joins(diary: Diary, session: Booking, course: Course) -> bool:
    try:
        join_booking(
            booking_id=session.pk,
            student_id=course.student.pk,
            by=diary.structure.office,
            at=diary.now,
            muted=True,
        )
    except Refused:
        return False
    return True


def _wishes(diary: Diary) -> None:
    """What suits some students, for when a time comes free."""
    structure = diary.structure
    afternoons = WishedTimes(weekdays=(1, 3), earliest=dt.time(15))
    own = WishedTimes(teacher_id=structure.teachers[0].pk)
    for course, times in zip(diary.others[4:7], (afternoons, own, afternoons), strict=True):
        add_wish(
            student_id=course.student.pk,
            lesson_type_id=structure.double.pk,
            by=structure.office,
            at=diary.now,
            times=times,
        )


def _template(
    diary: Diary, lesson_type: LessonType, things: list[Thing], **values: object
) -> SessionTemplate:
    """A template with the third teacher, whose week has a late Thursday and a Saturday."""
    structure = diary.structure
    template, _generated = save_template(
        by=structure.owner,
        at=diary.now,
        values={
            "department": structure.departments[0],
            "lesson_type": lesson_type,
            "teacher": structure.teachers[2],
            "group": None,
            "minutes": lesson_type.duration_minutes,
            "place": "",
            "first_day": diary.today + dt.timedelta(days=1),
            "last_day": None,
            "every_weeks": 1,
            "weeks_ahead": WEEKS,
        }
        | values,
        things=things,
    )
    return template
