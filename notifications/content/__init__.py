"""From a row to the words that leave: made when they leave, in the reader's language and zone."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from django.conf import settings
from django.template import Context, Engine, TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils import timezone, translation

from justdriving.kernel.tenancy import school_scope
from notifications.content.bookings import booking_facts
from notifications.content.facts import Facts, NoLongerTrue
from notifications.content.learning import signature_facts
from notifications.content.money import credit_note_facts, invoice_facts, receipt_facts
from notifications.content.offers import offer_facts
from notifications.content.people import (
    email_confirmation_facts,
    invitation_facts,
    known_already_facts,
    notice_facts,
    password_reset_facts,
    unknown_account_facts,
    welcome_facts,
)
from notifications.content.reminders import reminder_facts
from notifications.content.seats import seats_facts
from notifications.content.sick_days import sick_day_facts
from notifications.enums import Channel, Event
from notifications.models import Message
from notifications.parcels import Parcel
from notifications.policies import gsm_text

__all__ = ["FACTS", "NoLongerTrue", "compose"]

FACTS: dict[Event, Callable[[Message], Facts]] = {
    Event.WELCOME: welcome_facts,
    Event.KNOWN_ALREADY: known_already_facts,
    Event.INVITATION: invitation_facts,
    Event.BOOKING_REQUESTED: booking_facts,
    Event.BOOKING_TO_ANSWER: booking_facts,
    Event.BOOKING_CONFIRMED: booking_facts,
    Event.BOOKING_MOVED: booking_facts,
    Event.BOOKING_CHANGED: booking_facts,
    Event.BOOKING_CANCELLED: booking_facts,
    Event.BOOKING_DECLINED: booking_facts,
    Event.BOOKING_EXPIRED: booking_facts,
    Event.WAITING_OFFER: offer_facts,
    Event.SEATS_GIVEN: seats_facts,
    Event.SICK_DAY: sick_day_facts,
    Event.SIGNATURE_REQUESTED: signature_facts,
    Event.INVOICE: invoice_facts,
    Event.CREDIT_NOTE: credit_note_facts,
    Event.RECEIPT: receipt_facts,
    Event.REMINDER: reminder_facts,
    Event.PASSWORD_RESET: password_reset_facts,
    Event.UNKNOWN_ACCOUNT: unknown_account_facts,
    Event.EMAIL_CONFIRMATION: email_confirmation_facts,
    Event.ACCOUNT_NOTICE: notice_facts,
}


def compose(message: Message) -> Parcel:
    """The words of ``message`` as things stand now.

    Raises NoLongerTrue when it must not be sent any more.
    """
    with _as_the_reader(message):
        facts = FACTS[Event(message.event)](message)
        values = {
            **facts.values,
            "name": (facts.values.get("copy_of") or message.to_name).split(" ")[0],
            "school": message.school.name if message.school else "Just Driving",
            "url": facts.url,
        }
        words = partial(_words, Event(message.event), values)
        if message.channel == Channel.SMS:
            return _parcel(message, facts, subject="", text=gsm_text(words("sms")))
        return _letter(message, facts, words)


@contextmanager
def _as_the_reader(message: Message) -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(translation.override(message.language))
        if message.school:
            stack.enter_context(school_scope(message.school.pk))
            stack.enter_context(timezone.override(message.school.zone))
        yield


def _words(event: Event, values: dict[str, Any], part: str) -> str:
    """One part of the event's template. It is plain text: what becomes HTML is escaped there."""
    try:
        return _plain(f"messages/{event}.txt#{part}", values).strip()
    except TemplateDoesNotExist:
        return ""


def _plain(template: str, values: dict[str, Any]) -> str:
    """A template of plain text: nothing in it is escaped."""
    found = Engine.get_default().get_template(template)
    return str(found.render(Context(values, autoescape=False)))


def _letter(message: Message, facts: Facts, words: Callable[[str], str]) -> Parcel:
    text = words("body")
    values = {
        "language": message.language,
        "subject": " ".join(words("subject").split()),
        "paragraphs": [" ".join(lines.split()) for lines in text.split("\n\n") if lines.strip()],
        "rows": facts.rows,
        "button": words("button") if facts.url else "",
        "after": words("after"),
        "url": facts.url,
        "copy_of": facts.values.get("copy_of", ""),
        "school": message.school,
        "sender": _sender(message),
        "site_url": settings.SITE_URL,
        "accent": message.school.accent if message.school else "#0b6b5c",
        "accent_dark": message.school.accent_dark if message.school else "#55c8b0",
    }
    return _parcel(
        message,
        facts,
        subject=values["subject"],
        text=re.sub(r"\n{3,}", "\n\n", _plain("messages/letter.txt", values)).strip() + "\n",
        html=render_to_string("messages/letter.html", values),
    )


def _sender(message: Message) -> str:
    return message.school.name if message.school else "Just Driving"


def _parcel(message: Message, facts: Facts, *, subject: str, text: str, html: str = "") -> Parcel:
    return Parcel(
        key=message.pk,
        address=message.address,
        to_name=" ".join(message.to_name.split()),
        sender_name=_sender(message),
        reply_to=message.school.email if message.school else "",
        subject=subject[:255],
        text=text,
        html=html,
        attachments=facts.attachments,
        secrets=facts.secrets,
    )
