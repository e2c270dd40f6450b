"""The search in SQL finds exactly the times against which no rule speaks."""

import datetime as dt
import random
from zoneinfo import ZoneInfo

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from bookings.models import (
    Absence,
    AvailabilityException,
    ClosedDay,
    LessonType,
    OpeningHours,
    ResourceDueDate,
    ResourceOutage,
    WeeklyAvailability,
)
from bookings.queries import free_times
from justdriving.kernel.tenancy import school_scope
from tests.cast import make_cast, make_teacher
from tests.factories import (
    BookingFactory,
    DepartmentFactory,
    StudentFactory,
    VehicleFactory,
)

DAYS = 4
WEEKS = (
    ("Europe/Copenhagen", dt.date(2026, 3, 27)),
    ("Europe/Copenhagen", dt.date(2026, 10, 23)),
    ("America/New_York", dt.date(2026, 3, 6)),
    ("America/New_York", dt.date(2026, 10, 30)),
    ("Australia/Lord_Howe", dt.date(2026, 10, 2)),
    ("Australia/Lord_Howe", dt.date(2026, 4, 3)),
    ("America/Sao_Paulo", dt.date(2018, 11, 2)),
    ("Europe/Copenhagen", dt.date(2026, 6, 8)),
)


class World:
    """A school with whatever chance gives it around a few days."""

    def __init__(self, seed: int, zone: str, first_day: dt.date) -> None:
        self.chance = random.Random(seed)  # noqa: S311 -- the same world for the same seed
        self.first_day, self.zone = first_day, ZoneInfo(zone)
        self.cast = make_cast(timezone=zone)
        self.elsewhere = DepartmentFactory(school=self.cast.school)
        self.teachers = [
            self.cast.teacher,
            self.cast.other_teacher,
            make_teacher(self.cast.school, self.cast.department, "Third"),
        ]
        self.vehicles = [
            self.cast.vehicle,
            self.cast.other_vehicle,
            VehicleFactory(school=self.cast.school, department=self.elsewhere),
        ]
        with school_scope(self.cast.school.pk):
            self.furnish()

    def furnish(self) -> None:
        self.lesson_type()
        self.buffers()
        self.hours()
        self.exceptions()
        self.opening()
        self.closed()
        self.taken()
        self.away()

    def some(self, most: int) -> range:
        return range(self.chance.randint(0, most))

    def time(self, low: int = 0, high: int = 23) -> dt.time:
        return dt.time(self.chance.randint(low, high), self.chance.choice((0, 0, 15, 30, 45)))

    def times(self) -> tuple[dt.time, dt.time]:
        first, second = sorted({self.time(0, 12), self.time(3, 23), dt.time(23, 59)})[:2]
        return first, second

    def day(self) -> dt.date:
        return self.first_day + dt.timedelta(days=self.chance.randint(-1, DAYS))

    def department(self):
        return self.chance.choice((None, None, self.cast.department, self.elsewhere))

    def period(self) -> DateTimeTZRange:
        start = dt.datetime.combine(self.day(), self.time(), tzinfo=self.zone)
        length = dt.timedelta(minutes=self.chance.choice((15, 45, 90, 240, 1000)))
        start = start.astimezone(dt.UTC) + dt.timedelta(seconds=self.chance.choice((0, 0, 7.25)))
        return DateTimeTZRange(start, start + length)

    def lesson_type(self) -> None:
        values = self.chance.choice
        LessonType.objects.update(
            duration_minutes=values((20, 45, 90)),
            slot_minutes=values((15, 30, 50)),
            buffer_before_minutes=values((0, 0, 10)),
            buffer_after_minutes=values((0, 5, 30)),
        )

    def buffers(self) -> None:
        """Some teachers and vehicles need longer than the lesson type before or after."""
        for owner in (*self.teachers, *self.vehicles):
            owner.buffer_before_minutes = self.chance.choice((0, 0, 5, 20))
            owner.buffer_after_minutes = self.chance.choice((0, 0, 10, 40))
            owner.save()

    def hours(self) -> None:
        for row in WeeklyAvailability.objects.all():
            row.starts_at, row.ends_at = self.times()
            row.valid_from = self.chance.choice((row.valid_from, row.valid_from, self.day()))
            row.valid_until = self.chance.choice((None, None, self.day()))
            row.department = self.department()
            row.save()

    def exceptions(self) -> None:
        for _ in self.some(4):
            starts_at, ends_at = self.chance.choice(((None, None), self.times()))
            AvailabilityException.objects.get_or_create(
                school=self.cast.school,
                teacher=self.chance.choice(self.teachers),
                on=self.day(),
                starts_at=starts_at,
                defaults={"ends_at": ends_at, "department": self.department()},
            )

    def opening(self) -> None:
        if self.chance.random() < 0.5:
            return
        for weekday in range(7):
            for _ in range(self.chance.choice((0, 1, 1, 1, 2))):
                opens_at, closes_at = self.times()
                OpeningHours.objects.get_or_create(
                    school=self.cast.school,
                    department=self.department(),
                    weekday=weekday,
                    opens_at=opens_at,
                    defaults={"closes_at": closes_at},
                )

    def closed(self) -> None:
        for _ in self.some(2):
            ClosedDay.objects.get_or_create(
                school=self.cast.school,
                department=self.department(),
                on=self.day(),
                defaults={"name": "Holiday"},
            )

    def taken(self) -> None:
        owners: dict[int, list[DateTimeTZRange]] = {}
        for _ in self.some(14):
            teacher, period = self.chance.choice(self.teachers), self.period()
            vehicle = self.chance.choice((*self.vehicles, None))
            student = self.chance.choice((self.cast.student, None))
            busy = [one for one in (teacher, vehicle, student) if one]
            if any(
                period.lower < other.upper and other.lower < period.upper
                for one in busy
                for other in owners.get(id(one), [])
            ):
                continue
            for one in busy:
                owners.setdefault(id(one), []).append(period)
            BookingFactory(
                school=self.cast.school,
                department=self.cast.department,
                lesson_type=self.cast.lesson_type,
                teacher=teacher,
                period=period,
                students=[student] if student else [StudentFactory(school=self.cast.school)],
                resources=[vehicle] if vehicle else [],
            )

    def away(self) -> None:
        for _ in self.some(3):
            Absence.objects.create(
                school=self.cast.school,
                teacher=self.chance.choice(self.teachers),
                period=self.period(),
            )
        for _ in self.some(3):
            ResourceOutage.objects.create(
                school=self.cast.school,
                resource=self.chance.choice(self.vehicles),
                period=self.period(),
            )
        for vehicle in self.vehicles:
            if self.chance.random() < 0.2:
                ResourceDueDate.objects.create(
                    school=self.cast.school, resource=vehicle, kind="inspection", due_on=self.day()
                )
            if self.chance.random() < 0.2:
                vehicle.odometer_km = self.chance.choice((14_999, 15_000, 15_001))
                vehicle.save()
                ResourceDueDate.objects.create(
                    school=self.cast.school,
                    resource=vehicle,
                    kind="service",
                    due_on=self.first_day + dt.timedelta(days=DAYS),
                    due_km=15_000,
                )

    def search(self, **changes):
        lesson_type = LessonType.objects.get(pk=self.cast.lesson_type.pk)
        at = dt.datetime.combine(self.first_day, dt.time(2), tzinfo=dt.UTC)
        values = {
            "lesson_type": lesson_type,
            "students": (self.cast.student,),
            "by": self.cast.office,
            "at": at - dt.timedelta(days=self.chance.choice((0, 3))),
            "teacher": None,
            "first_day": self.first_day,
            "days": DAYS,
        } | changes
        return free_times(**values), free_times(**values, only_free=False)


def told(slots) -> list[tuple]:
    return [(one.starts_at, one.ends_at, one.teacher.pk, one.resources) for one in slots]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("zone", "first_day"), WEEKS)
def test_the_database_offers_exactly_what_no_rule_refuses(db, zone, first_day, seed):
    world = World(seed, zone, first_day)

    with school_scope(world.cast.school.pk):
        offered, judged = world.search()

    assert told(offered) == told(slot for slot in judged if slot.is_free)
