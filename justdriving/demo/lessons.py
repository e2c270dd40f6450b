"""Six weeks of lessons behind today and four ahead, made through the same services people use."""

import datetime as dt
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from django.db import transaction

from administration.models import Membership, Teacher
from bookings.enums import ReasonCategory
from bookings.models import Booking, ClosedDay, LessonType, Participation
from bookings.services import (
    Attendance,
    LessonRequest,
    book_lesson,
    cancel_booking,
    complete_booking,
)
from justdriving.demo.messages import settle_old_messages
from justdriving.demo.people import Course, courses_under_way, key
from justdriving.demo.structure import HOURS, Structure
from justdriving.kernel.clock import instant
from justdriving.kernel.locks import take_sorted
from justdriving.kernel.policy import Refused
from justdriving.kernel.transactions import use_case
from learning.models import LessonRecord
from learning.services import Taught, complete_lesson, sign_as_student

PAST_DAYS, FUTURE_DAYS = 42, 28
EVENING = dt.time(17, 30)
NO_SHOW, LATE, UNSIGNED = 0.03, 0.07, 0.06
AHEAD = 0.8
CLASS, THEORY_DAY, SATURDAY = 10, 1, 5
AASE = "aase@nordlys.example"


@dataclass(frozen=True, slots=True)
class Slot:
    """A time a teacher could give a lesson, in wall time."""

    teacher: Teacher
    day: dt.date
    at: dt.time


