"""How a person becomes a student: by themselves, through the office, or from another school."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from administration.enums import Gearbox, LicenceCategory, MembershipStatus, Role, StudentChange
from administration.models import (
    Department,
    Guardian,
    Membership,
    School,
    Student,
    StudentEvent,
    Teacher,
    User,
)
from administration.policies.people import born_on_refusal, needs_guardian, own_guardian
from administration.services.accounts import known_user, new_user
from administration.signals import registration_repeated, student_changed
from justdriving.kernel.locks import take_sorted
from justdriving.kernel.policy import Refusal, Refused, enforce_all
from justdriving.kernel.tenancy import school_scope
from justdriving.kernel.transactions import use_case


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianDetails:
    full_name: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentDetails:
    """What is known of a new student. ``request_key`` names one press of the button."""

    full_name: str
    email: str
    phone: str
    born_on: date
    department: Department
    request_key: UUID
    licence_category: str = LicenceCategory.B
    gearbox: str = Gearbox.MANUAL
    address: str = ""
    pickup_place: str = ""
    teacher: Teacher | None = None
    guardian: GuardianDetails | None = None
    language: str = "da"
    accepted_terms: bool = False


@use_case
def register_student(
    *, school: School, details: StudentDetails, at: datetime, ip: str = ""
) -> Student | None:
    """A visitor registers at a school: user, membership, student, guardian, event, in one go.

    Returns None when the e-mail is known already: then nothing is created and
    ``registration_repeated`` is announced, so that the person hears of it by mail and the visitor
    learns nothing. ``ip`` is kept with the consent. Raises Refused. Source: seed 002, "Student
    registration and school enrollment".
    """
    with school_scope(school.pk):
        enforce_all(_visitor_refusals(school, details, at))
        user = known_user(details.email)
        if user is None:
            user = _new_student_user(details)
            return _enrol(school, user, details, by=user, at=at, agreed=_consent(school, ip))
        if user.is_active and not _is_replay(user, details):
            registration_repeated.send(sender=School, school=school, user=user, at=at)
        return None


@use_case
def create_student(*, details: StudentDetails, by: Membership, at: datetime) -> Student | None:
    """Staff register a student, who is invited by mail.

    Returns None when the person has an account at another school: they are asked by mail to join.
    A teacher's new student is their own. Raises Refused, with the code ``already_here`` when the
    school knows the person.
    """
    enforce_all(_refusals(by.school, details, at))
    user = known_user(details.email)
    if user is None:
        teacher = Teacher.objects.filter(membership=by).first()
        own = teacher if by.role == Role.TEACHER else details.teacher
        return _enrol(
            by.school, _new_student_user(details), details, by=by.user, at=at, teacher=own
        )
    if _is_replay(user, details):
        return Student.objects.get(membership__user=user)
    if Membership.objects.filter(user=user).exists():
        raise Refused(
            Refusal("already_here", _("Somebody with this e-mail is at the school already."))
        )
    registration_repeated.send(sender=School, school=by.school, user=user, at=at)
    return None


@use_case
def join_school(
    *, school: School, user: User, details: StudentDetails, at: datetime, ip: str = ""
) -> Student:
    """A signed-in person of another school becomes a student here.

    Joining again gives the student that is there. Raises Refused.
    """
    with school_scope(school.pk):
        enforce_all(_visitor_refusals(school, details, at))
        take_sorted([("user", user.pk)])
        if student := Student.objects.filter(membership__user=user).first():
            return student
        if Membership.objects.filter(user=user).exists():
            raise Refused(Refusal("already_here", _("You are at this school already.")))
        return _enrol(school, user, details, by=user, at=at, agreed=_consent(school, ip))


def _refusals(school: School, details: StudentDetails, at: datetime) -> Iterator[Refusal]:
    today = at.astimezone(school.zone).date()
    if refusal := born_on_refusal(details.born_on, today):
        yield refusal
    elif needs_guardian(details.born_on, today) and details.guardian is None:
        yield Refusal("guardian_needed", _("Under 18 we need the name of a parent or guardian."))
    elif details.guardian and (same := own_guardian(details.email, details.guardian.email)):
        yield same
    if not details.department.is_active:
        yield Refusal("department_closed", _("This department takes no students now."))


def _visitor_refusals(school: School, details: StudentDetails, at: datetime) -> Iterator[Refusal]:
    if not (school.is_active and school.takes_registrations):
        yield Refusal("registration_closed", _("This school takes no registrations right now."))
    if not details.accepted_terms:
        yield Refusal("terms_not_accepted", _("Please accept the terms."))
    yield from _refusals(school, details, at)


def _consent(school: School, ip: str) -> Mapping[str, Any]:
    return {"terms_sha256": sha256(school.terms.encode()).hexdigest(), "ip": ip}


def _is_replay(user: User, details: StudentDetails) -> bool:
    """Whether this very press of the button made the student who is there."""
    return StudentEvent.objects.filter(
        student__membership__user=user,
        change=StudentChange.REGISTERED,
        details__request_key=str(details.request_key),
    ).exists()


def _new_student_user(details: StudentDetails) -> User:
    return new_user(
        email=details.email,
        full_name=details.full_name,
        phone=details.phone,
        language=details.language,
    )


def _enrol(  # noqa: PLR0913 -- the facts of one registration
    school: School,
    user: User,
    details: StudentDetails,
    *,
    by: User,
    at: datetime,
    teacher: Teacher | None = None,
    agreed: Mapping[str, Any] | None = None,
) -> Student:
    membership = Membership.objects.create(
        school=school, user=user, role=Role.STUDENT, status=MembershipStatus.ACTIVE
    )
    student = Student.objects.create(
        school=school,
        membership=membership,
        department=details.department,
        teacher=teacher,
        licence_category=details.licence_category,
        gearbox=details.gearbox,
        born_on=details.born_on,
        address=details.address,
        pickup_place=details.pickup_place,
        registered_at=at,
    )
    if details.guardian:
        _add_guardian(student, details.guardian)
    event = StudentEvent.objects.create(
        school=school,
        student=student,
        change=StudentChange.REGISTERED,
        details={
            "request_key": str(details.request_key),
            "language": details.language,
            "accepted_terms": details.accepted_terms,
            **(agreed or {}),
        },
        happened_at=at,
        made_by=by,
    )
    student_changed.send(sender=Student, event=event)
    return student


def _add_guardian(student: Student, guardian: GuardianDetails) -> None:
    Guardian.objects.create(
        school_id=student.school_id,
        student=student,
        full_name=guardian.full_name,
        email=guardian.email,
        phone=guardian.phone,
    )
