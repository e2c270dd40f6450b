"""How much is enough: a teacher's day, a student's bookings, and the caps of the law."""

import datetime as dt

import pytest

from bookings.enums import BookingStatus, ParticipationStatus
from bookings.models import (
    Booking,
    BookingSettings,
    DailyCap,
    LessonType,
    Participation,
    WaitingListEntry,
)
from bookings.queries import why_not
from justdriving.kernel.policy import Refused
from justdriving.kernel.tenancy import school_scope
from tests.factories import (
    NOON,
    NOW,
    BookingFactory,
    DepartmentFactory,
    LessonTypeFactory,
)

pytestmark = pytest.mark.usefixtures("in_english")

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
MONDAY = NOON - 3 * DAY
LAW = "Annex 3"


@pytest.fixture
def limit(cast):
    """A function: the limits of the school, or of a department."""

    def make(department=None, school=cast.school, **values):
        return BookingSettings.across_schools.create(school=school, department=department, **values)

    return make


@pytest.fixture
def lesson(cast):
    """A function: the cast's student has a lesson, by another teacher, without the rules."""

    def make(starts=NOON + DAY, minutes=90, *, kind="practical", **values):
        lesson_type = LessonType.objects.filter(kind=kind).first() or LessonTypeFactory(
            school=cast.school, kind=kind
        )
        values = {"teacher": cast.other_teacher, "students": [cast.student]} | values
        return BookingFactory(
            school=cast.school,
            department=cast.department,
            lesson_type=lesson_type,
            starts=starts,
            minutes=minutes,
            **values,
        )

    return make


# A teacher's day


@pytest.mark.parametrize(
    ("most", "expected"),
    (
        (179, [("teacher-day-full", "Mette Holm would teach 180 minutes Thu 5 Mar; at most 179.")]),
        (180, []),
        (181, []),
    ),
)
def test_a_teacher_teaches_so_many_minutes_a_day(cast, limit, lesson, against, most, expected):
    limit(max_teacher_minutes_per_day=most)
    lesson(NOON - 3 * HOUR, teacher=cast.teacher, students=[cast.other_student])

    assert against() == expected


def test_only_the_teachers_own_lessons_of_that_day_count(cast, other_school, limit, lesson, codes):
    limit(max_teacher_minutes_per_day=90)
    others = {"students": [cast.other_student]}
    lesson(NOON, **others)
    lesson(NOON + DAY, teacher=cast.teacher, **others)
    lesson(NOON - DAY, teacher=cast.teacher, **others)
    cancelled = lesson(NOON - 3 * HOUR, teacher=cast.teacher, **others)
    Booking.objects.filter(pk=cancelled.pk).update(status=BookingStatus.CANCELLED)
    cancelled.occupancies.all().delete()
    other_school.teacher.membership.user = cast.teacher.membership.user
    other_school.teacher.membership.save()
    BookingFactory(school=other_school.school, teacher=other_school.teacher, starts=NOON + 3 * HOUR)

    assert codes() == []


def test_a_departments_own_limit_holds_there(cast, limit, codes):
    limit(max_teacher_minutes_per_day=60)
    limit(cast.department, max_teacher_minutes_per_day=90)
    assert codes() == []

    BookingSettings.objects.filter(department=cast.department).update(
        department=DepartmentFactory(school=cast.school)
    )
    assert codes() == ["teacher-day-full"]


def test_moving_a_lesson_within_a_full_day_is_no_more_teaching(cast, limit, book, wish):
    booking = book()
    limit(max_teacher_minutes_per_day=60)

    def codes(**changes):
        refusals = why_not(wanted=wish(**changes), by=cast.office, at=NOW, booking_id=booking.pk)
        return [one.code for one in refusals]

    assert codes(starts_at=NOON + 2 * HOUR) == []
    assert codes(starts_at=NOON + DAY) == ["teacher-day-full"]


# A student's bookings


@pytest.mark.parametrize(("open_", "is_full"), ((1, False), (2, True), (3, True)))
def test_a_student_has_so_many_open_bookings(cast, limit, lesson, against, open_, is_full):
    limit(max_active_bookings=2)
    for number in range(open_):
        lesson(NOON + (8 + number) * DAY)

    mine = against(by=cast.student.membership, resource_ids=None)
    theirs = against()

    code = "too-many-open-bookings"
    assert mine == ([(code, f"You have {open_} of 2 open bookings.")] if is_full else [])
    assert theirs == ([(code, f"Åse Lind has {open_} of 2 open bookings.")] if is_full else [])


