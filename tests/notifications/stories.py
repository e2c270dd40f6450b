"""Messages with something to tell."""

import datetime as dt

from bookings.enums import BookingChange, BookingStatus, Party
from bookings.models import Booking, BookingTransition
from notifications.enums import Channel, Event
from notifications.models import Message
from tests.factories import BookingFactory
from tests.notifications.factories import MessageFactory


def transition_of(booking: Booking, **fields: object) -> BookingTransition:
    """The history row that says: this booking was confirmed by its teacher."""
    values = {
        "sequence": 1,
        "change": BookingChange.CREATED,
        "to_status": BookingStatus.CONFIRMED,
        "to_period": booking.period,
        "happened_at": booking.created_at,
        "made_by": booking.created_by,
        "requested_by": Party.TEACHER,
    }
    return BookingTransition.across_schools.create(
        school=booking.school, booking=booking, **(values | fields)
    )


def text_message(
    due_at: dt.datetime,
    *,
    event: Event = Event.BOOKING_CONFIRMED,
    channel: Channel = Channel.SMS,
    address: str = "+4520304050",
    about: str = "lesson",
    like: Message | None = None,
) -> Message:
    """A due message about a confirmed lesson; ``like`` another one tells of the same lesson."""
    if like is None:
        transition = transition_of(BookingFactory())
        school, context = transition.school, lesson_context(transition)
    else:
        school, context = like.school, like.context
    return MessageFactory(
        school=school,
        channel=channel,
        address=address,
        event=event,
        about=about,
        context=context,
        due_at=due_at,
    )


def lesson_context(transition: BookingTransition, audience: str = "student") -> dict[str, object]:
    return {"transition": transition.pk, "audience": audience, "student": "Åse Lind"}
