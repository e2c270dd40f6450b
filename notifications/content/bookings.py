"""What a message about a lesson says: the lesson as it is when the message leaves."""

from datetime import datetime

from django.conf import settings
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.calendar_files import Invitation, Method, Person, invitation_file
from bookings.enums import BookingStatus, ParticipationStatus, ReasonCategory, ResourceKind
from bookings.models import Booking, BookingTransition, Participation
from bookings.queries.grounds import grounds_of
from justdriving.templatetags.formats import hours, long_day
from notifications.content.facts import Facts, NoLongerTrue
from notifications.enums import Channel, Event, Untrue
from notifications.models import Message
from notifications.parcels import Attachment

HOLDS_WHILE = {
    Event.BOOKING_REQUESTED: {BookingStatus.PENDING},
    Event.BOOKING_TO_ANSWER: {BookingStatus.PENDING},
    Event.BOOKING_CONFIRMED: {BookingStatus.CONFIRMED},
    Event.BOOKING_MOVED: {BookingStatus.PENDING, BookingStatus.CONFIRMED},
    Event.BOOKING_CHANGED: {BookingStatus.PENDING, BookingStatus.CONFIRMED},
}
"""A message that promises a lesson is true only while the booking stands like this."""

AGREES = (Event.BOOKING_REQUESTED, Event.BOOKING_CONFIRMED)
"""What a place costs is agreed upon with these."""


def booking_facts(message: Message) -> Facts:
    """Raises NoLongerTrue when the booking has moved on since the message was queued."""
    transition = BookingTransition.objects.select_related(
        "booking__lesson_type",
        "booking__teacher__membership__user",
        "booking__school",
        "from_teacher__membership__user",
    ).get(pk=message.context["transition"])
    _check(message, transition)
    with timezone.override(transition.booking.timezone):
        return Facts(
            values=_values(message, transition),
            rows=_rows(message, transition),
            url=url_of(transition.booking),
            attachments=_invitations(message, transition),
        )


def _check(message: Message, transition: BookingTransition) -> None:
    event, booking = Event(message.event), transition.booking
    if event not in HOLDS_WHILE:
        return
    if message.context["audience"] == "former_teacher":
        if booking.teacher_id == transition.from_teacher_id:
            raise NoLongerTrue(Untrue.LESSON_DIFFERS)
        return
    if booking.status not in HOLDS_WHILE[event]:
        raise NoLongerTrue(Untrue.LESSON_DIFFERS)
    if event == Event.BOOKING_MOVED and booking.period != transition.to_period:
        raise NoLongerTrue(Untrue.MOVED_AGAIN)
    place = Participation.objects.filter(pk=message.context.get("place"))
    if place.filter(status=ParticipationStatus.CANCELLED).exists():
        raise NoLongerTrue(Untrue.PLACE_GIVEN_UP)


def _values(message: Message, transition: BookingTransition) -> dict[str, object]:
    booking = transition.booking
    shown = transition.to_period if booking.status == BookingStatus.CANCELLED else booking.period
    return {
        "audience": message.context["audience"],
        "student": message.context["student"],
        "copy_of": message.context["student"] if message.context["audience"] == "guardian" else "",
        "lesson": booking.lesson_type.name,
        "teacher": str(booking.teacher),
        "old_teacher": _former_teacher(transition),
        "place": booking.place,
        "period": shown,
        "old_period": transition.from_period,
        "held_until": booking.held_until,
        "by_the_school": transition.requested_by in ("teacher", "school"),
    }


def _former_teacher(transition: BookingTransition) -> str:
    """Who gave the lesson until this change; empty unless it has another teacher now."""
    former = transition.from_teacher
    return str(former) if former and former.pk != transition.booking.teacher_id else ""


