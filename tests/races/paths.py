"""Every way to take an hour of the calendar or a seat in a session, each with its preparation.

A path prepares what it needs on one day and returns its calls; a call returns the id of the
booking that got what it wanted, or raises Refused.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from django.utils import timezone

from administration.models import Student, Teacher
from bookings import services
from bookings.enums import SelfBooking
from bookings.models import (
    Booking,
    GroupMember,
    LessonType,
    Participation,
    Resource,
    SessionTemplate,
    StudentGroup,
    WaitingListEntry,
)
from bookings.services import Exchange, GiveTeacher, LessonRequest, MoveDay, Swap
from bookings.services.groups import add_members, attach_group
from tests.cast import Cast, make_catalogue, make_teacher
from tests.factories import LessonTypeFactory, StudentFactory, VehicleFactory

Call = Callable[[], object]
NOON = dt.time(12)
NAMES = ("Ida Krogh", "Kaj Lund", "Liv Friis", "Per Juhl", "Eva Toft")
OTHER_MONTH = dt.timedelta(days=28)
"""Far enough for a lesson that shall come here, near enough to be planned."""
HOPEFULS = 20


@dataclass(frozen=True)
class Stage:
    """The cast with five more teachers, a car and a student for each, and three lesson types."""

    cast: Cast
    teachers: tuple[Teacher, ...]
    cars: tuple[Resource, ...]
    students: tuple[Student, ...]
    asked: LessonType
    theory: LessonType


def make_stage(cast: Cast) -> Stage:
    many = len(NAMES)
    asked = LessonTypeFactory(school=cast.school, name="Asked", self_booking=SelfBooking.REQUEST)
    theory = LessonTypeFactory(
        school=cast.school, name="Theory", kind="theory", needs=(), capacity=40
    )
    for lesson_type in (asked, theory):
        make_catalogue(lesson_type)
    where = {"school": cast.school, "department": cast.department}
    return Stage(
        cast=cast,
        teachers=tuple(make_teacher(cast.school, cast.department, name) for name in NAMES),
        cars=tuple(VehicleFactory.create_batch(many, **where)),
        students=tuple(StudentFactory.create_batch(HOPEFULS, **where)),
        asked=asked,
        theory=theory,
    )


@dataclass(frozen=True)
class Round:
    """One day: what is wanted on it, and short words for what the paths do with it."""

    stage: Stage
    day: dt.date

    @property
    def cast(self) -> Cast:
        return self.stage.cast

    @property
    def noon(self) -> dt.datetime:
        return self.at(NOON)

    def at(self, time: dt.time, later: dt.timedelta = dt.timedelta()) -> dt.datetime:
        wall = dt.datetime.combine(self.day + later, time)
        return wall.replace(tzinfo=self.cast.school.zone).astimezone(dt.UTC)

    def request(self, **changes) -> LessonRequest:
        """Åse, with Mette, in the cast's car, at noon."""
        values = {
            "lesson_type_id": self.cast.lesson_type.pk,
            "teacher_id": self.cast.teacher.pk,
            "student_ids": (self.cast.student.pk,),
            "resource_ids": (self.cast.vehicle.pk,),
            "starts_at": self.noon,
        }
        return LessonRequest(**values | changes)

    def book(self, by=None, **changes) -> Booking:
        return services.book_lesson(
            wanted=self.request(**changes),
            by=by or self.cast.office,
            at=timezone.now(),
            request_key=uuid.uuid4(),
            accepts_late_terms=True,
        )

    def elsewhere(self, number: int) -> Booking:
        """A lesson at noon of another teacher, with a student and a car of their own."""
        stage = self.stage
        return self.book(
            teacher_id=stage.teachers[number].pk,
            student_ids=(stage.students[number].pk,),
            resource_ids=(stage.cars[number].pk,),
        )

    @cached_property
    def session(self) -> Booking:
        """Theory at noon with Ida, nobody in it yet."""
        return self.book(
            lesson_type_id=self.stage.theory.pk,
            teacher_id=self.stage.teachers[0].pk,
            student_ids=(),
            resource_ids=(),
        )

    @cached_property
    def group(self) -> StudentGroup:
        return StudentGroup.objects.create(
            school=self.cast.school,
            department=self.cast.department,
            name=f"Class of {self.day}",
            max_students=2 * HOPEFULS,
        )

    def enlist(self, *students: Student) -> StudentGroup:
        for student in students:
            GroupMember.objects.create(
                school=self.cast.school,
                group=self.group,
                student=student,
                joined_at=timezone.now(),
            )
        return self.group

    def waiting(self, student: Student, lesson_type: LessonType, **wish) -> WaitingListEntry:
        return WaitingListEntry.objects.create(
            school=self.cast.school,
            student=student,
            lesson_type=lesson_type,
            created_at=timezone.now(),
            created_by=student.membership.user,
            **wish,
        )

    def office(self) -> dict[str, object]:
        return {"by": self.cast.office, "at": timezone.now()}

    def own(self, student: Student) -> dict[str, object]:
        return {"by": student.membership, "at": timezone.now(), "accepts_late_terms": True}


