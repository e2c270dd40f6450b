"""The same lesson at another time, with another teacher or another vehicle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from administration.models import Membership, Teacher
from bookings.buffers import BUFFER_FIELDS, agreed_buffers
from bookings.enums import BookingChange, Party
from bookings.models import Booking, BookingResource, BookingTransition, Participation, Resource
from bookings.policies import (
    counts_as_a_move,
    may_act_for,
    may_move_again,
    may_move_in_time,
    may_withdraw,
    party_of,
)
from bookings.ports import Proposal
from bookings.queries.cancellation import places_to_cancel, quote
from bookings.queries.proposals import (
    Parties,
    found,
    judged,
    narrowed,
    resources_for,
    teacher_for,
)
from bookings.queries.settings import settings_for
from bookings.queries.starts import not_offered
from bookings.services.booking import (
    NO_OVERRIDES,
    Verdict,
    clash_refusals,
    decide,
    keep_free,
    write_resources,
)
from bookings.services.history import Doing, announce, overridden_rules, record
from bookings.services.holding import (
    changeable_by,
    granted_to,
    hold,
    in_order,
    keys_of,
    live_places,
    out_of_order,
    parties_in,
)
from bookings.services.occupancy import occupy
from bookings.services.repricing import Repriced, enforce_expected, quotes_after_move
from bookings.services.venues import lapse_numbers, restore_numbers, standing_numbers
from justdriving.kernel.locks import LockKey
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.transactions import use_case

MOVED_FIELDS = (
    "period", "wall_date", "wall_time", "teacher", *BUFFER_FIELDS, "moves", "version",
)  # fmt: skip


@use_case
def move_booking(  # noqa: PLR0913 -- a use case names everything it needs
    *,
    booking_id: int,
    by: Membership,
    at: datetime,
    starts_at: datetime,
    teacher_id: int | None = None,
    resource_ids: Sequence[int] | None = None,
    requested_by: Party | None = None,
    overrides: Mapping[str, str] = NO_OVERRIDES,
    reason: str = "",
    muted: bool = False,
    expected_price: Money | None = None,
) -> BookingTransition:
    """Move a booking: same booking, one more history row, its calendar event one version on.

    ``starts_at`` and ``at`` (now) are UTC. The length stays, and the agreed price unless a student
    moves the lesson: then it costs what the new time costs, ``expected_price`` as it was shown.
    ``teacher_id`` None keeps the teacher; ``resource_ids`` None keeps what is free and picks the
    rest. A student may move a lesson while cancelling it would be free. ``requested_by`` is the
    side that asked, None for that of ``by``: what a student asked for counts towards the limit.
    Raises Refused: ``not-found``, ``illegal-move``, ``not-allowed``, ``already-started``,
    ``too-late-to-move``, ``moved-too-often``, ``nothing-changed``, ``price-changed``,
    ``start-not-offered`` to a student, or a rule's code.
    Source: seed 000, "reschedule an existing booking".
    """
    party = requested_by or party_of(by)
    enforce(may_act_for(party_of(by), party))
    wish = _wish(booking_id, by, teacher_id, resource_ids)
    booking = hold(booking_id, changeable_by(by), wish.keys)
    places = live_places(booking)
    _enforce_may_move(booking, places, by, at)
    parties = narrowed(wish.applied_to(parties_in(booking, places, by)))
    verdict = decide(
        parties,
        starts_at,
        at=at,
        minutes=booking.minutes,
        overrides=overrides,
        booking_id=booking.pk,
        granted=_standing(booking, starts_at),
        also=[
            *too_often(booking, party, starts_at),
            *not_offered(parties, starts_at, at=at, minutes=booking.minutes, booking_id=booking.pk),
        ],
    )
    enforce(_nothing_changed(booking, verdict, {one.pk for one in parties.current}))
    repriced = quotes_after_move(booking, places, verdict.proposal, by, at=at)
    enforce_expected(repriced, expected_price)
    overridden = overridden_rules(verdict.set_aside, overrides)
    doing = Doing(by.user, party, at, reason=reason, muted=muted, overridden=overridden)
    transition = rewrite(booking, verdict, doing, repriced)
    announce(transition, [])
    return transition


@use_case
def undo_move(  # noqa: PLR0913 -- the same arguments as the move
    *,
    booking_id: int,
    by: Membership,
    at: datetime,
    starts_at: datetime,
    teacher_id: int,
    resource_ids: Sequence[int],
    muted: bool = False,
) -> BookingTransition:
    """Move a booking back to what it was, judged like any move; raises what ``move_booking`` does.

    What a venue confirmed it with holds again, unless the venue was asked in between.
    """
    transition = move_booking(
        booking_id=booking_id,
        by=by,
        at=at,
        starts_at=starts_at,
        teacher_id=teacher_id,
        resource_ids=resource_ids,
        muted=muted,
    )
    restore_numbers(transition.booking, Doing(by.user, party_of(by), at))
    return transition


@dataclass(frozen=True, slots=True)
class MovePreview:
    """What a move would come to, and everything against it; ``proposal`` is None out of sight."""

    proposal: Proposal | None
    refusals: tuple[Refusal, ...]


def preview_move(  # noqa: PLR0913 -- the same arguments as the move
    *,
    booking_id: int,
    by: Membership,
    at: datetime,
    starts_at: datetime,
    teacher_id: int | None = None,
    resource_ids: Sequence[int] | None = None,
    requested_by: Party | None = None,
) -> MovePreview:
    """Everything that would refuse ``move_booking`` with these values: no locks, nothing written.

    Raises nothing; what ``by`` may not see comes back as ``not-found``.
    """
    try:
        wish = _wish(booking_id, by, teacher_id, resource_ids)
        rows = changeable_by(by).select_related("lesson_type", "teacher__membership__user")
        booking = found(rows.filter(pk=booking_id))
        places = live_places(booking)
        _enforce_may_move(booking, places, by, at)
    except Refused as refused:
        return MovePreview(None, tuple(refused.refusals))
    parties = narrowed(wish.applied_to(parties_in(booking, places, by)))
    proposal, against = judged(
        parties, starts_at, at=at, minutes=booking.minutes, booking_id=booking.pk
    )
    granted = _standing(booking, starts_at)
    against = [
        *too_often(booking, requested_by or parties.party, starts_at),
        *not_offered(parties, starts_at, at=at, minutes=booking.minutes, booking_id=booking.pk),
        *(one for one in against if one.code not in granted),
    ]
    held = {one.pk for one in parties.current}
    unchanged = _nothing_changed(booking, Verdict(proposal, ()), held)
    return MovePreview(proposal, (*against, *([unchanged] if unchanged else [])))


@dataclass(frozen=True, slots=True)
class Wish:
    """Who and what a moved lesson shall have; None and ``picks`` keep what it has if possible."""

    teacher: Teacher | None
    resources: tuple[Resource, ...]
    picks: bool

    @property
    def keys(self) -> list[LockKey]:
        users = [self.teacher.membership.user_id] if self.teacher else []
        return keys_of(users, [one.pk for one in self.resources])

    def applied_to(self, parties: Parties) -> Parties:
        """The parties of a booking as they would be after the move."""
        resources = self.resources
        if self.picks:
            resources = tuple({one.pk: one for one in (*parties.current, *resources)}.values())
        return replace(
            parties,
            teacher=self.teacher or parties.teacher,
            resources=resources,
            picks=self.picks,
        )


def _wish(
    booking_id: int, by: Membership, teacher_id: int | None, resource_ids: Sequence[int] | None
) -> Wish:
    booking = found(changeable_by(by).select_related("lesson_type").filter(pk=booking_id))
    teacher = None
    if teacher_id is not None and teacher_id != booking.teacher_id:
        teacher = teacher_for(by, teacher_id)
    resources, picks = resources_for(by, booking.lesson_type, resource_ids)
    broken = out_of_order([booking])[booking.pk] if picks else frozenset()
    return Wish(teacher, tuple(one for one in resources if one.pk not in broken), picks)


def _enforce_may_move(
    booking: Booking, places: Sequence[Participation], by: Membership, at: datetime
) -> None:
    party = party_of(by)
    fee = quote(places_to_cancel(places, by), by=by, at=at).total
    enforce(
        may_move_in_time(
            party,
            status=booking.status,
            capacity=booking.capacity,
            self_booking=booking.lesson_type.self_booking,
            fee=fee,
        )
    )
    enforce(may_withdraw(party, starts_at=booking.starts_at, at=at))


def _nothing_changed(booking: Booking, verdict: Verdict, held: set[int]) -> Refusal | None:
    proposal = verdict.proposal
    same = (
        proposal.starts_at == booking.starts_at
        and proposal.teacher.pk == booking.teacher_id
        and {one.pk for one in proposal.resources} == held
    )
    return Refusal("nothing-changed", _("The lesson is already then.")) if same else None


def _standing(booking: Booking, starts_at: datetime) -> frozenset[str]:
    """The codes overruled for a booking before that go on holding: not at another time."""
    return granted_to(booking) if starts_at == booking.starts_at else frozenset()


def too_often(booking: Booking, party: Party, starts_at: datetime) -> list[Refusal]:
    """What the limit on moves says when ``party`` asks for another time, UTC."""
    is_counted = counts_as_a_move(party, capacity=booking.capacity)
    if not is_counted or starts_at == booking.starts_at:
        return []
    most = settings_for(booking.department_id).max_moves
    refusal = may_move_again(moves=booking.moves, most=most)
    return [refusal] if refusal else []


def rewrite(
    booking: Booking, verdict: Verdict, doing: Doing, repriced: Sequence[Repriced] = ()
) -> BookingTransition:
    """Write a locked booking as the verdict allows it, its new prices, and its history."""
    proposal, from_period, from_teacher_id = verdict.proposal, booking.period, booking.teacher_id
    numbers = standing_numbers(booking)
    wall = proposal.starts_at.astimezone(booking.timezone)
    booking.period = DateTimeTZRange(proposal.starts_at, proposal.ends_at)
    booking.wall_date, booking.wall_time = wall.date(), wall.time()
    booking.teacher = proposal.teacher
    keep_free(booking, proposal)
    is_moved = from_period != booking.period
    booking.moves += is_moved and counts_as_a_move(doing.party, capacity=booking.capacity)
    booking.version += 1
    booking.save(update_fields=MOVED_FIELDS)
    occupy(booking, verdict.claim(), clash_refusals(proposal))
    things = _write_things(booking, proposal.resources)
    lapse_numbers(booking, numbers, doing)
    change = BookingChange.MOVED if is_moved else BookingChange.CHANGED
    prices = [(one.place.price_minor, one.quote.amount.minor) for one in repriced]
    for one in repriced:
        one.write()
    return record(
        booking,
        doing,
        change,
        from_period=from_period,
        from_teacher_id=from_teacher_id,
        prices=prices[0] if prices else None,
        things=things,
    )


def _write_things(booking: Booking, wanted: Sequence[Resource]) -> tuple[list[str], list[str]]:
    """Give a booking these things. What stays keeps its row; a substitute takes over its own.

    So a student's place stays theirs when another vehicle of its kind serves as it. Returns the
    names of what left and of what came.
    """
    known = BookingResource.objects.filter(booking=booking).values_list("resource", flat=True)
    arriving = {one.pk: one for one in wanted if one.pk not in set(known)}
    left: list[str] = []
    came = [one.name for one in arriving.values()]
    leaving = in_order(booking).exclude(resource__in=[one.pk for one in wanted])
    for row in leaving.select_related("resource").order_by("pk"):
        left.append(row.resource.name)
        new = next((one for one in arriving.values() if one.kind == row.resource.kind), None)
        if new is None:
            Participation.objects.filter(place=row).update(place=None)
            row.delete()
        else:
            row.resource = arriving.pop(new.pk)
            for field, minutes in agreed_buffers(booking.lesson_type, row.resource).items():
                setattr(row, field, minutes)
            row.save(update_fields=["resource", *BUFFER_FIELDS])
    write_resources(booking, sorted(arriving.values(), key=lambda one: one.pk))
    return left, came