@pytest.mark.parametrize(
    ("offset", "expected"), ((-1, []), (0, []), (1, ["too-many-open-bookings"]))
)
def test_a_booking_is_open_until_it_is_over(cast, limit, lesson, codes, offset, expected):
    limit(max_active_bookings=1)
    lesson(NOW - 90 * dt.timedelta(minutes=1) + offset * dt.timedelta(seconds=1))

    assert codes() == expected


@pytest.mark.parametrize(
    ("status", "place", "counts"),
    (
        ("draft", "booked", False),
        ("pending", "booked", True),
        ("confirmed", "booked", True),
        ("confirmed", "cancelled", False),
        ("cancelled", "cancelled", False),
    ),
)
def test_what_is_open_counts(limit, lesson, codes, status, place, counts):
    limit(max_active_bookings=1)
    booking = lesson()
    Booking.objects.filter(pk=booking.pk).update(status=status, held_until=NOON)
    Participation.objects.filter(booking=booking).update(status=place)

    assert codes() == (["too-many-open-bookings"] if counts else [])


def test_waiting_is_not_booking(cast, limit, codes):
    limit(max_active_bookings=1, max_bookings_per_day=1, max_bookings_per_week=1)
    WaitingListEntry.objects.create(
        school=cast.school,
        student=cast.student,
        lesson_type=cast.lesson_type,
        created_at=NOW,
        created_by=cast.student.membership.user,
    )

    assert codes() == []


def test_another_students_or_schools_rows_never_count(cast, other_school, limit, lesson, codes):
    limit(max_active_bookings=1)
    limit(school=other_school.school, max_bookings_per_week=0, max_teacher_minutes_per_day=0)
    lesson(students=[cast.other_student])
    other_school.student.membership.user = cast.student.membership.user
    other_school.student.membership.save()
    BookingFactory(school=other_school.school, students=[other_school.student], starts=NOON + DAY)

    assert codes() == []


@pytest.mark.parametrize(
    ("starts", "expected"),
    (
        (dt.datetime(2026, 3, 4, 22, 30, tzinfo=dt.UTC), []),  # 23.30 the day before
        (dt.datetime(2026, 3, 4, 23, 0, tzinfo=dt.UTC), ["too-many-bookings-that-day"]),
        (dt.datetime(2026, 3, 5, 22, 59, tzinfo=dt.UTC), ["too-many-bookings-that-day"]),
        (dt.datetime(2026, 3, 5, 23, 0, tzinfo=dt.UTC), []),
    ),
)
def test_a_day_is_of_the_schools_clock(limit, lesson, codes, starts, expected):
    limit(max_bookings_per_day=1)
    lesson(starts, minutes=45)

    assert codes() == expected


@pytest.mark.parametrize(
    ("starts", "expected"),
    (
        (dt.datetime(2026, 3, 1, 22, 59, tzinfo=dt.UTC), []),  # Sunday, 23.59
        (dt.datetime(2026, 3, 1, 23, 0, tzinfo=dt.UTC), ["too-many-bookings-that-week"]),
        (dt.datetime(2026, 3, 8, 22, 59, tzinfo=dt.UTC), ["too-many-bookings-that-week"]),
        (dt.datetime(2026, 3, 8, 23, 0, tzinfo=dt.UTC), []),  # Monday
    ),
)
def test_a_week_runs_from_monday_to_sunday(limit, lesson, codes, starts, expected):
    limit(max_bookings_per_week=1)
    lesson(starts, minutes=45)

    assert codes() == expected


def test_a_limit_is_overruled_by_name(limit, lesson, book):
    limit(max_active_bookings=1, max_bookings_per_week=1)
    lesson()

    with pytest.raises(Refused) as refused:
        book(overrides={"too-many-open-bookings": "Exam next week"})

    assert [one.code for one in refused.value.refusals] == ["too-many-bookings-that-week"]


def test_moving_an_open_booking_does_not_add_one(cast, limit, book, wish):
    booking = book()
    limit(max_active_bookings=0, max_bookings_per_week=0, max_bookings_per_day=0)

    def codes(**changes):
        refusals = why_not(wanted=wish(**changes), by=cast.office, at=NOW, booking_id=booking.pk)
        return [one.code for one in refusals]

    assert codes(starts_at=NOON + 2 * HOUR) == []
    assert codes(starts_at=NOON + DAY) == ["too-many-bookings-that-day"]


