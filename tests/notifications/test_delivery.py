"""The outbox: what becomes of a message when all goes well, and when anything goes wrong."""

import datetime as dt
from dataclasses import dataclass

import pytest

from justdriving.doctor import examine
from notifications import services
from notifications.enums import Channel, Event, MessageStatus, Outcome
from notifications.invariants import INVARIANTS
from notifications.models import Message
from notifications.policies import BACK_OFF, MAX_ATTEMPTS, MAX_INTERRUPTIONS, Answer
from notifications.services import delivery
from tests.fakes import smtp_server, twilio_server
from tests.fakes.smtp_server import SmtpServer
from tests.fakes.twilio_server import TwilioServer
from tests.notifications.factories import MessageFactory
from tests.notifications.stories import text_message

S = MessageStatus


class Killed(BaseException):
    """The worker is gone: nothing after this line of its code happens."""


class Clock:
    """A clock that stands still until it is moved on."""

    def __init__(self) -> None:
        self.now = dt.datetime.now(dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def pass_by(self, **time: float) -> "Clock":
        self.now += dt.timedelta(**time)
        return self


@pytest.fixture
def clock() -> Clock:
    return Clock()


def due(clock: Clock, **fields: object) -> Message:
    return MessageFactory(due_at=clock.now - dt.timedelta(seconds=1), **fields)


def state(message: Message) -> tuple[str, int]:
    message.refresh_from_db()
    return message.status, message.attempts


def tries(message: Message) -> list[str]:
    return list(message.tries(manager="across_schools").values_list("outcome", flat=True))


def test_a_due_message_is_sent_once_and_what_was_said_is_kept(db, mail_server, clock):
    message = due(clock)

    assert services.deliver_due(clock=clock) == 1
    assert services.deliver_due(clock=clock) == 0

    assert mail_server.mailbox.addresses() == [message.address]
    assert state(message) == (S.SENT, 1)
    assert message.subject == "Your account was changed"
    assert "Your password was changed." in message.body
    assert message.sent_at == clock.now
    assert tries(message) == [Outcome.TAKEN]


def test_a_message_of_tomorrow_waits(db, mail_server, clock):
    MessageFactory(due_at=clock.now + dt.timedelta(days=1))

    assert services.deliver_due(clock=clock) == 0


def test_two_workers_never_hold_the_same_message(db, clock):
    for _ in range(5):
        due(clock)

    first = services.claim(at=clock(), limit=3, worker="one")
    second = services.claim(at=clock(), limit=3, worker="two")

    assert len(first) == 3
    assert len(second) == 2
    assert {one.pk for one in first}.isdisjoint(two.pk for two in second)


def test_a_lease_that_ran_out_lets_another_worker_in_and_the_first_one_out(
    db, mail_server, clock, settings
):
    due(clock)
    (mine,) = services.claim(at=clock(), limit=1, worker="slow")
    clock.pass_by(seconds=settings.MESSAGE_LEASE_SECONDS + 1)
    services.deliver_due(clock=clock)

    with delivery.Ways() as ways:
        services.deliver(mine, way=ways[mine.channel], clock=clock)

    assert len(mail_server.mailbox.taken) == 1


@pytest.mark.parametrize(
    ("behaviour", "status", "again_in"),
    (
        (smtp_server.REFUSE_NOW, S.QUEUED, BACK_OFF[0]),
        (smtp_server.REFUSE_FOREVER, S.FAILED, None),
        (smtp_server.DROP_BEFORE_TAKING, S.UNKNOWN, BACK_OFF[0]),
    ),
)
def test_what_follows_from_a_bad_answer(db, mail_server, clock, behaviour, status, again_in):
    mail_server.mailbox.behaviour = behaviour
    message = due(clock)

    services.deliver_due(clock=clock)

    assert state(message) == (status, 1)
    assert message.wake_at == (again_in and clock.now + again_in)
    assert message.last_error != ""


def test_an_unreachable_server_is_tried_eight_times_and_then_given_up(
    db, mail_server, clock, settings
):
    settings.EMAIL_PORT = 1
    message = due(clock)

    for wait in (dt.timedelta(), *BACK_OFF):
        clock.now += wait
        services.deliver_due(clock=clock)

    assert state(message) == (S.FAILED, MAX_ATTEMPTS)
    assert tries(message) == [Outcome.NOT_TAKEN] * MAX_ATTEMPTS
    assert services.deliver_due(clock=clock.pass_by(days=1)) == 0


def test_a_server_that_recovers_gets_the_message(db, mail_server, clock):
    mail_server.mailbox.behaviour = smtp_server.REFUSE_NOW
    message = due(clock)
    services.deliver_due(clock=clock)

    mail_server.mailbox.behaviour = smtp_server.OK
    services.deliver_due(clock=clock.pass_by(minutes=1))

    assert state(message) == (S.SENT, 2)
    assert message.last_error == ""


def test_a_provider_that_asks_to_wait_longer_is_waited_for(db, exchange, clock):
    exchange.exchange.behaviour = twilio_server.BUSY
    message = text_message(clock.now)

    services.deliver_due(clock=clock)

    assert state(message) == (S.QUEUED, 1)
    assert message.wake_at == clock.now + dt.timedelta(minutes=5)


@pytest.mark.parametrize(
    "behaviour", (twilio_server.DROP_AFTER_TAKING, twilio_server.FAIL_AFTER_TAKING)
)
def test_a_text_message_in_doubt_is_asked_for_and_not_repeated(db, exchange, clock, behaviour):
    exchange.exchange.behaviour = behaviour
    message = text_message(clock.now)
    services.deliver_due(clock=clock)
    assert state(message) == (S.UNKNOWN, 1)

    exchange.exchange.behaviour = twilio_server.OK
    services.deliver_due(clock=clock.pass_by(minutes=1))

    assert state(message) == (S.SENT, 1)
    assert message.provider_id == exchange.exchange.taken[0]["sid"]
    assert len(exchange.exchange.taken) == 1


def test_a_text_message_that_never_arrived_is_sent_again(db, exchange, clock):
    exchange.exchange.behaviour = twilio_server.FAIL
    message = text_message(clock.now)
    services.deliver_due(clock=clock)

    exchange.exchange.behaviour = twilio_server.OK
    services.deliver_due(clock=clock.pass_by(minutes=1))

    assert state(message) == (S.SENT, 2)
    assert len(exchange.exchange.taken) == 1


def test_a_provider_that_never_answers_leaves_an_uncertain_message(db, exchange, clock):
    exchange.exchange.behaviour = twilio_server.DROP_AFTER_TAKING
    exchange.exchange.can_list = False
    message = text_message(clock.now)

    for _ in range(15):
        services.deliver_due(clock=clock)
        clock.pass_by(minutes=1)

    assert state(message) == (S.UNKNOWN, 1)
    assert message.wake_at is None
    assert len(exchange.exchange.taken) == 1


@pytest.mark.parametrize(
    ("event", "status", "times"),
    (
        (Event.BOOKING_CONFIRMED, S.UNKNOWN, 1),
        (Event.BOOKING_CANCELLED, S.SENT, 2),
    ),
)
def test_an_email_in_doubt_is_repeated_only_when_it_cancels_a_lesson(
    db, mail_server, clock, event, status, times
):
    mail_server.mailbox.behaviour = smtp_server.DROP_AFTER_TAKING
    message = text_message(clock.now, event=event, channel=Channel.EMAIL, address="a@b.example")
    message_id = f"<message-{message.pk}@localhost>"
    services.deliver_due(clock=clock)

    mail_server.mailbox.behaviour = smtp_server.OK
    services.deliver_due(clock=clock.pass_by(minutes=1))

    assert state(message)[0] == status
    assert mail_server.mailbox.ids() == [message_id] * times
    assert message.wake_at is None


POINTS = ("_hand_over", "_send", "settle", "_note", "_apply")
EXPECTED = {
    Channel.SMS: {},
    # A mail server cannot be asked: from the moment before the call until the answer is written
    # the mail stays uncertain, and the office sees it. It never leaves twice.
    Channel.EMAIL: {
        ("_hand_over", True): (0, S.UNKNOWN),
        ("_send", False): (0, S.UNKNOWN),
        ("_send", True): (1, S.UNKNOWN),
        ("settle", False): (1, S.UNKNOWN),
        ("_note", False): (1, S.UNKNOWN),
        ("_note", True): (1, S.UNKNOWN),
        ("_apply", False): (1, S.UNKNOWN),
        ("_apply", True): (1, S.UNKNOWN),
    },
}


@dataclass(frozen=True)
class Ends:
    """Both ends of the line, and the clock between them."""

    mail: SmtpServer
    exchange: TwilioServer
    clock: Clock

    def journal(self, channel: str) -> list[object]:
        return self.exchange.exchange.taken if channel == Channel.SMS else self.mail.mailbox.taken


@pytest.fixture
def ends(db, mail_server, exchange, clock) -> Ends:
    return Ends(mail_server, exchange, clock)


def kill_once(monkeypatch, point: str, *, after: bool) -> None:
    """The worker dies once, right before or right after ``point``."""
    real, calls = getattr(delivery, point), []

    def deadly(*args, **kwargs):
        result = real(*args, **kwargs) if after else None
        if not calls:
            calls.append(point)
            raise Killed
        return result if after else real(*args, **kwargs)

    monkeypatch.setattr(delivery, point, deadly)


@pytest.mark.parametrize("after", (False, True), ids=("before", "after"))
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("channel", Channel.values)
def test_a_worker_killed_anywhere_neither_loses_nor_repeats(
    ends, settings, monkeypatch, point, after, channel
):
    address = "+4520304050" if channel == Channel.SMS else "aase@people.example"
    message = text_message(ends.clock.now, channel=channel, address=address)
    kill_once(monkeypatch, point, after=after)

    with pytest.raises(Killed):
        services.deliver_due(clock=ends.clock)
    for _ in range(3):
        ends.clock.pass_by(seconds=settings.MESSAGE_LEASE_SECONDS + 1)
        services.deliver_due(clock=ends.clock)

    copies, status = EXPECTED[channel].get((point, after), (1, S.SENT))
    assert (len(ends.journal(channel)), state(message)[0]) == (copies, status)
    assert examine(INVARIANTS) == []


@pytest.mark.parametrize(("asked_first", "copies"), ((True, 1), (False, 2)), ids=("asked", "blind"))
def test_without_asking_first_a_killed_worker_means_two_copies(
    ends, settings, monkeypatch, asked_first, copies
):
    """The negative control: the same death with the protection switched off."""
    text_message(ends.clock.now)
    kill_once(monkeypatch, "_send", after=True)
    if not asked_first:
        monkeypatch.setattr(Message, "is_in_doubt", False)

    with pytest.raises(Killed):
        services.deliver_due(clock=ends.clock)
    services.deliver_due(clock=ends.clock.pass_by(seconds=settings.MESSAGE_LEASE_SECONDS + 1))

    assert len(ends.journal(Channel.SMS)) == copies


def test_two_equal_texts_in_doubt_recognise_one_each(db, exchange, clock):
    first = text_message(clock.now)
    second = text_message(clock.now, about="twin", like=first)
    exchange.exchange.behaviour = twilio_server.DROP_AFTER_TAKING
    services.deliver_due(clock=clock)

    exchange.exchange.behaviour = twilio_server.OK
    for _ in range(3):
        services.deliver_due(clock=clock.pass_by(minutes=1))

    sids = {message["sid"] for message in exchange.exchange.taken}
    assert {state(first)[0], state(second)[0]} == {S.SENT}
    assert {first.provider_id, second.provider_id} == sids
    assert len(exchange.exchange.taken) == 2


class OddWay:
    """A way out that breaks in ways no provider should."""

    name = "odd"

    def open(self):
        pass

    def send(self, parcel):
        raise RuntimeError("a bug in the client")

    def find(self, handed):
        return Answer(Outcome.TAKEN, provider_id="the same for all")

    def close(self):
        pass


def test_a_client_that_breaks_while_sending_leaves_a_doubt(db, clock):
    message = due(clock)
    (claimed,) = services.claim(at=clock(), limit=1, worker="one")

    services.deliver(claimed, way=OddWay(), clock=clock)

    assert state(message) == (S.UNKNOWN, 1)
    assert "a bug in the client" in message.last_error


def test_one_taken_message_settles_one_doubt_only(db, clock):
    for _ in range(2):
        due(clock, status=S.UNKNOWN, handed_over_at=clock(), provider="odd", wake_at=clock())

    for claimed in services.claim(at=clock(), limit=2, worker="one"):
        services.deliver(claimed, way=OddWay(), clock=clock)

    settled = Message.across_schools.order_by("pk").values_list("status", "provider_id")
    assert list(settled) == [(S.SENT, "the same for all"), (S.UNKNOWN, "")]


def test_words_that_cannot_be_made_are_tried_again_and_then_reported(db, mail_server, clock):
    message = due(clock, event=Event.INVITATION, context={})
    other = due(clock)

    for wait in (dt.timedelta(), *BACK_OFF):
        clock.now += wait
        services.deliver_due(clock=clock)

    assert state(message) == (S.FAILED, MAX_ATTEMPTS)
    assert "KeyError" in message.last_error
    assert state(other) == (S.SENT, 1)


def test_a_message_that_ends_its_workers_is_given_up(db, clock, settings):
    message = due(clock, status=S.SENDING, interruptions=MAX_INTERRUPTIONS)

    assert services.claim(at=clock(), limit=5, worker="brave") == []
    assert state(message) == (S.FAILED, 0)


def test_the_secret_link_of_a_mail_is_sent_and_not_kept(db, mail_server, clock):
    message = due(clock, event=Event.PASSWORD_RESET, context={}, school=None)

    services.deliver_due(clock=clock)

    text = mail_server.mailbox.taken[0].get_body(("plain",)).get_content()
    assert "/accounts/password/reset/key/" in text
    message.refresh_from_db()
    assert "/accounts/password/reset/key/" not in message.body
    assert "[…]" in message.body
    assert message.context == {}


def test_a_queue_of_many_needs_one_claim_for_each_batch(
    db, demo_channels, clock, django_assert_num_queries
):
    for _ in range(delivery.BATCH):
        due(clock)

    with django_assert_num_queries(4):
        assert len(services.claim(at=clock(), limit=delivery.BATCH, worker="one")) == delivery.BATCH
