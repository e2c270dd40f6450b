"""What came free, written down by the change itself, so that nobody who waits is forgotten."""

from datetime import datetime
from typing import Any

from django.db import transaction as database
from django.db.models import Q

from administration.models import Student
from bookings.enums import (
    BookingChange,
    BookingStatus,
    OfferStatus,
    ParticipationStatus,
    ReasonCategory,
    WaitingStatus,
)
from bookings.models import (
    Booking,
    BookingTransition,
    Vacancy,
    WaitingListEntry,
    WaitingListOffer,
)
from bookings.services.wakeup import nudge

HELD = (BookingStatus.PENDING, BookingStatus.CONFIRMED)


def follow_change(transition: BookingTransition) -> None:
    """Keep the waiting list in step with one change of the calendar, in its own transaction.

    A cancelled or moved lesson leaves its teacher's time, a place given up its seat. A time that
    was only held for an offer comes free with the offer's own vacancy, never with a new one.
    """
    if transition.change == BookingChange.CREATED:
        return
    was_held = transition.change == BookingChange.STATUS and _follow_held(transition)
    if transition.to_status == BookingStatus.CANCELLED:
        _end_waiting(transition)
    vacancy = None if was_held else _vacancy_of(transition)
    if vacancy is not None and vacancy.period.lower > transition.happened_at:
        vacancy.save(force_insert=True)
        wake_after_commit()


def wake_after_commit() -> None:
    """Look at once at what came free; beat looks every minute anyway."""
    database.on_commit(nudge, robust=True)


def close(offer: WaitingListOffer, status: OfferStatus, at: datetime) -> None:
    """End a locked open offer and put its entry where that leaves it."""
    offer.status, offer.answered_at = status, at
    offer.save(update_fields=["status", "answered_at"])
    served = status == OfferStatus.ACCEPTED
    WaitingListEntry.objects.filter(pk=offer.entry_id, status=WaitingStatus.OFFERED).update(
        status=WaitingStatus.SERVED if served else WaitingStatus.WAITING
    )
    if served and not offer.is_seat:
        Vacancy.objects.filter(freed_by=offer.freed_by_id).update(settled_at=at)
    if not served:
        wake_after_commit()


def lock_entries(wanted: Q) -> list[int]:
    """The ids of these entries, locked until the transaction ends.

    Always in the order of their ids: two who want some of the same never wait for each other.
    """
    rows = WaitingListEntry.objects.filter(wanted).select_for_update().order_by("pk")
    return list(rows.values_list("pk", flat=True))


def end_waiting_for(booking: Booking, student: Student, at: datetime) -> None:
    """A student has a seat now: one offered to them is taken, and they wait for it no more."""
    offered = WaitingListOffer.objects.filter(
        booking=booking, entry__student=student, is_seat=True, status=OfferStatus.OPEN
    )
    for offer in offered.select_for_update(of=("self",)).order_by("pk"):
        close(offer, OfferStatus.ACCEPTED, at)
    WaitingListEntry.objects.filter(
        booking=booking, student=student, status=WaitingStatus.WAITING
    ).update(status=WaitingStatus.WITHDRAWN)


def _follow_held(transition: BookingTransition) -> bool:
    """Whether a time held for an offer was ended; an offer somebody else answered is closed."""
    if transition.from_status != BookingStatus.PENDING:
        return False
    offers = WaitingListOffer.objects.filter(booking=transition.booking_id, is_seat=False)
    for offer in offers.select_for_update():
        if offer.status == OfferStatus.OPEN:
            close(offer, _answer_in(transition), transition.happened_at)
        return offer.status != OfferStatus.ACCEPTED
    return False


def _answer_in(transition: BookingTransition) -> OfferStatus:
    if transition.to_status == BookingStatus.CONFIRMED:
        return OfferStatus.ACCEPTED
    expired = transition.reason_category == ReasonCategory.EXPIRED
    return OfferStatus.EXPIRED if expired else OfferStatus.VOID


def _end_waiting(transition: BookingTransition) -> None:
    """A session that is off has no seats: its offers are void, and nobody waits for it."""
    seats = WaitingListOffer.objects.filter(
        booking=transition.booking_id, is_seat=True, status=OfferStatus.OPEN
    )
    offers = list(seats.select_for_update().order_by("pk"))
    offered = [offer.entry_id for offer in offers]
    held = lock_entries(Q(booking=transition.booking_id) | Q(pk__in=offered))
    for offer in offers:
        close(offer, OfferStatus.VOID, transition.happened_at)
    waiting = WaitingListEntry.objects.filter(pk__in=held, booking=transition.booking_id)
    waiting.filter(status=WaitingStatus.WAITING).update(status=WaitingStatus.LAPSED)


def _vacancy_of(transition: BookingTransition) -> Vacancy | None:
    booking: Booking = transition.booking
    if transition.from_status not in HELD:
        return None
    changed_teacher = transition.from_teacher_id != transition.to_teacher_id
    if transition.to_status == BookingStatus.CANCELLED:
        return _time(transition, transition.to_teacher_id, transition.to_period)
    if transition.change == BookingChange.MOVED or changed_teacher:
        return _time(transition, transition.from_teacher_id, transition.from_period)
    if transition.change == BookingChange.CHANGED and booking.capacity > 1:
        return _seat(transition)
    return None


def _time(transition: BookingTransition, teacher_id: int | None, period: Any) -> Vacancy:
    return _vacancy(transition, is_seat=False, teacher_id=teacher_id, period=period)


def _seat(transition: BookingTransition) -> Vacancy | None:
    """A seat may have come free unless somebody just took one."""
    if transition.participation_transitions.filter(to_status=ParticipationStatus.BOOKED).exists():
        return None
    return _vacancy(
        transition, is_seat=True, teacher_id=transition.to_teacher_id, period=transition.to_period
    )


def _vacancy(transition: BookingTransition, **what: Any) -> Vacancy:
    return Vacancy(
        school_id=transition.school_id,
        freed_by=transition,
        booking_id=transition.booking_id,
        opened_at=transition.happened_at,
        **what,
    )
