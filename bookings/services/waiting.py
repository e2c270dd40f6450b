"""Standing in line for a seat in a session, or with a wish for any lesson of a type."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, time

from django.db.models import Q
from django.utils.translation import gettext as _

from administration.models import Department, Membership, Student, Teacher
from bookings.enums import OfferStatus, WaitingStatus
from bookings.models import Booking, LessonType, WaitingListEntry, WaitingListOffer
from bookings.policies import still_learn
from bookings.queries.proposals import found, students_for
from bookings.queries.seats import seats_left
from bookings.queries.waiting import IN_LINE
from bookings.services.answering import decline_offer, expire_offer
from bookings.services.holding import hold
from bookings.services.joining import OPEN
from bookings.services.vacancies import lock_entries, wake_after_commit
from justdriving.kernel.locks import take_sorted
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.transactions import busy, use_case

MOST_WISHES = 10


@dataclass(frozen=True, slots=True)
class WishedTimes:
    """When it suits a student; what is left open suits them always.

    Weekdays are 0 for Monday; times are wall times of the school, days its days, all included.
    """

    teacher_id: int | None = None
    department_id: int | None = None
    weekdays: tuple[int, ...] = ()
    earliest: time | None = None
    latest: time | None = None
    first_day: date | None = None
    last_day: date | None = None


ANY_TIME = WishedTimes()


@use_case
def join_waiting_list(
    *, student_id: int, booking_id: int, by: Membership, at: datetime
) -> WaitingListEntry:
    """Let a student wait for a seat in a session that is full.

    ``at`` is now, UTC. Joining again changes nothing. Raises Refused: ``not-found``,
    ``not-learning``, ``illegal-move`` when it is off or has begun, ``already-booked``,
    ``seat-free`` when there is nothing to wait for.
    """
    (student,) = students_for(by, (student_id,))
    enforce(still_learn([student]))
    booking = hold(booking_id, Booking.objects.filter(capacity__gt=1))
    waiting = WaitingListEntry.objects.filter(booking=booking, student=student, status__in=IN_LINE)
    for entry in waiting:
        return entry
    enforce(_not_to_wait_for(booking, student, at))
    return WaitingListEntry.objects.create(
        school_id=booking.school_id,
        student=student,
        lesson_type_id=booking.lesson_type_id,
        booking=booking,
        created_at=at,
        created_by=by.user,
    )


def _not_to_wait_for(booking: Booking, student: Student, at: datetime) -> Refusal | None:
    if booking.status not in OPEN or booking.starts_at <= at:
        return Refusal("illegal-move", _("Nobody can join this lesson any more."))
    if student.participations.filter(booking=booking).exclude(status="cancelled").exists():
        return Refusal("already-booked", _("The student is already in this lesson."))
    if seats_left([booking], offered_to=student.pk)[booking.pk] > 0:
        return Refusal("seat-free", _("There is a seat left: you need not wait for it."))
    return None


@use_case
def add_wish(
    *,
    student_id: int,
    lesson_type_id: int,
    by: Membership,
    at: datetime,
    times: WishedTimes = ANY_TIME,
) -> WaitingListEntry:
    """Let a student wait for a lesson of a type at a time that suits them.

    ``at`` is now, UTC. The same wish again changes nothing. Raises Refused: ``not-found``,
    ``not-learning``, ``wish-impossible`` for times in the wrong order or days that have passed,
    ``too-many-wishes``.
    """
    (student,) = students_for(by, (student_id,))
    enforce(still_learn([student]))
    lesson_type = found(LessonType.objects.filter(pk=lesson_type_id, is_active=True))
    enforce(_impossible(times, today=at.astimezone(by.school.zone).date()))
    _enforce_known(times)
    take_sorted([("user", student.membership.user_id)])
    wishes = WaitingListEntry.objects.filter(
        student=student, booking__isnull=True, status__in=IN_LINE
    )
    values = asdict(times) | {"weekdays": sorted(set(times.weekdays))}
    for same in wishes.filter(_same(values), lesson_type=lesson_type):
        return same
    if wishes.count() >= MOST_WISHES:
        message = _("At most %(most)d wishes at a time. Take one back first.")
        raise Refused(Refusal("too-many-wishes", message % {"most": MOST_WISHES}))
    entry = WaitingListEntry.objects.create(
        school_id=student.school_id,
        student=student,
        lesson_type=lesson_type,
        created_at=at,
        created_by=by.user,
        **values,
    )
    wake_after_commit()
    return entry


def _same(values: dict[str, object]) -> Q:
    return Q(**{name: value for name, value in values.items() if value is not None}) & Q(
        **{f"{name}__isnull": True for name, value in values.items() if value is None}
    )


def _impossible(times: WishedTimes, *, today: date) -> Refusal | None:
    if times.earliest and times.latest and times.latest <= times.earliest:
        return Refusal("wish-impossible", _("“Over by” must be later than “not before”."))
    if times.last_day and times.last_day < max(times.first_day or today, today):
        return Refusal("wish-impossible", _("The last day lies before the first, or today."))
    return None


def _enforce_known(times: WishedTimes) -> None:
    if times.teacher_id is not None:
        found(Teacher.objects.filter(pk=times.teacher_id, is_active=True))
    if times.department_id is not None:
        found(Department.objects.filter(pk=times.department_id, is_active=True))


@use_case
def leave_waiting_list(*, entry_id: int, by: Membership, at: datetime) -> WaitingListEntry:
    """Wait no more; an open offer is declined. Leaving again changes nothing.

    Raises Refused ``not-found``, ``already-served`` when the place was accepted, or ``busy`` when
    another offer was made at this very moment.
    """
    mine = WaitingListEntry.objects.visible_to(by)
    entry: WaitingListEntry = found(mine.filter(pk=entry_id))
    for offer in WaitingListOffer.objects.filter(entry=entry, status=OfferStatus.OPEN):
        if not expire_offer(offer_id=offer.pk, booking_id=offer.booking_id, at=at):
            decline_offer(offer_id=offer.pk, by=by, at=at)
    entry = found(mine.select_for_update(of=("self",)).filter(pk=entry_id))
    if entry.status == WaitingStatus.SERVED:
        message = _("The place is yours already. Cancel the lesson instead.")
        raise Refused(Refusal("already-served", message))
    if entry.status == WaitingStatus.OFFERED:
        raise busy()
    if entry.status == WaitingStatus.WAITING:
        entry.status = WaitingStatus.WITHDRAWN
        entry.save(update_fields=["status"])
    return entry


def lapse_entries(*, at: datetime) -> int:
    """End what can come true no more: the session has begun, or the last day is over.

    ``at`` is UTC. Returns how many.
    """
    waiting = WaitingListEntry.objects.filter(status=WaitingStatus.WAITING)
    begun = waiting.filter(booking__period__startswith__lte=at)
    days = waiting.filter(last_day__isnull=False).select_related("school")
    over = [
        entry.pk
        for entry in days
        if entry.last_day and entry.last_day < at.astimezone(entry.school.zone).date()
    ]
    return _lapse([*begun.values_list("pk", flat=True), *over])


@use_case
def _lapse(entry_ids: Iterable[int]) -> int:
    held = lock_entries(Q(pk__in=list(entry_ids), status=WaitingStatus.WAITING))
    return WaitingListEntry.objects.filter(pk__in=held).update(status=WaitingStatus.LAPSED)