@dataclass(frozen=True)
class Path:
    """``wants`` is what it takes; ``repeats`` whether the same call again changes nothing.

    What is ``more`` of the same, by other doors, meets only a booking and a swap.
    """

    name: str
    prepare: Callable[[Round], list[Call]]
    wants: frozenset[str]
    repeats: bool
    more: bool

    def __str__(self) -> str:
        return self.name


HOUR: dict[str, Path] = {}
SEAT: dict[str, Path] = {}


def path(table: dict[str, Path], *wants: str, repeats: bool = True, more: bool = False):
    def note(prepare):
        name = prepare.__name__
        table[name] = Path(name, prepare, frozenset(wants), repeats, more)
        return prepare

    return note


# Ways to Mette's hour, Åse's, or both. What holds the hour before the race comes last, so that
# everybody else can prepare.


@path(HOUR, "teacher", "student", "vehicle")
def create(day: Round) -> list[Call]:
    return [lambda: day.book().pk]


@path(HOUR, "teacher", "student")
def self_booking(day: Round) -> list[Call]:
    return [lambda: day.book(day.cast.student.membership, resource_ids=None).pk]


@path(HOUR, "teacher", "student")
def request_and_confirm(day: Round) -> list[Call]:
    def ask_and_confirm():
        asked = day.book(
            day.cast.student.membership, lesson_type_id=day.stage.asked.pk, resource_ids=None
        )
        return services.confirm_booking(booking_id=asked.pk, **day.office()).booking_id

    return [ask_and_confirm]


@path(HOUR, "student")
def join(day: Round) -> list[Call]:
    session = day.session
    student = day.cast.student
    return [
        lambda: (
            services.join_booking(
                booking_id=session.pk, student_id=student.pk, **day.own(student)
            ).booking_id
        )
    ]


@path(HOUR, "student")
def accept_seat(day: Round) -> list[Call]:
    entry = day.waiting(day.cast.student, day.stage.theory)
    offer = services.offer_seat(entry_id=entry.pk, booking_id=day.session.pk, **day.office())
    return [
        lambda: services.accept_offer(offer_id=offer.pk, **day.own(day.cast.student)).booking_id
    ]


@path(HOUR, "teacher")
def generate(day: Round) -> list[Call]:
    templates = [
        SessionTemplate.objects.create(
            school=day.cast.school,
            department=day.cast.department,
            name=f"Theory {number}",
            lesson_type=day.stage.theory,
            teacher=day.cast.teacher,
            weekday=day.day.weekday(),
            starts_at=NOON,
            minutes=60,
            capacity=10,
            first_day=day.day,
            last_day=day.day,
            weeks_ahead=10,
            created_by=day.cast.office.user,
        )
        for number in range(2)
    ]

    def generator(template):
        def make():
            made = services.generate_sessions(template_id=template.pk, **day.office()).made
            return made[0].pk if made else "left-out"

        return make

    return [generator(template) for template in templates]


@path(HOUR, "teacher", "student")
def move(day: Round) -> list[Call]:
    early = day.book(starts_at=day.at(dt.time(8)))
    return [
        lambda: (
            services.move_booking(
                booking_id=early.pk, starts_at=day.noon, **day.office()
            ).booking_id
        )
    ]


@path(HOUR, "teacher", "student", repeats=False)
def swap(day: Round) -> list[Call]:
    """Three lessons of Åse's with Mette; each would change places with one at noon."""
    pairs = [
        (day.book(starts_at=day.at(dt.time(hour))), day.elsewhere(number))
        for number, hour in enumerate((10, 14, 16), start=1)
    ]

    def swapper(mine, theirs):
        plan = Swap(mine.pk, theirs.pk, Exchange.TIMES)
        return lambda: services.rearrange_bookings(plan=plan, **day.office())[0].booking_id

    return [swapper(*pair) for pair in pairs]


@path(HOUR, "teacher", "student", more=True)
def move_day(day: Round) -> list[Call]:
    other = day.book(starts_at=day.at(NOON, OTHER_MONTH))
    plan = MoveDay([other.pk], to_day=day.day)
    return [lambda: services.rearrange_bookings(plan=plan, **day.office())[0].booking_id]


@path(HOUR, "teacher", more=True)
def other_teacher(day: Round) -> list[Call]:
    plan = GiveTeacher([day.elsewhere(4).pk], day.cast.teacher.pk)
    return [lambda: services.rearrange_bookings(plan=plan, **day.office())[0].booking_id]


