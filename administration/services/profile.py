"""What people change about themselves."""

from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db.models import F

from administration.enums import StudentChange
from administration.models import Membership, Student, StudentEvent, User
from administration.signals import student_changed
from justdriving.kernel.transactions import use_case


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """``address`` and ``pickup_place`` count for students only."""

    full_name: str
    phone: str
    language: str
    address: str = ""
    pickup_place: str = ""


@use_case
def edit_profile(*, profile: Profile, by: Membership, at: datetime) -> User:
    """A person changes their own name, phone, language; a student their own places, too."""
    user = User.objects.select_for_update().get(pk=by.user_id)
    student = Student.objects.select_for_update().filter(membership=by).first()
    changed = _write(user, profile, ("full_name", "phone", "language"))
    if changed:
        user.save(update_fields=list(changed))
    if student is None:
        return user
    moved = _write(student, profile, ("address", "pickup_place"))
    if moved:
        student.version += 1
        student.save(update_fields=[*moved, "version"])
    if changed | moved:
        event = StudentEvent.objects.create(
            school_id=by.school_id,
            student=student,
            change=StudentChange.UPDATED,
            details=changed | moved,
            happened_at=at,
            made_by=user,
        )
        student_changed.send(sender=Student, event=event)
    return user


def _write(row: User | Student, profile: Profile, fields: tuple[str, ...]) -> dict[str, list[str]]:
    changed = {}
    for field in fields:
        old, new = getattr(row, field), getattr(profile, field)
        if old != new:
            changed[field] = [str(old), str(new)]
            setattr(row, field, new)
    return changed


@use_case
def set_language(*, user: User, language: str) -> None:
    User.objects.filter(pk=user.pk).update(language=language)


@use_case
def end_other_sessions(*, user: User) -> User:
    """Sign the person out everywhere; the caller keeps the session it is in alive."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    return user


@use_case
def confirm_address(*, user: User) -> None:
    """The link that was mailed to this person's address was followed: the address is theirs."""
    address, _created = EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"primary": True}
    )
    if not address.verified:
        address.verified = True
        address.save(update_fields=["verified"])
