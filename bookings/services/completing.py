"""The lesson is over: who was there, and for how long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from administration.models import Membership
from bookings.enums import BookingChange, BookingStatus, ParticipationStatus, Party
from bookings.models import Booking, BookingTransition, Participation
from bookings.policies import may_blame_teacher, may_complete, may_move, party_of
from bookings.queries.proposals import not_found
from bookings.services.history import Doing, announce, record, record_places
from bookings.services.holding import changeable_by, hold, live_places, standing_claim
from bookings.services.occupancy import occupy
from justdriving.kernel.policy import Refusal, enforce
from justdriving.kernel.transactions import use_case

Moved = Sequence[tuple[Participation, ParticipationStatus]]


@dataclass(frozen=True, slots=True)
class Attendance:
    """Whether a student came, and the minutes really used; None means those planned.

    Who is ``excused`` was not there and owes nothing: their place is given back.
    """

    attended: bool
    minutes: int | None = None
    excused: bool = False


@use_case
def complete_booking(
    *, booking_id: int, by: Membership, at: datetime, attendance: Mapping[int, Attendance]
) -> BookingTransition:
    """Complete a lesson that has ended, or register it as a no-show when nobody came.

    ``at`` is now, UTC; ``attendance`` has one entry for each live participation id. Doing it again
    is refused as ``illegal-move``. Raises Refused also: ``not-found``, ``not-allowed``,
    ``not-over``, ``attendance-missing``, ``minutes-wrong``. Source: seed 000, "complete a lesson".
    """
    booking = hold(booking_id, changeable_by(by))
    places = live_places(booking)
    came = any(entry.attended for entry in attendance.values())
    to = BookingStatus.COMPLETED if came else BookingStatus.NO_SHOW
    enforce(may_move(booking.status, to, party_of(by)))
    enforce(may_complete(ends_at=booking.ends_at, at=at))
    moved = _attended(booking, places, attendance)
    if not came and any(to == ParticipationStatus.ABSENT for _place, to in moved):
        booking.no_show_by = Party.STUDENT
    return _end(booking, moved, Doing(by.user, party_of(by), at), to)


@use_case
def mark_teacher_no_show(
    *, booking_id: int, by: Membership, at: datetime, reason: str = ""
) -> BookingTransition:
    """Register that the teacher did not come to a lesson that has ended. Nobody pays for it.

    Every student's place is cancelled, not missed: they were there, and what they may claim is a
    new lesson. ``at`` is now, UTC. For the office and the owner. Raises Refused: ``not-found``,
    ``illegal-move``, ``not-allowed``, ``not-over``. Source: bk, "no-show (student or teacher)".
    """
    booking = hold(booking_id, changeable_by(by))
    enforce(may_move(booking.status, BookingStatus.NO_SHOW, party_of(by)))
    enforce(may_blame_teacher(party_of(by)))
    enforce(may_complete(ends_at=booking.ends_at, at=at))
    booking.no_show_by = Party.TEACHER
    ended = [(place, ParticipationStatus.CANCELLED) for place in live_places(booking)]
    doing = Doing(by.user, party_of(by), at, reason=reason.strip())
    return _end(booking, ended, doing, BookingStatus.NO_SHOW)


def _end(booking: Booking, moved: Moved, doing: Doing, to: BookingStatus) -> BookingTransition:
    """Close a lesson that is over; who was not in it gets their time back."""
    staying = [place for place, status in moved if status != ParticipationStatus.CANCELLED]
    if len(staying) < len(moved):
        occupy(booking, standing_claim(booking, staying))
    transition = record(booking, doing, BookingChange.STATUS, to=to)
    announce(transition, record_places(transition, moved))
    return transition


def _attended(
    booking: Booking, places: Sequence[Participation], attendance: Mapping[int, Attendance]
) -> list[tuple[Participation, ParticipationStatus]]:
    """What each place becomes, its minutes set."""
    if attendance.keys() - {place.pk for place in places}:
        raise not_found()
    moved = []
    for place in places:
        entry = attendance.get(place.pk)
        enforce(_incomplete(entry, booking, place))
        if entry and entry.attended:
            place.minutes_used = entry.minutes or place.planned_minutes or booking.minutes
        moved.append((place, _status_for(entry)))
    return moved


def _status_for(entry: Attendance | None) -> ParticipationStatus:
    if entry and entry.attended:
        return ParticipationStatus.ATTENDED
    excused = entry is not None and entry.excused
    return ParticipationStatus.CANCELLED if excused else ParticipationStatus.ABSENT


def _incomplete(entry: Attendance | None, booking: Booking, place: Participation) -> Refusal | None:
    if entry is None:
        message = _("Was %(student)s there?") % {"student": place.student}
        return Refusal("attendance-missing", message)
    longest = 2 * booking.minutes
    if entry.minutes is not None and not 0 < entry.minutes <= longest:
        message = _("Minutes of %(student)s: write between 1 and %(minutes)d.")
        facts = {"student": str(place.student), "minutes": longest}
        return Refusal("minutes-wrong", message % facts)
    return None
