"""A student's lessons to come against how many they may have at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from administration.models import Student
from bookings.enums import OfferStatus, ParticipationStatus
from bookings.models import Booking, Participation, WaitingListOffer
from bookings.queries.settings import settings_for


@dataclass(frozen=True, slots=True)
class OpenBookings:
    """The lessons that count against the limit, soonest first; ``most`` None is no limit."""

    bookings: Sequence[Booking]
    most: int | None

    @property
    def count(self) -> int:
        return len(self.bookings)

    @property
    def is_full(self) -> bool:
        return self.most is not None and self.count >= self.most


def open_bookings_of(student: Student, *, at: datetime) -> OpenBookings:
    """What ``bookings.rules.OpenBookingsLimited`` counts at ``at`` (UTC). At most two queries.

    Lessons of a whole class and times that are only offered never count.
    """
    most = settings_for(student.department_id).max_active_bookings
    if most is None:
        return OpenBookings((), None)
    places = Participation.objects.filter(student=student, status=ParticipationStatus.BOOKED)
    offers = WaitingListOffer.objects.filter(
        booking=OuterRef("pk"), status=OfferStatus.OPEN, is_seat=False
    )
    counted = Booking.objects.upcoming(after=at).filter(
        ~Exists(offers), pk__in=places.values("booking"), group=None
    )
    return OpenBookings(tuple(counted.select_related("lesson_type").order_by("period")), most)
