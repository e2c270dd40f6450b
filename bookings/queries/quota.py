"""How often somebody else's venue lets the school come, and what is left of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from bookings.models import Resource
from bookings.queries.diary import Diary

WEEK = 7


class Full(NamedTuple):
    """A quota that is used up: ``booked`` of ``most`` on ``day``, or from that Monday on."""

    is_week: bool
    day: date
    booked: int
    most: int


def used_up(diary: Diary, resource: Resource, day: date, booking_id: int | None) -> Iterator[Full]:
    """The quotas of a resource that leave no room for one more booking on a day.

    A confirmed booking that is there already, on that day or in that week, adds nothing to it.
    """
    monday = day - timedelta(days=day.weekday())
    week = [monday + timedelta(days=number) for number in range(WEEK)]
    for is_week, days, most in (
        (False, [day], resource.max_bookings_per_day),
        (True, week, resource.max_bookings_per_week),
    ):
        if most is None or any((booking_id, resource.pk, one) in diary.present for one in days):
            continue
        booked = sum(diary.visits[resource.pk, one] for one in days)
        if booked >= most:
            yield Full(is_week, days[0], booked, most)


def chosen(
    kept: Sequence[Resource], free: Iterable[Resource], has_room: Callable[[Resource], bool]
) -> list[Resource]:
    """Of one kind, what the booking keeps if it can, else the first that still has room.

    Where none has, the quota itself is what speaks against it: it may be overruled.
    """
    if len(kept) > 1 or any(has_room(one) for one in kept):
        return list(kept)
    fallback = list(kept)
    for one in free:
        if has_room(one):
            return [one]
        fallback = fallback or [one]
    return fallback


def room_on(diary: Diary, day: date, booking_id: int | None) -> Callable[[Resource], bool]:
    """Whether a resource can take one more booking on a day."""
    return lambda one: not one.has_quota or next(used_up(diary, one, day, booking_id), None) is None
