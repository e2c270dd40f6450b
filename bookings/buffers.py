"""How long before and after a lesson a teacher or a thing is kept free."""

from datetime import timedelta
from typing import TypedDict

from administration.models import Teacher
from bookings.models import Booking, BookingResource, LessonType, Resource

Keeper = LessonType | Teacher | Resource | Booking | BookingResource
Buffers = tuple[timedelta, timedelta]
"""Before and after a lesson."""


class Agreed(TypedDict):
    """Minutes, under the names a Booking (for its teacher) and a BookingResource keep them by."""

    buffer_before_minutes: int
    buffer_after_minutes: int


BUFFER_FIELDS = tuple(Agreed.__annotations__)


def agreed_buffers(*keepers: Keeper) -> Agreed:
    """The larger buffer of a lesson type and of a teacher or a thing, each side for itself.

    Not the sum: what they are for happens at the same time. The car is cleaned while the teacher
    drives back or writes things down, and a school that asks for 15 minutes after a kind of lesson
    means the cleaning, too.
    """
    return {
        "buffer_before_minutes": max(one.buffer_before_minutes for one in keepers),
        "buffer_after_minutes": max(one.buffer_after_minutes for one in keepers),
    }


def buffers_of(*keepers: Keeper) -> Buffers:
    """The same as lengths of time; of a Booking or a BookingResource alone, what was agreed."""
    agreed = agreed_buffers(*keepers)
    return (
        timedelta(minutes=agreed["buffer_before_minutes"]),
        timedelta(minutes=agreed["buffer_after_minutes"]),
    )
