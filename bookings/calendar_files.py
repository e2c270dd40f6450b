"""Invitations and feeds that calendars understand: one event through all its changes.

Source: RFC 5545 (the file), 5546 (invitations), 7986 (names and refresh intervals of feeds).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from icalendar import Calendar, Event, vCalAddress, vText

PRODUCT = "-//Just Driving//Calendar//EN"


class Method(StrEnum):
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """``uid`` stays the same for the event's whole life; ``sequence`` grows with each change.

    ``starts_at`` and ``ends_at`` are written in UTC, so no calendar can misread a zone.
    """

    method: Method
    uid: UUID
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    place: str
    url: str
    organizer: Person
    attendee: Person
    stamp: datetime


class Standing(StrEnum):
    """How sure an event of a feed is."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event of a feed; ``changed_at`` is when it last changed (UTC). See Invitation."""

    uid: UUID
    sequence: int
    standing: Standing
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    place: str
    url: str
    changed_at: datetime


def invitation_file(invitation: Invitation) -> bytes:
    """An .ics file: CRLF, lines folded at 75 octets, text escaped."""
    calendar = Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", invitation.method)
    calendar.add_component(_event(invitation))
    return bytes(calendar.to_ical())


def feed_file(name: str, events: Iterable[FeedEvent], *, refresh: timedelta) -> bytes:
    """A calendar to subscribe to, the same bytes for the same events."""
    calendar = Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", "PUBLISH")
    calendar.add("NAME", name)
    calendar.add("X-WR-CALNAME", name)
    calendar.add("REFRESH-INTERVAL", refresh, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", refresh)
    for event in events:
        component = _about(event, event.changed_at, event.standing)
        component.add("LAST-MODIFIED", event.changed_at.astimezone(UTC))
        calendar.add_component(component)
    return bytes(calendar.to_ical())


def _about(event: Invitation | FeedEvent, stamp: datetime, standing: Standing) -> Event:
    component = Event()
    component.add("UID", f"{event.uid}@justdriving")
    component.add("SEQUENCE", event.sequence)
    component.add("DTSTAMP", stamp.astimezone(UTC))
    component.add("DTSTART", event.starts_at.astimezone(UTC))
    component.add("DTEND", event.ends_at.astimezone(UTC))
    component.add("SUMMARY", event.summary)
    component.add("DESCRIPTION", event.description)
    component.add("LOCATION", event.place)
    component.add("URL", event.url)
    component.add("STATUS", standing)
    is_off = standing == Standing.CANCELLED
    component.add("TRANSP", "TRANSPARENT" if is_off else "OPAQUE")
    return component


def _event(invitation: Invitation) -> Event:
    is_off = invitation.method == Method.CANCEL
    standing = Standing.CANCELLED if is_off else Standing.CONFIRMED
    event = _about(invitation, invitation.stamp, standing)
    event.add("ORGANIZER", _address(invitation.organizer))
    attendee = _address(invitation.attendee)
    attendee.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"})
    event.add("ATTENDEE", attendee)
    return event


def _address(person: Person) -> vCalAddress:
    address = vCalAddress(f"mailto:{person.email}")
    address.params["CN"] = vText(person.name.replace('"', "'"))
    return address
