"""The calendar against a model in plain Python: every step is predicted, and the doctor looks on.

The model knows who is taken when, and nothing of tables. It says beforehand which rules will refuse
a step; the services must refuse with exactly those, or do it.
"""

import datetime as dt
import uuid
from dataclasses import dataclass, field, replace

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bookings import services
from bookings.enums import BookingStatus as S
from bookings.enums import DeadlineKind, SelfBooking
from bookings.invariants import INVARIANTS as OF_BOOKINGS
from bookings.models import Booking, CancellationStep, LessonType, Participation
from bookings.services import Attendance
from finance.invariants import INVARIANTS as OF_MONEY
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from justdriving.kernel.tenancy import school_scope
from learning.invariants import INVARIANTS as OF_LEARNING
from tests.cast import make_cast

MINUTE, QUARTER, HOUR = (dt.timedelta(minutes=minutes) for minutes in (1, 15, 60))
LENGTH, BEFORE, AFTER = 90 * MINUTE, 0 * MINUTE, QUARTER
TEACHERS_OWN, VEHICLES_OWN = {1: (2 * QUARTER, 0 * MINUTE)}, {0: (0 * MINUTE, 3 * QUARTER)}
OPENS, CLOSES, NOTICE, FREE_UNTIL = 8, 18, 12 * HOUR, 24 * HOUR
REASON = "Agreed on the telephone"


@dataclass
class Lesson:
    """What the model remembers of one booking; people and things are numbers."""

    teacher: int
    vehicle: int
    students: frozenset[int]
    starts_at: dt.datetime
    status: S
    seats: int
    held_until: dt.datetime | None = None

    @property
    def ends_at(self):
        return self.starts_at + LENGTH

    @property
    def lesson(self):
        return self.starts_at, self.ends_at

    def around(self, before=BEFORE, after=AFTER):
        """The lesson with the larger buffer of its type and of whoever or whatever is asked."""
        return self.starts_at - max(before, BEFORE), self.ends_at + max(after, AFTER)

    @property
    def of_teacher(self):
        return self.around(*TEACHERS_OWN.get(self.teacher, ()))

    @property
    def of_vehicle(self):
        return self.around(*VEHICLES_OWN.get(self.vehicle, ()))

    @property
    def is_live(self):
        return self.status in {S.PENDING, S.CONFIRMED, S.COMPLETED, S.NO_SHOW}

    @property
    def is_open(self):
        return self.status in {S.PENDING, S.CONFIRMED}


def overlap(one, other):
    return one[0] < other[1] and other[0] < one[1]


@dataclass
class Model:
    """Everything that is so, and what would be refused."""

    now: dt.datetime
    zone: object
    lessons: dict[int, Lesson] = field(default_factory=dict)

    def refusals(self, wanted, *, but=(), by_student=False):
        others = [lesson for pk, lesson in self.lessons.items() if lesson.is_live and pk not in but]
        codes = set()
        for other in others:
            same = other.teacher == wanted.teacher
            if same and overlap(wanted.of_teacher, other.of_teacher):
                codes.add("teacher-booked")
            same = other.vehicle == wanted.vehicle
            if same and overlap(wanted.of_vehicle, other.of_vehicle):
                codes.add("resource-booked")
            if overlap(wanted.lesson, other.lesson) and wanted.students & other.students:
                codes.add("student-booked")
        wall = [moment.astimezone(self.zone) for moment in wanted.lesson]
        if wall[0].hour < OPENS or wall[1] > wall[0].replace(hour=CLOSES, minute=0):
            codes.add("teacher-not-available")
        if wanted.starts_at <= self.now:
            codes.add("in-the-past")
        if by_student and wanted.starts_at < self.now + NOTICE:
            codes.add("notice-too-short")
        return codes


TEACHERS, VEHICLES, STUDENTS = st.integers(0, 1), st.integers(0, 1), st.integers(0, 1)
TIMES = st.integers(0, 40)
OVERRIDES = st.sets(st.sampled_from(("student-booked", "teacher-not-available", "in-the-past")))
NEVER = frozenset({"teacher-booked", "resource-booked"})


