"""Busy times from a calendar file that a teacher uploads: they become times away."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import recurring_ical_events
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from administration.models import Membership, Teacher
from administration.permissions import Permission, may
from bookings.models import Absence, ImportedCalendar
from justdriving.kernel.clock import instant_or_next
from justdriving.kernel.policy import Refusal, Refused
from justdriving.kernel.transactions import use_case

HORIZON = timedelta(days=366)
MOST_BYTES = 2_000_000
MOST_EVENTS = 5_000

Span = tuple[datetime, datetime]


@use_case
def import_busy_times(
    *, teacher_id: int, by: Membership, at: datetime, name: str, content: bytes
) -> ImportedCalendar:
    """Replace what a file of this ``name`` said before by what it says now, for a year ahead.

    Repeating events are written out; what is free, cancelled or over is left out; only when, never
    what, is kept. ``at`` is now, UTC; times without a zone and whole days are the school's. Raises
    Refused ``not_yours``, ``file-too-big``, ``not-a-calendar``, ``too-many-events``.
    """
    teacher = Teacher.objects.select_for_update(of=("self",)).get(pk=teacher_id)
    if teacher.membership_id != by.pk and not may(by, Permission.MANAGE_TEACHERS):
        raise Refused(Refusal("not_yours", _("You can only import your own calendar.")))
    spans = joined(busy_times(content, at, by.school.zone))
    calendar, _new = ImportedCalendar.objects.update_or_create(
        school_id=teacher.school_id,
        teacher=teacher,
        name=name,
        defaults={"imported_at": at, "imported_by": by.user},
    )
    calendar.absences.all().delete()
    Absence.objects.bulk_create(
        Absence(
            school_id=teacher.school_id,
            teacher=teacher,
            period=DateTimeTZRange(*span),
            imported_from=calendar,
        )
        for span in spans
    )
    return calendar


@use_case
def remove_import(*, calendar_id: int, teacher_id: int, by: Membership) -> None:
    """Forget an imported calendar and its busy times; gone already is fine."""
    teacher = Teacher.objects.select_for_update(of=("self",)).get(pk=teacher_id)
    if teacher.membership_id != by.pk and not may(by, Permission.MANAGE_TEACHERS):
        raise Refused(Refusal("not_yours", _("You can only import your own calendar.")))
    ImportedCalendar.objects.filter(pk=calendar_id, teacher=teacher).delete()


def busy_times(content: bytes, at: datetime, zone: ZoneInfo) -> list[Span]:
    """The busy times (UTC) of a calendar file from ``at`` on, a year ahead, in order."""
    if len(content) > MOST_BYTES:
        message = _("The file is too big: at most %(size)d MB.") % {"size": MOST_BYTES // 10**6}
        raise Refused(Refusal("file-too-big", message))
    try:
        calendar = Calendar.from_ical(content)
        events = _events(calendar, at)
        return sorted(span for event in events if (span := _span(event, zone)) and span[1] > at)
    except Refused:
        raise
    except Exception as error:  # the parser meets whatever people upload
        message = _("This is not a calendar file. Export your calendar as .ics and choose that.")
        raise Refused(Refusal("not-a-calendar", message)) from error


def _events(calendar: Calendar, at: datetime) -> Iterator[Event]:
    found = recurring_ical_events.of(calendar).after(at.astimezone(UTC))
    for number, event in enumerate(found):
        if _day(event.start) > (at + HORIZON).date():
            return
        if number >= MOST_EVENTS:
            message = _("The file has more than %(most)d events in a year.")
            raise Refused(Refusal("too-many-events", message % {"most": MOST_EVENTS}))
        yield event


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _span(event: Event, zone: ZoneInfo) -> Span | None:
    """When an event takes its owner's time, UTC; None when it does not."""
    is_free = str(event.get("TRANSP", "")).upper() == "TRANSPARENT"
    if is_free or str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    lower, upper = (_instant(bound, zone) for bound in (event.start, event.end))
    return (lower, upper) if lower < upper else None


def _instant(moment: date, zone: ZoneInfo) -> datetime:
    if not isinstance(moment, datetime):
        return instant_or_next(moment, time(), zone)
    if moment.tzinfo is None:
        return instant_or_next(moment.date(), moment.time(), zone)
    return moment.astimezone(UTC)


def joined(spans: list[Span]) -> list[Span]:
    """Sorted spans with those that touch made one."""
    result: list[Span] = []
    for lower, upper in spans:
        if result and lower <= result[-1][1]:
            result[-1] = (result[-1][0], max(upper, result[-1][1]))
        else:
            result.append((lower, upper))
    return result
