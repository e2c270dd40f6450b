"""The ways out, each through its real client against a local server with a journal."""

import datetime as dt

import pytest
import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
)

from notifications.channels import Unreachable
from notifications.channels.console import Console
from notifications.channels.email import Email, provider_answer
from notifications.channels.sms import Sms
from notifications.enums import Outcome
from notifications.parcels import Attachment, Handed, Parcel
from notifications.policies import Answer
from tests.fakes import smtp_server, twilio_server
from tests.notifications.factories import MessageFactory

PARCEL = Parcel(
    key=7,
    address="aase@people.example",
    to_name="Åse Lind",
    sender_name="Nordlys Køreskole",
    reply_to="office@nordlys.example",
    subject="Din lektion er booket",
    text="Hej Åse\n",
    html="<p>Hej Åse</p>",
    attachments=(Attachment("invite.ics", "text/calendar; method=REQUEST", b"BEGIN\r\nEND\r\n"),),
)
TEXT = Parcel(
    key=8,
    address="+4520304050",
    to_name="Åse Lind",
    sender_name="Nordlys Køreskole",
    reply_to="",
    subject="",
    text="Din lektion er booket",
)


def handed(parcel: Parcel, provider_id: str = "") -> Handed:
    moment = dt.datetime.now(dt.UTC)
    return Handed(parcel.key, parcel.address, parcel.text, moment, provider_id)


def mailed(parcel: Parcel = PARCEL) -> Answer:
    way = Email()
    way.open()
    try:
        return way.send(parcel)
    finally:
        way.close()


def failed(status: int) -> AnymailAPIError:
    """What an Anymail backend raises when the provider answers with this HTTP status."""
    response = requests.Response()
    response.status_code = status
    return AnymailRequestsAPIError(response=response)


def texted(parcel: Parcel = TEXT) -> Answer:
    way = Sms()
    try:
        return way.send(parcel)
    finally:
        way.close()


def found(parcel: Parcel = TEXT) -> Answer:
    way = Sms()
    try:
        return way.find(handed(parcel))
    finally:
        way.close()


def test_an_email_arrives_with_both_bodies_and_its_file(mail_server, settings):
    settings.SITE_URL = "https://drive.example"

    assert mailed() == Answer(Outcome.TAKEN)

    (mail,) = mail_server.mailbox.taken
    parts = [part.get_content_type() for part in mail.walk() if not part.is_multipart()]
    assert parts == ["text/plain", "text/html", "text/calendar"]
    assert mail["Message-ID"] == "<message-7@drive.example>"
    assert mail["To"].addresses[0].display_name == "Åse Lind"
    assert mail["From"].addresses[0].display_name == "Nordlys Køreskole"
    assert mail["Reply-To"] == "office@nordlys.example"
    (calendar,) = mail.iter_attachments()
    assert calendar.get_filename() == "invite.ics"
    assert calendar["Content-Type"].params["method"] == "REQUEST"


def test_a_line_break_in_a_subject_cannot_add_a_header(mail_server):
    with pytest.raises(ValueError, match="newline"):
        mailed(Parcel(1, "a@b.example", "", "S", "", "Hi\nBcc: all@b.example", "t"))

    assert mail_server.mailbox.taken == []


@pytest.mark.parametrize(
    ("behaviour", "outcome", "taken"),
    (
        (smtp_server.REFUSE_NOW, Outcome.NOT_TAKEN, 0),
        (smtp_server.REFUSE_FOREVER, Outcome.REFUSED, 0),
        (smtp_server.DROP_BEFORE_TAKING, Outcome.UNKNOWN, 0),
        (smtp_server.DROP_AFTER_TAKING, Outcome.UNKNOWN, 1),
    ),
)
def test_what_a_mail_server_says_is_understood(mail_server, behaviour, outcome, taken):
    mail_server.mailbox.behaviour = behaviour

    assert (mailed().outcome, len(mail_server.mailbox.taken)) == (outcome, taken)


def test_a_mail_server_that_is_not_there_was_handed_nothing(mail_server, settings):
    settings.EMAIL_PORT = 1

    with pytest.raises(Unreachable):
        mailed()


def test_a_connection_that_died_is_opened_anew(mail_server):
    way = Email()
    way.open()
    way._connection.connection.sock.close()
    way.open()

    assert way.send(PARCEL).outcome == Outcome.TAKEN
    way.close()


def test_a_mail_server_cannot_be_asked(mail_server):
    assert Email().find(handed(PARCEL)).outcome == Outcome.REFUSED


