"""Settings and departments of a school; every change is written down."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from administration.enums import MembershipChange, Role
from administration.history import topic_of
from administration.models import (
    Department,
    Membership,
    MembershipEvent,
    School,
    User,
)
from administration.policies.colours import accent_refusal
from administration.services.accounts import known_user, new_user
from administration.services.noting import write_changes
from administration.signals import membership_changed
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.tenancy import school_scope
from justdriving.kernel.transactions import refusing, use_case

SETTINGS = (
    "name",
    "email",
    "phone",
    "address",
    "registration_number",
    "about",
    "opening_hours",
    "terms",
    "language",
    "accent",
    "accent_dark",
    "takes_registrations",
    "students_book_themselves",
    "teachers_edit_students",
    "teachers_see_whole_calendar",
    "teachers_register_payments",
    "teachers_edit_lesson_plans",
    "office_sees_reports",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentDetails:
    name: str
    address: str = ""
    phone: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstOwner:
    full_name: str
    email: str


@use_case
def open_school(*, school: School, owner: FirstOwner, by: User, at: datetime) -> School:
    """A platform administrator opens a school, with its first department and its owner.

    The owner, known or new, is told by mail and can begin at once.
    """
    school.save()
    with school_scope(school.pk):
        Department.objects.create(school=school, name=school.name, address=school.address)
        user = known_user(owner.email) or new_user(
            email=owner.email, full_name=owner.full_name, language=school.language
        )
        membership = Membership.objects.create(school=school, user=user, role=Role.OWNER)
        event = MembershipEvent.objects.create(
            school=school,
            membership=membership,
            change=MembershipChange.INVITED,
            details={"role": ["", Role.OWNER]},
            happened_at=at,
            made_by=by,
        )
        membership_changed.send(sender=Membership, event=event)
    return school


@use_case
def set_school_status(*, school: School, status: str, by: User, at: datetime) -> School:
    """A platform administrator suspends, archives or reopens a school."""
    stored = School.objects.select_for_update().get(pk=school.pk)
    _write(stored, {"status": status}, subject="", by=by, school=stored, at=at)
    stored.save(update_fields=["status"])
    return stored


@use_case
def change_settings(*, values: Mapping[str, Any], by: Membership, at: datetime) -> School:
    """Write the settings named in ``values``, one SettingChange for each that differs.

    Raises Refused with ``colour_unreadable`` for a colour below WCAG AA.
    """
    for field, dark in (("accent", False), ("accent_dark", True)):
        if field in values:
            enforce(accent_refusal(values[field], dark=dark))
    school = School.objects.select_for_update().get(pk=by.school_id)
    wanted = {field: values[field] for field in SETTINGS if field in values}
    if _write(school, wanted, subject="", by=by.user, school=school, at=at):
        school.save()
    return school


@use_case
def save_department(
    *, department_id: int | None, details: DepartmentDetails, by: Membership, at: datetime
) -> Department:
    """Open a department (``department_id`` is None) or change one.

    Raises Refused: ``department_name_taken``, ``last_department``.
    """
    school = School.objects.select_for_update().get(pk=by.school_id)  # one change at a time
    department = Department(school_id=by.school_id)
    if department_id is not None:
        department = Department.objects.get(pk=department_id)
    if department_id and not details.is_active:
        _enforce_another_is_open(department)
    subject = department.name or details.name
    if _write(department, asdict(details), subject=subject, by=by.user, school=school, at=at):
        with refusing({"department_name_once_per_school": _name_taken}):
            department.save()
    return department


def _enforce_another_is_open(department: Department) -> None:
    if not Department.objects.filter(is_active=True).exclude(pk=department.pk).exists():
        raise Refused(
            Refusal("last_department", _("A school needs at least one department in use."))
        )


def _name_taken() -> Refusal:
    return Refusal("department_name_taken", _("A department with this name exists already."))


def _write(
    row: Model,
    values: Mapping[str, Any],
    *,
    subject: str,
    school: School,
    by: User,
    at: datetime,
) -> bool:
    """Set what differs and write each change down; whether there was any."""
    changes = {}
    for field, new in values.items():
        if (old := getattr(row, field)) != new:
            setattr(row, field, new)
            changes[field] = (str(old), str(new))
    write_changes(changes, subject=(topic_of(row), row.pk, subject), school=school, by=by, at=at)
    return bool(changes)
