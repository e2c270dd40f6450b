"""What came free is offered to the best match, and held for them while they decide."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from administration.models import Membership
from bookings.enums import BookingStatus, OfferStatus, Party, WaitingStatus
from bookings.models import Booking, Vacancy, WaitingListEntry, WaitingListOffer
from bookings.policies import still_learn
from bookings.ports import personal_codes
from bookings.queries.proposals import LessonRequest, found, narrowed, parties_of
from bookings.queries.seats import seats_left
from bookings.queries.settings import settings_for
from bookings.queries.waiting import RELATED, Candidate, candidates_for, others_hope
from bookings.services.booking import NO_OVERRIDES, decide, enter, new_booking, new_places
from bookings.services.history import Doing
from bookings.services.holding import (
    changeable_by,
    granted_to,
    hold,
    keys_of,
    live_places,
    parties_in,
)
from bookings.services.joining import seat_refusal
from bookings.signals import offer_made
from justdriving.kernel.locks import take_sorted
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.transactions import use_case

LEAST_TO_ANSWER = timedelta(minutes=5)
"""Nobody is offered what they could not answer in time."""


def fill_vacancies(*, at: datetime) -> int:
    """Offer everything that came free in this school to whom it suits best. Returns how many.

    Each offer is a transaction of its own; ``at`` is now, UTC. Called again it goes on where it
    stopped: what nobody can be offered (any more) is settled.
    """
    waiting = Vacancy.objects.filter(settled_at__isnull=True).order_by("opened_at", "pk")
    return sum(
        _fill(vacancy, at)
        for vacancy in waiting.select_related("booking__school", "booking__lesson_type")
    )


def _fill(vacancy: Vacancy, at: datetime) -> int:
    """Offer one vacancy until nothing of it is left; settle it when there is nobody to ask."""
    zone, made = vacancy.booking.school.zone, 0
    is_ahead = vacancy.period.lower > at
    for candidate in candidates_for(vacancy, zone=zone) if is_ahead and _has_room(vacancy) else ():
        try:
            offer_vacancy(vacancy_id=vacancy.pk, candidate=candidate, at=at)
        except Refused as refused:
            if refused.refusal.code == "busy":
                return made
            continue
        made += 1
        if not _has_room(vacancy):
            break
    if not made:
        _settle(vacancy_id=vacancy.pk, at=at)
    return made


def _has_room(vacancy: Vacancy) -> bool:
    """Without a lock: whether it is worth asking at all."""
    if vacancy.is_seat:
        return seats_left([vacancy.booking])[vacancy.booking_id] > 0
    return not _offers(vacancy).exists()


def _offers(vacancy: Vacancy) -> QuerySet[WaitingListOffer]:
    offers: QuerySet[WaitingListOffer] = WaitingListOffer.objects.filter(
        freed_by=vacancy.freed_by_id, status=OfferStatus.OPEN
    )
    return offers


@use_case
def _settle(*, vacancy_id: int, at: datetime) -> None:
    """Nothing more to do, unless it is on offer or somebody may still come back for it."""
    for vacancy in _locked(vacancy_id):
        zone, is_ahead = vacancy.booking.school.zone, vacancy.period.lower > at
        if not _offers(vacancy).exists() and not (is_ahead and others_hope(vacancy, zone=zone)):
            vacancy.settled_at = at
            vacancy.save(update_fields=["settled_at"])


@use_case
def offer_vacancy(*, vacancy_id: int, candidate: Candidate, at: datetime) -> WaitingListOffer:
    """Offer what came free to one candidate, by the rules that hold when they book themselves.

    A time is held by a pending booking, a seat by the offer itself, until the school's minutes to
    answer are over, and never later than the lesson type's notice. Raises Refused:
    ``vacancy-settled``, ``not-waiting``, ``no-seat-left``, ``too-late-to-offer``, a rule's code.
    """
    vacancy = found(Vacancy.objects.select_related("booking").filter(pk=vacancy_id))
    entry = candidate.entry
    notice = timedelta(hours=entry.lesson_type.min_notice_hours)
    expires_at = _expiry(entry, candidate.starts_at - notice, at)
    by = entry.student.membership
    if vacancy.is_seat:
        return _offer_seat(vacancy.booking_id, entry, expires_at, by=by, at=at, vacancy=vacancy)
    wanted = _request(entry, candidate.starts_at, vacancy.teacher_id)
    return _offer_time(wanted, entry, expires_at, by=by, at=at, vacancy=vacancy)


@use_case
def offer_time(
    *, entry_id: int, starts_at: datetime, teacher_id: int, by: Membership, at: datetime
) -> WaitingListOffer:
    """The office offers a free time by hand. It expires like any other, at the latest at its start.

    ``starts_at`` is UTC. Raises Refused: ``not-found``, ``not-waiting``, ``too-late-to-offer``, or
    a rule's code, judged as if the office booked it.
    """
    entry = _entry_of(entry_id, by)
    wanted = _request(entry, starts_at, teacher_id)
    return _offer_time(wanted, entry, _expiry(entry, starts_at, at), by=by, at=at, vacancy=None)


@use_case
def offer_seat(*, entry_id: int, booking_id: int, by: Membership, at: datetime) -> WaitingListOffer:
    """The office offers a seat by hand. Refusals as ``offer_time``, and ``no-seat-left``."""
    entry = _entry_of(entry_id, by)
    booking = found(changeable_by(by).filter(pk=booking_id))
    expires_at = _expiry(entry, booking.starts_at, at)
    return _offer_seat(booking.pk, entry, expires_at, by=by, at=at, vacancy=None)


def _entry_of(entry_id: int, by: Membership) -> WaitingListEntry:
    seen = WaitingListEntry.objects.visible_to(by).select_related(*RELATED)
    return found(seen.filter(pk=entry_id))


def _expiry(entry: WaitingListEntry, latest: datetime, at: datetime) -> datetime:
    limits = settings_for(entry.student.department_id)
    expires_at = min(at + timedelta(minutes=limits.offer_minutes), latest)
    if expires_at < at + LEAST_TO_ANSWER:
        raise Refused(Refusal("too-late-to-offer", _("There is no time left to answer.")))
    return expires_at


def _request(entry: WaitingListEntry, starts_at: datetime, teacher_id: int) -> LessonRequest:
    return LessonRequest(
        lesson_type_id=entry.lesson_type_id,
        teacher_id=teacher_id,
        student_ids=(entry.student_id,),
        resource_ids=None,
        starts_at=starts_at,
        place=entry.student.pickup_place or entry.student.address,
    )


def _offer_time(
    wanted: LessonRequest,
    entry: WaitingListEntry,
    expires_at: datetime,
    *,
    by: Membership,
    at: datetime,
    vacancy: Vacancy | None,
) -> WaitingListOffer:
    parties = narrowed(parties_of(wanted, by))
    take_sorted(keys_of(parties.user_ids, (one.pk for one in parties.resources)))
    _lock(entry, vacancy)
    enforce(still_learn(parties.students))
    verdict = decide(
        parties,
        wanted.starts_at,
        at=at,
        minutes=parties.lesson_type.duration_minutes,
        overrides=NO_OVERRIDES,
    )
    booking = new_booking(parties, verdict, wanted, at=at, request_key=uuid4())
    booking.status, booking.held_until = BookingStatus.PENDING, expires_at
    booking.created_by = entry.created_by
    places = new_places(booking, parties.students, None, at=at)
    enter(booking, verdict, places, Doing(None, Party.SYSTEM, at, muted=True))
    return _make(entry, booking, vacancy, at=at, expires_at=expires_at, is_seat=False)


def _offer_seat(
    booking_id: int,
    entry: WaitingListEntry,
    expires_at: datetime,
    *,
    by: Membership,
    at: datetime,
    vacancy: Vacancy | None,
) -> WaitingListOffer:
    user_id = entry.student.membership.user_id
    booking = hold(booking_id, Booking.objects.all(), keys_of([user_id], ()))
    _lock(entry, vacancy)
    places = live_places(booking)
    enforce(still_learn([entry.student]))
    enforce(seat_refusal(booking, [place.student_id for place in places], entry.student_id))
    decide(
        replace(parties_in(booking, places, by), students=(entry.student,)),
        booking.starts_at,
        at=at,
        minutes=booking.minutes,
        overrides=NO_OVERRIDES,
        booking_id=booking.pk,
        granted=granted_to(booking) - personal_codes(),
    )
    return _make(entry, booking, vacancy, at=at, expires_at=expires_at, is_seat=True)


def _lock(entry: WaitingListEntry, vacancy: Vacancy | None) -> None:
    """Nobody else offers this vacancy, or to this entry, until the transaction ends."""
    if vacancy is not None:
        is_open = _locked(vacancy.pk).exists()
        if not is_open or (not vacancy.is_seat and _offers(vacancy).exists()):
            message = _("This was offered to somebody else.")
            raise Refused(Refusal("vacancy-settled", message))
    waiting = WaitingListEntry.objects.select_for_update().filter(
        pk=entry.pk, status=WaitingStatus.WAITING
    )
    if not waiting.exists():
        raise Refused(Refusal("not-waiting", _("They do not wait for this any more.")))


def _locked(vacancy_id: int) -> QuerySet[Vacancy]:
    """The vacancy for update, if it is still open."""
    vacancies: QuerySet[Vacancy] = (
        Vacancy.objects.select_for_update(of=("self",))
        .select_related("booking__school")
        .filter(pk=vacancy_id, settled_at__isnull=True)
    )
    return vacancies


def _make(
    entry: WaitingListEntry,
    booking: Booking,
    vacancy: Vacancy | None,
    *,
    at: datetime,
    expires_at: datetime,
    is_seat: bool,
) -> WaitingListOffer:
    offer = WaitingListOffer.objects.create(
        school_id=entry.school_id,
        entry=entry,
        booking=booking,
        freed_by_id=vacancy.freed_by_id if vacancy else None,
        is_seat=is_seat,
        offered_at=at,
        expires_at=expires_at,
    )
    entry.status = WaitingStatus.OFFERED
    entry.save(update_fields=["status"])
    offer_made.send(sender=WaitingListOffer, offer=offer)
    return offer