@path(HOUR, "teacher", more=True)
def sick_day(day: Round) -> list[Call]:
    """Søren is ill: Mette shall give his lesson."""
    lesson = day.book(
        teacher_id=day.cast.other_teacher.pk,
        student_ids=(day.stage.students[5].pk,),
        resource_ids=(day.cast.other_vehicle.pk,),
    )
    ill = {"starts_at": day.at(dt.time(8)), "ends_at": day.at(dt.time(18))}
    choices = {lesson.pk: day.cast.teacher.pk}

    def report():
        services.report_sick_day(
            teacher_id=day.cast.other_teacher.pk, choices=choices, **ill, **day.office()
        )
        return lesson.pk

    return [report]


@path(HOUR, "student", more=True)
def attach_class(day: Round) -> list[Call]:
    session, group = day.session, day.enlist(day.cast.student)

    def attach():
        seating = attach_group(
            group_id=group.pk, booking_ids=[session.pk], leaves_out=True, **day.office()
        )
        return "left-out" if seating.refused else session.pk

    return [attach]


@path(HOUR, "teacher", "student", "vehicle", more=True)
def submit(day: Round) -> list[Call]:
    draft = day.book(draft=True)
    return [lambda: services.submit_booking(booking_id=draft.pk, **day.office()).booking_id]


@path(HOUR, "teacher", "student", more=True)
def accept_time(day: Round) -> list[Call]:
    entry = day.waiting(day.cast.student, day.cast.lesson_type)
    offer = services.offer_time(
        entry_id=entry.pk,
        starts_at=day.noon,
        teacher_id=day.cast.teacher.pk,
        **day.office(),
    )
    return [
        lambda: services.accept_offer(offer_id=offer.pk, **day.own(day.cast.student)).booking_id
    ]


# Ways to the last seat of a session. Twenty students hope for it.


def one_seat_left(day: Round) -> Booking:
    """The day's session with two seats, one of them Åse's."""
    session = day.session
    services.join_booking(booking_id=session.pk, student_id=day.cast.student.pk, **day.office())
    Booking.objects.filter(pk=session.pk).update(capacity=2)
    return session


def taken(session: Booking) -> int:
    """The seats somebody has or was offered."""
    sitting = Participation.objects.filter(booking=session).exclude(status="cancelled")
    return sitting.count() + session.offers.filter(status="open", is_seat=True).count()


@path(SEAT, "seat")
def take_seat(day: Round) -> list[Call]:
    def taker(student):
        return lambda: (
            services.join_booking(
                booking_id=day.session.pk, student_id=student.pk, **day.own(student)
            ).booking_id
        )

    return [taker(student) for student in day.stage.students]


@path(SEAT, "seat")
def attach_group_to_session(day: Round) -> list[Call]:
    group = day.enlist(*day.stage.students[10:15])

    def attach():
        seating = attach_group(
            group_id=group.pk, booking_ids=[day.session.pk], leaves_out=True, **day.office()
        )
        return day.session.pk if seating.seated else "left-out"

    return [attach]


@path(SEAT, "seat")
def add_to_class(day: Round) -> list[Call]:
    group = day.group
    Booking.objects.filter(pk=day.session.pk).update(group=group)

    def adder(student):
        def add():
            add_members(group_id=group.pk, student_ids=[student.pk], **day.office())
            return day.session.pk

        return add

    return [adder(student) for student in day.stage.students[:10]]


@path(SEAT, "seat")
def offer_by_hand(day: Round) -> list[Call]:
    entries = [
        day.waiting(student, day.stage.theory, booking=day.session)
        for student in day.stage.students[:10]
    ]

    def offerer(entry):
        return lambda: (
            services.offer_seat(
                entry_id=entry.pk, booking_id=day.session.pk, **day.office()
            ).booking_id
        )

    return [offerer(entry) for entry in entries]


@path(SEAT, "seat")
def fill_vacancy(day: Round) -> list[Call]:
    """Somebody gives a seat up that three wait for, and the workers wake up."""
    Booking.objects.filter(pk=day.session.pk).update(capacity=3)
    left = services.join_booking(
        booking_id=day.session.pk, student_id=day.cast.other_student.pk, **day.office()
    )
    for student in day.stage.students[15:18]:
        day.waiting(student, day.stage.theory, booking=day.session)
    services.cancel_place(participation_id=left.pk, **day.office())
    Booking.objects.filter(pk=day.session.pk).update(capacity=2)
    return [
        lambda: day.session.pk if services.fill_vacancies(at=timezone.now()) else "nothing-to-offer"
    ]


@path(SEAT, "seat")
def accept_last_seat(day: Round) -> list[Call]:
    student = day.stage.students[18]
    entry = day.waiting(student, day.stage.theory)
    offer = services.offer_seat(entry_id=entry.pk, booking_id=day.session.pk, **day.office())
    return [lambda: services.accept_offer(offer_id=offer.pk, **day.own(student)).booking_id]
