"""A sick day taken back: whoever was given away comes home, what was cancelled is booked again."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from administration.models import Membership, Teacher
from bookings.enums import OfferStatus, ParticipationStatus, Party, SickDayOutcome, WaitingStatus
from bookings.models import (
    Absence,
    Booking,
    BookingResource,
    Participation,
    SickDay,
    SickDayLesson,
    Vacancy,
    WaitingListEntry,
    WaitingListOffer,
)
from bookings.queries.proposals import found
from bookings.services.booked_again import book_again, hold_again, line_up_again
from bookings.services.history import Doing
from bookings.services.holding import hold_all, keys_of
from bookings.services.rearranging import keys_in_reach, said_of, write_together
from bookings.services.sick_day_plans import OPEN, ill_teacher
from bookings.services.together import Bench, Change, Judged
from bookings.services.venues import restore_numbers
from justdriving.kernel.locks import LockKey
from justdriving.kernel.policy import Refusal, enforce, enforce_all
from justdriving.kernel.transactions import use_case


class Loss(StrEnum):
    """What undoing can not give back."""

    TAKEN = "taken"
    BROKEN = "broken"
    HOLD_TAKEN = "hold-taken"
    HOLD_OVER = "hold-over"
    NOT_WAITING = "not-waiting"


@dataclass(frozen=True, slots=True)
class Lost:
    """A thing that is taken or broken since, or a time that was held for an offer.

    ``student_id`` is whose place or offer it was, ``instead_id`` the thing the lesson has now.
    """

    loss: Loss
    student_id: int | None = None
    thing_id: int | None = None
    instead_id: int | None = None

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """As it was kept in ``SickDayLesson.lost``."""
        return cls(**{**kept, "loss": Loss(kept["loss"])})


@dataclass(frozen=True, slots=True)
class Settled:
    """One lesson of a sick day as it is now, and the places it had when it was cancelled.

    ``offers`` are those that ended with it: of its seats, or of its time when it was only held.
    """

    lesson: SickDayLesson
    booking: Booking
    places: Sequence[Participation]
    offers: Sequence[WaitingListOffer]

    @property
    def hold(self) -> WaitingListOffer | None:
        """The offer that the time was held for."""
        return next((one for one in self.offers if not one.is_seat), None)

    @property
    def is_cancelled(self) -> bool:
        return self.lesson.outcome == SickDayOutcome.CANCELLED


@dataclass(frozen=True, slots=True)
class Return:
    """What one lesson comes back as, with these offers; one that was only held may not."""

    settled: Settled
    judged: Judged
    lost: Sequence[Lost]
    offers: Sequence[WaitingListOffer]

    @property
    def comes_back(self) -> bool:
        return self.settled.hold is None or bool(self.offers)


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What refuses ``undo_sick_day`` now, and what it could not give back."""

    refusals: tuple[Refusal, ...]
    lost: Sequence[tuple[Booking, Lost]]


@use_case
def undo_sick_day(*, sick_day_id: int, by: Membership, at: datetime) -> SickDay:
    """The teacher is not ill after all: every lesson takes place again, or nothing changes.

    ``at`` is now, UTC. Lessons given to somebody else come back. Cancelled ones are booked again
    with their students, price and terms, as new bookings that replace the old ones: a cancelled
    booking stays cancelled. Whoever waited for one waits again; each student has the place they
    had, and a time that was held for an offer is held again until the offer runs out, unless
    somebody else has it by now: that is noted in ``SickDayLesson.lost``. Raises Refused
    ``not-found``, ``undo-over`` from ``undo_until`` on or once everybody is told,
    ``lesson-changed`` when somebody has changed a lesson since, or a rule's code when somebody in a
    lesson was booked since.
    """
    sick_day = found(SickDay.objects.filter(pk=sick_day_id))
    teacher = ill_teacher(sick_day.teacher_id, by)
    lessons = SickDayLesson.objects.filter(sick_day=sick_day)
    ids = list(lessons.values_list("booking", flat=True))
    keys = [*keys_in_reach(ids, [teacher]), *_former_keys(ids)]
    held = hold_all(ids, Booking.objects.all(), keys)
    sick_day = SickDay.objects.select_for_update(of=("self",)).get(pk=sick_day_id)
    enforce(_undo_over(sick_day, at))
    settled = _settled(lessons, held)
    enforce_all(refusal for one in settled if (refusal := _changed_since(one)))
    Absence.objects.filter(pk=sick_day.absence_id or 0).delete()
    sick_day.absence, sick_day.undone_at = None, at
    sick_day.save(update_fields=["absence", "undone_at"])
    if settled:
        _lock_waiting(settled)
        doing = Doing(by.user, Party.TEACHER, at, muted=True, batch=uuid.uuid4())
        _take_back(_returns(settled, teacher, by, at), doing)
    return sick_day


