"""Each rule by itself: the exact boundary, the words, and who may overrule it."""

import datetime as dt

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from administration.models import Student, Teacher
from bookings import rules
from bookings.models import (
    Absence,
    ClosedDay,
    LessonType,
    LessonTypeNeed,
    Resource,
    ResourceOutage,
    WeeklyAvailability,
)
from bookings.ports import booking_rules, overridable_codes, personal_codes
from bookings.queries import why_not
from tests.cast import make_cast
from tests.factories import NOON, NOW, BookingFactory, DepartmentFactory

pytestmark = pytest.mark.usefixtures("in_english")

END = NOON + dt.timedelta(minutes=90)
MINUTE = dt.timedelta(minutes=1)
SECOND = dt.timedelta(seconds=1)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def test_the_settings_name_every_rule_once():
    ours = [
        type(rule).__name__
        for rule in booking_rules()
        if type(rule).__module__.startswith("bookings")
    ]

    assert sorted(ours) == sorted(rules.__all__)


def test_codes_are_unique_and_what_protects_others_cannot_be_overruled():
    overridable = {rule.code: rule.overridable for rule in booking_rules()}

    assert len(overridable) == len(booking_rules())
    assert {code for code, codes in overridable.items() if not codes} == {
        "school-not-active",
        "teacher-does-not-teach-this",
        "teacher-booked",
        "resource-booked",
    }


def test_everything_that_may_be_overruled_has_a_name():
    named = overridable_codes()

    assert named["notice-too-short"].label == "Notice to book"
    assert {"eligibility-height-cm", "eligibility-weight-kg", "wrong-gearbox"} <= personal_codes()
    assert "teacher-not-available" not in personal_codes()
    assert all(str(one.label) for one in named.values())


def test_nothing_stands_in_the_way_of_the_casts_lesson(against):
    assert against() == []


# Time


@pytest.mark.parametrize(
    ("department", "is_closed"), (("whole school", True), ("own", True), ("another", False))
)
def test_no_lessons_on_a_closed_day(cast, against, department, is_closed):
    where = {"own": cast.department, "another": DepartmentFactory(school=cast.school)}
    ClosedDay.objects.create(
        school=cast.school,
        department=where.get(department),
        on=dt.date(2026, 3, 5),
        name="Inventory",
    )

    words = [("school-closed", "The school is closed Thu 5 Mar: Inventory.")]
    assert against() == (words if is_closed else [])
    assert against(starts_at=NOON + DAY) == []


def test_a_closed_day_is_a_day_of_the_schools_clock(cast, codes):
    WeeklyAvailability.objects.update(starts_at=dt.time(0), ends_at=dt.time(23, 59))
    ClosedDay.objects.create(school=cast.school, on=dt.date(2026, 3, 6), name="Inventory")
    late = dt.datetime(2026, 3, 5, 21, 29, tzinfo=dt.UTC)  # 22.29 in Copenhagen, until 23.59

    assert codes(starts_at=late) == []
    assert codes(starts_at=late + 2 * MINUTE) == ["school-closed", "teacher-not-available"]
    assert codes(starts_at=dt.datetime(2026, 3, 5, 23, tzinfo=dt.UTC)) == ["school-closed"]


@pytest.mark.parametrize(
    ("offset", "expected"), ((-1, []), (0, ["in-the-past"]), (1, ["in-the-past"]))
)
def test_a_lesson_begins_later_than_now(codes, offset, expected):
    assert codes(at=NOON + offset * SECOND) == expected


@pytest.mark.parametrize(
    ("who", "offset", "expected"),
    (
        ("student", -1, []),
        ("student", 0, []),
        ("student", 1, [("notice-too-short", "Book at least 12 hours ahead.")]),
        ("office", 1, []),
        ("teacher", 1, []),
    ),
)
def test_students_book_in_good_time(cast, against, who, offset, expected):
    by = getattr(cast, who)
    moment = NOON - 12 * HOUR + offset * SECOND

    assert against(by=getattr(by, "membership", by), at=moment, resource_ids=None) == expected


@pytest.mark.parametrize(
    ("who", "days", "expected"),
    (
        ("student", 60, []),
        ("student", 61, [("too-far-ahead", "Book at most 60 days ahead.")]),
        ("office", 61, []),
    ),
)
def test_students_book_not_too_far_ahead(cast, against, who, days, expected):
    by = getattr(cast, who)
    evening = dt.datetime(2026, 3, 5, 22, 30, tzinfo=dt.UTC)  # 23.30: still the 5th in Copenhagen

    assert (
        against(
            by=getattr(by, "membership", by),
            at=evening,
            starts_at=dt.datetime(2026, 3, 5, 11, tzinfo=dt.UTC) + days * DAY - HOUR,
            resource_ids=None,
        )
        == expected
    )


# The teacher


def test_a_teacher_teaches_their_categories(against):
    Teacher.objects.update(licence_categories=["A", "C"])

    assert against() == [("teacher-does-not-teach-this", "Mette Holm does not teach category B.")]


