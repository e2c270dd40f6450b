"""What somebody waits for, and what they were offered, in words."""

from typing import Any

from babel.dates import get_day_names
from django.urls import reverse
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from bookings.enums import WaitingStatus
from bookings.links import offer_token
from bookings.models import WaitingListEntry, WaitingListOffer
from justdriving.templatetags.formats import day, wall_clock, when


def entry_line(entry: WaitingListEntry) -> dict[str, Any]:
    """``entry`` comes from ``queries.waiting.in_line``."""
    return {
        "entry": entry,
        "title": str(entry.lesson_type),
        "wish": wish_in_words(entry),
        "place": _("No. %(position)d in line") % {"position": entry.position},  # type: ignore[attr-defined]  # annotated
        "has_offer": entry.status == WaitingStatus.OFFERED,
        "icon": "calendar-event" if entry.booking else "hourglass-split",
    }


def wish_in_words(entry: WaitingListEntry) -> str:
    """``Tue, Thu · not before 15:00 · Mette Holm``; a session by its time and teacher."""
    if entry.booking:
        return f"{when(entry.booking.period)} · {entry.booking.teacher}"
    names = get_day_names("abbreviated", locale=to_locale(get_language() or "en"))
    parts = (
        ", ".join(names[weekday] for weekday in sorted(entry.weekdays)),
        _("not before %(time)s") % {"time": wall_clock(entry.earliest)} if entry.earliest else "",
        _("over by %(time)s") % {"time": wall_clock(entry.latest)} if entry.latest else "",
        str(entry.teacher or ""),
        str(entry.department or ""),
        _("from %(day)s") % {"day": day(entry.first_day)} if entry.first_day else "",
        _("until %(day)s") % {"day": day(entry.last_day)} if entry.last_day else "",
    )
    return " · ".join(part for part in parts if part) or _("Any time")


def offer_line(offer: WaitingListOffer) -> dict[str, Any]:
    """``offer`` comes from ``queries.waiting.open_offers``."""
    booking = offer.booking
    return {
        "offer": offer,
        "title": str(booking.lesson_type),
        "when": when(booking.period),
        "teacher": str(booking.teacher),
        "url": reverse("bookings:offer", args=[booking.school.slug, offer_token(offer)]),
    }
