"""A student takes a seat in a class that is already planned."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from administration.models import Membership, Student
from bookings.enums import BookingChange, BookingStatus, ParticipationStatus
from bookings.models import Booking, Participation
from bookings.policies import may_join, no_seat_left, still_learn
from bookings.ports import personal_codes
from bookings.queries.proposals import students_for
from bookings.queries.seats import seats_left
from bookings.services.booking import NO_OVERRIDES, clash_refusals, decide, new_places
from bookings.services.history import Doing, announce, overridden_rules, record, record_places
from bookings.services.holding import (
    changeable_by,
    granted_to,
    hold,
    keys_of,
    live_places,
    parties_in,
    standing_claim,
)
from bookings.services.late_terms import late_terms
from bookings.services.occupancy import occupy
from bookings.services.vacancies import end_waiting_for
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal, enforce
from justdriving.kernel.transactions import use_case

OPEN = frozenset({BookingStatus.PENDING, BookingStatus.CONFIRMED})


@use_case
def join_booking(  # noqa: PLR0913 -- a use case names everything it needs
    *,
    booking_id: int,
    student_id: int,
    by: Membership,
    at: datetime,
    overrides: Mapping[str, str] = NO_OVERRIDES,
    expected_price: Money | None = None,
    accepts_late_terms: bool = False,
    muted: bool = False,
) -> Participation:
    """Give a student a seat in a booking that has one left, counted under the booking's lock.

    ``at`` is now, UTC. A student takes one in a session whose lesson type can be booked at once;
    a seat that is offered to somebody is theirs alone. Raises Refused: ``not-found``,
    ``already-booked``, ``no-seat-left``, ``self-booking-off``, ``illegal-move``, ``price-changed``,
    ``late-terms``, or the code of a rule. Source: seed 003, capacity.
    """
    (student,) = students_for(by, (student_id,))
    booking = hold(booking_id, joinable_by(by), keys_of([student.membership.user_id], ()))
    enforce(may_join(by, booking.lesson_type))
    return take_seat(
        booking,
        student,
        by=by,
        at=at,
        overrides=overrides,
        expected_price=expected_price,
        accepts_late_terms=accepts_late_terms,
        muted=muted,
    )


def joinable_by(member: Membership) -> QuerySet[Booking]:
    """The bookings this person may put students into: a student themselves into any session."""
    if member.is_staff_role:
        return changeable_by(member)
    sessions: QuerySet[Booking] = Booking.objects.filter(
        capacity__gt=1, status=BookingStatus.CONFIRMED
    )
    return sessions


def take_seat(  # noqa: PLR0913 -- everything a seat rests on
    booking: Booking,
    student: Student,
    *,
    by: Membership,
    at: datetime,
    overrides: Mapping[str, str] = NO_OVERRIDES,
    expected_price: Money | None = None,
    accepts_late_terms: bool = False,
    muted: bool = False,
) -> Participation:
    """Seat a student in a held booking; they need not wait for it any more."""
    places = live_places(booking)
    enforce(seat_refusal(booking, [place.student_id for place in places], student.pk))
    enforce(still_learn([student]))
    parties = replace(parties_in(booking, places, by), students=(student,))
    verdict = decide(
        parties,
        booking.starts_at,
        at=at,
        minutes=booking.minutes,
        overrides=overrides,
        booking_id=booking.pk,
        granted=granted_to(booking) - personal_codes(),
    )
    (place,) = new_places(booking, (student,), expected_price, at=at)
    enforce(late_terms(booking, [place], parties.party, at=at, accepts=accepts_late_terms))
    place.save(force_insert=True)
    claim = standing_claim(booking, [*places, place])
    claim = replace(claim, overlapping=claim.overlapping | verdict.overlapping)
    occupy(booking, claim, clash_refusals(verdict.proposal))
    end_waiting_for(booking, student, at)
    overridden = overridden_rules(verdict.set_aside, overrides)
    doing = Doing(by=by.user, party=parties.party, at=at, muted=muted, overridden=overridden)
    transition = record(booking, doing, BookingChange.CHANGED)
    announce(transition, record_places(transition, [(place, ParticipationStatus.BOOKED)]))
    return place


def seat_refusal(booking: Booking, student_ids: list[int], student_id: int) -> Refusal | None:
    """Whether this student can have a seat in a held booking.

    It is on, they are not in it yet, and one is left that nobody else was offered.
    """
    if booking.status not in OPEN:
        return Refusal("illegal-move", _("Nobody can join this lesson any more."))
    if student_id in student_ids:
        return Refusal("already-booked", _("The student is already in this lesson."))
    left = seats_left([booking], offered_to=student_id)[booking.pk]
    return no_seat_left() if left < 1 else None