def test_a_teacher_who_stopped_teaches_nothing(against):
    Teacher.objects.update(is_active=False)

    assert against() == [
        ("teacher-does-not-teach-this", "Mette Holm does not teach at the moment.")
    ]


@pytest.mark.parametrize(
    ("starts", "expected"),
    (
        ("07:59", ["teacher-not-available"]),
        ("08:00", []),
        ("16:30", []),
        ("16:31", ["teacher-not-available"]),
    ),
)
def test_a_lesson_lies_within_the_teachers_hours(codes, starts, expected):
    hour, minute = map(int, starts.split(":"))
    starts_at = dt.datetime(2026, 3, 5, hour - 1, minute, tzinfo=dt.UTC)

    assert codes(starts_at=starts_at) == expected


def test_the_words_name_day_and_time(against):
    assert against(starts_at=NOON - 5 * HOUR) == [
        ("teacher-not-available", "Mette Holm does not work Thu 5 Mar 07:00–08:30.")
    ]


def test_adjoining_hours_are_one(cast, codes):
    cast.teacher.weekly_availability.filter(weekday=3).delete()
    for begins, ends in ((8, 12), (12, 13), (14, 18)):
        WeeklyAvailability.objects.create(
            school=cast.school,
            teacher=cast.teacher,
            weekday=3,
            starts_at=dt.time(begins),
            ends_at=dt.time(ends),
            valid_from=dt.date(2026, 1, 1),
        )

    assert codes(starts_at=NOON - HOUR) == []
    assert codes(starts_at=NOON) == ["teacher-not-available"]


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "expected"),
    (
        ("2026-03-05", None, []),
        ("2026-03-06", None, ["teacher-not-available"]),
        ("2026-01-01", "2026-03-06", []),
        ("2026-01-01", "2026-03-05", ["teacher-not-available"]),
    ),
)
def test_hours_hold_from_a_day_until_the_day_before_another(
    codes, valid_from, valid_until, expected
):
    WeeklyAvailability.objects.update(valid_from=valid_from, valid_until=valid_until)

    assert codes() == expected


@pytest.mark.parametrize(
    ("lower", "upper", "is_away"),
    ((NOON - HOUR, NOON, False), (NOON - HOUR, NOON + SECOND, True), (END, END + HOUR, False)),
)
def test_a_teacher_who_is_away_is_not_available(cast, against, lower, upper, is_away):
    Absence.objects.create(
        school=cast.school, teacher=cast.teacher, period=DateTimeTZRange(lower, upper)
    )

    words = [("teacher-not-available", "Mette Holm is away at that time.")]
    assert against() == (words if is_away else [])


@pytest.mark.parametrize(
    ("zone", "day", "wall", "works"),
    (
        # Hours 01.00-04.00 on the night the clock jumps from 02.00 to 03.00: two real hours.
        ("Europe/Copenhagen", "2026-03-29", "2026-03-29T00:00+00:00", True),
        ("Europe/Copenhagen", "2026-03-29", "2026-03-29T00:31+00:00", False),
        # ... and on the night 02.00-03.00 comes twice: four.
        ("Europe/Copenhagen", "2026-10-25", "2026-10-24T23:00+00:00", True),
        ("Europe/Copenhagen", "2026-10-25", "2026-10-25T01:30+00:00", True),
        ("Europe/Copenhagen", "2026-10-25", "2026-10-25T01:31+00:00", False),
        ("America/New_York", "2026-03-08", "2026-03-08T06:30+00:00", True),
        ("America/New_York", "2026-03-08", "2026-03-08T06:31+00:00", False),
        ("America/New_York", "2026-11-01", "2026-11-01T07:30+00:00", True),
        ("America/New_York", "2026-11-01", "2026-11-01T07:31+00:00", False),
        # Lord Howe changes by half an hour.
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T15:30+00:00", True),
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T15:31+00:00", False),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T16:00+00:00", True),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T16:01+00:00", False),
    ),
)
def test_hours_are_wall_time_on_the_nights_the_clock_changes(cast, codes, zone, day, wall, works):
    cast.school.timezone = zone
    cast.school.save()
    WeeklyAvailability.objects.update(starts_at=dt.time(1), ends_at=dt.time(4))

    expected = [] if works else ["teacher-not-available"]
    assert codes(starts_at=dt.datetime.fromisoformat(wall)) == expected


# Who and what is free


@pytest.mark.parametrize(
    ("starts_at", "is_free"),
    (
        (NOON - 90 * MINUTE, True),
        (NOON - 89 * MINUTE, False),
        (END - MINUTE, False),
        (END, True),
    ),
)
def test_times_may_touch_but_not_overlap(book, codes, starts_at, is_free):
    book()

    everything = ["teacher-booked", "student-booked", "resource-booked"]
    assert codes(starts_at=starts_at) == ([] if is_free else everything)


@pytest.mark.parametrize(("gap", "is_free"), ((29, False), (30, True)))
def test_buffers_lie_between_two_lessons(book, codes, gap, is_free):
    LessonType.objects.update(buffer_before_minutes=10, buffer_after_minutes=20)
    book()

    expected = [] if is_free else ["teacher-booked", "resource-booked"]
    assert codes(starts_at=END + gap * MINUTE) == expected


