"""Inviting people, changing what they are at the school, and letting them go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from administration.enums import MembershipChange, MembershipStatus, Role
from administration.models import (
    Department,
    Membership,
    MembershipEvent,
    School,
    Teacher,
    TeacherDepartment,
    User,
)
from administration.permissions import may_manage
from administration.policies.people import may_give_role, owners_remain
from administration.services.accounts import known_user, new_user
from administration.signals import membership_changed
from justdriving.kernel.locks import take_sorted
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.tenancy import school_scope
from justdriving.kernel.transactions import use_case


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChanges:
    """What a member of staff shall be. ``limited_to`` is the department an office person sees.

    Whoever ``teaches`` has departments and licence categories; a teacher always does. The buffers
    are minutes before and after each of their lessons; lessons already booked keep theirs.
    """

    role: Role
    limited_to: Department | None = None
    teaches: bool = False
    departments: Sequence[Department] = ()
    licence_categories: Sequence[str] = ()
    buffer_before_minutes: int = 0
    buffer_after_minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    email: str
    full_name: str
    language: str
    request_key: UUID
    place: MemberChanges


@use_case
def invite_member(*, invitation: Invitation, by: Membership, at: datetime) -> Membership:
    """Offer somebody a place on the staff; they accept after signing in.

    The same press of the button twice gives the first membership. Raises Refused: ``not_yours``
    and ``role_above_own`` for a role the inviter may not give, ``already_here`` for a member.
    """
    _enforce_may_give(by, invitation.place.role)
    user = known_user(invitation.email)
    if user and (found := Membership.objects.filter(user=user).first()):
        if _was_invited_by(found, invitation.request_key):
            return found
        raise Refused(
            Refusal("already_here", _("Somebody with this e-mail is at the school already."))
        )
    membership = Membership.objects.create(
        school=by.school,
        user=user or _new_person(invitation),
        role=invitation.place.role,
        department=invitation.place.limited_to,
        status=MembershipStatus.INVITED,
    )
    _write_teaching(membership, invitation.place)
    details = {"role": ["", invitation.place.role], "request_key": str(invitation.request_key)}
    _record(membership, MembershipChange.INVITED, details, by=by.user, at=at)
    return membership


@use_case
def invite_again(*, membership_id: int, by: Membership, at: datetime) -> Membership:
    """Send the invitation once more. Raises Refused when it was answered already."""
    membership = _locked(membership_id, by)
    if membership.status != MembershipStatus.INVITED:
        raise Refused(Refusal("already_answered", _("This invitation was answered already.")))
    _record(membership, MembershipChange.INVITED, {}, by=by.user, at=at)
    return membership


@use_case
def accept_invitation(*, school: School, user: User, at: datetime) -> Membership:
    """The invited person says yes; saying it twice changes nothing.

    Raises Refused with ``not_invited`` when there is no open invitation.
    """
    with school_scope(school.pk):
        membership = Membership.objects.select_for_update().filter(user=user).first()
        if membership is None or membership.status == MembershipStatus.INACTIVE:
            raise Refused(Refusal("not_invited", _("There is no open invitation for you here.")))
        if membership.status == MembershipStatus.INVITED:
            membership.status = MembershipStatus.ACTIVE
            membership.save(update_fields=["status"])
            _record(membership, MembershipChange.ACCEPTED, {}, by=user, at=at)
        return membership


@use_case
def change_member(
    *, membership_id: int, changes: MemberChanges, by: Membership, at: datetime
) -> Membership:
    """Give a member of staff another role, department or subject.

    Raises Refused: ``not_yours``, ``role_above_own``, ``last_owner``.
    """
    membership = _locked(membership_id, by)
    _enforce_may_give(by, changes.role)
    if membership.role == Role.OWNER and changes.role != Role.OWNER:
        _enforce_owner_remains(membership)
    details = _differences(membership, changes)
    if details:
        membership.role = changes.role
        membership.department = changes.limited_to
        membership.save(update_fields=["role", "department"])
        _write_teaching(membership, changes)
        _record(membership, MembershipChange.UPDATED, details, by=by.user, at=at)
    return membership


@use_case
def deactivate_member(*, membership_id: int, by: Membership, at: datetime) -> Membership:
    """End somebody's access at once: every session of theirs, everywhere, is over.

    History stays. Raises Refused: ``not_yours``, ``last_owner``.
    """
    membership = _locked(membership_id, by)
    if membership.status == MembershipStatus.INACTIVE:
        return membership
    if membership.role == Role.OWNER:
        _enforce_owner_remains(membership)
    _set_status(membership, MembershipStatus.INACTIVE)
    Teacher.objects.filter(membership=membership).update(is_active=False)
    User.objects.filter(pk=membership.user_id).update(session_epoch=F("session_epoch") + 1)
    _record(membership, MembershipChange.DEACTIVATED, {}, by=by.user, at=at)
    return membership


@use_case
def reactivate_member(*, membership_id: int, by: Membership, at: datetime) -> Membership:
    """Let somebody in again, as what they were; who never accepted has still to accept.

    Raises Refused: ``not_yours``.
    """
    membership = _locked(membership_id, by)
    _enforce_may_give(by, Role(membership.role))
    if membership.status != MembershipStatus.INACTIVE:
        return membership
    _set_status(membership, _status_before(membership))
    if membership.role == Role.TEACHER:
        Teacher.objects.filter(membership=membership).update(is_active=True)
    _record(membership, MembershipChange.REACTIVATED, {}, by=by.user, at=at)
    return membership


def _status_before(membership: Membership) -> MembershipStatus:
    """What the person was before they were let go: a member, or still only invited."""
    changes = set(
        MembershipEvent.objects.filter(membership=membership).values_list("change", flat=True)
    )
    only_invited = MembershipChange.INVITED in changes and MembershipChange.ACCEPTED not in changes
    return MembershipStatus.INVITED if only_invited else MembershipStatus.ACTIVE


def _locked(membership_id: int, by: Membership) -> Membership:
    """The membership, while nobody else changes who owns this school."""
    take_sorted([("owners", by.school_id)])
    membership = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("user", "department")
        .get(pk=membership_id)
    )
    _enforce_may_manage(by, Role(membership.role))
    return membership


def _enforce_may_manage(by: Membership, role: Role) -> None:
    if not may_manage(by, role):
        raise Refused(Refusal("not_yours", _("You may not manage people with this role.")))


def _enforce_may_give(by: Membership, role: Role) -> None:
    enforce(may_give_role(Role(by.role), role))
    _enforce_may_manage(by, role)


def _enforce_owner_remains(membership: Membership) -> None:
    others = Membership.objects.filter(role=Role.OWNER, status=MembershipStatus.ACTIVE).exclude(
        pk=membership.pk
    )
    enforce(owners_remain(others.count()))


def _new_person(invitation: Invitation) -> User:
    return new_user(
        email=invitation.email, full_name=invitation.full_name, language=invitation.language
    )


def _was_invited_by(membership: Membership, request_key: UUID) -> bool:
    return MembershipEvent.objects.filter(
        membership=membership, details__request_key=str(request_key)
    ).exists()


def _set_status(membership: Membership, status: MembershipStatus) -> None:
    membership.status = status
    membership.save(update_fields=["status"])


def _write_teaching(membership: Membership, place: MemberChanges) -> None:
    teacher = Teacher.objects.filter(membership=membership).first()
    teaches = place.teaches or place.role == Role.TEACHER
    if teacher is None and not teaches:
        return
    teacher = teacher or Teacher(school_id=membership.school_id, membership=membership)
    teacher.is_active = teaches
    if teaches:
        teacher.licence_categories = list(place.licence_categories)
        teacher.buffer_before_minutes = place.buffer_before_minutes
        teacher.buffer_after_minutes = place.buffer_after_minutes
    teacher.save()
    if teaches:
        _write_workplaces(teacher, place.departments)


def _write_workplaces(teacher: Teacher, departments: Sequence[Department]) -> None:
    wanted = {department.pk for department in departments}
    workplaces = TeacherDepartment.objects.filter(teacher=teacher)
    workplaces.exclude(department__in=wanted).delete()
    missing = wanted - set(workplaces.values_list("department_id", flat=True))
    TeacherDepartment.objects.bulk_create(
        TeacherDepartment(school_id=teacher.school_id, teacher=teacher, department_id=pk)
        for pk in sorted(missing)
    )


def _differences(membership: Membership, changes: MemberChanges) -> dict[str, list[str]]:
    teacher = Teacher.objects.filter(membership=membership).first()
    teaches = changes.teaches or changes.role == Role.TEACHER
    pairs: dict[str, tuple[object, object]] = {
        "role": (membership.role, changes.role),
        "limited_to": (membership.department, changes.limited_to),
        "teaches": (bool(teacher and teacher.is_active), teaches),
    }
    if teacher and teaches:
        places = teacher.departments.order_by("name")
        wanted = sorted(changes.departments, key=lambda department: department.name)
        pairs["departments"] = (_listed(places), _listed(wanted))
        pairs["licence_categories"] = (
            _listed(sorted(teacher.licence_categories)),
            _listed(sorted(changes.licence_categories)),
        )
        for field in ("buffer_before_minutes", "buffer_after_minutes"):
            pairs[field] = (getattr(teacher, field), getattr(changes, field))
    return {
        field: ["" if value is None else str(value) for value in pair]
        for field, pair in pairs.items()
        if pair[0] != pair[1]
    }


def _listed(things: Any) -> str:
    return ", ".join(str(thing) for thing in things)


def _record(
    membership: Membership,
    change: MembershipChange,
    details: Mapping[str, Any],
    *,
    by: User,
    at: datetime,
) -> None:
    event = MembershipEvent.objects.create(
        school_id=membership.school_id,
        membership=membership,
        change=change,
        details=dict(details),
        happened_at=at,
        made_by=by,
    )
    membership_changed.send(sender=Membership, event=event)
