"""How many more students a session takes: seats, places in order, and seats that are offered."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from administration.models import Student
from bookings.enums import (
    BookingResourceStatus,
    BookingStatus,
    OfferStatus,
    ParticipationStatus,
    SelfBooking,
)
from bookings.models import (
    Booking,
    BookingResource,
    Participation,
    ResourceOutage,
    WaitingListOffer,
)

USABLE = ~Q(status=BookingResourceStatus.OUT_OF_SERVICE)


def seats_left(bookings: Collection[Booking], *, offered_to: int | None = None) -> dict[int, int]:
    """By id, the seats nobody has: the fewer of seats and usable places, less those taken.

    An open offer takes a seat, except for the student it was made to (``offered_to``, their id). A
    session without places has its seats. Negative where places broke down. Two queries; read it
    while the booking is held to decide on it.
    """
    ids = [booking.pk for booking in bookings]
    taken = _taken(ids, offered_to)
    places = _places(ids)
    return {
        booking.pk: min(booking.capacity, places.get(booking.pk, booking.capacity))
        - taken[booking.pk]
        for booking in bookings
    }


def _taken(booking_ids: Collection[int], offered_to: int | None) -> Counter[int]:
    """One row for each seat that somebody has or was offered."""
    sitting = (
        Participation.objects.filter(booking__in=booking_ids)
        .exclude(status=ParticipationStatus.CANCELLED)
        .values_list("booking", flat=True)
    )
    offers = WaitingListOffer.objects.filter(
        booking__in=booking_ids, is_seat=True, status=OfferStatus.OPEN
    )
    if offered_to is not None:
        offers = offers.exclude(entry__student=offered_to)
    return Counter(sitting.union(offers.values_list("booking", flat=True), all=True))


def _places(booking_ids: Collection[int]) -> dict[int, int]:
    """The places still in order of those bookings that have any."""
    places = BookingResource.objects.filter(booking__in=booking_ids, is_place=True)
    broken = ResourceOutage.objects.filter(
        resource=OuterRef("resource"), period__overlap=OuterRef("booking__period")
    )
    counted = places.values_list("booking").annotate(
        usable=Count("pk", filter=USABLE & Q(~Exists(broken)))
    )
    return dict(counted)


def sessions_for(student: Student, *, at: datetime) -> QuerySet[Booking]:
    """The sessions ahead that this student could join without asking, the next one first.

    ``at`` is now, UTC. Those they are in are left out; full ones are not, as one may wait.
    """
    mine = Participation.objects.filter(student=student).exclude(
        status=ParticipationStatus.CANCELLED
    )
    sessions: QuerySet[Booking] = Booking.objects.filter(
        capacity__gt=1,
        status=BookingStatus.CONFIRMED,
        period__startswith__gt=at,
        lesson_type__is_active=True,
        lesson_type__self_booking=SelfBooking.INSTANT,
        lesson_type__licence_category=student.licence_category,
    ).exclude(pk__in=mine.values("booking"))
    return sessions.order_by("period", "pk")
