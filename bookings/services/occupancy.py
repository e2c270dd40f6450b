"""The one writer of Occupancy: whose time a booking takes, and the last word on a clash."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from bookings.buffers import Buffers, buffers_of
from bookings.enums import OCCUPYING
from bookings.models import Booking, Occupancy
from justdriving.kernel.policy import Refusal
from justdriving.kernel.rows import insert
from justdriving.kernel.transactions import refusing


@dataclass(frozen=True, slots=True)
class Claim:
    """Who and what a booking takes. ``overlapping`` are students allowed to be in two lessons.

    ``things`` are by id the times a resource is kept free before and after.
    """

    teacher_user_id: int
    student_user_ids: Collection[int]
    things: Mapping[int, Buffers]
    overlapping: frozenset[int] = frozenset()


def occupy(
    booking: Booking,
    claim: Claim | None,
    refusals: Mapping[str, Callable[[], Refusal]] | None = None,
    *,
    is_new: bool = False,
) -> None:
    """Make the occupancy of a booking exactly what it now takes; nothing for ``claim=None``.

    The teacher is taken with the buffers of the booking, each resource with its own, students for
    the lesson itself. A violated exclusion constraint becomes its refusal in ``refusals``.
    """
    if not is_new:
        Occupancy.objects.filter(booking=booking).delete()
    if claim is None or booking.status not in OCCUPYING:
        return
    with refusing(refusals or {}):
        insert(_rows(booking, claim))


def _rows(booking: Booking, claim: Claim) -> list[Occupancy]:
    def row(period: DateTimeTZRange, **owner: object) -> Occupancy:
        return Occupancy(school_id=booking.school_id, booking=booking, period=period, **owner)

    return [
        row(_around(booking, buffers_of(booking)), user_id=claim.teacher_user_id),
        *(
            row(booking.period, user_id=user_id, is_exclusive=user_id not in claim.overlapping)
            for user_id in claim.student_user_ids
        ),
        *(
            row(_around(booking, buffers), resource_id=resource_id)
            for resource_id, buffers in claim.things.items()
        ),
    ]


def _around(booking: Booking, buffers: Buffers) -> DateTimeTZRange:
    before, after = buffers
    return DateTimeTZRange(booking.starts_at - before, booking.ends_at + after)
