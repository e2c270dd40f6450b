"""Lessons for tests of learning, made by the use cases themselves."""

import datetime as dt
from collections.abc import Callable

import pytest

from administration.models import Membership, Student
from bookings.models import Booking, LessonType
from bookings.services import Attendance
from justdriving.kernel.policy import Refused
from learning import services
from learning.models import LessonPlan, LessonRecord, PlanStep
from learning.services import Taught
from tests.cast import Cast
from tests.factories import NOON, NOW, BookingFactory

KEY = "denmark-b-2014"
ENDED = NOON + dt.timedelta(minutes=90)


def install(cast: Cast) -> LessonPlan:
    return services.install_plan(key=KEY, by=cast.owner, at=NOW)


def follow(cast: Cast, *students: Student) -> LessonPlan:
    """Put students on the Danish plan; the cast's first student when none is named."""
    plan = install(cast)
    for student in students or (cast.student,):
        services.assign_plan(student_id=student.pk, lesson_plan_id=plan.pk, by=cast.office, at=NOW)
    return plan


def steps(plan: LessonPlan, module: int, *codes: str) -> list[int]:
    """Ids of the steps of the module at this place; of all when no code is given."""
    found = PlanStep.objects.filter(module__plan=plan, module__position=module)
    found = found.filter(code__in=codes) if codes else found
    return list(found.values_list("pk", flat=True))


def lesson(
    cast: Cast,
    *students: Student,
    starts: dt.datetime = NOON,
    minutes: int = 90,
    lesson_type: LessonType | None = None,
) -> Booking:
    return BookingFactory(
        school=cast.school,
        department=cast.department,
        lesson_type=lesson_type or cast.lesson_type,
        teacher=cast.teacher,
        students=students or (cast.student,),
        starts=starts,
        minutes=minutes,
    )


def complete(  # noqa: PLR0913 -- every part of a completion has its everyday value
    cast: Cast,
    booking: Booking,
    taught: Taught | None = None,
    *,
    sign: bool = False,
    by: Membership | None = None,
    at: dt.datetime | None = None,
    absent: tuple[Student, ...] = (),
) -> list[LessonRecord]:
    places = list(booking.participations.all())
    return services.complete_lesson(
        booking_id=booking.pk,
        attendance={place.pk: Attendance(attended=place.student not in absent) for place in places},
        teaching={} if taught is None else {place.pk: taught for place in places},
        sign=sign,
        by=by or cast.teacher.membership,
        at=at or booking.ends_at,
    )


def taught_lesson(
    cast: Cast, taught: Taught | None = None, *, sign: bool = False, **when: object
) -> LessonRecord:
    """A lesson of the cast's student that is over, written up and, if asked, signed."""
    (record,) = complete(cast, lesson(cast, **when), taught, sign=sign)
    return record


def student_signs(record: LessonRecord, *, at: dt.datetime | None = None) -> None:
    record.refresh_from_db()
    services.sign_as_student(
        record_id=record.pk,
        content_hash=record.content_hash,
        by=record.student.membership,
        at=at or ENDED + dt.timedelta(hours=1),
    )


def refused(call: Callable[[], object]) -> str:
    """The code with which a use case says no."""
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.refusal.code
