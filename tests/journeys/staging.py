"""What stands in the calendar before a story of sessions, waiting or rearranging begins.

``stage`` calls a function of this module inside the site; what it gives back is plain JSON.
"""

import datetime as dt
from collections.abc import Sequence

from django.utils import timezone

from administration.enums import Gearbox
from administration.models import Teacher
from bookings.enums import LessonKind, ResourceKind, SelfBooking
from bookings.models import Booking, ClosedDay, LessonType, LessonTypeNeed, Resource
from bookings.queries.series import Thing
from bookings.services import LessonRequest, join_booking, move_booking, save_template
from bookings.services.availability import add_absence
from justdriving.demo.structure import Structure, find, make_lesson_type
from justdriving.kernel.clock import instant, instant_or_next
from tests.journeys.preparing import booked, new_teacher, people
from tests.journeys.site import Site
from tests.journeys.steps import Walk

MORNING = dt.time(10)
AROUND = (-3, -2, -1, 0, 1)  # weeks


def stage(site: Site, what: str, **arguments: object) -> dict:
    answer: dict = site.prepare("staging", what, arguments)
    return answer


def cast_of(walk: Walk, teacher: str, *students: str) -> dict:
    """What ``preparing.people`` needs to know of a story's people."""
    names = {"teacher": teacher, "students": students}
    return {"family": walk.family, "language": walk.language, **names}


def weekly_days(*, cast: dict, room: str) -> dict:
    """Five days a week apart and a room of this name; a session at 17.30 fits the first and last.

    On the second the teacher is away, on the third they teach at 17, on the fourth the school is
    closed, for the reason in ``closed``.
    """
    structure, who = find(), people(**cast)
    teacher, student = who["teacher"]["id"], who[cast["students"][0]]["id"]
    holiday = _lonely_holiday()
    days = [holiday.on + dt.timedelta(weeks=weeks) for weeks in AROUND]
    midnights = [day_begins(structure, days[1] + dt.timedelta(days=more)) for more in (0, 1)]
    add_absence(
        teacher_id=teacher,
        by=structure.owner,
        at=timezone.now(),
        starts_at=midnights[0],
        ends_at=midnights[1],
        reason="Kursus",
    )
    lesson_at(structure, teacher, student, instant(days[2], dt.time(17), structure.school.zone))
    _thing(structure, ResourceKind.ROOM, room)
    return {"people": who, "days": [f"{day}" for day in days], "closed": holiday.name}


def session(
    *, cast: dict, name: str, seats: int, cars: Sequence[str] = (), weekly: int = 1, **said: list
) -> dict:
    """Sessions of a lesson type of this name, from an open day three weeks ahead, 10.00 to 11.30.

    Students may take a seat by themselves; those ``seated`` have one in the first, those who are
    ``busy`` have a lesson at its time. ``cars`` are its places, made for it. ``weekly``: how many.
    """
    structure, who = find(), people(**cast)
    room = Thing(_thing(structure, ResourceKind.ROOM, f"{name} 1"), is_place=False)
    places = [Thing(_thing(structure, ResourceKind.VEHICLE, car), is_place=True) for car in cars]
    day = open_day(timezone.localdate() + dt.timedelta(weeks=3), weekly=weekly)
    values = {
        "name": name,
        "department": structure.departments[0],
        "lesson_type": _joined_by_students(structure, name, seats),
        "teacher": Teacher.objects.get(pk=who["teacher"]["id"]),
        "group": None,
        "weekday": day.weekday(),
        "starts_at": MORNING,
        "minutes": 90,
        "capacity": seats,
        "place": "",
        "first_day": day,
        "last_day": day + dt.timedelta(weeks=weekly - 1),
        "every_weeks": 1,
        "weeks_ahead": 30,
    }
    now = timezone.now()
    template, _made = save_template(
        by=structure.owner, at=now, values=values, things=[room, *places]
    )
    made = list(Booking.objects.filter(template=template).order_by("period"))
    for first in said.get("seated", ()):
        student, by = who[first]["id"], structure.office
        join_booking(booking_id=made[0].pk, student_id=student, by=by, at=now, muted=True)
    for first in said.get("busy", ()):
        other = new_teacher(structure, f"Mille {cast['family']}")
        lesson_at(structure, other.pk, who[first]["id"], made[0].starts_at)
    days = [f"{one.wall_date}" for one in made]
    return {"people": who, "id": made[0].pk, "days": days, "plan": template.pk}


def _joined_by_students(structure: Structure, name: str, seats: int) -> LessonType:
    made: LessonType = make_lesson_type(
        structure.driving.cancellation_terms,
        name=name,
        kind=LessonKind.SEMINAR,
        need=ResourceKind.ROOM,
        duration_minutes=90,
        capacity=seats,
        self_booking=SelfBooking.INSTANT,
        price_minor=300_00,
    )
    return made


