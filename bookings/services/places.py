"""The places of a session: who sits where, by hand or by themselves, and which are broken."""

from collections import Counter
from dataclasses import replace
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from administration.models import Membership
from bookings.buffers import agreed_buffers
from bookings.enums import BookingChange, BookingResourceStatus, BookingStatus
from bookings.models import (
    Booking,
    BookingResource,
    Occupancy,
    Participation,
    Resource,
    ResourceOutage,
)
from bookings.policies import party_of
from bookings.queries.proposals import AROUND, found, not_found
from bookings.services.booking import NO_OVERRIDES, decide
from bookings.services.history import Doing, announce, free_places, record
from bookings.services.holding import (
    changeable_by,
    granted_to,
    hold,
    keys_of,
    live_places,
    parties_in,
    standing_claim,
)
from bookings.services.occupancy import occupy
from justdriving.kernel.policy import Refusal, enforce
from justdriving.kernel.transactions import use_case

IN_SERVICE = BookingResourceStatus
OPEN = (BookingStatus.PENDING, BookingStatus.CONFIRMED)


@use_case
def assign_place(
    *, participation_id: int, place_id: int | None, by: Membership, at: datetime
) -> Participation:
    """Give a student with a seat one of the session's places, or with None take theirs away.

    ``place_id`` is a BookingResource. ``at`` is now, UTC. Raises Refused: ``not-found``,
    ``illegal-move``, ``place-taken``, ``out-of-service``. Source: seed 003, "bed may be assigned
    later".
    """
    rows = Participation.objects.filter(pk=participation_id).values_list("booking", flat=True)
    booking = _held(next(iter(rows), 0), by)
    seats = {seat.pk: seat for seat in live_places(booking)}
    if participation_id not in seats:
        raise not_found()
    seat = seats[participation_id]
    place = None
    if place_id is not None:
        place = found(_places(booking).select_related("resource").filter(pk=place_id))
        sitting = {one.place_id for one in seats.values() if one.pk != seat.pk}
        enforce(_cannot_serve(place, sitting, _broken(booking)))
    _seat(seat, place)
    _note(booking, [(seat, place)], by, at)
    return seat


@use_case
def assign_places(*, booking_id: int, by: Membership, at: datetime) -> list[Participation]:
    """Give everybody without a place one that suits, and return who has none afterwards.

    The gearbox the student learns, then their own department's, then the least used around the
    day. Raises Refused: ``not-found``, ``illegal-move``.
    """
    booking = _held(booking_id, by)
    seats = live_places(booking)
    sitting = {seat.place_id for seat in seats}
    broken = _broken(booking)
    free = [
        place
        for place in _places(booking).select_related("resource").order_by("pk")
        if _cannot_serve(place, sitting, broken) is None
    ]
    used = _used_around(booking, [place.resource_id for place in free])
    given: list[tuple[Participation, BookingResource | None]] = []
    for seat in seats:
        suiting = [place for place in free if _suits(place.resource, seat)]
        if seat.place_id or not suiting:
            continue
        best = min(suiting, key=lambda place: _rank(place, seat, used))
        free.remove(best)
        _seat(seat, best)
        given.append((seat, best))
    if given:
        _note(booking, given, by, at)
    return [seat for seat in seats if not seat.place_id]


@use_case
def set_place_out_of_service(
    *, place_id: int, by: Membership, at: datetime
) -> Participation | None:
    """Take a place out of a session: it has one seat less, and its student no place any more.

    Returns the seat that lost its place. Raises Refused: ``not-found``, ``illegal-move``.
    """
    booking = _held_of(place_id, by)
    place = found(_places(booking).select_related("resource").filter(pk=place_id))
    seats = live_places(booking)
    losing = next((seat for seat in seats if seat.place_id == place.pk), None)
    if losing:
        free_places([losing])
    BookingResource.objects.filter(pk=place.pk).update(status=IN_SERVICE.OUT_OF_SERVICE)
    occupy(booking, standing_claim(booking, seats))
    reason = _("%(resource)s is out of service.") % {"resource": place.resource}
    _record(booking, reason, by, at)
    return losing


@use_case
def return_place(*, place_id: int, by: Membership, at: datetime) -> BookingResource:
    """Put a place back into a session, if it is in order and free then.

    Raises Refused: ``not-found``, ``illegal-move``, or the code of a rule.
    """
    booking = _held_of(place_id, by)
    place = found(_places(booking).select_related("resource").filter(pk=place_id))
    if place.status == IN_SERVICE.OUT_OF_SERVICE:
        _enforce_rules(booking, place.resource, by, at)
        place.status = IN_SERVICE.AVAILABLE
        place.save(update_fields=["status"])
        _occupy(booking, place.resource)
        reason = _("%(resource)s is in service again.") % {"resource": place.resource}
        _record(booking, reason, by, at)
    return place