def preview_undo(*, sick_day_id: int, by: Membership, at: datetime) -> UndoPreview:
    """What ``undo_sick_day`` would say and leave behind. No locks, nothing written.

    Raises Refused ``not-found``.
    """
    sick_day = found(SickDay.objects.filter(pk=sick_day_id))
    teacher = ill_teacher(sick_day.teacher_id, by)
    lessons = SickDayLesson.objects.filter(sick_day=sick_day)
    related = Booking.objects.select_related("lesson_type", "teacher__membership__user")
    settled = _settled(lessons, related.filter(pk__in=lessons.values("booking")).order_by("pk"))
    refusals = [refusal for one in settled if (refusal := _changed_since(one))]
    returns = _returns(settled, teacher, by, at) if settled and not refusals else []
    return UndoPreview(
        (*refusals, *_refusals(returns)),
        [(one.settled.booking, lost) for one in returns for lost in one.lost],
    )


def _former_keys(booking_ids: Sequence[int]) -> list[LockKey]:
    """The locks of whoever is, or was until it was cancelled, in these bookings."""
    places = Participation.objects.filter(booking__in=booking_ids)
    things = BookingResource.objects.filter(booking__in=booking_ids)
    return keys_of(
        places.values_list("student__membership__user", flat=True),
        things.values_list("resource", flat=True),
    )


def _undo_over(sick_day: SickDay, at: datetime) -> Refusal | None:
    if sick_day.undone_at is not None:
        return Refusal("undo-over", _("It was undone already."))
    if sick_day.announced_at is None and at < sick_day.undo_until:
        return None
    return Refusal("undo-over", _("It can not be undone any more: everybody is being told."))


def _settled(
    lessons: QuerySet[SickDayLesson], held: Sequence[Booking] | QuerySet[Booking]
) -> list[Settled]:
    """Every lesson with its booking, its places, and the offer its time was held for."""
    bookings = {booking.pk: booking for booking in held}
    offers: dict[int, list[WaitingListOffer]] = {pk: [] for pk in bookings}
    voided = WaitingListOffer.objects.filter(booking__in=bookings, status=OfferStatus.VOID)
    for offer in voided.select_related("entry").order_by("pk"):
        offers[offer.booking_id].append(offer)
    places: dict[int, list[Participation]] = {pk: [] for pk in bookings}
    rows = Participation.objects.filter(
        transitions__booking_transition__in=lessons.values("transition"),
        transitions__to_status=ParticipationStatus.CANCELLED,
    )
    for place in rows.select_related("student__membership__user").order_by("pk"):
        places[place.booking_id].append(place)
    ordered = lessons.select_related("transition").order_by("booking__period", "pk")
    rows_of = [(one, one.booking_id) for one in ordered]
    return [Settled(one, bookings[pk], places[pk], offers[pk]) for one, pk in rows_of]


def _changed_since(settled: Settled) -> Refusal | None:
    booking, then = settled.booking, settled.lesson.transition
    same = (
        booking.status in OPEN
        and booking.teacher_id == then.to_teacher_id
        and booking.period == then.to_period
    )
    if settled.is_cancelled or same:
        return None
    message = _("%(booking)s was changed after the sick day was reported. Change it back by hand.")
    return Refusal("lesson-changed", message % {"booking": booking})


def _lock_waiting(settled: Sequence[Settled]) -> None:
    """Whoever waits for these lessons, or was offered one, does nothing else meanwhile."""
    gone = [one.booking.pk for one in settled if one.is_cancelled]
    offers = [offer for one in settled for offer in one.offers]
    rows = WaitingListEntry.objects.filter(
        Q(booking__in=gone) | Q(pk__in=[offer.entry_id for offer in offers])
    )
    locked = {one.pk: one for one in rows.select_for_update().order_by("pk")}
    for offer in offers:
        offer.entry = locked[offer.entry_id]


