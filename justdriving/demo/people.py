"""The students, and how far each of them has come."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from django.contrib.auth.hashers import make_password

from administration.enums import Gearbox, Role, StudentStatus
from administration.models import Guardian, Membership, Student, Teacher, User
from administration.services import GuardianDetails, StudentDetails, create_student
from justdriving.demo import PASSWORD
from justdriving.demo.names import People, address
from justdriving.demo.structure import Structure
from learning.enums import ModuleKind
from learning.models import LessonPlan, RecordedStep
from learning.services import assign_plan

Curriculum = dict[str, list[list[int]]]
LAST_BIRTHDAY_OF_A_CHILD = dt.timedelta(days=int(17.4 * 365.25))


@dataclass
class Course:
    """One student and what comes next for them: the plan's modules by kind, in order."""

    student: Student
    road: list[list[int]] = field(default_factory=list)
    theory: list[list[int]] = field(default_factory=list)
    track: list[list[int]] = field(default_factory=list)

    @classmethod
    def of(cls, student: Student, modules: Curriculum, done: Collection[int] = ()) -> "Course":
        """What is left of the plan for a student who has these steps behind them."""

        def left(kind: ModuleKind) -> list[list[int]]:
            return [steps for steps in modules[kind] if not set(steps) <= set(done)]

        return cls(
            student,
            road=left(ModuleKind.ROAD),
            theory=left(ModuleKind.THEORY),
            track=left(ModuleKind.CLOSED_TRACK),
        )

    def take(self, modules: list[list[int]]) -> list[int]:
        """The steps of the next module, which is then behind the student."""
        return modules.pop(0) if modules else []


def key(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)


def curriculum(plan: LessonPlan) -> Curriculum:
    """The step ids of the plan's modules, by kind."""
    modules: Curriculum = {kind: [] for kind in ModuleKind.values}
    for module in plan.modules.prefetch_related("steps").order_by("position"):
        modules[module.kind].append([step.pk for step in module.steps.all()])
    return modules


class Enrolment:
    """Makes students, each with a teacher and the lesson plan."""

    def __init__(self, structure: Structure, random: Random) -> None:
        self.structure, self.random = structure, random
        self.modules = curriculum(structure.plan)
        self.number = 0

    def enrol(
        self, full_name: str, email: str, teacher: Teacher | None, registered_at: dt.datetime
    ) -> Course:
        born_on = registered_at.date() - dt.timedelta(days=self.random.randrange(6600, 9500))
        return self.course(
            self._details(full_name, email, teacher, born_on), teacher, registered_at
        )

    def _details(
        self,
        full_name: str,
        email: str,
        teacher: Teacher | None,
        born_on: dt.date,
        guardian: GuardianDetails | None = None,
    ) -> StudentDetails:
        self.number += 1
        place = address(self.random)
        workplace = teacher.workplaces.first() if teacher else None
        return StudentDetails(
            full_name=full_name,
            email=email,
            phone=f"+4530{self.number:06d}",
            born_on=born_on,
            department=workplace.department if workplace else self.structure.departments[0],
            request_key=key(self.random),
            gearbox=Gearbox.AUTOMATIC if self.random.random() < 0.25 else Gearbox.MANUAL,  # noqa: PLR2004 -- one in four
            address=place,
            pickup_place=place,
            teacher=teacher,
            guardian=guardian,
            accepted_terms=True,
        )

    def course(
        self, details: StudentDetails, teacher: Teacher | None, registered_at: dt.datetime
    ) -> Course:
        office = self.structure.office
        student = create_student(details=details, by=office, at=registered_at)
        if student is None:
            message = f"{details.email} is known already"
            raise ValueError(message)
        if teacher is not None:
            Student.objects.filter(pk=student.pk).update(status=StudentStatus.ACTIVE)
            assign_plan(
                student_id=student.pk,
                lesson_plan_id=self.structure.plan.pk,
                by=office,
                at=registered_at,
            )
        return Course.of(student, self.modules)

    def child(self, teacher: Teacher, registered_at: dt.datetime) -> Course:
        """A student of 17 with a guardian who has a login of her own."""
        guardian = GuardianDetails(
            full_name="Hanne Lind", email="foraelder@nordlys.example", phone="+4521212121"
        )
        born_on = registered_at.date() - LAST_BIRTHDAY_OF_A_CHILD
        course = self.course(
            self._details("Emma Lind", "emma@nordlys.example", teacher, born_on, guardian),
            teacher,
            registered_at,
        )
        parent = User.objects.create_user(
            guardian.email, PASSWORD, full_name=guardian.full_name, phone=guardian.phone
        )
        Membership.objects.create(school=self.structure.school, user=parent, role=Role.GUARDIAN)
        Guardian.objects.filter(student=course.student).update(user=parent)
        return course


def enrol_everyone(structure: Structure, random: Random, *, now: dt.datetime) -> None:
    """Åse first, then everybody else with a teacher, then those who are still waiting for one."""
    enrolment, people = Enrolment(structure, random), People(random)
    enrolment.enrol(
        "Åse Lind", "aase@nordlys.example", structure.teachers[0], now - dt.timedelta(days=70)
    )
    enrolment.child(structure.teachers[1], now - dt.timedelta(days=30))
    for number in range(110):
        teacher = structure.teachers[number % len(structure.teachers)]
        registered_at = now - dt.timedelta(days=random.randrange(46, 150), hours=number % 9)
        name = people.next()
        enrolment.enrol(name, f"elev{number + 1}@nordlys.example", teacher, registered_at)
    for number in range(8):
        registered_at = now - dt.timedelta(days=number % 4, hours=3 + number)
        enrolment.enrol(people.next(), f"ny{number + 1}@nordlys.example", None, registered_at)
    let_sign_in(["aase@nordlys.example", "emma@nordlys.example"])


def courses_under_way(plan: LessonPlan) -> list[Course]:
    """Every student with a teacher, oldest first, as far as their records say."""
    done: dict[int, set[int]] = defaultdict(set)
    for student_id, step_id in RecordedStep.objects.values_list("record__student", "step"):
        done[student_id].add(step_id)
    modules = curriculum(plan)
    students = Student.objects.filter(teacher__isnull=False).select_related(
        "school", "membership__user", "membership__school"
    )
    return [Course.of(student, modules, done[student.pk]) for student in students.order_by("pk")]


def let_sign_in(emails: list[str]) -> None:
    """Give these students the demonstration's password; the others have their welcome mail."""
    User.objects.filter(email__in=emails).update(password=make_password(PASSWORD))
