"""Attendance that does not fit its lesson: counted and sampled, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bookings.enums import BookingStatus, ParticipationStatus
from bookings.models import Booking, Participation

B, P = BookingStatus, ParticipationStatus
SAMPLE = 20
FORGOTTEN = timedelta(days=14)

KINDS: tuple[tuple[str, Promise, Q], ...] = (
    (
        "live-in-cancelled",
        _("Still has a place in a lesson that was cancelled"),
        Q(booking__status=B.CANCELLED) & ~Q(status=P.CANCELLED),
    ),
    (
        "attended-not-completed",
        _("Marked as present in a lesson that is not completed"),
        Q(status=P.ATTENDED) & ~Q(booking__status__in=(B.COMPLETED, B.CANCELLED)),
    ),
    (
        "booked-in-closed",
        _("Neither present nor absent in a lesson that is closed"),
        Q(status=P.BOOKED, booking__status__in=(B.COMPLETED, B.NO_SHOW)),
    ),
    (
        "absent-in-open",
        _("Marked as absent in a lesson that is still open"),
        Q(status=P.ABSENT, booking__status__in=(B.DRAFT, B.PENDING, B.CONFIRMED)),
    ),
)
FORGOTTEN_MEANS = _("Nobody said how the lesson went for more than 14 days")


@dataclass(frozen=True, slots=True)
class StaleAttendance:
    """One kind of attendance that does not fit: how many, and some of them, the newest first."""

    code: str
    means: Promise
    count: int
    sample: Sequence[Participation]


def stale_attendance(bookings: QuerySet[Booking], *, at: datetime) -> list[StaleAttendance]:
    """What does not fit among these bookings at ``at`` (UTC); two queries for each kind."""
    places = Participation.objects.filter(booking__in=bookings.values("pk"))
    forgotten = Q(
        status=P.BOOKED, booking__status=B.CONFIRMED, booking__period__endswith__lt=at - FORGOTTEN
    )
    kinds = (*KINDS, ("never-closed", FORGOTTEN_MEANS, forgotten))
    return [_kind(code, means, places.filter(wrong)) for code, means, wrong in kinds]


def _kind(code: str, means: Promise, found: QuerySet[Participation]) -> StaleAttendance:
    shown = found.select_related(
        "student__membership__user", "booking__lesson_type", "booking__teacher__membership__user"
    )
    sample = list(shown.order_by("-booking__period", "-pk")[:SAMPLE])
    return StaleAttendance(code, means, found.count(), sample)
