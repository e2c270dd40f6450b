"""Today, so that whoever opens the demonstration finds something to do at any hour."""

import datetime as dt

from bookings.models import Booking
from justdriving.demo.lessons import Diary, Slot
from justdriving.demo.people import Course
from justdriving.kernel.clock import instant_or_next
from justdriving.kernel.transactions import use_case

QUARTER = dt.timedelta(minutes=15)
FIRST_HOUR, LAST_HOUR = 7, 20
REASONS = {
    "teacher-not-available": "Ekstra lektion efter aftale",
    "school-closed": "Ekstra lektion efter aftale",
    "in-the-past": "Indtastet bagefter",
    "daily-cap": "Ekstra lektion efter aftale",
    "teacher-day-full": "Ekstra lektion efter aftale",
    "too-many-bookings-that-week": "Ekstra lektion efter aftale",
    "too-many-open-bookings": "Ekstra lektion efter aftale",
    "prerequisites-missing": "Ekstra lektion efter aftale",
}


@use_case
def fill_today(diary: Diary) -> None:
    """Åse's lesson that is just over, another student's that comes, and Åse's next ones.

    Nothing is done on a day that has them already.
    """
    zone = diary.structure.school.zone
    over = _ended_before(diary.now, zone)
    lessons = Booking.objects.filter(participations__student=diary.aase.student)
    if lessons.filter(wall_date=over.astimezone(zone).date()).exists():
        return
    _extra(diary, diary.aase, over)
    soon = _quarter(diary.now + dt.timedelta(minutes=75))
    if FIRST_HOUR <= soon.astimezone(zone).hour < LAST_HOUR:
        _extra(diary, diary.others[0], soon)
    for days in (1, 8):
        day = diary.today + dt.timedelta(days=days)
        if not lessons.filter(wall_date=day).exists():
            _extra(diary, diary.aase, instant_or_next(day, dt.time(15, 30), zone))


def _quarter(moment: dt.datetime) -> dt.datetime:
    return moment - dt.timedelta(
        minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond
    )


def _ended_before(now: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """The start of a double lesson that has just ended at a decent hour."""
    start = _quarter(now - QUARTER) - dt.timedelta(minutes=90)
    local = start.astimezone(zone)
    if FIRST_HOUR <= local.hour < LAST_HOUR:
        return start
    evening = local.replace(hour=LAST_HOUR - 2, minute=0, second=0, microsecond=0)
    if local.hour < FIRST_HOUR:
        evening -= dt.timedelta(days=1)
    return evening.astimezone(dt.UTC)


def _extra(diary: Diary, course: Course, starts_at: dt.datetime) -> None:
    zone = diary.structure.school.zone
    wall = starts_at.astimezone(zone)
    diary.book(
        Slot(diary.structure.teachers[0], wall.date(), wall.time()),
        [course],
        diary.structure.double,
        by=diary.structure.owner,
        at=min(diary.now, starts_at) - dt.timedelta(days=2),
        overrides=REASONS,
        muted=False,
    )