class Diary:
    """Fills the calendar day by day; what the rules refuse is simply not booked."""

    def __init__(self, structure: Structure, now: dt.datetime) -> None:
        self.structure, self.now = structure, now
        self.today = now.astimezone(structure.school.zone).date()
        self.random = Random(self.today.toordinal())  # noqa: S311 -- the same lessons every time
        self.closed = set(ClosedDay.objects.values_list("on", flat=True))
        courses = courses_under_way(structure.plan)
        self.aase = next(one for one in courses if one.student.membership.user.email == AASE)
        self.others = [course for course in courses if course is not self.aase]
        self.waiting: dict[int, deque[Course]] = {
            teacher.pk: deque() for teacher in structure.teachers
        }
        for course in self.others:
            self.waiting[course.student.teacher_id or 0].append(course)

    def past(self) -> list[dt.date]:
        return [self.today - dt.timedelta(days=away) for away in range(PAST_DAYS, 0, -1)]

    def future(self) -> list[dt.date]:
        return [self.today + dt.timedelta(days=away) for away in range(1, FUTURE_DAYS + 1)]

    def empty(self, days: list[dt.date]) -> list[dt.date]:
        """The school days among these on which nobody but Åse has a lesson yet."""
        others = Participation.objects.exclude(student=self.aase.student)
        filled = set(others.values_list("booking__wall_date", flat=True))
        return [day for day in days if day not in filled and day not in self.closed]

    @use_case
    def fill_day(self, day: dt.date) -> None:
        """One day, all or nothing, with the messages it would have sent long ago.

        Nothing when another load filled it in the meantime.
        """
        take_sorted([("demo", day.toordinal())])
        if not self.empty([day]):
            return
        self.random.seed(day.toordinal())
        if day < self.today and day.weekday() == THEORY_DAY:
            self._theory_evening(day)
        for slot in self._slots(day):
            if day < self.today or self.random.random() < AHEAD:
                self._lesson(slot)
        settle_old_messages(before=self.now - dt.timedelta(days=1))

    @use_case
    def teach_aase(self) -> None:
        """Åse's own way so far: theory on Wednesdays, the track, then the road. Once."""
        if Participation.objects.filter(student=self.aase.student).exists():
            return
        teacher = self.structure.teachers[0]
        days = [day for day in self.past() if day not in self.closed and day.weekday() < SATURDAY]
        for number, day in enumerate(days):
            if day.weekday() == THEORY_DAY + 1:
                self._theory(Slot(self.structure.teachers[3], day, EVENING), [self.aase])
            elif number % 4 == 1 and number < len(days) - 2:
                hour = dt.time(9) if self.aase.track else dt.time(13, 30)
                self._teach_next(Slot(teacher, day, hour), self.aase, surely=True)
        settle_old_messages(before=self.now - dt.timedelta(days=1))

    def teach_track(self, day: dt.date, at: dt.time) -> list[Course]:
        """The first student of each teacher drives on the closed track; who has done all of it."""
        first = {teacher: self.waiting[teacher.pk][0] for teacher in self.structure.teachers}
        for teacher, course in first.items():
            self._teach_next(Slot(teacher, day, at), course, surely=True)
        return [course for course in first.values() if not course.track]

    def _slots(self, day: dt.date) -> Iterator[Slot]:
        for number, teacher in enumerate(self.structure.teachers):
            for weekday, begin, end in HOURS[number % len(HOURS)]:
                if weekday == day.weekday():
                    hours = [begin, begin + 2, begin + 5][: 2 if end - begin < 8 else 3]  # noqa: PLR2004 -- a short day
                    for hour in hours[: self.random.choice([0, 1, 1, 2, 2])]:
                        yield Slot(teacher, day, dt.time(hour))

    def _lesson(self, slot: Slot) -> None:
        courses = self.waiting[slot.teacher.pk]
        if not courses:
            return
        course = courses.popleft()
        courses.append(course)
        if slot.day < self.today:
            self._teach_next(slot, course)
        else:
            planned = self.structure.track if course.track else self.structure.double
            self.book(slot, [course], planned)

    def _teach_next(self, slot: Slot, course: Course, *, surely: bool = False) -> None:
        fate = 1.0 if surely else self.random.random()
        if course.track:
            self._drive(slot, course, self.structure.track, course.track, fate)
        elif course.road:
            self._drive(slot, course, self.structure.double, course.road, fate)

    def book(
        self, slot: Slot, courses: list[Course], lesson_type: LessonType, **more: object
    ) -> Booking | None:
        starts_at = instant(slot.day, slot.at, self.structure.school.zone)
        booked_at = min(self.now, starts_at) - dt.timedelta(days=self.random.randrange(3, 9))
        request = LessonRequest(
            lesson_type_id=lesson_type.pk,
            teacher_id=slot.teacher.pk,
            student_ids=tuple(course.student.pk for course in courses),
            resource_ids=None,
            starts_at=starts_at,
            place=courses[0].student.pickup_place if len(courses) == 1 else "",
        )
        values = {"by": self.structure.office, "at": booked_at, "muted": True} | more
        try:
            with transaction.atomic():
                return book_lesson(wanted=request, request_key=key(self.random), **values)  # type: ignore[arg-type]  # the demo's own defaults
        except Refused:
            return None

    def _drive(
        self,
        slot: Slot,
        course: Course,
        lesson_type: LessonType,
        modules: list[list[int]],
        fate: float,
    ) -> None:
        booking = self.book(slot, [course], lesson_type)
        if booking is None:
            return
        place = Participation.objects.get(booking=booking)
        after = booking.ends_at + dt.timedelta(minutes=5)
        if fate < NO_SHOW:
            complete_booking(
                booking_id=booking.pk,
                by=slot.teacher.membership,
                at=after,
                attendance={place.pk: Attendance(attended=False, minutes=None)},
            )
        elif fate < LATE:
            self._cancel(booking, course.student.membership)
        else:
            self.teach(booking, {place.pk: (course, course.take(modules))})

    def _cancel(self, booking: Booking, by: Membership) -> None:
        cancel_booking(
            booking_id=booking.pk,
            by=by,
            at=booking.starts_at - dt.timedelta(hours=self.random.choice([5, 20, 60])),
            reason="Jeg er blevet syg.",
            category=ReasonCategory.ILLNESS,
            muted=True,
        )

    def teach(self, booking: Booking, taught: dict[int, tuple[Course, list[int]]]) -> None:
        """Complete a lesson as its teacher would; most students sign the same evening."""
        teacher = booking.teacher.membership
        after = booking.ends_at + dt.timedelta(minutes=5)
        records = complete_lesson(
            booking_id=booking.pk,
            attendance={
                place: Attendance(attended=True, minutes=booking.minutes) for place in taught
            },
            teaching={place: Taught(covered=steps) for place, (_, steps) in taught.items()},
            sign=all(steps for _, steps in taught.values()),
            by=teacher,
            at=after,
        )
        for record in records:
            course, steps = taught[record.participation_id]
            if steps and self.random.random() > UNSIGNED:
                self._sign(record, course, after)

    def _sign(self, record: LessonRecord, course: Course, after: dt.datetime) -> None:
        record.refresh_from_db()
        sign_as_student(
            record_id=record.pk,
            content_hash=record.content_hash,
            by=course.student.membership,
            at=after + dt.timedelta(hours=2),
        )

    def _theory_evening(self, day: dt.date) -> None:
        """Ten students at the same point of the plan, with one of the late teachers."""
        everyone = [course for courses in self.waiting.values() for course in courses]
        behind = sorted(everyone, key=lambda course: -len(course.theory))[:CLASS]
        self._theory(Slot(self.structure.teachers[2], day, EVENING), behind)

    def _theory(self, slot: Slot, pupils: list[Course]) -> None:
        overrides = {"teacher-not-available": "Teoriaften efter aftale"}
        owner, theory = self.structure.owner, self.structure.theory
        booking = self.book(slot, pupils, theory, by=owner, overrides=overrides)
        if booking is None:
            return
        courses = {course.student.pk: course for course in pupils}
        places = Participation.objects.filter(booking=booking)
        self.teach(
            booking,
            {
                place.pk: (
                    courses[place.student_id],
                    courses[place.student_id].take(courses[place.student_id].theory),
                )
                for place in places
            },
        )
