"""Reads over several tables: lists of people, and what a person is elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Func, Q, QuerySet, Value
from django.db.models.functions import Collate, Lower

from administration.enums import LicenceCategory, MembershipStatus, Role
from administration.models import (
    Department,
    Membership,
    School,
    Student,
    Teacher,
    User,
)

STUDENT_ORDERS = ("name", "newest", "oldest")


@dataclass(frozen=True, slots=True)
class StudentFilter:
    """What a list of students is narrowed to; ids and codes that are empty do not narrow."""

    q: str = ""
    status: str = ""
    teacher: int | None = None
    department: int | None = None
    category: str = ""
    order: str = "name"


def danish_order(field: str) -> Collate:
    """Sorts names as a Danish reader expects (… z, æ, ø, å) on any Postgres, ICU or not."""
    after_z = Func(Lower(field), Value("æøå"), Value("{|}"), function="translate")
    return Collate(after_z, "C")


def students(member: Membership, wanted: StudentFilter) -> QuerySet[Student]:
    found = Student.objects.visible_to(member).select_related(
        "membership__user", "teacher__membership__user", "department"
    )
    exact = {
        "status": wanted.status,
        "teacher": wanted.teacher,
        "department": wanted.department,
        "licence_category": wanted.category,
    }
    for field, value in exact.items():
        if value:
            found = found.filter(Q((field, value)))
    for word in wanted.q.split():
        found = found.filter(_matches(word))
    return found.order_by(*_order(wanted.order), "pk")


def _matches(word: str) -> Q:
    digits = "".join(letter for letter in word if letter.isdigit())
    by_phone = Q(membership__user__phone__contains=digits) if digits else Q(pk__in=[])
    user = "membership__user__"
    return (
        Q((f"{user}full_name__icontains", word)) | Q((f"{user}email__icontains", word)) | by_phone
    )


def _order(order: str) -> Sequence[Any]:
    if order in {"newest", "oldest"}:
        moment = F("registered_at")
        return [moment.desc() if order == "newest" else moment.asc()]
    return [danish_order("membership__user__full_name")]


def teachers(member: Membership) -> QuerySet[Teacher]:
    return (
        Teacher.objects.visible_to(member)
        .select_related("membership__user")
        .prefetch_related("departments")
        .order_by("-is_active", danish_order("membership__user__full_name"), "pk")
    )


def office_staff() -> QuerySet[Membership]:
    """Owners and office people of the school in scope, owners first."""
    return (
        Membership.objects.filter(role__in=[Role.OWNER, Role.OFFICE])
        .select_related("user", "department")
        .order_by("status", "-role", danish_order("user__full_name"), "pk")
    )


def open_departments() -> QuerySet[Department]:
    return Department.objects.filter(is_active=True).order_by(danish_order("name"))


def taught_categories() -> list[str]:
    """What the teachers of the school in scope teach; every category while nobody said."""
    rows = Teacher.objects.filter(is_active=True).values_list("licence_categories", flat=True)
    taught = {category for row in rows for category in row}
    return [category for category in LicenceCategory.values if category in taught or not taught]


def staff_may_edit_contact(user: User) -> bool:
    """Whether name, e-mail and phone are still this school's to correct.

    Once the person has chosen a password or is known to another school, an e-mail changed here
    would open doors there, and would let staff sign as the student.
    """
    elsewhere = Membership.across_schools.filter(user=user).count() > 1
    return not elsewhere and not user.has_usable_password()


def own_student_elsewhere(user: User) -> Student | None:
    """The person's latest student record at any school: their own words, to start a form with."""
    return Student.across_schools.filter(membership__user=user).order_by("-registered_at").first()


def membership_at(school: School, user: User) -> Membership | None:
    """What this person is at a school, in any status; for the pages before they are let in."""
    return Membership.across_schools.filter(school=school, user=user).first()


def open_invitations(user: User) -> QuerySet[Membership]:
    return (
        Membership.across_schools.filter(user=user, status=MembershipStatus.INVITED)
        .filter(school__in=School.objects.open_to_visitors())
        .select_related("school")
        .order_by("school__name")
    )