# Daily caps


@pytest.fixture
def caps(cast):
    rows = (("theory", 4, 6), ("practical", 2, 6), ("closed_track", 4, 8), ("skid_pad", 5, 9))
    for kind, most, together in rows:
        DailyCap.objects.create(
            school=cast.school, kind=kind, most=most, most_together=together, source=LAW
        )


@pytest.mark.parametrize(
    ("minutes", "had", "expected"),
    (
        (45, [], []),
        (90, [], []),
        (91, [], ["daily-cap"]),
        (45, [("practical", 45)], []),
        (45, [("practical", 46)], ["daily-cap"]),
        (90, [("theory", 180)], []),
        (90, [("theory", 181)], ["daily-cap"]),
        (90, [("closed_track", 180)], []),
        (90, [("closed_track", 180), ("theory", 90)], []),
        (90, [("closed_track", 180), ("theory", 135)], ["daily-cap"]),
        (90, [("exam", 90), ("theory", 180)], []),
    ),
)
def test_so_many_whole_lessons_a_day(caps, lesson, codes, minutes, had, expected):
    LessonType.objects.filter(kind="practical").update(duration_minutes=minutes)
    for number, (kind, length) in enumerate(had):
        lesson(NOON + (3 + 4 * number) * HOUR, length, kind=kind)

    assert codes() == expected


def test_the_words_name_the_paragraph(caps, lesson, against):
    lesson(NOON + 3 * HOUR, 45)

    words = "Åse Lind would have 3 lessons (Practical lesson); at most 2 (Annex 3)."
    assert against() == [("daily-cap", f"Thu 5 Mar: {words}")]


@pytest.mark.parametrize(
    ("lesson_minutes", "expected"), ((None, ["daily-cap"]), (60, []), (59, ["daily-cap"]))
)
def test_a_school_says_how_long_a_lesson_is(cast, caps, limit, codes, lesson_minutes, expected):
    LessonType.objects.update(duration_minutes=120)
    limit(lesson_minutes=lesson_minutes)

    assert codes() == expected


def test_what_was_not_given_does_not_count(caps, lesson, codes):
    booking = lesson(NOON + 3 * HOUR, 45)
    Participation.objects.filter(booking=booking).update(status=ParticipationStatus.ABSENT)

    assert codes() == []


def test_minutes_really_used_count(caps, lesson, codes):
    LessonType.objects.update(duration_minutes=45)
    booking = lesson(NOON + 3 * HOUR, 90)
    Participation.objects.filter(booking=booking).update(planned_minutes=45)
    assert codes() == []

    Participation.objects.filter(booking=booking).update(planned_minutes=None)
    assert codes() == ["daily-cap"]


def test_students_who_share_a_lesson_have_their_own_minutes(cast, caps, codes):
    LessonType.objects.update(duration_minutes=180, capacity=2)
    both = (cast.student.pk, cast.other_student.pk)

    assert codes(student_ids=both) == ["daily-cap"]
    assert codes(student_ids=both, own_minutes=dict.fromkeys(both, 90)) == []


def test_another_schools_caps_never_count(other_school, codes):
    with school_scope(other_school.school.pk):
        DailyCap.objects.create(school=other_school.school, kind="practical", most=1)

    assert codes() == []


def test_every_way_in_asks_the_limits(cast, caps, limit, lesson, book):
    """Whoever books: a student, the office, a draft that is submitted."""
    limit(max_active_bookings=0)
    for by in (cast.student.membership, cast.office, cast.teacher.membership):
        with pytest.raises(Refused) as refused:
            book(by=by, resource_ids=None)
        assert refused.value.refusal.code == "too-many-open-bookings"
    with pytest.raises(Refused):
        book(draft=True)


def test_with_every_limit_a_booking_takes_few_statements(cast, caps, limit, book, count_queries):
    book(starts_at=NOON + 2 * DAY)
    plain = count_queries(lambda: book(starts_at=NOON + 3 * DAY))
    limit(
        max_active_bookings=9,
        max_bookings_per_day=9,
        max_bookings_per_week=9,
        max_teacher_minutes_per_day=900,
        max_debt_minor=9000_00,
    )
    limited = count_queries(lambda: book())

    assert plain <= 25
    assert limited == plain
