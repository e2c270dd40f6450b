"""Twilio's reports: believed when signed for the public address, and only forwards."""

import pytest
from django.urls import reverse
from twilio.request_validator import RequestValidator

from justdriving.doctor import examine
from notifications.enums import MessageStatus
from notifications.invariants import INVARIANTS
from tests.factories import NOW
from tests.notifications.factories import MessageFactory

TOKEN = "secret-token"  # noqa: S105 -- of the test
S = MessageStatus


@pytest.fixture(autouse=True)
def account(settings):
    settings.SITE_URL = "https://drive.example"
    settings.TWILIO_AUTH_TOKEN = TOKEN


@pytest.fixture
def message(db):
    return MessageFactory(status=S.SENT, channel="sms", provider="twilio", provider_id="SM1")


def report(client, message, word, *, sid="SM1", signed_for=None, token=TOKEN, **more):
    path = reverse("twilio_status", args=[message.pk])
    form = {"MessageSid": sid, "MessageStatus": word, **more}
    url = signed_for or f"https://drive.example{path}"
    signature = RequestValidator(token).compute_signature(url, form)
    return client.post(path, form, headers={"X-Twilio-Signature": signature}).status_code


def status_of(message):
    message.refresh_from_db()
    return message.status


@pytest.mark.parametrize(
    ("word", "status"),
    (
        ("queued", S.SENT),
        ("sent", S.SENT),
        ("delivered", S.DELIVERED),
        ("undelivered", S.FAILED),
        ("failed", S.FAILED),
        ("something new", S.SENT),
    ),
)
def test_a_signed_report_is_believed(client, message, word, status):
    assert report(client, message, word) == 204
    assert status_of(message) == status


def test_the_reason_of_a_failure_is_kept(client, message):
    report(client, message, "undelivered", ErrorCode="30003")

    message.refresh_from_db()
    assert message.last_error == "30003"


@pytest.mark.parametrize(
    "forgery",
    (
        {"token": "another token"},
        {"signed_for": "https://evil.example/webhooks/twilio/1"},
        {"signed_for": "http://drive.example/webhooks/twilio/1"},
    ),
)
def test_a_forged_report_is_turned_away(client, message, forgery):
    assert report(client, message, "failed", **forgery) == 403
    assert status_of(message) == S.SENT


def test_without_an_account_nobody_is_believed(client, message, settings):
    settings.TWILIO_AUTH_TOKEN = ""

    assert report(client, message, "failed", token="") == 403


def test_reports_in_any_order_and_twice_end_the_same(client, message):
    for word in ("delivered", "sent", "queued", "delivered", "failed"):
        report(client, message, word)

    assert status_of(message) == S.DELIVERED


def test_a_report_about_another_text_is_not_about_this_message(client, message):
    report(client, message, "failed", sid="SM2")

    assert status_of(message) == S.SENT


def test_a_report_clears_the_doubt(client, db):
    message = MessageFactory(
        status=S.UNKNOWN, channel="sms", provider="twilio", handed_over_at=NOW, wake_at=NOW
    )

    report(client, message, "sent")

    assert status_of(message) == S.SENT
    assert (message.provider_id, message.wake_at) == ("SM1", None)


def test_a_report_about_a_message_that_never_left_changes_nothing(client, db):
    message = MessageFactory(channel="sms")

    report(client, message, "delivered")

    assert status_of(message) == S.QUEUED


def test_a_report_about_no_message_is_taken_quietly(client, message):
    message.pk = 0
    assert report(client, message, "delivered") == 204


def test_only_posts_are_heard(client, message):
    assert client.get(reverse("twilio_status", args=[message.pk])).status_code == 405


def test_the_doctor_finds_nothing_after_reports(client, message):
    report(client, message, "delivered")

    assert examine(INVARIANTS) == []