def _rows(message: Message, transition: BookingTransition) -> tuple[tuple[str, str], ...]:
    booking = transition.booking
    is_teacher = message.context["audience"] in {"teacher", "new_teacher"}
    is_former = message.context["audience"] == "former_teacher"
    period = transition.from_period if is_former else booking.period
    vehicles = booking.booking_resources.filter(resource__kind=ResourceKind.VEHICLE)
    rows = (
        (_("Lesson"), booking.lesson_type.name),
        (_("Day"), long_day(period.lower)),
        (_("Time"), hours(period)),
        (_("Student"), message.context["student"] if is_teacher or is_former else ""),
        (_("Teacher"), "" if is_teacher else str(booking.teacher)),
        (_("Vehicle"), ", ".join(vehicles.values_list("resource__name", flat=True))),
        (_("Where"), booking.place),
        (_("Note"), booking.note),
        *_own_part(message),
        (_("New price"), "" if is_teacher or is_former else _new_price(transition)),
        (_("Reason"), _reason(transition)),
        (_("Booking"), booking.number),
    )
    return tuple((label, value) for label, value in rows if value)


def _own_part(message: Message) -> tuple[tuple[str, str], ...]:
    """What a new lesson costs its student, and how much of a shared one is theirs."""
    place_id = message.context.get("place")
    is_theirs = message.context["audience"] in {"student", "guardian"}
    if message.event not in AGREES or not is_theirs or place_id is None:
        return ()
    place = Participation.objects.get(pk=place_id)
    own = place.planned_minutes
    minutes = _("%(minutes)d minutes") % {"minutes": own} if own else ""
    return (_("Of these yours"), minutes), (_("Price"), place.price.localized())


def _new_price(transition: BookingTransition) -> str:
    """What the lesson costs since its student moved it, if that changed."""
    minor = transition.to_price_minor
    return "" if minor is None else transition.booking.school.money(minor).localized()


def _reason(transition: BookingTransition) -> str:
    if transition.to_status != BookingStatus.NO_SHOW:
        is_known = transition.reason_category == ReasonCategory.EXPIRED
        return "" if is_known else ": ".join(filter(None, grounds_of(transition)))
    sorry = _("The teacher did not come. We are sorry; you pay nothing for it.")
    return f"{sorry} {transition.reason}".strip()


def url_of(booking: Booking) -> str:
    path = reverse("bookings:detail", args=[booking.school.slug, booking.pk])
    return f"{settings.SITE_URL}{path}"


def _invitations(message: Message, transition: BookingTransition) -> tuple[Attachment, ...]:
    """The calendar file: for what is confirmed, and to take back what was."""
    booking = transition.booking
    if message.context["audience"] == "former_teacher" or message.event in (
        Event.BOOKING_CANCELLED,
        Event.BOOKING_EXPIRED,
    ):
        method, wanted = Method.CANCEL, transition.from_status == BookingStatus.CONFIRMED
    else:
        method, wanted = Method.REQUEST, booking.status == BookingStatus.CONFIRMED
    if not wanted or message.channel != Channel.EMAIL:
        return ()
    file = invitation_file(invitation_of(message, booking, method, transition.happened_at))
    name = "invite.ics" if method == Method.REQUEST else "cancel.ics"
    return (Attachment(name, f"text/calendar; method={method}", file),)


def invitation_of(
    message: Message, booking: Booking, method: Method, stamp: datetime
) -> Invitation:
    """SEQUENCE is the number of the booking's latest history row, so that a cancellation too
    counts as newer than everything before it.
    """
    school, url = booking.school, url_of(booking)
    latest = booking.transitions.aggregate(last=Max("sequence"))["last"] or 0
    return Invitation(
        method=method,
        uid=booking.uid,
        sequence=latest,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        summary=f"{booking.lesson_type.name} · {school.name}",
        description=_("With %(teacher)s. %(url)s") % {"teacher": booking.teacher, "url": url},
        place=booking.place,
        url=url,
        organizer=Person(school.name, school.email),
        attendee=Person(message.to_name, message.address),
        stamp=stamp,
    )