class Calendar(RuleBasedStateMachine):
    lessons = Bundle("lessons")

    def __init__(self):
        super().__init__()
        self.people = people = make_cast()
        self.scope = school_scope(people.school.pk)
        self.scope.__enter__()
        LessonType.objects.update(
            buffer_after_minutes=15, capacity=2, hold_minutes=300, self_booking=SelfBooking.REQUEST
        )
        CancellationStep.objects.update(
            deadline=DeadlineKind.HOURS_BEFORE, amount=FREE_UNTIL // HOUR, clock_time=None
        )
        self.teachers = (people.teacher, people.other_teacher)
        self.vehicles = (people.vehicle, people.other_vehicle)
        self.students = (people.student, people.other_student)
        for owners, own in ((self.teachers, TEACHERS_OWN), (self.vehicles, VEHICLES_OWN)):
            for number, (before, after) in own.items():
                owners[number].buffer_before_minutes = before // MINUTE
                owners[number].buffer_after_minutes = after // MINUTE
                owners[number].save()
        tomorrow = timezone.localdate() + dt.timedelta(days=1)
        morning = dt.datetime.combine(tomorrow, dt.time(9), tzinfo=people.school.zone)
        self.first = morning.astimezone(dt.UTC)
        self.model = Model(now=self.first - HOUR, zone=people.school.zone)

    def teardown(self):
        self.scope.__exit__(None, None, None)

    def time(self, step):
        """Half hours of the first day until evening, then of the third."""
        days, steps = divmod(step, 20)
        return self.first + days * dt.timedelta(days=2) + steps * 2 * QUARTER

    def tried(self, call, expected, overrides=()):
        """Do it: the refusals must be those expected; tells whether it happened."""
        standing = {code for code in expected if code in NEVER or code not in overrides}
        made, refused = None, set()
        try:
            made = call(dict.fromkeys(overrides, REASON))
        except Refused as error:
            refused = {refusal.code for refusal in error.refusals}
        assert refused == standing
        return made

    @rule(
        target=lessons,
        teacher=TEACHERS,
        vehicle=VEHICLES,
        student=STUDENTS,
        step=TIMES,
        overrides=OVERRIDES,
    )
    def book(self, teacher, vehicle, student, step, overrides):
        wanted = Lesson(
            teacher, vehicle, frozenset({student}), self.time(step), S.CONFIRMED, seats=2
        )
        booking = self.tried(
            lambda reasons: services.book_lesson(
                wanted=services.LessonRequest(
                    lesson_type_id=self.people.lesson_type.pk,
                    teacher_id=self.teachers[teacher].pk,
                    student_ids=(self.students[student].pk,),
                    resource_ids=(self.vehicles[vehicle].pk,),
                    starts_at=wanted.starts_at,
                ),
                by=self.people.office,
                at=self.model.now,
                request_key=uuid.uuid4(),
                overrides=reasons,
            ),
            self.model.refusals(wanted),
            overrides,
        )
        return self.kept(booking, wanted)

    @rule(target=lessons, teacher=TEACHERS, student=STUDENTS, step=TIMES, agrees=st.booleans())
    def ask(self, teacher, student, step, agrees):
        """A student asks for a lesson: held until somebody answers, with a vehicle that is free.

        One that costs a fee to cancel from the start must be agreed to.
        """
        wanted = Lesson(teacher, -1, frozenset({student}), self.time(step), S.PENDING, seats=2)
        free = [
            number
            for number in (0, 1)
            if "resource-booked" not in self.model.refusals(replace(wanted, vehicle=number))
        ]
        expected = self.model.refusals(wanted, by_student=True)
        if not free:
            expected |= {"no-resource-free"}
        if not expected and self.model.now > wanted.starts_at - FREE_UNTIL and not agrees:
            expected = {"late-terms"}
        booking = self.tried(
            lambda _reasons: services.book_lesson(
                wanted=services.LessonRequest(
                    lesson_type_id=self.people.lesson_type.pk,
                    teacher_id=self.teachers[teacher].pk,
                    student_ids=(self.students[student].pk,),
                    resource_ids=None,
                    starts_at=wanted.starts_at,
                ),
                by=self.students[student].membership,
                at=self.model.now,
                request_key=uuid.uuid4(),
                accepts_late_terms=agrees,
            ),
            expected,
        )
        if booking is None:
            return multiple()
        (used,) = booking.booking_resources.values_list("resource", flat=True)
        wanted.vehicle = [vehicle.pk for vehicle in self.vehicles].index(used)
        assert wanted.vehicle in free
        wanted.held_until = min(self.model.now + 5 * HOUR, wanted.starts_at)
        return self.kept(booking, wanted)

    def kept(self, booking, wanted):
        if booking is None:
            return multiple()
        self.model.lessons[booking.pk] = wanted
        return booking.pk

    @rule(pk=lessons, teacher=TEACHERS, vehicle=VEHICLES, step=TIMES, overrides=OVERRIDES)
    def move(self, pk, teacher, vehicle, step, overrides):
        old = self.model.lessons[pk]
        wanted = replace(old, teacher=teacher, vehicle=vehicle, starts_at=self.time(step))
        expected = self.model.refusals(wanted, but=(pk,))
        if wanted.starts_at == old.starts_at:
            expected -= self.overruled[pk]
        if not old.is_open:
            expected = {"illegal-move"}
        elif expected <= set(overrides) - NEVER and wanted == old:
            expected = {"nothing-changed"}
        moved = self.tried(
            lambda reasons: services.move_booking(
                booking_id=pk,
                by=self.people.office,
                at=self.model.now,
                starts_at=wanted.starts_at,
                teacher_id=self.teachers[teacher].pk,
                resource_ids=(self.vehicles[vehicle].pk,),
                overrides=reasons,
            ),
            expected,
            overrides,
        )
        if moved:
            self.model.lessons[pk] = wanted

    @rule(pk=lessons, student=STUDENTS)
    def join(self, pk, student):
        old = self.model.lessons[pk]
        wanted = replace(old, students=old.students | {student})
        if not old.is_open:
            expected = {"illegal-move"}
        elif student in old.students:
            expected = {"already-booked"}
        else:
            alone = replace(old, students=frozenset({student}))
            against = self.model.refusals(alone, but=(pk,))
            expected = against - self.granted[pk]
        joined = self.tried(
            lambda _reasons: services.join_booking(
                booking_id=pk,
                student_id=self.students[student].pk,
                by=self.people.office,
                at=self.model.now,
            ),
            expected,
        )
        if joined:
            self.model.lessons[pk] = wanted

    @property
    def granted(self):
        """What was overruled for a booking since it has the time it has (but of the students)."""
        return {pk: held - {"student-booked"} for pk, held in self.overruled.items()}

    @property
    def overruled(self):
        """What was overruled for a booking since it has the time it has."""
        overruled = {}
        for booking in Booking.objects.prefetch_related("transitions"):
            held = set()
            for change in sorted(booking.transitions.all(), key=lambda one: one.sequence):
                held = set() if change.change == "moved" else held
                held |= {rule["code"] for rule in change.overridden_rules}
            overruled[booking.pk] = held
        return overruled

    @rule(pk=lessons)
    def confirm(self, pk):
        lesson = self.model.lessons[pk]
        if lesson.status != S.PENDING:
            expected = {"illegal-move"}
        elif lesson.held_until <= self.model.now:
            expected = {"hold-over"}
        else:
            expected = self.model.refusals(lesson, but=(pk,)) - self.granted[pk]
        confirmed = self.tried(
            lambda _reasons: services.confirm_booking(
                booking_id=pk, by=self.people.office, at=self.model.now
            ),
            expected,
        )
        if confirmed:
            lesson.status, lesson.held_until = S.CONFIRMED, None

    @rule(pk=lessons)
    def cancel(self, pk):
        lesson = self.model.lessons[pk]
        cancelled = self.tried(
            lambda _reasons: services.cancel_booking(
                booking_id=pk, by=self.people.office, at=self.model.now
            ),
            set() if lesson.is_open else {"illegal-move"},
        )
        if cancelled:
            lesson.status, lesson.held_until = S.CANCELLED, None

    @rule(pk=lessons, came=st.booleans())
    def complete(self, pk, came):
        lesson = self.model.lessons[pk]
        places = Participation.objects.filter(booking=pk).exclude(status="cancelled")
        if lesson.status != S.CONFIRMED:
            expected = {"illegal-move"}
        else:
            expected = {"not-over"} if self.model.now < lesson.ends_at else set()
        done = self.tried(
            lambda _reasons: services.complete_booking(
                booking_id=pk,
                by=self.people.office,
                at=self.model.now,
                attendance={place.pk: Attendance(attended=came) for place in places},
            ),
            expected,
        )
        if done:
            lesson.status = S.COMPLETED if came else S.NO_SHOW

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours):
        self.model.now += hours * HOUR
        services.expire_holds(at=self.model.now)
        for lesson in self.model.lessons.values():
            if lesson.status == S.PENDING and lesson.held_until <= self.model.now:
                lesson.status, lesson.held_until = S.CANCELLED, None

    @invariant()
    def the_calendar_is_as_the_model_says(self):
        said = {
            booking.pk: (
                booking.starts_at,
                S(booking.status),
                booking.teacher_id,
                booking.held_until,
            )
            for booking in Booking.objects.all()
        }
        assert said == {
            pk: (
                lesson.starts_at,
                lesson.status,
                self.teachers[lesson.teacher].pk,
                lesson.held_until,
            )
            for pk, lesson in self.model.lessons.items()
        }

    @invariant()
    def the_doctor_finds_nothing(self):
        assert examine(OF_BOOKINGS + OF_MONEY + OF_LEARNING) == []


def walk(machine, examples):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=15,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.usefixtures("db")
def test_the_calendar_does_what_the_model_says():
    walk(Calendar, 10)


class CarelessModel(Model):
    """One that would let people be double-booked."""

    def refusals(self, wanted, **how):
        return super().refusals(wanted, **how) - {"teacher-booked"}


class CarelessCalendar(Calendar):
    def __init__(self):
        super().__init__()
        self.model = CarelessModel(now=self.model.now, zone=self.model.zone)


@pytest.mark.usefixtures("db")
def test_a_model_that_forgets_a_rule_is_found_out():
    with pytest.raises(AssertionError):
        walk(CarelessCalendar, 40)
