"""Platform administrators look at messages; nobody edits them."""

import datetime as dt

import pytest
from django.urls import reverse

from notifications.models import DemoMessage
from tests.factories import UserFactory
from tests.notifications.factories import MessageFactory

NOW = dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC)


@pytest.fixture
def admin(client, db):
    user = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("fields", ({}, {"school": None}), ids=("of a school", "of an account"))
def test_a_message_can_be_read_and_not_changed(admin, fields):
    message = MessageFactory(status="sent", subject="Hello", **fields)
    address = reverse("admin:notifications_message_change", args=[message.pk])

    assert admin.get(reverse("admin:notifications_message_changelist")).status_code == 200
    assert b"Hello" in admin.get(address).content
    assert admin.post(address, {"subject": "Other"}).status_code == 403
    message.refresh_from_db()
    assert message.subject == "Hello"


def test_tries_can_be_read(admin):
    MessageFactory(status="sent")

    page = admin.get(reverse("admin:notifications_messageattempt_changelist"))

    assert b"#1: taken" in page.content


def test_what_the_demonstration_sent_can_be_read(admin):
    sent = DemoMessage.objects.create(
        message=MessageFactory(status="sent"), text="Hello", channel="email", sent_at=NOW
    )

    page = admin.get(reverse("admin:notifications_demomessage_change", args=[sent.pk]))

    assert (page.status_code, b"Hello" in page.content) == (200, True)