def _returns(
    settled: Sequence[Settled], ill: Teacher, by: Membership, at: datetime
) -> list[Return]:
    """Judge all of it before anything is written."""
    bookings = [one.booking for one in settled]
    cancelled = {one.booking.pk: one.places for one in settled if one.is_cancelled}
    bench = Bench(bookings, by=by, at=at, teachers=[ill], restored=cancelled)
    freed = [one.hold.freed_by_id for one in settled if one.hold and one.hold.freed_by_id]
    offered_on = WaitingListOffer.objects.filter(freed_by__in=freed, status=OfferStatus.OPEN)
    elsewhere = set(offered_on.values_list("freed_by", flat=True))
    returns = []
    for one in settled:
        judged = bench.judge(_back(one))
        is_taken = bool(judged.refusals) or bool(one.hold and one.hold.freed_by_id in elsewhere)
        losses = {offer.pk: _offer_lost(offer, at, is_taken=is_taken) for offer in one.offers}
        open_ = [offer for offer in one.offers if losses[offer.pk] is None]
        lost = [loss for loss in losses.values() if loss]
        back = Return(one, judged, lost, open_)
        if back.comes_back and not judged.refusals:
            bench.note(judged)
            back = replace(back, lost=[*lost, *_things_lost(one, judged, bench)])
        returns.append(back)
    return returns


def _back(settled: Settled) -> Change:
    return Change(settled.booking.pk, teacher_id=settled.lesson.transition.from_teacher_id)


def _offer_lost(offer: WaitingListOffer, at: datetime, *, is_taken: bool) -> Lost | None:
    """Why an offer that ended with its lesson does not come back, if it does not."""
    entry = offer.entry
    lapsed_with_it = entry.status == WaitingStatus.LAPSED and entry.booking_id == offer.booking_id
    if entry.status != WaitingStatus.WAITING and not lapsed_with_it:
        return Lost(Loss.NOT_WAITING, entry.student_id)
    if offer.expires_at <= at:
        return Lost(Loss.HOLD_OVER, entry.student_id)
    return Lost(Loss.HOLD_TAKEN, entry.student_id) if is_taken else None


def _things_lost(settled: Settled, judged: Judged, bench: Bench) -> list[Lost]:
    """The things a cancelled lesson had and does not get again, each with its substitute."""
    if not settled.is_cancelled:
        return []
    booking, comes = settled.booking, {one.pk: one for one in judged.proposal.resources}
    new = [one for one in comes.values() if one.pk not in judged.held]
    whose = {thing: int(student) for student, thing in settled.lesson.assigned.items()}
    lost = []
    for row in bench.rows[booking.pk]:
        if row.resource_id in comes:
            continue
        instead = next((one for one in new if one.kind == row.resource.kind), None)
        if instead:
            new.remove(instead)
        is_here = bench.is_free(row.resource, booking)
        loss, student = Loss.BROKEN if is_here else Loss.TAKEN, whose.get(row.resource_id)
        lost.append(Lost(loss, student, row.resource_id, instead.pk if instead else None))
    return lost


def _refusals(returns: Sequence[Return]) -> list[Refusal]:
    return [
        said_of(one.judged, refusal)
        for one in returns
        if one.comes_back
        for refusal in one.judged.refusals
    ]


def _take_back(returns: Sequence[Return], doing: Doing) -> None:
    enforce_all(_refusals(returns))
    given_back = [one.judged for one in returns if not one.settled.is_cancelled]
    for transition in write_together(given_back, doing):
        restore_numbers(transition.booking, doing)
    for one in returns:
        lost, lesson = list(one.lost), one.settled.lesson
        if one.settled.is_cancelled and one.comes_back:
            lesson.restored = book_again(one.settled, one.judged.verdict, doing)
            lost += _waiting_again(one, lesson.restored)
        lesson.lost = [asdict(each) for each in lost]
        lesson.save(update_fields=["restored", "lost"])
    freed = [one.settled.lesson.transition_id for one in returns if one.comes_back]
    Vacancy.objects.filter(freed_by__in=freed, settled_at=None).update(settled_at=doing.at)


def _waiting_again(back: Return, booking: Booking) -> list[Lost]:
    """Whoever waited for a lesson, or was offered it, does so again."""
    since = back.settled.lesson.transition.happened_at
    if back.settled.hold:
        hold_again(back.settled.hold, booking, since)
        return []
    full = line_up_again(back.settled.booking, booking, back.offers, since)
    return [Lost(Loss.HOLD_TAKEN, offer.entry.student_id) for offer in full]
