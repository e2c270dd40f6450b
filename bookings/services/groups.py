"""Classes: students who attend the same sessions, and who come and go together."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction as database
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from administration.models import Membership, Student
from bookings.enums import BookingStatus, ParticipationStatus, Party
from bookings.models import Booking, GroupMember, Participation, SessionTemplate, StudentGroup
from bookings.queries.proposals import found, not_found, students_for
from bookings.services.booking import NO_OVERRIDES
from bookings.services.cancelling import end_places
from bookings.services.history import Doing
from bookings.services.holding import changeable_by, hold_all, keys_of, live_places
from bookings.services.seating import Seating, Terms, seat_students, tell_of_seats
from bookings.services.sessions import hold_group, hold_template
from justdriving.kernel.policy import Refusal, enforce
from justdriving.kernel.transactions import refusing, use_case

OPEN = (BookingStatus.PENDING, BookingStatus.CONFIRMED)
GROUP_FIELDS = ("department", "name", "starts_on", "max_students", "is_active")


@use_case
def save_group(
    *, by: Membership, values: Mapping[str, Any], group_id: int | None = None
) -> StudentGroup:
    """Create a class, or give one a new value for each of GROUP_FIELDS.

    Raises Refused ``not-found``, ``name-taken``, ``class-full`` (fewer seats than students).
    """
    group = _hold(group_id, by) if group_id else StudentGroup(school=by.school)
    for name in GROUP_FIELDS:
        setattr(group, name, values[name])
    enforce(_is_full(group, len(_members(group)) if group_id else 0))
    with refusing({"student_group_name_once": _name_taken}):
        group.save()
    return group


@use_case
def attach_group(  # noqa: PLR0913 -- a use case names everything it needs
    *,
    group_id: int,
    booking_ids: Collection[int],
    by: Membership,
    at: datetime,
    overrides: Mapping[str, str] = NO_OVERRIDES,
    leaves_out: bool = False,
    muted: bool = False,
) -> Seating:
    """Give every student of a class a seat in each of these sessions, in one action.

    Several sessions are one message to each student, not one for each session.
    ``at`` is now, UTC. All or nothing, unless ``leaves_out`` lets the rest in without those who
    are refused. Raises Refused: ``not-found``, ``has-a-class``, or with each student's name a
    rule's code, ``no-seat-left``, ``not-learning``. Source: seed 003, step 6.
    """
    is_one = len(set(booking_ids)) == 1
    terms = Terms(by, at, overrides, leaves_out, muted or not is_one)
    seating = _attach(_hold(group_id, by), booking_ids, terms)
    if not (muted or is_one):
        tell_of_seats(seating.seated, at)
    return seating


@use_case
def preview_attach(
    *, group_id: int, booking_ids: Collection[int], by: Membership, at: datetime
) -> Seating:
    """What ``attach_group`` would do: it is done and taken back, so both always agree."""
    terms = Terms(by, at, NO_OVERRIDES, leaves_out=True, muted=True)
    seating = _attach(_hold(group_id, by), booking_ids, terms)
    database.set_rollback(True)
    return seating


@use_case
def attach_group_to_template(
    *, group_id: int, template_id: int, by: Membership, at: datetime, leaves_out: bool = False
) -> Seating:
    """Let a class attend every session of a template, those planned and those to come.

    Arguments and refusals as ``attach_group``; each student gets one message with the dates.
    """
    terms = Terms(by, at, NO_OVERRIDES, leaves_out, muted=True)
    seating = _attach_to_template(group_id, template_id, terms)
    tell_of_seats(seating.seated, at)
    return seating


@use_case
def preview_attach_to_template(
    *, group_id: int, template_id: int, by: Membership, at: datetime
) -> Seating:
    """What ``attach_group_to_template`` would do: it is done and taken back, so both agree."""
    terms = Terms(by, at, NO_OVERRIDES, leaves_out=True, muted=True)
    seating = _attach_to_template(group_id, template_id, terms)
    database.set_rollback(True)
    return seating


@use_case
def add_members(
    *,
    group_id: int,
    student_ids: Sequence[int],
    by: Membership,
    at: datetime,
    overrides: Mapping[str, str] = NO_OVERRIDES,
    leaves_out: bool = False,
) -> Seating:
    """Put students into a class and into every session it has from now (``at``, UTC) on.

    With ``leaves_out`` they join the class and those sessions they can be in; each gets one
    message with the dates. Raises Refused:
    ``not-found``, ``class-full``, or with each student's name what speaks against a session.
    """
    terms = Terms(by, at, overrides, leaves_out, muted=True)
    seating = _add(_hold(group_id, by), students_for(by, student_ids), terms)
    tell_of_seats(seating.seated, at)
    return seating


@use_case
def preview_members(
    *, group_id: int, student_ids: Sequence[int], by: Membership, at: datetime
) -> Seating:
    """What ``add_members`` would do: it is done and taken back, so both always agree."""
    terms = Terms(by, at, NO_OVERRIDES, leaves_out=True, muted=True)
    seating = _add(_hold(group_id, by), students_for(by, student_ids), terms)
    database.set_rollback(True)
    return seating


@use_case
def remove_member(*, group_id: int, student_id: int, by: Membership, at: datetime) -> int:
    """Take a student out of a class and out of its sessions from now (``at``, UTC) on, for free.

    Returns out of how many; those that are over stay theirs. Raises Refused ``not-found``.
    """
    return _remove(_hold(group_id, by), student_id, by, at)


@use_case
def move_member(
    *,
    group_id: int,
    to_group_id: int,
    student_id: int,
    by: Membership,
    at: datetime,
    leaves_out: bool = False,
) -> Seating:
    """Change a student's class: the sessions to come are the new one's, what is over stays.

    Arguments and refusals as ``add_members``. Source: 36.dk, "free to change class".
    """
    for pk in sorted({group_id, to_group_id}):
        hold_group(pk)
    leaving, joining = (_visible(pk, by) for pk in (group_id, to_group_id))
    _remove(leaving, student_id, by, at)
    terms = Terms(by, at, NO_OVERRIDES, leaves_out, muted=True)
    seating = _add(joining, students_for(by, (student_id,)), terms)
    tell_of_seats(seating.seated, at)
    return seating


def _hold(group_id: int, by: Membership) -> StudentGroup:
    hold_group(group_id)
    return _visible(group_id, by)


def _visible(group_id: int, by: Membership) -> StudentGroup:
    rows: QuerySet[Any] = StudentGroup.objects.visible_to(by)
    group: StudentGroup = found(rows.filter(pk=group_id))
    return group


def _members(group: StudentGroup) -> list[Student]:
    rows = GroupMember.objects.filter(group=group, left_at__isnull=True)
    rows = rows.select_related("student__membership__user").order_by("joined_at", "pk")
    return [member.student for member in rows]


def _upcoming(at: datetime) -> QuerySet[Booking]:
    rows: QuerySet[Booking] = Booking.objects.filter(status__in=OPEN, period__startswith__gt=at)
    return rows


def _attach_to_template(group_id: int, template_id: int, terms: Terms) -> Seating:
    template = hold_template(template_id, terms.by)
    enforce(_has_a_class(template.group_id, group_id))
    group = _hold(group_id, terms.by)
    SessionTemplate.objects.filter(pk=template_id).update(group=group)
    upcoming = _upcoming(terms.at).filter(template=template)
    return _attach(group, list(upcoming.values_list("pk", flat=True)), terms)


def _attach(group: StudentGroup, booking_ids: Collection[int], terms: Terms) -> Seating:
    students = _members(group)
    users = [student.membership.user_id for student in students]
    bookings = hold_all(booking_ids, changeable_by(terms.by), keys_of(users, ()))
    if len(bookings) != len(set(booking_ids)):
        raise not_found()
    seating = Seating()
    for booking in bookings:
        enforce(_has_a_class(booking.group_id, group.pk))
        enforce(_is_over(booking, terms.at))
        booking.group = group
        booking.save(update_fields=["group"])
        seating.add(seat_students(booking, students, terms))
    return seating


def _add(group: StudentGroup, students: Sequence[Student], terms: Terms) -> Seating:
    present = {student.pk for student in _members(group)}
    new = [student for student in students if student.pk not in present]
    enforce(_is_full(group, len(present) + len(new)))
    GroupMember.objects.bulk_create(
        GroupMember(school_id=group.school_id, group=group, student=student, joined_at=terms.at)
        for student in new
    )
    ids = list(_upcoming(terms.at).filter(group=group).values_list("pk", flat=True))
    users = [student.membership.user_id for student in new]
    seating = Seating()
    for booking in hold_all(ids, Booking.objects.all(), keys_of(users, ())):
        if booking.status in OPEN:
            seating.add(seat_students(booking, new, terms))
    return seating


def _remove(group: StudentGroup, student_id: int, by: Membership, at: datetime) -> int:
    members = GroupMember.objects.filter(group=group, student=student_id, left_at__isnull=True)
    if not members.update(left_at=at):
        raise not_found()
    seats = Participation.objects.filter(student=student_id, status=ParticipationStatus.BOOKED)
    ids = list(
        _upcoming(at)
        .filter(group=group, pk__in=seats.values("booking"))
        .values_list("pk", flat=True)
    )
    doing = Doing(by.user, Party.SCHOOL, at, muted=True, fee_waived=True)
    for booking in hold_all(ids, Booking.objects.all()):
        places = live_places(booking)
        ending = [place for place in places if place.student_id == student_id]
        if booking.status in OPEN and ending:
            end_places(booking, places, ending, doing)
    return len(ids)


def _has_a_class(present: int | None, wanted: int) -> Refusal | None:
    if present in {None, wanted}:
        return None
    return Refusal("has-a-class", _("Another class attends this session already."))


def _is_over(booking: Booking, at: datetime) -> Refusal | None:
    if booking.status in OPEN and booking.ends_at > at:
        return None
    return Refusal("illegal-move", _("Nobody can join this lesson any more."))


def _is_full(group: StudentGroup, students: int) -> Refusal | None:
    if students <= group.max_students:
        return None
    message = _("The class has %(seats)d seats.") % {"seats": group.max_students}
    return Refusal("class-full", message, {"seats": group.max_students})


def _name_taken() -> Refusal:
    return Refusal("name-taken", _("There is already one with this name."))
