"""Changing a student's record, and never over somebody else's words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Model
from django.utils.translation import gettext as _

from administration.enums import StudentChange
from administration.models import Membership, Student, StudentEvent, User
from administration.policies.people import born_on_refusal
from administration.queries import staff_may_edit_contact
from administration.services.accounts import known_user
from administration.signals import student_changed
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.transactions import use_case

STUDENT_FIELDS = (
    "status",
    "teacher",
    "department",
    "licence_category",
    "gearbox",
    "born_on",
    "address",
    "pickup_place",
    "height_cm",
    "weight_kg",
)
CONTACT_FIELDS = ("full_name", "email", "phone")


@use_case
def edit_student(
    *, student_id: int, version: int, values: Mapping[str, Any], by: Membership, at: datetime
) -> Student:
    """Write the new ``values`` (field -> value) of a record that was read as ``version``.

    Each save that changes something leaves one event, a change of status one of its own. Contact
    details are only touched while they belong to this school alone. Raises Refused: ``stale`` when
    somebody saved in between, ``contact_is_theirs``, ``email_taken``, or a date that cannot be.
    """
    student = Student.objects.visible_to(by).select_for_update(of=("self",)).get(pk=student_id)
    user = User.objects.select_for_update().get(pk=student.membership.user_id)
    if student.version != version:
        raise Refused(Refusal("stale", _("Somebody else saved this student in the meantime.")))
    enforce(born_on_refusal(values["born_on"], at.astimezone(by.school.zone).date()))

    changed = _write(student, values, STUDENT_FIELDS)
    contact = _write(user, values, CONTACT_FIELDS)
    if contact:
        _save_contact(user, contact)
    if changed or contact:
        student.version += 1
        student.save()
        _announce(student, changed | contact, by=by.user, at=at)
    return student


def _write(row: Model, values: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, list[str]]:
    """Set what differs; returns field -> [old, new] in words."""
    changed = {}
    for field in fields:
        if field in values and (old := getattr(row, field)) != (new := values[field]):
            changed[field] = [_words(old), _words(new)]
            setattr(row, field, new)
    return changed


def _words(value: object) -> str:
    return "" if value is None else str(value)


def _save_contact(user: User, changed: Mapping[str, list[str]]) -> None:
    if not staff_may_edit_contact(user):
        raise Refused(
            Refusal("contact_is_theirs", _("This person keeps their own name, e-mail and phone."))
        )
    if "email" in changed:
        user.email = user.email.lower()
        if (other := known_user(user.email)) and other.pk != user.pk:
            raise Refused(Refusal("email_taken", _("This e-mail is in use already.")))
        EmailAddress.objects.filter(user=user).delete()
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    user.save(update_fields=CONTACT_FIELDS)


def _announce(student: Student, changed: dict[str, list[str]], *, by: User, at: datetime) -> None:
    status = changed.pop("status", None)
    entries = {
        StudentChange.UPDATED: changed,
        StudentChange.STATUS: {"status": status} if status else {},
    }
    for change, details in entries.items():
        if details:
            event = StudentEvent.objects.create(
                school_id=student.school_id,
                student=student,
                change=change,
                details=details,
                happened_at=at,
                made_by=by,
            )
            student_changed.send(sender=Student, event=event)
