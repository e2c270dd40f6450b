"""Which bookings a member may see, and which they may change: the query is the check."""

from typing import Any

from django.shortcuts import get_object_or_404

from administration.access import MemberRequest
from administration.permissions import Permission, may
from bookings.models import Booking

RELATED = (
    "school",
    "department",
    "lesson_type",
    "teacher__membership__user",
    "cancellation_terms",
)


def changeable(request: MemberRequest) -> Any:
    """The bookings this member may change: staff by who teaches or manages, a student their own."""
    bookings = Booking.objects.visible_to(request.membership)
    if request.membership.is_staff_role:
        return bookings.taught_by_or_managed_by(request.membership)
    return bookings if may(request.membership, Permission.BOOK) else bookings.none()


def get_booking(bookings: Any, booking_id: int) -> Booking:
    """The booking with everything a page about it shows, or a 404."""
    rows = bookings.select_related(*RELATED).prefetch_related(
        "participations__student__membership__user",
        "booking_resources__resource",
        "cancellation_terms__steps",
    )
    booking: Booking = get_object_or_404(rows, pk=booking_id)
    return booking
