"""How the calendar's words look: the tone and icon of a status, the map of an address."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.translation import gettext as _

from bookings.enums import BookingStatus, LessonKind, ParticipationStatus
from bookings.models import Booking, Participation
from bookings.queries.attendance import Presence
from bookings.queries.feed import NAMED
from bookings.queries.prices import steps_of
from bookings.queries.tags import Tag

register = template.Library()

LOOKS: dict[str, tuple[str, str]] = {
    BookingStatus.DRAFT: ("neutral", "pencil"),
    BookingStatus.PENDING: ("warn", "hourglass-split"),
    BookingStatus.CONFIRMED: ("ok", "check-circle"),
    BookingStatus.COMPLETED: ("info", "check2-all"),
    BookingStatus.CANCELLED: ("neutral", "x-circle"),
    BookingStatus.NO_SHOW: ("bad", "person-x"),
}
ICONS: dict[str, str] = {
    LessonKind.PRACTICAL: "car-front",
    LessonKind.THEORY: "book",
    LessonKind.CLOSED_TRACK: "signpost-split",
    LessonKind.SKID_PAD: "speedometer2",
    LessonKind.EXAM: "mortarboard",
    LessonKind.SEMINAR: "people",
}


@register.filter
def status_tone(status: str) -> str:
    return LOOKS[status][0]


@register.filter
def status_icon(status: str) -> str:
    return LOOKS[status][1]


@register.filter
def kind_icon(kind: str) -> str:
    return ICONS.get(kind, "calendar-event")


@register.filter
def map_url(place: str) -> str:
    """Where a phone opens its map for this address."""
    return "https://www.google.com/maps/search/?" + urlencode({"api": 1, "query": place})


@register.filter
def lesson_name(booking: Booking) -> str:
    """Whom a lesson is known by: its students, else its class or what it teaches."""
    live = [
        place
        for place in booking.participations.all()
        if place.status != ParticipationStatus.CANCELLED
    ]
    if live and booking.capacity <= NAMED:
        return " + ".join(str(place.student) for place in live[:NAMED])
    return str(booking.group or booking.template or booking.lesson_type)


@register.filter
def of_booking(tags: Mapping[int, list[Tag]], booking: Booking) -> list[Tag]:
    return tags.get(booking.pk, [])


@register.filter
def presence_of(presence: Mapping[int, Presence], place: Participation) -> Presence | None:
    return presence.get(place.pk)


@register.filter
def on_day(look: Any, day: date) -> str:
    """The address of that day in the calendar, with the same filters."""
    return str(look.query(view="day", date=day.isoformat()))


@register.filter
def price_steps(place: Participation) -> list[dict[str, Any]]:
    """How the price of a place came about; nothing when it is simply the standard one."""
    return steps_of(place)


@register.filter
def in_hours(minutes: int) -> str:
    """``37 t. 30 min.`` in the reader's language; whole hours without minutes."""
    whole, rest = divmod(minutes, 60)
    if not rest:
        return _("%(hours)s h") % {"hours": whole}
    return _("%(hours)s h %(minutes)s min") % {"hours": whole, "minutes": rest}
