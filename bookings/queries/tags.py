"""What to know about a lesson before it begins: the first one, twice a day, out in the weather."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Min, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bookings.enums import BookingStatus, LessonKind, ParticipationStatus
from bookings.models import Booking, Participation
from bookings.queries.venues import awaits_venue

OUTDOORS = frozenset({LessonKind.CLOSED_TRACK, LessonKind.SKID_PAD})
"""Kinds of lessons that ice, storm or heat can stop."""


@dataclass(frozen=True, slots=True)
class Tag:
    text: str | Promise
    tone: str
    icon: str


FIRST = Tag(_("First lesson"), "accent", "star")
TWICE = Tag(_("Twice that day"), "neutral", "arrow-repeat")
WEATHER = Tag(_("Depends on the weather"), "info", "cloud-rain")
AFTERWARDS = Tag(_("Entered afterwards"), "neutral", "pencil")
VENUE = Tag(_("Not yet confirmed by the venue"), "warn", "telephone")


def tags_of(bookings: Sequence[Booking]) -> dict[int, list[Tag]]:
    """The tags of these bookings (read with ``with_everyone``), by id. At most two queries."""
    students = {place.student_id for one in bookings for place in one.participations.all()}
    if not students:
        return {one.pk: _own(one) for one in bookings}
    live = Participation.objects.filter(student__in=students).exclude(
        status=ParticipationStatus.CANCELLED
    )
    first, daily = _first(live), _daily(live, {one.wall_date for one in bookings})
    return {one.pk: _own(one) + _of_student(one, first, daily) for one in bookings}


def _first(live: QuerySet[Participation]) -> dict[int, datetime]:
    """When each student has or had their very first lesson."""
    rows = live.values_list("student").annotate(first=Min("booking__period__startswith"))
    return dict(rows)


def _daily(live: QuerySet[Participation], days: set[date]) -> Mapping[tuple[int, date], int]:
    rows = live.filter(booking__wall_date__in=days)
    counted = rows.values_list("student", "booking__wall_date").annotate(number=Count("pk"))
    return defaultdict(int, {(student, day): number for student, day, number in counted})


def _own(booking: Booking) -> list[Tag]:
    tags = [VENUE] if awaits_venue(booking) else []
    if booking.status == BookingStatus.CONFIRMED and booking.lesson_type.kind in OUTDOORS:
        tags.append(WEATHER)
    if booking.entered_afterwards:
        tags.append(AFTERWARDS)
    return tags


def _of_student(
    booking: Booking, first: Mapping[int, datetime], daily: Mapping[tuple[int, date], int]
) -> list[Tag]:
    """About the only student of a lesson; a class has too many to speak of one."""
    places = booking.participations.all()
    if len(places) != 1 or booking.capacity > 1:
        return []
    student = places[0].student_id
    tags = [FIRST] if first.get(student) == booking.starts_at else []
    return [*tags, TWICE] if daily[student, booking.wall_date] > 1 else tags