def test_a_text_message_carries_the_way_back_to_us(exchange, settings):
    settings.SITE_URL = "https://drive.example"

    answer = texted()

    (sms,) = exchange.exchange.taken
    assert answer == Answer(Outcome.TAKEN, provider_id=sms["sid"])
    assert sms["to"] == "+4520304050"
    assert sms["from"] == "+4512345678"
    assert sms["body"] == "Din lektion er booket"
    assert sms["status_callback"] == "https://drive.example/webhooks/twilio/8"


def test_a_messaging_service_may_pick_the_number(exchange, settings):
    settings.TWILIO_FROM = "MG0123456789abcdef"

    assert texted().outcome == Outcome.TAKEN
    assert exchange.exchange.taken[0]["from"] == "MG0123456789abcdef"


@pytest.mark.parametrize(
    ("behaviour", "outcome", "retry_after", "taken"),
    (
        (twilio_server.DROP_AFTER_TAKING, Outcome.UNKNOWN, None, 1),
        (twilio_server.FAIL_AFTER_TAKING, Outcome.UNKNOWN, None, 1),
        (twilio_server.FAIL, Outcome.UNKNOWN, None, 0),
        (twilio_server.BUSY, Outcome.NOT_TAKEN, 300, 0),
        (twilio_server.TOO_MANY, Outcome.NOT_TAKEN, 7, 0),
        (twilio_server.BAD_KEY, Outcome.NOT_TAKEN, None, 0),
        (twilio_server.BAD_NUMBER, Outcome.REFUSED, None, 0),
    ),
)
def test_what_twilio_says_is_understood(exchange, behaviour, outcome, retry_after, taken):
    exchange.exchange.behaviour = behaviour

    answer = texted()

    wait = None if retry_after is None else dt.timedelta(seconds=retry_after)
    assert (answer.outcome, answer.retry_after) == (outcome, wait)
    assert len(exchange.exchange.taken) == taken


def test_twilio_that_is_not_there_leaves_a_doubt_that_is_cleared_later(exchange, settings, db):
    settings.TWILIO_API_BASE = "http://127.0.0.1:1"
    assert texted().outcome == Outcome.UNKNOWN

    settings.TWILIO_API_BASE = exchange.url
    assert found().outcome == Outcome.NOT_TAKEN


def test_a_text_message_in_doubt_is_recognised_by_number_and_words(exchange, db):
    exchange.exchange.behaviour = twilio_server.DROP_AFTER_TAKING
    texted()

    assert found() == Answer(Outcome.TAKEN, provider_id=exchange.exchange.taken[0]["sid"])
    assert found(Parcel(9, TEXT.address, "", "", "", "", "Other words")) == Answer(
        Outcome.NOT_TAKEN
    )
    assert found(Parcel(9, "+4599999999", "", "", "", "", TEXT.text)) == Answer(Outcome.NOT_TAKEN)


def test_the_same_words_sent_before_are_not_mistaken_for_these(exchange, db):
    sid = texted().provider_id
    MessageFactory(status="sent", provider="twilio", provider_id=sid)

    assert found() == Answer(Outcome.NOT_TAKEN)


def test_old_words_to_the_number_are_not_mistaken_for_these(exchange, db):
    texted()
    exchange.exchange.taken[0]["date_created"] = "Mon, 02 Mar 2026 09:00:00 +0000"

    assert found() == Answer(Outcome.NOT_TAKEN)


def test_twilio_that_cannot_answer_leaves_the_doubt(exchange, db):
    exchange.exchange.can_list = False

    assert found().outcome == Outcome.UNKNOWN


def test_what_twilio_already_reported_needs_no_question(exchange):
    way = Sms()

    assert way.find(handed(TEXT, "SM1")) == Answer(Outcome.TAKEN, provider_id="SM1")
    way.close()


@pytest.mark.parametrize(
    ("error", "outcome"),
    (
        (AnymailRecipientsRefused(), Outcome.REFUSED),
        (failed(400), Outcome.REFUSED),
        (failed(401), Outcome.NOT_TAKEN),
        (failed(429), Outcome.NOT_TAKEN),
        (failed(500), Outcome.UNKNOWN),
        (failed(503), Outcome.UNKNOWN),
        (AnymailError("connection lost"), Outcome.UNKNOWN),
    ),
    ids=str,
)
def test_what_another_provider_says_is_understood(error, outcome):
    assert provider_answer(error).outcome == outcome


def test_the_console_takes_everything_and_remembers_nothing(caplog):
    caplog.set_level("INFO")
    way = Console()
    way.open()

    assert way.send(TEXT) == Answer(Outcome.TAKEN, is_delivered=True)
    assert way.find(handed(TEXT)).outcome == Outcome.REFUSED
    assert "Din lektion er booket" in caplog.text
    way.close()
