"""Booking a lesson."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from administration.models import Membership, Student
from administration.permissions import Permission, may
from bookings.buffers import agreed_buffers, buffers_of
from bookings.enums import BookingChange, BookingStatus, ParticipationStatus
from bookings.models import (
    Booking,
    BookingResource,
    BookingTransition,
    LessonType,
    Participation,
    Resource,
)
from bookings.policies import first_status
from bookings.ports import Proposal, pricing
from bookings.queries.proposals import (
    LessonRequest,
    Parties,
    judged,
    narrowed,
    not_found,
    overruled,
    parties_of,
    standing_refusals,
)
from bookings.queries.starts import not_offered
from bookings.services.history import Doing, announce, overridden_rules, record, record_places
from bookings.services.holding import keys_of
from bookings.services.late_terms import late_terms
from bookings.services.occupancy import Claim, occupy
from justdriving.kernel.locks import take_sorted
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal, enforce, enforce_all
from justdriving.kernel.rows import insert
from justdriving.kernel.tenancy import active_school_id
from justdriving.kernel.transactions import use_case

NO_OVERRIDES: Mapping[str, str] = MappingProxyType({})
NO_MINUTES: Mapping[int, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Verdict:
    """A proposal that may be, and what was overruled for it."""

    proposal: Proposal
    set_aside: Sequence[Refusal]
    granted: Sequence[Refusal] = ()
    """What was overruled for this booking before, and still stands in its way."""

    @property
    def overlapping(self) -> frozenset[int]:
        """The users who were allowed to be in two lessons."""
        allowed = [*self.set_aside, *self.granted]
        users = [refusal.facts["user_ids"] for refusal in allowed if "user_ids" in refusal.facts]
        return frozenset().union(*users)

    @property
    def is_afterwards(self) -> bool:
        """Whether a lesson that has begun already is written down."""
        return any(one.code == "in-the-past" for one in (*self.set_aside, *self.granted))

    def claim(self) -> Claim:
        lesson_type, things = self.proposal.lesson_type, self.proposal.resources
        return Claim(
            teacher_user_id=self.proposal.teacher.membership.user_id,
            student_user_ids=[one.membership.user_id for one in self.proposal.students],
            things={one.pk: buffers_of(lesson_type, one) for one in things},
            overlapping=self.overlapping,
        )


@use_case
def book_lesson(  # noqa: PLR0913 -- a use case names everything it needs
    *,
    wanted: LessonRequest,
    by: Membership,
    at: datetime,
    request_key: UUID,
    overrides: Mapping[str, str] = NO_OVERRIDES,
    expected_price: Money | None = None,
    muted: bool = False,
    accepts_late_terms: bool = False,
) -> Booking:
    """Book a lesson; the same ``request_key`` again returns the first booking and changes nothing.

    ``at`` is now, UTC. ``overrides`` maps the code of a rule to the reason for overruling it (needs
    OVERRIDE_RULE). ``expected_price`` is each student's price as it was shown. A student's booking
    is held as a request where the lesson type says so; one that cannot be cancelled for free any
    more needs ``accepts_late_terms``. A draft takes nobody's time until ``submit_booking``.
    Raises Refused with every reason against it: a rule's code, or ``not-found``,
    ``self-booking-off``, ``start-not-offered`` to a student, ``no-seat-left``,
    ``length-not-offered``, ``student-twice``, ``minutes-wrong``, ``minutes-left-over``,
    ``not-allowed``, ``price-changed``, ``late-terms``, ``busy``. Source: seed 000, "schedule a new
    lesson".
    """
    take_sorted([("request", request_key.int)])  # sorts before the keys of people and things
    if (made := _made_before(request_key)) is not None:
        return made
    parties = narrowed(parties_of(wanted, by))
    take_sorted(keys_of(parties.user_ids, (one.pk for one in parties.resources)))
    enforce_all(standing_refusals(parties, wanted))
    minutes = wanted.minutes_of(parties.lesson_type)
    also = not_offered(parties, wanted.starts_at, at=at, minutes=minutes, booking_id=None)
    verdict = decide(
        parties, wanted.starts_at, at=at, minutes=minutes, overrides=overrides, also=also
    )
    booking = new_booking(parties, verdict, wanted, at=at, request_key=request_key)
    doing = Doing(
        by=by.user,
        party=parties.party,
        at=at,
        muted=muted,
        overridden=overridden_rules(verdict.set_aside, overrides),
    )
    places = new_places(booking, parties.students, expected_price, wanted.own_minutes, at=at)
    enforce(late_terms(booking, places, parties.party, at=at, accepts=accepts_late_terms))
    enter(booking, verdict, places, doing)
    return booking


def _made_before(request_key: UUID) -> Booking | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM bookings_booking WHERE request_key = %s AND school_id = %s",
            [request_key, active_school_id()],
        )
        found = cursor.fetchone()
    return Booking.objects.get(pk=found[0]) if found else None


def enter(
    booking: Booking, verdict: Verdict, places: Sequence[Participation], doing: Doing
) -> BookingTransition:
    """Write a new booking with everything it takes, its history, and tell the apps above."""
    insert([booking])
    occupy(booking, verdict.claim(), clash_refusals(verdict.proposal), is_new=True)
    write_resources(booking, verdict.proposal.resources)
    insert(places)
    transition = record(booking, doing, BookingChange.CREATED)
    announce(
        transition, record_places(transition, [(p, ParticipationStatus.BOOKED) for p in places])
    )
    return transition


def decide(  # noqa: PLR0913 -- everything a decision rests on
    parties: Parties,
    starts_at: datetime,
    *,
    at: datetime,
    minutes: int,
    overrides: Mapping[str, str],
    booking_id: int | None = None,
    granted: Collection[str] = (),
    also: Sequence[Refusal] = (),
) -> Verdict:
    """Ask every rule; raises Refused with all that stand after what was overruled by name.

    ``granted`` are the codes that were overruled for this booking before, ``also`` what stands
    against it besides the rules.
    """
    proposal, found = judged(parties, starts_at, at=at, minutes=minutes, booking_id=booking_id)
    against = [*also, *found]
    refusals = [refusal for refusal in against if refusal.code not in granted]
    before = [refusal for refusal in against if refusal.code in granted]
    may_override = may(parties.by, Permission.OVERRIDE_RULE)
    standing, set_aside = overruled(refusals, overrides, may_override=may_override)
    enforce_all(standing)
    return Verdict(proposal, set_aside, before)


def clash_refusals(proposal: Proposal) -> dict[str, "Clash"]:
    """The refusals of the exclusion constraints: the same codes as the rules give."""
    return {
        "person_in_one_booking_at_a_time": Clash("teacher-booked", str(proposal.teacher)),
        "resource_in_one_booking_at_a_time": Clash(
            "resource-booked", ", ".join(str(one) for one in proposal.resources)
        ),
    }


@dataclass(frozen=True, slots=True)
class Clash:
    """What to say when the database itself refuses a second booking."""

    code: str
    name: str

    def __call__(self) -> Refusal:
        return Refusal(self.code, _("%(name)s was booked a moment ago.") % {"name": self.name})


def new_booking(
    parties: Parties, verdict: Verdict, wanted: LessonRequest, *, at: datetime, request_key: UUID
) -> Booking:
    lesson_type, proposal, zone = parties.lesson_type, verdict.proposal, parties.by.school.zone
    wall = proposal.starts_at.astimezone(zone)
    status = first_status(parties.party, lesson_type, is_draft=wanted.draft)
    expires = hold_ends(lesson_type, proposal.starts_at, at)
    return Booking(
        school=parties.by.school,
        department_id=parties.department_id,
        lesson_type=lesson_type,
        teacher=proposal.teacher,
        period=DateTimeTZRange(proposal.starts_at, proposal.ends_at),
        wall_date=wall.date(),
        wall_time=wall.time(),
        zone=zone.key,
        **agreed_buffers(lesson_type, proposal.teacher),
        place=wanted.place,
        capacity=lesson_type.capacity,
        status=status,
        held_until=expires if status == BookingStatus.PENDING else None,
        entered_afterwards=verdict.is_afterwards,
        cancellation_terms_id=lesson_type.cancellation_terms_id,
        note=wanted.note,
        request_key=request_key,
        created_by=parties.by.user,
        created_at=at,
    )


def hold_ends(lesson_type: LessonType, starts_at: datetime, at: datetime) -> datetime:
    """Until when a request made at ``at`` is held (UTC): never beyond the start of the lesson."""
    return min(at + timedelta(minutes=lesson_type.hold_minutes), starts_at)


def new_places(
    booking: Booking,
    students: Sequence[Student],
    expected_price: Money | None,
    own_minutes: Mapping[int, int] = NO_MINUTES,
    *,
    at: datetime,
) -> list[Participation]:
    """The places of these students, unsaved, at the price of the minutes each one has.

    ``at`` (UTC) is when it is agreed. One query, however many students; none for nobody.
    """
    if own_minutes.keys() - {student.pk for student in students}:
        raise not_found()
    if not students:
        return []
    starts_at = booking.starts_at
    quotes = pricing().quotes(
        [booking.lesson_type], students=students, lower=starts_at, upper=starts_at, at=at
    )
    places = []
    for student in students:
        planned = own_minutes.get(student.pk)
        quote = quotes.quote(
            booking.lesson_type,
            student_id=student.pk,
            teacher_id=booking.teacher_id,
            department_id=booking.department_id,
            starts_at=starts_at,
            minutes=planned or booking.minutes,
        )
        enforce(price_changed(quote.amount, expected_price))
        places.append(
            Participation(
                school_id=booking.school_id,
                booking=booking,
                student=student,
                price_minor=quote.amount.minor,
                currency=quote.amount.currency,
                price_parts=[asdict(part) for part in quote.parts],
                planned_minutes=planned,
            )
        )
    return places


def price_changed(price: Money, expected: Money | None) -> Refusal | None:
    """Why somebody must look again; None when they were shown this price, or none at all."""
    if expected is None or expected == price:
        return None
    message = _("The price has changed to %(price)s. Do you still want the lesson?")
    return Refusal(
        "price-changed",
        message % {"price": price.localized()},
        {"price_minor": price.minor, "currency": price.currency},
    )


def keep_free(booking: Booking, proposal: Proposal) -> None:
    """Agree anew on the buffers of a booking and of the things it keeps: those of today.

    BUFFER_FIELDS of the booking are set and not saved.
    """
    lesson_type, things = proposal.lesson_type, {one.pk: one for one in proposal.resources}
    for field, minutes in agreed_buffers(lesson_type, proposal.teacher).items():
        setattr(booking, field, minutes)
    for row in BookingResource.objects.filter(booking=booking, resource__in=things):
        keepers = (lesson_type, things[row.resource_id])
        if buffers_of(row) != buffers_of(*keepers):
            BookingResource.objects.filter(pk=row.pk).update(**agreed_buffers(*keepers))


def write_resources(booking: Booking, resources: Sequence[Resource]) -> None:
    insert(
        [
            BookingResource(
                school_id=booking.school_id,
                booking=booking,
                resource=resource,
                **agreed_buffers(booking.lesson_type, resource),
            )
            for resource in resources
        ]
    )
