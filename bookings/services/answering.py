"""Yes, no, or no answer to an offer from the waiting list; whatever comes first counts."""

from datetime import datetime

from django.utils.translation import gettext as _

from administration.models import Membership, Student
from bookings.enums import BookingChange, BookingStatus, OfferStatus, Party, ReasonCategory
from bookings.models import Booking, Participation, WaitingListOffer
from bookings.policies import party_of, still_learn
from bookings.queries.proposals import found
from bookings.queries.waiting import OFFER_RELATED
from bookings.services.booking import NO_OVERRIDES, decide
from bookings.services.cancelling import end_booking
from bookings.services.history import Doing, announce, record
from bookings.services.holding import granted_to, hold, keys_of, live_places, parties_in
from bookings.services.joining import take_seat
from bookings.services.late_terms import late_terms
from bookings.services.vacancies import close
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal, enforce
from justdriving.kernel.transactions import use_case

OF_THE_OFFER = frozenset({"notice-too-short", "too-far-ahead"})
"""Kept when the offer was made: it runs out before the notice, or the school chose the time."""


@use_case
def accept_offer(
    *,
    offer_id: int,
    by: Membership,
    at: datetime,
    expected_price: Money | None = None,
    expected_start: datetime | None = None,
    accepts_late_terms: bool = False,
) -> WaitingListOffer:
    """Take what was offered: the held time is confirmed, or the seat taken.

    ``at`` is now, UTC; ``expected_price`` and ``expected_start`` are what the answer was given to.
    Accepting again changes nothing. Raises Refused: ``not-found``, ``offer-over`` from the very
    second it expires, ``time-changed``, ``price-changed``, ``late-terms``, or the code of a rule.
    """
    offer, booking = _held(offer_id, by)
    if offer.status == OfferStatus.ACCEPTED:
        return offer
    enforce(_over(offer, at))
    enforce(_moved(booking, expected_start))
    if offer.is_seat:
        student = offer.entry.student
        take_seat(
            booking,
            student,
            by=student.membership,
            at=at,
            expected_price=expected_price,
            accepts_late_terms=accepts_late_terms,
        )
        offer.refresh_from_db()
        return offer
    _confirm(
        offer, booking, Doing(by.user, party_of(by), at), accepts_late_terms=accepts_late_terms
    )
    return offer


def _confirm(
    offer: WaitingListOffer, booking: Booking, doing: Doing, *, accepts_late_terms: bool
) -> None:
    """Make the held time a lesson: the rules are asked again, as for any confirmation."""
    at, places = doing.at, live_places(booking)
    enforce(still_learn([offer.entry.student]))
    decide(
        parties_in(booking, places, offer.entry.student.membership),
        booking.starts_at,
        at=at,
        minutes=booking.minutes,
        overrides=NO_OVERRIDES,
        booking_id=booking.pk,
        granted=granted_to(booking) | OF_THE_OFFER,
    )
    enforce(late_terms(booking, places, Party.STUDENT, at=at, accepts=accepts_late_terms))
    Participation.objects.bulk_update(places, ["late_terms_accepted_at"])
    close(offer, OfferStatus.ACCEPTED, at)
    announce(record(booking, doing, BookingChange.STATUS, to=BookingStatus.CONFIRMED), [])


@use_case
def decline_offer(*, offer_id: int, by: Membership, at: datetime) -> WaitingListOffer:
    """Say no: it goes to the next in line, and the student waits for another chance.

    Declining again changes nothing. Raises Refused: ``not-found``, ``offer-over``.
    """
    offer, booking = _held(offer_id, by)
    if offer.status == OfferStatus.DECLINED:
        return offer
    enforce(_over(offer, at))
    _end(offer, booking, OfferStatus.DECLINED, Doing(by.user, party_of(by), at, muted=True))
    return offer


def expire_offers(*, at: datetime) -> int:
    """End this school's offers that nobody answered by ``at`` (UTC). Returns how many.

    Each in a transaction of its own; the next in line comes with ``fill_vacancies``.
    """
    due = WaitingListOffer.objects.filter(status=OfferStatus.OPEN, expires_at__lte=at)
    return sum(
        expire_offer(offer_id=offer.pk, booking_id=offer.booking_id, at=at)
        for offer in due.order_by("pk")
    )


@use_case
def expire_offer(*, offer_id: int, booking_id: int, at: datetime) -> bool:
    """End one offer if its time is over and nobody was faster."""
    booking = hold(booking_id, Booking.objects.all())
    offer = _locked(offer_id)
    if offer.status != OfferStatus.OPEN or offer.expires_at > at:
        return False
    doing = Doing(None, Party.SYSTEM, at, category=ReasonCategory.EXPIRED, muted=True)
    _end(offer, booking, OfferStatus.EXPIRED, doing)
    return True


def _held(offer_id: int, by: Membership) -> tuple[WaitingListOffer, Booking]:
    """The offer and its booking as they are now, locked against every other answer."""
    mine = Student.objects.visible_to(by).values("pk")
    seen = WaitingListOffer.objects.filter(entry__student__in=mine).select_related(*OFFER_RELATED)
    offer = found(seen.filter(pk=offer_id))
    user_id = offer.entry.student.membership.user_id
    booking = hold(offer.booking_id, Booking.objects.all(), keys_of([user_id], ()))
    return _locked(offer_id), booking


def _locked(offer_id: int) -> WaitingListOffer:
    offers = WaitingListOffer.objects.select_for_update(of=("self",))
    return found(offers.select_related(*OFFER_RELATED).filter(pk=offer_id))


def _over(offer: WaitingListOffer, at: datetime) -> Refusal | None:
    if offer.status == OfferStatus.OPEN and at < offer.expires_at:
        return None
    return Refusal("offer-over", _("This offer is over. It went to the next in line."))


def _moved(booking: Booking, expected_start: datetime | None) -> Refusal | None:
    """Whether the school gave the lesson another time than the one that was agreed to."""
    if expected_start in {None, booking.starts_at}:
        return None
    text = _("The school has moved this lesson. Look at the new time, then answer again.")
    return Refusal("time-changed", text, {"starts_at": booking.starts_at})


def _end(offer: WaitingListOffer, booking: Booking, status: OfferStatus, doing: Doing) -> None:
    """Close a locked open offer and give back what it held."""
    close(offer, status, doing.at)
    if not offer.is_seat and booking.status == BookingStatus.PENDING:
        end_booking(booking, live_places(booking), doing)
