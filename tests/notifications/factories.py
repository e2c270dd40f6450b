"""Rows of notifications for tests."""

import factory

from notifications.enums import Channel, Event, MessageStatus, Outcome
from notifications.models import DemoMessage, Message, MessageAttempt
from tests.factories import NOW, AcrossSchools, SchoolFactory, UserFactory


class MessageFactory(AcrossSchools):
    """A notice about the account, due now: the one event that needs nothing but its own row."""

    class Meta:
        model = Message
        skip_postgeneration_save = True

    school = factory.SubFactory(SchoolFactory)
    recipient = factory.SubFactory(UserFactory)
    to_name = factory.SelfAttribute("recipient.full_name")
    address = factory.SelfAttribute("recipient.email")
    channel = Channel.EMAIL
    event = Event.ACCOUNT_NOTICE
    about = factory.Sequence(lambda n: f"account:{n}")
    context = factory.LazyFunction(lambda: {"notice": "password_changed"})
    language = "en"
    due_at = NOW
    status = MessageStatus.QUEUED
    wake_at = factory.LazyAttribute(
        lambda o: o.due_at if o.status in {"queued", "sending"} else None
    )
    created_at = factory.SelfAttribute("due_at")
    sent_at = factory.LazyAttribute(
        lambda o: o.due_at if o.status in {"sent", "delivered"} else None
    )
    handed_over_at = factory.SelfAttribute("sent_at")
    attempts = factory.LazyAttribute(lambda o: 1 if o.sent_at else 0)

    @factory.post_generation
    def tries(message, create, extracted, **kwargs):  # noqa: N805 -- factory_boy passes the object
        for number in range(1, message.attempts + 1):
            MessageAttempt.across_schools.create(
                school=message.school,
                message=message,
                number=number,
                outcome=Outcome.TAKEN,
                happened_at=message.due_at,
            )


class DemoMessageFactory(AcrossSchools):
    class Meta:
        model = DemoMessage

    message = factory.SubFactory(MessageFactory, status=MessageStatus.DELIVERED)
    channel = factory.SelfAttribute("message.channel")
    sender = "Nordlys <no-reply@site.example>"
    to_name = factory.SelfAttribute("message.to_name")
    address = factory.SelfAttribute("message.address")
    subject = factory.Sequence(lambda n: f"Subject {n}")
    text = "Words"
    html = "<p>Words</p>"
    sent_at = NOW
