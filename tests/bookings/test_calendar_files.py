"""Invitations: read back by a strict parser, folded and escaped as the standard wants."""

import datetime as dt
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from bookings.calendar_files import Invitation, Method, Person, invitation_file

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
LONG = "Mødested: hjørnet, bag ved »Kiosken«; ring 12 34 56 78.\nHusk briller\\linser. " * 3


def invitation(**changes) -> Invitation:
    values = {
        "method": Method.REQUEST,
        "uid": UUID("6f1c1c3e-6d64-4f5f-9f29-0d8f8d9c7f11"),
        "sequence": 3,
        "starts_at": dt.datetime(2026, 3, 5, 12, tzinfo=COPENHAGEN),
        "ends_at": dt.datetime(2026, 3, 5, 13, 30, tzinfo=COPENHAGEN),
        "summary": "Køretime; by, landevej",
        "description": LONG,
        "place": "Nørrebrogade 1, 2200 København N",
        "url": "https://drive.example/schools/nordlys/bookings/1/",
        "organizer": Person("Nordlys Køreskole", "office@nordlys.example"),
        "attendee": Person('Åse "Å" Lind', "aase@people.example"),
        "stamp": dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC),
    }
    return Invitation(**values | changes)


def event_of(made: Invitation):
    calendar = Calendar.from_ical(invitation_file(made))
    (event,) = calendar.walk("VEVENT")
    return calendar, event


def test_what_was_written_is_read_back():
    calendar, event = event_of(invitation())

    assert calendar["METHOD"] == "REQUEST"
    assert calendar["VERSION"] == "2.0"
    assert event["UID"] == "6f1c1c3e-6d64-4f5f-9f29-0d8f8d9c7f11@justdriving"
    assert event["SEQUENCE"] == 3
    assert event["SUMMARY"] == "Køretime; by, landevej"
    assert event["DESCRIPTION"] == LONG
    assert event["LOCATION"] == "Nørrebrogade 1, 2200 København N"
    assert event["STATUS"] == "CONFIRMED"
    assert event["ORGANIZER"] == "mailto:office@nordlys.example"
    assert event["ATTENDEE"] == "mailto:aase@people.example"
    assert event["ATTENDEE"].params["CN"] == "Åse 'Å' Lind"


def test_times_are_written_in_utc():
    _, event = event_of(invitation())

    assert event.decoded("DTSTART") == dt.datetime(2026, 3, 5, 11, tzinfo=dt.UTC)
    assert event.decoded("DTEND") == dt.datetime(2026, 3, 5, 12, 30, tzinfo=dt.UTC)
    assert b"DTSTART:20260305T110000Z" in invitation_file(invitation())


@pytest.mark.parametrize(
    ("month", "day", "utc_hour"), ((3, 28, 11), (3, 29, 10), (10, 24, 10), (10, 25, 11))
)
def test_noon_stays_noon_over_both_change_nights(month, day, utc_hour):
    noon = dt.datetime(2026, month, day, 12, tzinfo=COPENHAGEN)
    _, event = event_of(invitation(starts_at=noon, ends_at=noon + dt.timedelta(hours=1)))

    assert event.decoded("DTSTART").hour == utc_hour


def test_a_cancellation_takes_the_same_event_back():
    calendar, event = event_of(invitation(method=Method.CANCEL, sequence=4))

    assert calendar["METHOD"] == "CANCEL"
    assert event["STATUS"] == "CANCELLED"
    assert event["UID"] == "6f1c1c3e-6d64-4f5f-9f29-0d8f8d9c7f11@justdriving"


def test_lines_end_and_fold_as_the_standard_wants():
    raw = invitation_file(invitation())

    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 75
    assert "SUMMARY:Køretime\\; by\\, landevej\r\n".encode() in raw


def test_a_name_cannot_add_a_line():
    calendar, event = event_of(invitation(summary="Hi\r\nATTENDEE:mailto:all@evil.example"))

    assert event["ATTENDEE"] == "mailto:aase@people.example"
    assert len(calendar.walk("VEVENT")) == 1
