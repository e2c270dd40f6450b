"""Seats for many students at once: whoever may sit does, whoever may not is told why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from administration.models import Membership, Student
from administration.permissions import Permission, may
from bookings.enums import BookingChange, ParticipationStatus
from bookings.models import Booking, Participation
from bookings.policies import no_seat_left, party_of, still_learn
from bookings.ports import BookingRule, Proposal, codes_sparing_classes, personal_codes
from bookings.queries.proposals import load_rules, overruled, proposal_for, refusals_of, search_for
from bookings.queries.seats import seats_left
from bookings.services.booking import clash_refusals, new_places
from bookings.services.history import Doing, announce, overridden_rules, record, record_places
from bookings.services.holding import granted_to, live_places, parties_in, standing_claim
from bookings.services.occupancy import occupy
from bookings.services.vacancies import end_waiting_for
from bookings.signals import seats_given
from justdriving.kernel.policy import Refusal, enforce_all


@dataclass(frozen=True, slots=True)
class NotSeated:
    """A student who cannot be in a session, and everything that speaks against it."""

    booking: Booking
    student: Student
    refusals: tuple[Refusal, ...]

    @property
    def message(self) -> str:
        return " ".join(str(refusal.message) for refusal in self.refusals)


@dataclass(frozen=True, slots=True)
class Seating:
    """Who got a seat and who did not, over one session or several."""

    seated: list[Participation] = field(default_factory=list)
    refused: list[NotSeated] = field(default_factory=list)

    def add(self, other: "Seating") -> None:
        self.seated.extend(other.seated)
        self.refused.extend(other.refused)


@dataclass(frozen=True, slots=True)
class Terms:
    """How seats are given. With ``leaves_out`` those refused are left out, else nobody sits."""

    by: Membership
    at: datetime
    overrides: Mapping[str, str]
    leaves_out: bool
    muted: bool


def seat_students(booking: Booking, students: Sequence[Student], terms: Terms) -> Seating:
    """Seat these students in a held booking, those in it already excepted.

    A fixed number of queries judges them all; prices are asked one by one. Raises Refused with
    every refusal when somebody cannot sit and ``terms.leaves_out`` is off.
    """
    places = live_places(booking)
    present = {place.student_id for place in places}
    coming = tuple(student for student in students if student.pk not in present)
    bench = _Bench.of(booking, coming, terms)
    fit, refused = bench.judge(seats_left([booking])[booking.pk])
    if not terms.leaves_out:
        enforce_all(refusal for one in refused for refusal in _named(one))
    if not fit:
        return Seating(refused=refused)
    seats = new_places(booking, fit, None, at=terms.at)
    Participation.objects.bulk_create(seats)
    claim = standing_claim(booking, [*places, *seats])
    claim = replace(claim, overlapping=claim.overlapping | bench.overlapping)
    occupy(booking, claim, clash_refusals(bench.proposal))
    for student in fit:
        end_waiting_for(booking, student, terms.at)
    _announce(booking, seats, bench.set_aside, terms)
    return Seating(seats, refused)


def tell_of_seats(seats: Sequence[Participation], at: datetime) -> None:
    """Announce seats that were given muted, all of one action at once; ``at`` is now, UTC."""
    if seats:
        seats_given.send(sender=Participation, places=seats, at=at)


@dataclass(frozen=True, slots=True)
class _Bench:
    """The students who would like to sit, with the rules and their facts."""

    booking: Booking
    proposal: Proposal
    rules: Sequence[tuple[BookingRule, Any]]
    granted: frozenset[str]
    terms: Terms
    set_aside: list[Refusal] = field(default_factory=list)

    @classmethod
    def of(cls, booking: Booking, students: tuple[Student, ...], terms: Terms) -> "_Bench":
        parties = replace(parties_in(booking, (), terms.by), students=students)
        period = (booking.starts_at, booking.ends_at)
        search = search_for(parties, *period, at=terms.at, booking_id=booking.pk)
        proposal = proposal_for(parties, search, *period)
        granted = granted_to(booking) - personal_codes()
        if booking.group_id:
            granted |= codes_sparing_classes()
        return cls(booking, proposal, load_rules(search), granted, terms)

    @property
    def overlapping(self) -> frozenset[int]:
        """The users who are allowed to be in two lessons."""
        users = [one.facts["user_ids"] for one in self.set_aside if "user_ids" in one.facts]
        return frozenset().union(*users)

    def judge(self, left: int) -> tuple[list[Student], list[NotSeated]]:
        """Who sits while ``left`` seats last, and who does not."""
        fit: list[Student] = []
        refused: list[NotSeated] = []
        for student in self.proposal.students:
            standing, set_aside = self._against(student)
            if not standing and len(fit) >= left:
                standing = [no_seat_left()]
            if standing:
                refused.append(NotSeated(self.booking, student, tuple(standing)))
            else:
                fit.append(student)
                self.set_aside.extend(set_aside)
        return fit, refused

    def _against(self, student: Student) -> tuple[list[Refusal], list[Refusal]]:
        if gone := still_learn((student,)):
            return [gone], []
        alone = replace(self.proposal, students=(student,))
        refusals = [one for one in refusals_of(self.rules, alone) if one.code not in self.granted]
        may_override = may(self.terms.by, Permission.OVERRIDE_RULE)
        return overruled(refusals, self.terms.overrides, may_override=may_override)


def _named(one: NotSeated) -> list[Refusal]:
    """The refusals with the student's name before them, for whoever seats many at once."""
    return [
        replace(refusal, message=f"{one.student}: {refusal.message}") for refusal in one.refusals
    ]


def _announce(
    booking: Booking, seats: Sequence[Participation], set_aside: Sequence[Refusal], terms: Terms
) -> None:
    doing = Doing(
        terms.by.user,
        party_of(terms.by),
        terms.at,
        muted=terms.muted,
        overridden=overridden_rules(set_aside, terms.overrides),
    )
    transition = record(booking, doing, BookingChange.CHANGED)
    moved = [(seat, ParticipationStatus.BOOKED) for seat in seats]
    announce(transition, record_places(transition, moved))
