"""The fixed cast of every test: two of each kind of person, and a complete other school."""

import datetime as dt
from dataclasses import dataclass

from administration.enums import Role
from administration.models import Department, Membership, School, Student, Teacher
from bookings.models import LessonType, Resource
from tests.factories import (
    DepartmentFactory,
    LessonTypeFactory,
    MembershipFactory,
    SchoolFactory,
    StudentFactory,
    TeacherDepartmentFactory,
    TeacherFactory,
    UserFactory,
    VehicleFactory,
    WeeklyAvailabilityFactory,
)


@dataclass(frozen=True)
class Cast:
    """A school with everybody in it, ready to book a lesson."""

    school: School
    department: Department
    owner: Membership
    office: Membership
    teacher: Teacher
    other_teacher: Teacher
    student: Student
    other_student: Student
    lesson_type: LessonType
    vehicle: Resource
    other_vehicle: Resource


def make_cast(**school: object) -> Cast:
    """Teachers work every day 8-18; the lesson lasts 90 minutes, needs a vehicle, costs 550 kr."""
    home = SchoolFactory(**school)
    department = DepartmentFactory(school=home, name="Centre")
    teacher, other_teacher = (
        make_teacher(home, department, name) for name in ("Mette Holm", "Søren Bæk")
    )
    student, other_student = (
        StudentFactory(
            school=home,
            department=department,
            teacher=teacher,
            membership=MembershipFactory(school=home, user=UserFactory(full_name=name)),
        )
        for name in ("Åse Lind", "Noah Berg")
    )
    cast = Cast(
        school=home,
        department=department,
        owner=MembershipFactory(school=home, role=Role.OWNER),
        office=MembershipFactory(school=home, role=Role.OFFICE),
        teacher=teacher,
        other_teacher=other_teacher,
        student=student,
        other_student=other_student,
        lesson_type=LessonTypeFactory(school=home, name="Driving lesson"),
        vehicle=VehicleFactory(school=home, department=department, name="VW ID.3"),
        other_vehicle=VehicleFactory(school=home, department=department, name="Polo"),
    )
    make_catalogue(cast.lesson_type)
    return cast


def make_teacher(school: School, department: Department, name: str) -> Teacher:
    member = MembershipFactory(school=school, role=Role.TEACHER, user=UserFactory(full_name=name))
    teacher = TeacherFactory(school=school, membership=member)
    TeacherDepartmentFactory(teacher=teacher, department=department)
    for weekday in range(7):
        WeeklyAvailabilityFactory(
            teacher=teacher, weekday=weekday, starts_at=dt.time(8), ends_at=dt.time(18)
        )
    return teacher


def make_catalogue(lesson_type: LessonType, price_minor: int = 550_00) -> None:
    """Give a lesson type its price, VAT included."""
    from finance.models import Product, VatCode  # noqa: PLC0415 -- finance stands above the cast

    vat, _ = VatCode.across_schools.get_or_create(
        school=lesson_type.school,
        code="DK25",
        defaults={"name": "Danish VAT 25 %", "rate_basis_points": 2500},
    )
    Product.across_schools.create(
        school=lesson_type.school,
        name=lesson_type.name,
        kind="lesson",
        lesson_type=lesson_type,
        price_minor=price_minor,
        vat_code=vat,
    )