def test_the_words_name_who_is_booked_and_when_without_buffers(cast, book, against):
    LessonType.objects.update(buffer_before_minutes=10, buffer_after_minutes=20)
    book()

    assert against() == [
        ("teacher-booked", "Mette Holm is already booked 12:00–13:30."),
        ("student-booked", "Åse Lind is already booked 12:00–13:30."),
        ("resource-booked", "VW ID.3 is already booked 12:00–13:30."),
    ]


def test_a_student_reads_about_themselves_and_never_about_another_student(cast, book, against):
    book()

    mine = against(by=cast.student.membership, resource_ids=None)
    theirs = against(
        by=cast.other_student.membership,
        student_ids=(cast.other_student.pk,),
        resource_ids=None,
    )

    assert mine == [
        ("teacher-booked", "Mette Holm is already booked 12:00–13:30."),
        ("student-booked", "You already have a lesson 12:00–13:30."),
    ]
    assert theirs == [("teacher-booked", "Mette Holm is already booked 12:00–13:30.")]


@pytest.fixture
def elsewhere(cast):
    """The teacher and the student have a lesson at another school at that time."""
    other = make_cast(name="Secret School")
    teacher, student = other.teacher, other.student
    for person, here in ((teacher, cast.teacher), (student, cast.student)):
        person.membership.user = here.membership.user
        person.membership.save()
    return BookingFactory(
        school=other.school,
        teacher=teacher,
        lesson_type=other.lesson_type,
        students=[student],
        place="Secret place",
    )


def test_a_person_is_not_in_two_schools_at_once_and_the_other_school_stays_unnamed(
    cast, against, elsewhere
):
    assert against() == [
        ("teacher-booked", "Mette Holm is busy at that time."),
        ("student-booked", "Åse Lind is busy at that time."),
    ]
    assert against(by=cast.student.membership, resource_ids=None) == [
        ("teacher-booked", "Mette Holm is busy at that time."),
        ("student-booked", "You are busy at that time."),
    ]
    assert against(starts_at=END) == []


def test_the_facts_of_another_schools_booking_are_not_given(cast, wish, elsewhere):
    facts = [dict(refusal.facts) for refusal in why_not(wanted=wish(), by=cast.office, at=NOW)]

    assert facts == [
        {"shown": None},
        {"user_ids": frozenset({cast.student.membership.user_id})},
    ]


# Vehicles and rooms


@pytest.mark.parametrize(
    ("change", "expected"),
    (
        ({"is_active": False}, ("resource-unsuitable", "VW ID.3 is out of service at that time.")),
        ({"licence_categories": ["C"]}, ("resource-unsuitable", "VW ID.3 is not for category B.")),
        (
            {"gearbox": "automatic"},
            ("wrong-gearbox", "VW ID.3 has another gearbox than the student learns: Automatic."),
        ),
        ({"licence_categories": []}, None),
        ({"gearbox": ""}, None),
    ),
)
def test_a_vehicle_suits_the_lesson_and_the_student(cast, against, change, expected):
    Resource.objects.filter(pk=cast.vehicle.pk).update(**change)

    assert against() == ([expected] if expected else [])


def test_only_the_gearbox_may_be_overruled(cast, wish):
    def overridable():
        return [refusal.overridable for refusal in why_not(wanted=wish(), by=cast.office, at=NOW)]

    Student.objects.update(gearbox="automatic")
    assert overridable() == [True]
    Resource.objects.update(licence_categories=["C"])
    assert overridable() == [False]


@pytest.mark.parametrize(
    ("lower", "upper", "is_out"),
    ((NOON - HOUR, NOON, False), (END - SECOND, END + HOUR, True), (END, END + HOUR, False)),
)
def test_a_vehicle_in_the_workshop_is_not_used(cast, codes, lower, upper, is_out):
    ResourceOutage.objects.create(
        school=cast.school, resource=cast.vehicle, period=DateTimeTZRange(lower, upper)
    )

    assert codes() == (["resource-unsuitable"] if is_out else [])


def test_a_lesson_needs_one_of_each_kind(cast, against):
    LessonTypeNeed.objects.create(school=cast.school, lesson_type=cast.lesson_type, kind="room")

    assert against() == [("resource-missing", "Room: none was found that suits this lesson.")]


def test_a_kind_that_is_all_taken_is_said_so(cast, book, against):
    book(resource_ids=(cast.vehicle.pk, cast.other_vehicle.pk))

    assert against(
        teacher_id=cast.other_teacher.pk, student_ids=(cast.other_student.pk,), resource_ids=None
    ) == [("no-resource-free", "Vehicle: none is free 12:00–13:30.")]


def test_what_a_member_cannot_see_has_no_reasons(cast, other_school, against):
    assert against(teacher_id=other_school.teacher.pk) == [
        ("not-found", "That was not found. Please choose again.")
    ]