@use_case
def add_place(
    *, booking_id: int, resource_id: int, by: Membership, at: datetime
) -> BookingResource:
    """Give a session one more place. Raises Refused as ``return_place``, and ``already-there``."""
    resource = found(Resource.objects.visible_to(by).filter(pk=resource_id, is_active=True))
    booking = hold(booking_id, changeable_by(by), keys_of((), [resource_id]))
    enforce(_is_open(booking))
    enforce(_already_there(booking, resource))
    _enforce_rules(booking, resource, by, at)
    place = BookingResource.objects.create(
        school_id=booking.school_id,
        booking=booking,
        resource=resource,
        status=IN_SERVICE.AVAILABLE,
        is_place=True,
        **agreed_buffers(booking.lesson_type, resource),
    )
    _occupy(booking, resource)
    _record(booking, _("%(resource)s came along.") % {"resource": resource}, by, at)
    return place


def _held(booking_id: int, by: Membership) -> Booking:
    booking = hold(booking_id, changeable_by(by))
    enforce(_is_open(booking))
    return booking


def _held_of(place_id: int, by: Membership) -> Booking:
    """The booking of a place, with the lock of the thing itself: it may come back into use."""
    rows = BookingResource.objects.filter(pk=place_id, is_place=True)
    booking_id, resource_id = next(iter(rows.values_list("booking", "resource")), (0, 0))
    booking = hold(booking_id, changeable_by(by), keys_of((), [resource_id]))
    enforce(_is_open(booking))
    return booking


def _is_open(booking: Booking) -> Refusal | None:
    if booking.status in OPEN:
        return None
    return Refusal("illegal-move", _("The places of this session cannot be changed any more."))


def _already_there(booking: Booking, resource: Resource) -> Refusal | None:
    if not BookingResource.objects.filter(booking=booking, resource=resource).exists():
        return None
    message = _("%(resource)s is in this session already.") % {"resource": resource}
    return Refusal("already-there", message)


def _places(booking: Booking) -> QuerySet[BookingResource]:
    rows: QuerySet[BookingResource] = BookingResource.objects.filter(booking=booking)
    return rows.filter(is_place=True)


def _broken(booking: Booking) -> frozenset[int]:
    """The things that have an outage during a session, by id."""
    outages = ResourceOutage.objects.filter(period__overlap=booking.period)
    return frozenset(outages.values_list("resource", flat=True))


def _cannot_serve(
    place: BookingResource, sitting: set[int | None], broken: frozenset[int]
) -> Refusal | None:
    if place.status == IN_SERVICE.OUT_OF_SERVICE or place.resource_id in broken:
        return Refusal("out-of-service", _("This place is out of service. Choose another one."))
    if place.pk in sitting:
        return Refusal("place-taken", _("Somebody else has this place. Choose another one."))
    return None


def _suits(resource: Resource, seat: Participation) -> bool:
    return not resource.gearbox or resource.gearbox == seat.student.gearbox


def _rank(
    place: BookingResource, seat: Participation, used: Counter[int]
) -> tuple[bool, bool, int, int]:
    """The best first: made for their gearbox, so that the others keep what suits everybody."""
    resource = place.resource
    elsewhere = resource.department_id != seat.student.department_id
    return not resource.gearbox, elsewhere, used[resource.pk], place.pk


def _used_around(booking: Booking, resource_ids: list[int]) -> Counter[int]:
    around = (booking.starts_at - AROUND, booking.ends_at + AROUND)
    rows = Occupancy.objects.filter(resource__in=resource_ids, period__overlap=around)
    return Counter(rows.values_list("resource", flat=True))


def _seat(seat: Participation, place: BookingResource | None) -> None:
    """Move a student to a place; the old one is available, the new one reserved."""
    free_places([seat])
    if place is not None:
        seat.place = place
        seat.save(update_fields=["place"])
        place.status = IN_SERVICE.RESERVED
        place.save(update_fields=["status"])


def _enforce_rules(booking: Booking, resource: Resource, by: Membership, at: datetime) -> None:
    """Ask the rules about a thing that comes into a session; what was overruled for it stays so."""
    parties = parties_in(booking, (), by)
    held = (*parties.resources, resource)
    places = parties.places | {resource.pk}
    decide(
        replace(parties, resources=held, current=held, places=places),
        booking.starts_at,
        at=at,
        minutes=booking.minutes,
        overrides=NO_OVERRIDES,
        booking_id=booking.pk,
        granted=granted_to(booking),
    )


def _occupy(booking: Booking, resource: Resource) -> None:
    message = _("%(name)s was booked a moment ago.") % {"name": resource}
    refusals = {"resource_in_one_booking_at_a_time": lambda: Refusal("resource-booked", message)}
    occupy(booking, standing_claim(booking, live_places(booking)), refusals)


def _note(
    booking: Booking,
    given: list[tuple[Participation, BookingResource | None]],
    by: Membership,
    at: datetime,
) -> None:
    """Say which places were given, not to whom: students read the history too."""
    names = ", ".join(str(place.resource) for _seat, place in given if place)
    words = _("Places given: %(places)s") % {"places": names} if names else _("A place taken back")
    _record(booking, words, by, at)


def _record(booking: Booking, reason: str, by: Membership, at: datetime) -> None:
    """A line in the history that nobody is told about."""
    doing = Doing(by.user, party_of(by), at, reason=reason[:500], muted=True)
    announce(record(booking, doing, BookingChange.CHANGED), [])