def drives(
    *, cast: dict, name: str, driving: Sequence[str], colleague: str = "", moves: int = 0
) -> dict:
    """An hour for each of these students with the teacher on an open day, at 9.00, 11.00, 13.00 …

    They have a lesson type of this name and one car; a ``colleague`` of the teacher is free all
    that day and ``next_day``. The first student has moved theirs that often.
    """
    structure, who = find(), people(**cast)
    lesson_type = _hour(structure, name)
    car = _thing(structure, ResourceKind.VEHICLE, f"{name} 1")
    day = open_day(timezone.localdate() + dt.timedelta(days=9))
    lessons = []
    for number, first in enumerate(driving):
        wanted = LessonRequest(
            lesson_type_id=lesson_type.pk,
            teacher_id=who["teacher"]["id"],
            student_ids=(who[first]["id"],),
            resource_ids=(car.pk,),
            starts_at=instant(day, dt.time(9 + 2 * number), structure.school.zone),
            place="Jagtvej 12",
        )
        lessons.append(booked(wanted, structure, timezone.now() - dt.timedelta(days=2)))
    for times in range(moves):
        _moved_by_student(lessons[0], later=dt.timedelta(hours=times + 1))
    helper = new_teacher(structure, f"{colleague} {cast['family']}") if colleague else None
    return {
        "people": who,
        "colleague": str(helper or ""),
        "lessons": [one.pk for one in lessons],
        "car": car.name,
        "day": f"{day}",
        "next_day": f"{open_day(day + dt.timedelta(days=1))}",
    }


def _hour(structure: Structure, name: str) -> LessonType:
    made: LessonType = make_lesson_type(
        structure.driving.cancellation_terms,
        name=name,
        kind=LessonKind.OTHER,
        need=ResourceKind.VEHICLE,
        duration_minutes=60,
        price_minor=600_00,
    )
    return made


def track_lessons(*, cast: dict, name: str, driving: Sequence[str]) -> dict:
    """An hour at 10.00 for each of these students, on days of their own, on one track.

    The track is the school's own so far.
    """
    structure, who = find(), people(**cast)
    lesson_type = _hour(structure, name)
    LessonTypeNeed.objects.create(
        school=structure.school, lesson_type=lesson_type, kind=ResourceKind.TRACK
    )
    car = _thing(structure, ResourceKind.VEHICLE, f"{name} 1")
    track = _thing(structure, ResourceKind.TRACK, f"{name} 2")
    day, lessons = timezone.localdate() + dt.timedelta(days=8), []
    for first in driving:
        day = open_day(day + dt.timedelta(days=1))
        wanted = LessonRequest(
            lesson_type_id=lesson_type.pk,
            teacher_id=who["teacher"]["id"],
            student_ids=(who[first]["id"],),
            resource_ids=(car.pk, track.pk),
            starts_at=instant(day, MORNING, structure.school.zone),
        )
        lessons.append(booked(wanted, structure, timezone.now() - dt.timedelta(days=2)))
    return {
        "people": who,
        "lessons": [one.pk for one in lessons],
        "track": track.pk,
        "name": track.name,
        "day": f"{lessons[0].wall_date}",
    }


def _moved_by_student(lesson: Booking, *, later: dt.timedelta) -> None:
    student = lesson.participations.get().student
    move_booking(
        booking_id=lesson.pk,
        by=student.membership,
        at=timezone.now(),
        starts_at=lesson.starts_at + later,
        muted=True,
    )


def lesson_at(structure: Structure, teacher: int, student: int, starts_at: dt.datetime) -> Booking:
    """A double lesson, whatever is in the way; ``starts_at`` is UTC."""
    wanted = LessonRequest(
        lesson_type_id=structure.double.pk,
        teacher_id=teacher,
        student_ids=(student,),
        resource_ids=None,
        starts_at=starts_at,
        place="Jagtvej 12",
    )
    return booked(wanted, structure, timezone.now() - dt.timedelta(days=2))


def open_day(first: dt.date, *, weekly: int = 1) -> dt.date:
    """The first day from this one on that the school is open, and a week later, and so on."""
    closed = set(ClosedDay.objects.values_list("on", flat=True))
    days = (first + dt.timedelta(days=more) for more in range(60))
    return next(
        day
        for day in days
        if not any(day + dt.timedelta(weeks=week) in closed for week in range(weekly))
    )


def day_begins(structure: Structure, day: dt.date) -> dt.datetime:
    return instant_or_next(day, dt.time(), structure.school.zone)


def _lonely_holiday() -> ClosedDay:
    """The next public holiday with open days of its weekday around it, all of them ahead."""
    closed = set(ClosedDay.objects.values_list("on", flat=True))
    soonest = timezone.localdate() + dt.timedelta(days=22)
    ahead = ClosedDay.objects.filter(on__gte=soonest, is_public_holiday=True).order_by("on")
    return next(
        one
        for one in ahead
        if not any(one.on + dt.timedelta(weeks=weeks) in closed for weeks in AROUND if weeks)
    )


def _thing(structure: Structure, kind: ResourceKind, name: str) -> Resource:
    is_car = kind == ResourceKind.VEHICLE
    return Resource.objects.create(
        school=structure.school,
        department=structure.departments[0],
        kind=kind,
        name=name,
        gearbox=Gearbox.MANUAL if is_car else "",
        licence_categories=["B"] if is_car else [],
    )
