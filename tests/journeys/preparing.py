"""What a story needs before it begins, made inside the site: people of its own, lessons long over.

``steps.prepare`` calls one of these by its name and hands over the answer, so it is plain JSON.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from uuid import uuid4

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from administration.enums import Role, StudentStatus
from administration.models import Student, Teacher, TeacherDepartment, User
from administration.services import StudentDetails, create_student
from bookings.enums import LessonKind, ResourceKind, SelfBooking
from bookings.models import Booking, ClosedDay, Resource, WeeklyAvailability
from bookings.services import LessonRequest, book_lesson, expire_holds
from justdriving.demo import PASSWORD
from justdriving.demo.structure import Structure, find, make_lesson_type, member
from justdriving.kernel.clock import instant
from justdriving.kernel.policy import Refused
from learning.services import assign_plan

QUARTER = dt.timedelta(minutes=15)
FIRST_HOUR, LAST_HOUR = dt.time(7), dt.time(23)


def people(
    *, family: str, language: str, teacher: str, students: Sequence[str], follow_plan: bool = True
) -> dict:
    """A teacher who works every day from early till late, students of theirs, an office, an owner.

    Everybody as ``id``, ``email`` and ``name``, students by their first name; all read
    ``language``. Who follows the plan books the track first, who does not may book any lesson.
    Raises ValueError for a name that somebody of another story has: people are chosen by name.
    """
    structure = find()
    names = [f"{first} {family}" for first in (teacher, *students)]
    for taken in User.objects.filter(full_name__in=names):
        raise ValueError(taken.full_name)
    who = new_teacher(structure, f"{teacher} {family}")
    staff = {
        role: member(structure.school, new_address(), f"{name} {family}", Role(role))
        for role, name in (("office", "Gerda"), ("owner", "Oluf"))
    }
    learners = {first: new_student(structure, f"{first} {family}", who) for first in students}
    if follow_plan:
        give_plan(structure, learners.values())
    everybody = {"teacher": who.membership} | staff
    everybody |= {first: student.membership for first, student in learners.items()}
    users = [one.user_id for one in everybody.values()]
    User.objects.filter(pk__in=users).update(language=language)
    ids = {"teacher": who.pk} | {first: student.pk for first, student in learners.items()}
    return {
        name: {"id": ids.get(name, one.pk), "email": one.user.email, "name": one.user.full_name}
        for name, one in everybody.items()
    }


def new_address() -> str:
    return f"{uuid4().hex[:12]}@walk.example"


def new_teacher(structure: Structure, name: str) -> Teacher:
    school = structure.school
    teacher = Teacher.objects.create(
        school=school,
        membership=member(school, new_address(), name, Role.TEACHER, "+4520202099"),
        licence_categories=["B"],
    )
    TeacherDepartment.objects.create(
        school=school, teacher=teacher, department=structure.departments[0]
    )
    since = timezone.localdate() - dt.timedelta(days=100)
    for weekday in range(7):
        WeeklyAvailability.objects.create(
            school=school,
            teacher=teacher,
            weekday=weekday,
            starts_at=FIRST_HOUR,
            ends_at=LAST_HOUR,
            valid_from=since,
        )
    return teacher


def new_student(structure: Structure, name: str, teacher: Teacher) -> Student:
    at = timezone.now() - dt.timedelta(days=60)
    details = StudentDetails(
        full_name=name,
        email=new_address(),
        phone="+4530009900",
        born_on=dt.date(2004, 5, 4),
        department=structure.departments[0],
        request_key=uuid4(),
        address="Jagtvej 12",
        pickup_place="Jagtvej 12",
        teacher=teacher,
        accepted_terms=True,
    )
    student = create_student(details=details, by=structure.office, at=at)
    assert student is not None
    Student.objects.filter(pk=student.pk).update(status=StudentStatus.ACTIVE)
    User.objects.filter(pk=student.membership.user_id).update(password=make_password(PASSWORD))
    return student


def give_plan(structure: Structure, students: Iterable[Student]) -> None:
    for student in students:
        assign_plan(
            student_id=student.pk,
            lesson_plan_id=structure.plan.pk,
            by=structure.office,
            at=student.registered_at,
        )


def shared_lesson_type(*, name: str, seats: int, kind: str = LessonKind.PRACTICAL) -> int:
    """90 minutes for several, with a car or a room of that name; only the school books it."""
    structure = find()
    need = ResourceKind.VEHICLE if kind == LessonKind.PRACTICAL else ResourceKind.ROOM
    if need == ResourceKind.ROOM:
        department = structure.departments[0]
        Resource.objects.create(
            school=structure.school, department=department, kind=need, name=name
        )
    made = make_lesson_type(
        structure.driving.cancellation_terms,
        name=name,
        kind=kind,
        need=need,
        duration_minutes=90,
        capacity=seats,
        self_booking=SelfBooking.OFF,
        price_minor=1_200_00,
    )
    return made.pk


def lesson(*, teacher: int, students: Sequence[int], hours: float, kind: int = 0) -> dict:
    """A confirmed lesson that begins so many hours from now, on a quarter; whatever is in the way.

    ``kind`` is a lesson type, 0 the usual one. It was booked two days before it began, or two days
    ago if it is still to come.
    """
    structure, now = find(), timezone.now()
    begins = now + dt.timedelta(hours=hours)
    begins -= dt.timedelta(
        minutes=begins.minute % 15, seconds=begins.second, microseconds=begins.microsecond
    )
    wanted = LessonRequest(
        lesson_type_id=kind or structure.driving.pk,
        teacher_id=teacher,
        student_ids=tuple(students),
        resource_ids=None,
        starts_at=begins,
        place="Jagtvej 12",
    )
    booking = booked(wanted, structure, min(now, begins) - dt.timedelta(days=2))
    wall = booking.starts_at.astimezone(structure.school.zone)
    return {"id": booking.pk, "day": f"{wall:%Y-%m-%d}", "time": f"{wall:%H:%M}"}


def open_day(structure: Structure, days: int) -> dt.date:
    """The first day so many days ahead on which the school is not closed."""
    closed = set(ClosedDay.objects.values_list("on", flat=True))
    first = timezone.localdate().toordinal() + days
    ahead = (dt.date.fromordinal(first + number) for number in range(60))
    return next(day for day in ahead if day not in closed)


def day_with_lessons(*, teacher: int, lessons: Sequence[tuple[str, int]], days: int) -> dict:
    """One open day about so many days ahead with lessons at these wall times, each of a student."""
    structure = find()
    day, zone = open_day(structure, days), structure.school.zone
    made = []
    for clock, student in lessons:
        wanted = LessonRequest(
            lesson_type_id=structure.driving.pk,
            teacher_id=teacher,
            student_ids=(student,),
            resource_ids=None,
            starts_at=instant(day, dt.time.fromisoformat(clock), zone),
            place="Jagtvej 12",
        )
        made.append(booked(wanted, structure, timezone.now()).pk)
    return {"day": day.isoformat(), "lessons": made}


def request(*, teacher: int, student: int, days: int, clock: str) -> dict:
    """A student asks for a morning on the track; the school has not answered."""
    structure = find()
    day = open_day(structure, days)
    booking = book_lesson(
        wanted=LessonRequest(
            lesson_type_id=structure.track.pk,
            teacher_id=teacher,
            student_ids=(student,),
            resource_ids=None,
            starts_at=instant(day, dt.time.fromisoformat(clock), structure.school.zone),
            place="Jagtvej 12",
        ),
        by=Student.objects.select_related("membership__school").get(pk=student).membership,
        at=timezone.now(),
        request_key=uuid4(),
        accepts_late_terms=True,
    )
    return {"id": booking.pk, "day": day.isoformat()}


def booked(wanted: LessonRequest, structure: Structure, at: dt.datetime) -> Booking:
    overrides: dict[str, str] = {}
    while True:
        try:
            return book_lesson(
                wanted=wanted,
                by=structure.owner,
                at=at,
                request_key=uuid4(),
                overrides=overrides,
                muted=True,
            )
        except Refused as refused:
            against = {one.code: "Aftalt" for one in refused.refusals if one.overridable}
            if against.keys() <= overrides.keys():
                raise
            overrides |= against


def let_hold_end(*, booking: int) -> None:
    """Nobody answered a request in time, and the minute's round comes by."""
    now = timezone.now()
    Booking.objects.filter(pk=booking).update(held_until=now)
    expire_holds(at=now)
