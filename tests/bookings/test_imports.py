"""Busy times from somebody's own calendar: read to the second, repeated, and never the words."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from icalendar import Calendar, Event, vRecur

from bookings.models import Absence, ImportedCalendar
from bookings.services.imports import busy_times, import_busy_times, joined, remove_import
from justdriving.kernel.policy import Refused
from tests.factories import NOON, NOW

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
HOUR = dt.timedelta(hours=1)


def file_with(*events: Event) -> bytes:
    calendar = Calendar()
    calendar.add("PRODID", "-//test//")
    calendar.add("VERSION", "2.0")
    for number, event in enumerate(events):
        event.add("UID", f"{number}@test")
        event.add("DTSTAMP", NOW)
        calendar.add_component(event)
    return calendar.to_ical()


def event(start, end=None, **more) -> Event:
    made = Event()
    made.add("SUMMARY", "Dentist, very private")
    made.add("DTSTART", start)
    made.add("DTEND", end or start + HOUR)
    for name, value in more.items():
        made.add(name, value)
    return made


def utc(*parts) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)


def test_an_event_is_busy_from_its_start_to_its_end():
    spans = busy_times(file_with(event(NOON)), NOW, COPENHAGEN)
    assert spans == [(NOON, NOON + HOUR)]


def test_a_weekly_event_keeps_its_wall_time_when_the_clock_changes():
    """Summer time begins on 29 March 2026: 18.00 is 17.00 UTC before and 16.00 UTC after."""
    start = dt.datetime(2026, 3, 26, 18, tzinfo=COPENHAGEN)
    weekly = event(start, RRULE=vRecur(FREQ="WEEKLY", COUNT=2))
    assert busy_times(file_with(weekly), NOW, COPENHAGEN) == [
        (utc(2026, 3, 26, 17), utc(2026, 3, 26, 18)),
        (utc(2026, 4, 2, 16), utc(2026, 4, 2, 17)),
    ]


def test_a_repeating_event_leaves_out_its_exceptions():
    weekly = event(NOON, RRULE=vRecur(FREQ="WEEKLY", COUNT=3), EXDATE=NOON + dt.timedelta(days=7))
    starts = [span[0] for span in busy_times(file_with(weekly), NOW, COPENHAGEN)]
    assert starts == [NOON, NOON + dt.timedelta(days=14)]


def test_an_endless_event_is_read_a_year_ahead():
    daily = event(NOON, RRULE=vRecur(FREQ="DAILY"))
    spans = busy_times(file_with(daily), NOW, COPENHAGEN)
    assert spans[-1][0].date() == NOW.date() + dt.timedelta(days=366)


def test_a_whole_day_is_that_day_of_the_school():
    holiday = event(dt.date(2026, 3, 10), dt.date(2026, 3, 11))
    assert busy_times(file_with(holiday), NOW, COPENHAGEN) == [
        (utc(2026, 3, 9, 23), utc(2026, 3, 10, 23))
    ]


def test_a_time_without_a_zone_is_the_schools():
    floating = event(dt.datetime(2026, 3, 10, 12), dt.datetime(2026, 3, 10, 13))  # noqa: DTZ001 -- that is the point
    assert busy_times(file_with(floating), NOW, COPENHAGEN)[0][0] == utc(2026, 3, 10, 11)


@pytest.mark.parametrize("words", ({"TRANSP": "TRANSPARENT"}, {"STATUS": "CANCELLED"}))
def test_what_takes_no_time_is_left_out(words):
    assert busy_times(file_with(event(NOON, **words)), NOW, COPENHAGEN) == []


@pytest.mark.parametrize(("ends_at", "kept"), ((NOW, 0), (NOW + dt.timedelta(seconds=1), 1)))
def test_what_is_over_is_left_out(ends_at, kept):
    file = file_with(event(NOW - HOUR, ends_at))
    assert len(busy_times(file, NOW, COPENHAGEN)) == kept


@pytest.mark.parametrize(
    "content", (b"", b"hello", b"\xff\xfe\x00", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCAL")
)
def test_what_is_no_calendar_is_refused(content):
    with pytest.raises(Refused) as refused:
        busy_times(content, NOW, COPENHAGEN)
    assert refused.value.refusal.code == "not-a-calendar"


def test_a_file_that_is_too_big_is_refused():
    with pytest.raises(Refused) as refused:
        busy_times(b"x" * 2_000_001, NOW, COPENHAGEN)
    assert refused.value.refusal.code == "file-too-big"


def test_times_that_touch_are_one():
    one, two, three, four = (NOON + number * HOUR for number in range(1, 5))
    assert joined([(NOON, one), (one, two), (three, four)]) == [(NOON, two), (three, four)]


def import_file(cast, content, **changes):
    values = {
        "teacher_id": cast.teacher.pk,
        "by": cast.teacher.membership,
        "at": NOW,
        "name": "own.ics",
        "content": content,
    }
    return import_busy_times(**values | changes)


def test_the_next_file_of_the_name_replaces_the_one_before(cast):
    import_file(cast, file_with(event(NOON), event(NOON + 5 * HOUR)))
    import_file(cast, file_with(event(NOON + HOUR)))
    assert [absence.period.lower for absence in Absence.objects.all()] == [NOON + HOUR]


def test_only_the_times_are_kept(cast):
    import_file(cast, file_with(event(NOON)))
    assert "Dentist" not in str([vars(row) for row in Absence.objects.all()])


def test_a_refused_file_changes_nothing(cast):
    import_file(cast, file_with(event(NOON)))
    with pytest.raises(Refused):
        import_file(cast, b"no calendar")
    assert Absence.objects.count() == 1


def test_removing_a_calendar_gives_the_times_back(cast):
    calendar = import_file(cast, file_with(event(NOON)))
    for _ in range(2):
        remove_import(
            calendar_id=calendar.pk, teacher_id=cast.teacher.pk, by=cast.teacher.membership
        )
    assert Absence.objects.count() == 0


def test_nobody_imports_for_a_colleague(cast):
    with pytest.raises(Refused):
        import_file(cast, file_with(event(NOON)), by=cast.other_teacher.membership)


def upload(client, cast, content, name="own.ics"):
    address = f"/schools/{cast.school.slug}/bookings/availability/{cast.teacher.pk}/busy/"
    with time_machine.travel(NOW, tick=False):
        return client.post(address, {"file": SimpleUploadedFile(name, content)}, follow=True)


def test_the_page_says_what_came_and_what_it_meets(cast, signed_in, book):
    book()
    answer = upload(signed_in(cast.teacher), cast, file_with(event(NOON)))
    words = answer.content.decode()
    assert "1 busy time was imported." in words
    assert "1 lesson is booked in a time that is now busy." in words


@pytest.mark.parametrize(("name", "content"), (("own.ics", b"nothing"), ("own.txt", b"x")))
def test_the_page_refuses_with_words(cast, signed_in, name, content):
    answer = upload(signed_in(cast.teacher), cast, content, name)
    assert answer.status_code == 422
    assert ImportedCalendar.objects.count() == 0


def test_a_colleagues_page_is_not_found(cast, signed_in):
    assert upload(signed_in(cast.other_teacher), cast, file_with(event(NOON))).status_code == 404
