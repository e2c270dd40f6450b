"""What a student is told who got seats in a series: every date, with its teacher and place."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from bookings.enums import BookingStatus, ParticipationStatus
from bookings.models import Booking, Participation
from justdriving.templatetags.formats import when
from notifications.content.facts import Facts, NoLongerTrue
from notifications.enums import Untrue
from notifications.models import Message

OPEN = (BookingStatus.PENDING, BookingStatus.CONFIRMED)


def seats_facts(message: Message) -> Facts:
    """Raises NoLongerTrue when none of the seats is the student's any more."""
    sessions = _sessions(message)
    if not sessions:
        raise NoLongerTrue(Untrue.PLACE_GIVEN_UP)
    first, is_copy = sessions[0], message.context["audience"] == "guardian"
    path = reverse("bookings:list", args=[first.school.slug])
    with timezone.override(first.timezone):
        return Facts(
            values={
                "copy_of": message.context["student"] if is_copy else "",
                "count": len(sessions),
                "lesson": first.lesson_type.name,
                "first": first.period.lower,
            },
            rows=tuple((when(one.period), _words(one)) for one in sessions),
            url=f"{settings.SITE_URL}{path}",
        )


def _sessions(message: Message) -> list[Booking]:
    held = Participation.objects.filter(pk__in=message.context["places"]).exclude(
        status=ParticipationStatus.CANCELLED
    )
    rows = Booking.objects.filter(pk__in=held.values("booking"), status__in=OPEN)
    related = rows.select_related("school", "lesson_type", "teacher__membership__user")
    return list(related.order_by("period", "pk"))


def _words(booking: Booking) -> str:
    parts = (booking.lesson_type.name, str(booking.teacher), booking.place)
    return ", ".join(part for part in parts if part)
