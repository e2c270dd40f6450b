"""A cancelled booking once more: everybody in it, their places, and whoever waited for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q

from bookings.buffers import BUFFER_FIELDS
from bookings.enums import BookingResourceStatus, BookingStatus, OfferStatus, WaitingStatus
from bookings.models import (
    Booking,
    BookingResource,
    Participation,
    Vacancy,
    WaitingListEntry,
    WaitingListOffer,
)
from bookings.queries.seats import seats_left
from bookings.services.booking import Verdict, enter, hold_ends
from bookings.services.history import Doing
from bookings.services.venues import carry_numbers

if TYPE_CHECKING:
    from bookings.services.undoing import Settled

AGREED = (
    "school_id", "department_id", "lesson_type", "period", "wall_date", "wall_time", "zone",
    "buffer_before_minutes", "buffer_after_minutes", "place", "capacity", "moves",
    "entered_afterwards", "group_id", "template_id", "template_day", "edited_fields",
    "cancellation_terms_id", "note", "internal_note",
)  # fmt: skip
KEPT = (
    "school_id", "price_minor", "currency", "price_parts", "planned_minutes",
    "late_terms_accepted_at",
)  # fmt: skip
IN_SERVICE = BookingResourceStatus


def book_again(settled: "Settled", verdict: Verdict, doing: Doing) -> Booking:
    """The cancelled booking as a new one with all that was agreed, and the places that were given.

    A place that is not there any more stays with it, out of service, until somebody returns it.
    """
    old, status = settled.booking, settled.lesson.transition.from_status
    new = Booking(**{name: getattr(old, name) for name in AGREED})
    new.status, new.replaces, new.teacher = status, old, verdict.proposal.teacher
    new.created_by_id, new.created_at = doing.by.pk if doing.by else old.created_by_id, doing.at
    if status == BookingStatus.PENDING:
        new.held_until = hold_ends(old.lesson_type, old.starts_at, doing.at)
    if settled.hold:
        new.held_until, new.created_by_id = settled.hold.expires_at, old.created_by_id
    Booking.objects.filter(pk=old.pk).update(template=None, template_day=None)
    seats = [_again(new, place) for place in settled.places]
    enter(new, verdict, seats, doing)
    _places_again(old, new)
    _assign_again(new, seats, settled.lesson.assigned)
    carry_numbers(old, new, doing)
    return new


def _again(booking: Booking, place: Participation) -> Participation:
    kept = {name: getattr(place, name) for name in KEPT}
    return Participation(booking=booking, student=place.student, **kept)


def _places_again(old: Booking, new: Booking) -> None:
    """Make places of what served as such, or stands in for it; the rest is out of service."""
    former = BookingResource.objects.filter(booking=old).select_related("resource").order_by("pk")
    places = {row.resource_id: row for row in former if row.is_place}
    shared = {row.resource_id for row in former if not row.is_place}
    kinds = {row.resource.kind for row in places.values()}
    coming = BookingResource.objects.filter(booking=new)
    serving = coming.filter(resource__kind__in=kinds).exclude(resource__in=shared)
    serving.update(is_place=True, status=IN_SERVICE.AVAILABLE)
    here = set(coming.values_list("resource", flat=True))
    BookingResource.objects.bulk_create(
        BookingResource(
            school_id=new.school_id,
            booking=new,
            resource_id=thing_id,
            status=IN_SERVICE.OUT_OF_SERVICE,
            is_place=True,
            **{name: getattr(row, name) for name in BUFFER_FIELDS},
        )
        for thing_id, row in places.items()
        if thing_id not in here
    )


def _assign_again(
    new: Booking, seats: Sequence[Participation], assigned: Mapping[str, int]
) -> None:
    serving = BookingResource.objects.filter(
        booking=new, is_place=True, status=IN_SERVICE.AVAILABLE
    )
    places = {row.resource_id: row for row in serving}
    for seat in seats:
        place = places.get(assigned.get(str(seat.student_id), 0))
        if place is not None:
            seat.place = place
            seat.save(update_fields=["place"])
            place.status = IN_SERVICE.RESERVED
            place.save(update_fields=["status"])


def hold_again(offer: WaitingListOffer, booking: Booking, since: datetime) -> None:
    """Make an offer good again: it holds this booking, and the link that was sent leads to it."""
    _reopen(offer, booking)
    Vacancy.objects.filter(freed_by=offer.freed_by_id or 0, settled_at__gte=since).update(
        settled_at=None
    )


def _reopen(offer: WaitingListOffer, booking: Booking) -> None:
    offer.status, offer.answered_at, offer.booking = OfferStatus.OPEN, None, booking
    offer.save(update_fields=["status", "answered_at", "booking"])
    WaitingListEntry.objects.filter(pk=offer.entry_id).update(status=WaitingStatus.OFFERED)


def line_up_again(
    old: Booking, new: Booking, offers: Sequence[WaitingListOffer], since: datetime
) -> list[WaitingListOffer]:
    """Let whoever waited for a session until it was cancelled (``since``) wait for the new one.

    These offers of its seats are open again while there are seats; those left over are returned.
    """
    lapsed = WaitingListEntry.objects.filter(booking=old, status=WaitingStatus.LAPSED)
    lapsed.update(booking=new, status=WaitingStatus.WAITING)
    seats = Vacancy.objects.filter(booking=old, is_seat=True)
    still = seats.filter(Q(settled_at=None) | Q(settled_at__gte=since))
    still.update(booking=new, settled_at=None)
    left = max(seats_left([new])[new.pk], 0)
    for offer in offers[:left]:
        _reopen(offer, new)
    return list(offers[left:])
