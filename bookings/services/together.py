"""Lessons that change at the same time, judged together: none stands in the way of another."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from administration.models import Membership, Teacher
from administration.permissions import Permission, may
from bookings.buffers import buffers_of
from bookings.enums import BookingResourceStatus, ParticipationStatus, ResourceKind
from bookings.models import Booking, BookingResource, LessonTypeNeed, Participation, Resource
from bookings.policies import may_move_in_time, party_of
from bookings.ports import Proposal, Search
from bookings.queries.diary import NOTHING, diary_of
from bookings.queries.proposals import (
    AROUND,
    Parties,
    load_rules,
    narrowed,
    not_found,
    overruled,
    proposal_for,
    ranked,
    refusals_of,
    suits,
)
from bookings.queries.quota import chosen, room_on
from bookings.services.booking import NO_OVERRIDES, Verdict
from bookings.services.holding import granted_in, out_of_order
from justdriving.kernel.policy import Refusal

Period = tuple[datetime, datetime]
TAKEN = frozenset(
    {
        "teacher-booked", "student-booked", "resource-booked", "no-resource-free",
        "resource-missing", "venue-quota-day", "venue-quota-week",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One lesson as somebody would have it; None keeps what it has.

    ``starts_at`` is a UTC instant. The lesson gives up the thing ``without`` (an id), and gets
    ``instead`` for it, or with None the least used free one of its kind that suits.
    """

    booking_id: int
    starts_at: datetime | None = None
    teacher_id: int | None = None
    without: int | None = None
    instead: int | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What one change comes to, and what stands against it. ``held`` are the things it has now."""

    booking: Booking
    places: Sequence[Participation]
    verdict: Verdict
    held: frozenset[int]
    refusals: tuple[Refusal, ...]

    @property
    def proposal(self) -> Proposal:
        return self.verdict.proposal

    @property
    def is_other_time(self) -> bool:
        return self.proposal.starts_at != self.booking.starts_at

    @property
    def is_other_teacher(self) -> bool:
        return self.proposal.teacher.pk != self.booking.teacher_id

    @property
    def are_other_things(self) -> bool:
        return {one.pk for one in self.proposal.resources} != self.held

    @property
    def is_change(self) -> bool:
        return self.is_other_time or self.is_other_teacher or self.are_other_things


class Bench:
    """The rules and their facts for all that might become of some lessons, read once.

    ``judge`` asks nothing more of the database, however many changes it judges. ``teachers`` are
    those who might take a lesson over, ``starts`` the times (UTC, by booking) lessons might move
    to. The lessons are out of each other's way; what is planned for one counts after ``note``.
    With ``restored`` lessons become again what they were, cancelled ones with these places: only
    who and what was taken since stands in the way. With ``as_they_stand`` what already speaks
    against a lesson where it stands, speaks against nobody who takes it over there.
    """

    def __init__(  # noqa: PLR0913 -- all that its judgements rest on
        self,
        bookings: Sequence[Booking],
        *,
        by: Membership,
        at: datetime,
        teachers: Collection[Teacher] = (),
        starts: Mapping[int, datetime] | None = None,
        restored: Mapping[int, Sequence[Participation]] | None = None,
        as_they_stand: bool = False,
    ) -> None:
        self.by, self.at = by, at
        self.bookings = {booking.pk: booking for booking in bookings}
        self.teachers = {one.pk: one for one in (*(b.teacher for b in bookings), *teachers)}
        self.places = {**places_of(bookings), **(restored or {})}
        self.rows = _things_in(bookings)
        self.broken = out_of_order(bookings)
        self.needs = _needs_of(bookings)
        self.things = self._usable()
        self.granted = granted_in(self.bookings)
        self.restored = None if restored is None else frozenset(restored)
        self.searches = {
            key: self._search(group, starts or {}) for key, group in _alike(bookings).items()
        }
        self.rules = {key: load_rules(search) for key, search in self.searches.items()}
        self.as_they_stand = as_they_stand
        stands = self.bookings if as_they_stand else ()
        self.standing = {pk: self._found(Change(pk))[1] for pk in stands}

    def judge(self, change: Change, overrides: Mapping[str, str] = NO_OVERRIDES) -> Judged:
        """What the rules say about one change, after what was overruled by name."""
        booking = self.bookings[change.booking_id]
        proposal, found, missing = self._found(change)
        granted = self._granted(booking, proposal, found)
        standing, set_aside = overruled(
            [one for one in found if one not in granted],
            overrides,
            may_override=may(self.by, Permission.OVERRIDE_RULE),
        )
        return Judged(
            booking=booking,
            places=self.places[booking.pk],
            verdict=Verdict(proposal, set_aside, granted),
            held=frozenset(row.resource_id for row in self.rows[booking.pk]),
            refusals=(*self._may_change(booking), *missing, *standing),
        )

    def _found(self, change: Change) -> tuple[Proposal, list[Refusal], list[Refusal]]:
        """What a change comes to, all that the rules say against it, and things it does not get."""
        booking = self.bookings[change.booking_id]
        starts_at = (change.starts_at or booking.starts_at).astimezone(UTC)
        period = (starts_at, starts_at + timedelta(minutes=booking.minutes))
        parties, missing = self._parties(booking, change, period)
        search = self.search_of(booking)
        proposal = proposal_for(parties, search, *period, booking_id=booking.pk)
        is_standing = self.as_they_stand or self.restored is not None
        if is_standing and change.starts_at is None and change.without is None:
            proposal = self._with_what_it_has(proposal)
        return proposal, list(refusals_of(self.rules[_key(booking)], proposal)), missing

    def _with_what_it_has(self, proposal: Proposal) -> Proposal:
        """A thing that cannot be used and has no substitute stays, rather than to go unsaid."""
        booking = self.bookings[proposal.booking_id or 0]
        present = {one.kind for one in proposal.resources}
        held = [row.resource for row in self.rows[booking.pk]]
        stays = [one for one in held if one.kind not in present and self.is_free(one, booking)]
        return replace(proposal, resources=(*proposal.resources, *stays))

    def is_free(self, thing: Resource, booking: Booking) -> bool:
        before, after = buffers_of(booking.lesson_type, thing)
        taken = diary_of(self.search_of(booking)).things.get(thing.pk, NOTHING)
        return taken.first_overlap(booking.starts_at - before, booking.ends_at + after) is None

    def _granted(
        self, booking: Booking, proposal: Proposal, found: Sequence[Refusal]
    ) -> list[Refusal]:
        """Of what was found, that which is not asked again of a lesson at the time it has."""
        if proposal.starts_at != booking.starts_at:
            return []
        codes, stands = self.granted[booking.pk], self.standing.get(booking.pk, [])
        was_so = [] if self.restored is None else [one for one in found if one.code not in TAKEN]
        return [one for one in found if one.code in codes or one in stands or one in was_so]

    def search_of(self, booking: Booking) -> Search:
        """What was read for the lessons of its type and department."""
        return self.searches[_key(booking)]

    def note(self, judged: Judged) -> None:
        """From now on the time of this plan counts as taken."""
        for search in self.searches.values():
            diary_of(search).note(judged.proposal, is_class=judged.booking.group_id is not None)

    def _may_change(self, booking: Booking) -> tuple[Refusal, ...]:
        if booking.pk in (self.restored or ()):
            return ()
        refusal = may_move_in_time(
            party_of(self.by),
            status=booking.status,
            capacity=booking.capacity,
            self_booking=booking.lesson_type.self_booking,
            fee=self.by.school.money(0),
        )
        return (refusal,) if refusal else ()

    def _usable(self) -> list[Resource]:
        held = {row.resource.kind for rows in self.rows.values() for row in rows}
        kinds = held.union(*self.needs.values())
        return list(Resource.objects.filter(is_active=True, kind__in=kinds).order_by("pk"))

    def _search(self, group: Sequence[Booking], starts: Mapping[int, datetime]) -> Search:
        lesson_type = group[0].lesson_type
        lesson_type.school = self.by.school
        begins = [(starts.get(one.pk, one.starts_at), one) for one in group]
        held = [row.resource for one in group for row in self.rows[one.pk]]
        teachers, things = self.teachers.values(), {one.pk: one for one in (*held, *self.things)}
        before, after = buffers_of(lesson_type, *teachers, *things.values())
        return Search(
            lesson_type=lesson_type,
            teachers=tuple(teachers),
            students=tuple(
                {p.student_id: p.student for one in group for p in self.places[one.pk]}.values()
            ),
            resources=tuple(things.values()),
            lower=min(start for start, _one in begins) - before - AROUND,
            upper=max(start + timedelta(minutes=one.minutes) for start, one in begins)
            + after
            + AROUND,
            zone=self.by.school.zone,
            department_id=group[0].department_id,
            party=party_of(self.by),
            at=self.at,
            together=frozenset(self.bookings),
        )

    def _parties(
        self, booking: Booking, change: Change, period: Period
    ) -> tuple[Parties, list[Refusal]]:
        rows, search = self.rows[booking.pk], self.search_of(booking)
        held, seats = tuple(row.resource for row in rows), self.places[booking.pk]
        parties = Parties(
            by=self.by,
            lesson_type=search.lesson_type,
            teacher=self.teachers[change.teacher_id or booking.teacher_id],
            students=tuple(seat.student for seat in seats),
            resources=held,
            picks=False,
            department_id=booking.department_id,
            current=held,
            places=frozenset(row.resource_id for row in rows if row.is_place),
            own_minutes={
                one.student_id: one.planned_minutes for one in seats if one.planned_minutes
            },
        )
        if change.without is not None:
            return self._with_another(parties, change, period)
        kinds, broken = self.needs[booking.lesson_type_id], self.broken[booking.pk]
        others = (one for one in self.things if one.kind in kinds and one.pk not in broken)
        offered = {one.pk: one for one in (*held, *others)}
        picking = narrowed(replace(parties, resources=tuple(offered.values()), picks=True))
        return ranked(picking, diary_of(search)), []

    def _with_another(
        self, parties: Parties, change: Change, period: Period
    ) -> tuple[Parties, list[Refusal]]:
        """The same things, except that one is given up for another."""
        old = next((one for one in parties.current if one.pk == change.without), None)
        if old is None:
            raise not_found()
        rest = tuple(one for one in parties.current if one != old)
        new = (
            self._chosen(change)
            if change.instead
            else self._least_used(parties, old, period, change.booking_id)
        )
        places = parties.places - {old.pk}
        if new is None:
            message = _("%(kind)s: none is free and suits this lesson instead of %(thing)s.")
            words = {"kind": ResourceKind(old.kind).label, "thing": old}
            refusal = Refusal("no-resource-free", message % words, {"kind": old.kind})
            return replace(parties, resources=rest, places=places), [refusal]
        if old.pk in parties.places:
            places |= {new.pk}
        return replace(parties, resources=(*rest, new), places=places), []

    def _chosen(self, change: Change) -> Resource:
        for thing in self.things:
            if thing.pk == change.instead:
                return thing
        raise not_found()

    def _least_used(
        self, parties: Parties, old: Resource, period: Period, booking_id: int
    ) -> Resource | None:
        search = self.searches[parties.lesson_type.pk, parties.department_id]
        diary = diary_of(search)
        students = () if old.pk in parties.places else parties.students

        def is_free(thing: Resource) -> bool:
            before, after = buffers_of(parties.lesson_type, thing)
            return diary.is_usable(thing.pk, period[0] - before, period[1] + after)

        others = tuple(
            one
            for one in self.things
            if one.kind == old.kind
            and one not in parties.current
            and one.pk not in self.broken[booking_id]
            and suits(one, parties.lesson_type, students)
            and is_free(one)
        )
        best_first = ranked(replace(parties, resources=others, picks=True), diary).resources
        has_room = room_on(diary, diary.day_of(period[0]), booking_id)
        return next(iter(chosen((), best_first, has_room)), None)


def judge_all(
    bench: Bench, changes: Iterable[Change], overrides: Mapping[str, str] = NO_OVERRIDES
) -> list[Judged]:
    """Judge changes that shall all happen: the first ones count when the next is judged."""
    judged = []
    for change in changes:
        one = bench.judge(change, overrides)
        if not one.refusals:
            bench.note(one)
        judged.append(one)
    return judged


def _key(booking: Booking) -> tuple[int, int]:
    """The lesson type and the department: one search covers the bookings that share both."""
    return booking.lesson_type_id, booking.department_id


def _alike(bookings: Iterable[Booking]) -> dict[tuple[int, int], list[Booking]]:
    groups: dict[tuple[int, int], list[Booking]] = defaultdict(list)
    for booking in bookings:
        groups[_key(booking)].append(booking)
    return groups


def places_of(bookings: Sequence[Booking]) -> dict[int, list[Participation]]:
    """The places still taken, by booking; each knows its booking and its student."""
    known = {booking.pk: booking for booking in bookings}
    places: dict[int, list[Participation]] = {pk: [] for pk in known}
    rows = Participation.objects.filter(booking__in=known).exclude(
        status=ParticipationStatus.CANCELLED
    )
    for place in rows.select_related("student__membership__user").order_by("pk"):
        place.booking = known[place.booking_id]
        places[place.booking_id].append(place)
    return places


def _things_in(bookings: Iterable[Booking]) -> dict[int, list[BookingResource]]:
    rows: dict[int, list[BookingResource]] = {booking.pk: [] for booking in bookings}
    usable = BookingResource.objects.filter(booking__in=rows).exclude(
        status=BookingResourceStatus.OUT_OF_SERVICE
    )
    for row in usable.select_related("resource").order_by("pk"):
        rows[row.booking_id].append(row)
    return rows


def _needs_of(bookings: Iterable[Booking]) -> dict[int, set[str]]:
    needs: dict[int, set[str]] = {booking.lesson_type_id: set() for booking in bookings}
    rows = LessonTypeNeed.objects.filter(lesson_type__in=needs)
    for lesson_type_id, kind in rows.values_list("lesson_type", "kind"):
        needs[lesson_type_id].add(kind)
    return needs
