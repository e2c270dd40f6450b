"""The doctor sees each fault of the outbox, and only that one."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from justdriving.doctor import examine
from notifications.enums import Event, MessageStatus
from notifications.invariants import INVARIANTS
from notifications.models import Message
from tests.factories import NOW, BookingFactory
from tests.notifications.factories import MessageFactory
from tests.notifications.stories import lesson_context, transition_of

S = MessageStatus
MINUTE = dt.timedelta(minutes=1)


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def late() -> str:
    message = MessageFactory(due_at=timezone.now() - dt.timedelta(minutes=15, seconds=1))
    return f"message {message.pk} (account_notice) is queued"


def false_promise() -> str:
    booking = BookingFactory(status="cancelled")
    confirmed = transition_of(booking)
    cancelled = transition_of(
        booking, sequence=2, change="status", from_status="confirmed", to_status="cancelled"
    )
    message = MessageFactory(
        school=booking.school,
        event=Event.BOOKING_CONFIRMED,
        status=S.SENT,
        context=lesson_context(confirmed),
        handed_over_at=cancelled.happened_at + MINUTE + dt.timedelta(seconds=1),
    )
    return f"message {message.pk} (booking_confirmed) left after booking {booking.pk} was cancelled"


def told_twice() -> str:
    sql("ALTER TABLE notifications_message DROP CONSTRAINT message_queued_once")
    first = MessageFactory(status=S.SENT)
    again = {"recipient": first.recipient, "about": first.about, "school": first.school}
    MessageFactory(status=S.SENT, **again)
    return f"2 messages tell account_notice about {first.about} to {first.address}"


def a_try_is_missing() -> str:
    message = MessageFactory(status=S.SENT)
    Message.across_schools.filter(pk=message.pk).update(attempts=2)
    return f"message {message.pk} was tried 2 times and has 1 rows"


def never_taken() -> str:
    message = MessageFactory(status=S.SENT, attempts=0, handed_over_at=None)
    return f"message {message.pk} is sent without a taker"


@pytest.mark.parametrize(
    ("plant", "code"),
    (
        (late, "notifications.final_in_time"),
        (false_promise, "notifications.nothing_false"),
        (told_twice, "notifications.told_once"),
        (a_try_is_missing, "notifications.tries_counted"),
        (never_taken, "notifications.sent_was_taken"),
    ),
)
def test_the_doctor_sees_the_planted_fault_and_nothing_else(db, plant, code):
    fault = plant()

    (finding,) = examine(INVARIANTS)

    assert (finding.code, finding.count) == (code, 1)
    assert finding.sample[0].endswith(fault)


@pytest.mark.parametrize(
    "fields",
    (
        {"status": S.SENT},
        {"status": S.FAILED},
        {"status": S.SUPPRESSED},
        {"status": S.UNKNOWN, "handed_over_at": NOW},
    ),
)
def test_a_settled_message_may_be_old(db, fields):
    MessageFactory(**fields)

    assert examine(INVARIANTS) == []


def test_a_message_that_is_being_tried_is_healthy(db):
    message = MessageFactory(status=S.SENDING, due_at=timezone.now(), handed_over_at=NOW)
    Message.across_schools.filter(pk=message.pk).update(attempts=1)

    assert examine(INVARIANTS) == []
