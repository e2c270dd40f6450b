"""What follows from an answer, and how words fit a text message."""

import datetime as dt

import pytest

from notifications.enums import Event, MessageStatus, Outcome
from notifications.policies import (
    ASK_FOR,
    BACK_OFF,
    MAX_ATTEMPTS,
    Answer,
    Fate,
    after_report,
    fate_after,
    fate_in_doubt,
    gsm_text,
    sms_parts,
)
from tests.factories import NOW

S = MessageStatus
SECOND = dt.timedelta(seconds=1)


def test_six_tries_fall_into_the_first_quarter_of_an_hour():
    moments = [sum(BACK_OFF[:number], dt.timedelta()) for number in range(MAX_ATTEMPTS)]

    assert sum(moment <= dt.timedelta(minutes=15) for moment in moments) == 6


@pytest.mark.parametrize(
    ("answer", "attempts", "fate"),
    (
        (Answer(Outcome.TAKEN), 1, Fate(S.SENT)),
        (Answer(Outcome.TAKEN, is_delivered=True), 1, Fate(S.DELIVERED)),
        (Answer(Outcome.REFUSED), 1, Fate(S.FAILED)),
        (Answer(Outcome.NOT_TAKEN), 1, Fate(S.QUEUED, NOW + BACK_OFF[0])),
        (Answer(Outcome.NOT_TAKEN), 7, Fate(S.QUEUED, NOW + BACK_OFF[6])),
        (Answer(Outcome.NOT_TAKEN), 8, Fate(S.FAILED)),
        (Answer(Outcome.UNKNOWN), 1, Fate(S.UNKNOWN, NOW + BACK_OFF[0], in_doubt=True)),
        (Answer(Outcome.UNKNOWN), 8, Fate(S.UNKNOWN, NOW + BACK_OFF[6], in_doubt=True)),
    ),
)
def test_what_follows_from_an_answer(answer, attempts, fate):
    assert fate_after(answer, attempts=attempts, at=NOW) == fate


@pytest.mark.parametrize(
    ("wish", "wait"), ((1, BACK_OFF[0]), (600, dt.timedelta(seconds=600))), ids=str
)
def test_the_longer_wait_counts(wish, wait):
    answer = Answer(Outcome.NOT_TAKEN, retry_after=dt.timedelta(seconds=wish))

    assert fate_after(answer, attempts=1, at=NOW).wake_at == NOW + wait


UNSURE = Fate(S.UNKNOWN, in_doubt=True)


@pytest.mark.parametrize(
    ("found", "event", "since", "fate"),
    (
        (Answer(Outcome.TAKEN), Event.INVOICE, SECOND, Fate(S.SENT)),
        (Answer(Outcome.NOT_TAKEN), Event.INVOICE, SECOND, None),
        (Answer(Outcome.REFUSED), Event.INVOICE, SECOND, UNSURE),
        (Answer(Outcome.REFUSED), Event.BOOKING_CANCELLED, SECOND, None),
        (
            Answer(Outcome.UNKNOWN),
            Event.INVOICE,
            ASK_FOR - SECOND,
            Fate(S.UNKNOWN, NOW + BACK_OFF[0], in_doubt=True),
        ),
        (Answer(Outcome.UNKNOWN), Event.INVOICE, ASK_FOR, UNSURE),
        (Answer(Outcome.UNKNOWN), Event.BOOKING_CANCELLED, ASK_FOR, None),
    ),
)
def test_what_follows_when_nobody_knows_whether_it_was_taken(found, event, since, fate):
    assert fate == fate_in_doubt(found, event=event, attempts=1, handed_over_at=NOW - since, at=NOW)


@pytest.mark.parametrize(
    ("found", "event", "fate"),
    (
        (Answer(Outcome.NOT_TAKEN), Event.INVOICE, Fate(S.FAILED)),
        (Answer(Outcome.REFUSED), Event.BOOKING_CANCELLED, UNSURE),
    ),
)
def test_after_the_last_try_nothing_is_repeated(found, event, fate):
    assert fate == fate_in_doubt(
        found, event=event, attempts=MAX_ATTEMPTS, handed_over_at=NOW, at=NOW
    )


@pytest.mark.parametrize(
    ("current", "reported", "becomes"),
    (
        (S.SENT, S.DELIVERED, S.DELIVERED),
        (S.SENT, S.FAILED, S.FAILED),
        (S.SENT, S.SENT, None),
        (S.UNKNOWN, S.SENT, S.SENT),
        (S.SENDING, S.DELIVERED, S.DELIVERED),
        (S.DELIVERED, S.SENT, None),
        (S.DELIVERED, S.FAILED, None),
        (S.FAILED, S.DELIVERED, None),
    ),
)
def test_reports_only_lead_forward(current, reported, becomes):
    assert after_report(current, reported) == becomes


@pytest.mark.parametrize(
    ("text", "plain"),
    (
        ("Ærø, Ålborg, Øster", "Ærø, Ålborg, Øster"),
        ("10.00–11.30", "10.00-11.30"),
        ("“Nørrebro” – it’s…", '"Nørrebro" - it\'s...'),
        ("550,00\N{NO-BREAK SPACE}kr.", "550,00 kr."),
        ("Łukasz Żak", "?ukasz Zak"),
        ("😀", "?"),
    ),
)
def test_words_become_letters_that_every_phone_has(text, plain):
    assert gsm_text(text) == plain


@pytest.mark.parametrize(("length", "parts"), ((0, 1), (160, 1), (161, 2), (306, 2), (307, 3)))
def test_a_long_text_is_cut(length, parts):
    assert sms_parts("a" * length) == parts


def test_a_euro_sign_takes_the_room_of_two():
    assert sms_parts("€" * 80) == 1
    assert sms_parts("€" * 80 + "a") == 2
