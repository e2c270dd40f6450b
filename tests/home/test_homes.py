"""Where each person lands: the one screen that answers "what now?"."""

import datetime as dt
import uuid

import pytest
import time_machine
from django.urls import reverse

from administration.enums import Role, StudentStatus
from bookings.enums import BookingStatus
from bookings.services import LessonRequest, book_lesson, cancel_booking
from tests.factories import (
    NOON,
    NOW,
    BookingFactory,
    GuardianFactory,
    MembershipFactory,
    StudentFactory,
)

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def on_monday_at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def home(cast, signed_in):
    def open_(person, **query):
        return signed_in(person).get(reverse("home:home", args=[cast.school.slug]), query)

    return open_


@pytest.fixture
def lesson(cast):
    """A function: a confirmed lesson on Thursday at noon, changed as told."""

    def make(**changes):
        values = {
            "school": cast.school,
            "department": cast.department,
            "teacher": cast.teacher,
            "lesson_type": cast.lesson_type,
            "students": [cast.student],
        }
        return BookingFactory(**values | changes)

    return make


@pytest.fixture
def book(cast):
    """A function: book through the service, so that prices, messages and history follow."""

    def make(starts_at=NOON, student=None, by=None, at=NOW):
        return book_lesson(
            wanted=LessonRequest(
                lesson_type_id=cast.lesson_type.pk,
                teacher_id=cast.teacher.pk,
                student_ids=((student or cast.student).pk,),
                resource_ids=None,
                starts_at=starts_at,
                place="Station",
            ),
            by=by or cast.office,
            at=at,
            request_key=uuid.uuid4(),
        )

    return make


def words(response) -> str:
    return " ".join(response.content.decode().split())


# --- the student


def test_a_student_sees_the_next_lesson_and_what_cancelling_costs(cast, home, book):
    book(NOON + DAY)
    first = book()
    page = home(cast.student)
    assert page.context["booking"] == first
    text = words(page)
    assert "Good morning" not in text
    assert "Hello, Åse" in text
    assert "Thu 5 Mar 12:00–13:30" in text
    assert "Free until Wed 4 Mar 12:00" in text


def test_the_next_lesson_can_be_moved_and_cancelled_until_it_begins(cast, home, lesson):
    begun = lesson(starts=NOW - HOUR)
    cancel = reverse("bookings:cancel", args=[cast.school.slug, begun.pk])
    assert "Right now" in words(home(cast.student))
    assert cancel not in words(home(cast.student))


def test_a_student_without_lessons_is_shown_the_one_next_step(cast, home):
    assert "Book a lesson" in words(home(cast.student))
    cast.school.students_book_themselves = False
    cast.school.save()
    assert "The driving school books the next lesson" in words(home(cast.student))


def test_what_is_owed_and_when_it_is_due_waits_on_the_home_page(cast, home, book):
    booking = book()
    with time_machine.travel(NOON - HOUR, tick=False):
        cancel_booking(booking_id=booking.pk, by=cast.student.membership, at=NOON - HOUR)
        (task,) = home(cast.student).context["tasks"]
    assert task.title.replace("\xa0", " ").startswith("DKK 550.00 is due")
    assert task.tone == "warn"


def test_nobody_elses_lesson_is_shown(cast, other_school, home, lesson):
    lesson(students=[cast.other_student])
    assert home(cast.student).context["booking"] is None
    page = home(other_school.student)
    assert page.status_code == 404


# --- the guardian


def test_a_guardian_follows_the_child(cast, home, book):
    guardian = MembershipFactory(school=cast.school, role=Role.GUARDIAN)
    GuardianFactory(student=cast.student, user=guardian.user)
    book(student=cast.other_student)
    booking = book(NOON + DAY)
    page = home(guardian)
    assert page.context["booking"] == booking
    assert [child for child, _plans in page.context["children"]] == [cast.student]
    assert reverse("bookings:cancel", args=[cast.school.slug, booking.pk]) not in words(page)


# --- the teacher


def test_the_teachers_day_is_a_line_of_lessons_and_gaps(cast, home, lesson):
    lesson(starts=NOW + 4 * HOUR, students=[cast.other_student])
    lesson(starts=NOW)
    lesson(starts=NOW + DAY)
    lesson(starts=NOW, teacher=cast.other_teacher, students=[StudentFactory(school=cast.school)])
    line = home(cast.teacher).context["timeline"]
    assert [
        str(entry.students[0]) if hasattr(entry, "booking") else entry.text for entry in line
    ] == [
        "Åse Lind",
        "2 h 30 min. free",
        "Noah Berg",
    ]
    assert line[0].is_now


def flags(page) -> list[list[str]]:
    cards = [entry for entry in page.context["timeline"] if hasattr(entry, "flags")]
    return [[flag.text.replace("\xa0", " ") for flag in card.flags] for card in cards]


def test_a_lesson_carries_what_the_teacher_must_know(cast, home, lesson, book):
    lesson(starts=NOW - 9 * DAY, status=BookingStatus.COMPLETED)
    lesson(starts=NOW)
    lesson(starts=NOW + 3 * HOUR)
    lesson(starts=NOW + 6 * HOUR, students=[cast.other_student])
    assert flags(home(cast.teacher)) == [
        ["Twice today"],
        ["Twice today"],
        ["First lesson with you"],
    ]


def test_a_debt_is_a_flag(cast, home, lesson, book):
    lesson(starts=NOW - 9 * DAY, status=BookingStatus.COMPLETED)
    late = book()
    cancel_booking(booking_id=late.pk, by=cast.student.membership, at=NOON - HOUR)
    lesson(starts=NOW)
    assert flags(home(cast.teacher)) == [["Owes DKK 550.00"]]


def test_a_request_is_answered_on_the_spot(cast, home, lesson):
    pending = lesson(starts=NOW + 2 * HOUR, status=BookingStatus.PENDING, held_until=NOW + HOUR)
    page = home(cast.teacher)
    assert "Requested: answer it" in flags(page)[0]
    assert reverse("bookings:confirm", args=[cast.school.slug, pending.pk]) in words(page)


def test_lessons_are_finished_once_they_have_begun(cast, home, lesson):
    begun, later = lesson(starts=NOW - HOUR), lesson(starts=NOW + 3 * HOUR)
    text = words(home(cast.teacher))
    assert reverse("learning:complete", args=[cast.school.slug, begun.pk]) in text
    assert reverse("bookings:no_show", args=[cast.school.slug, begun.pk]) in text
    assert reverse("learning:complete", args=[cast.school.slug, later.pk]) not in text


def test_yesterdays_unfinished_lessons_stand_on_top(cast, home, lesson):
    old = lesson(starts=NOW - DAY)
    lesson(starts=NOW - DAY, teacher=cast.other_teacher, students=[cast.other_student])
    page = home(cast.teacher)
    assert list(page.context["unfinished"]) == [old]
    assert "1 unfinished lesson" in words(page)


def test_other_days_are_one_link_away(cast, home, lesson):
    lesson()
    thursday = home(cast.teacher, date="2026-03-05")
    assert len(thursday.context["timeline"]) == 1
    assert "No lessons this day" in words(home(cast.teacher))
    assert home(cast.teacher, date="2026-02-30").status_code == 404


# --- the office


def tiles(page) -> dict[str, str]:
    return {tile.label: tile.value for tile in page.context["tiles"]}


def test_the_office_sees_what_needs_attention(cast, home, lesson):
    lesson(starts=NOW - DAY)
    lesson(status=BookingStatus.PENDING, held_until=NOW + DAY, students=[cast.other_student])
    StudentFactory(school=cast.school, department=cast.department, status=StudentStatus.FINISHED)
    assert tiles(home(cast.office)) == {
        "Requests to answer": "1",
        "Unfinished lessons": "1",
        "Without teacher or plan": "2",
        "Overdue invoices": "0",
        "Messages not delivered": "0",
    }


def test_each_number_opens_its_list(cast, home, signed_in):
    client = signed_in(cast.owner)
    for tile in home(cast.owner).context["tiles"]:
        assert (tile.label, client.get(tile.url).status_code) == (tile.label, 200)


def test_an_overdue_invoice_is_counted_with_its_amount(cast, home, book):
    late = book()
    cancel_booking(booking_id=late.pk, by=cast.student.membership, at=NOON - HOUR)
    with time_machine.travel(NOW + 60 * DAY, tick=False):
        page = home(cast.office)
    assert tiles(page)["Overdue invoices"] == "1"
    assert page.context["owed"].overdue.due == cast.school.money(550_00)


def test_the_week_shows_how_much_of_the_working_time_is_booked(cast, home, lesson):
    lesson()
    lesson(starts=NOON + 4 * HOUR)
    occupancy = home(cast.office).context["occupancy"]
    thursday = occupancy.by_day[dt.date(2026, 3, 5)]
    assert (thursday.booked, thursday.available, thursday.percent) == (180, 1200, 15)
    assert occupancy.by_teacher[cast.teacher.pk].booked == 180
    assert occupancy.by_teacher[cast.other_teacher.pk].booked == 0


def test_today_is_listed_by_teacher(cast, home, lesson):
    lesson(starts=NOW)
    lesson(starts=NOW, teacher=cast.other_teacher, students=[cast.other_student])
    rows = home(cast.office).context["by_teacher"]
    assert [(str(teacher), len(lessons)) for teacher, lessons, _load in rows] == [
        ("Mette Holm", 1),
        ("Søren Bæk", 1),
    ]


def test_students_without_teacher_or_plan_are_listed_for_those_who_can_help(cast, signed_in, home):
    where = reverse("home:unassigned", args=[cast.school.slug])
    page = signed_in(cast.office).get(where)
    assert {str(one) for one in page.context["page"].object_list} == {"Åse Lind", "Noah Berg"}
    assert signed_in(cast.teacher).get(where).status_code == 403


@pytest.mark.parametrize("who", ("student", "teacher", "office"))
def test_a_home_asks_the_same_number_of_questions_for_one_and_for_many(
    cast, home, lesson, who, count_queries
):
    person = getattr(cast, who)
    lesson(starts=NOW)
    lesson(starts=NOW - DAY)
    home(person)
    one = count_queries(lambda: home(person))
    for hour in (2, 4, 6):
        lesson(starts=NOW + hour * HOUR, students=[StudentFactory(school=cast.school)])
        lesson(starts=NOW - DAY + hour * HOUR, students=[StudentFactory(school=cast.school)])
    assert count_queries(lambda: home(person)) == one


# --- the student's record


@pytest.fixture
def record(cast, signed_in):
    def open_(person, student, **query):
        where = reverse("home:student", args=[cast.school.slug, student.pk])
        return signed_in(person).get(where, query)

    return open_


SECTIONS = ("overview", "lessons", "money", "messages", "events")


@pytest.mark.parametrize("show", SECTIONS)
def test_the_record_has_a_page_for_everything_about_a_student(cast, record, book, show):
    book()
    page = record(cast.office, cast.student, show=show)
    assert page.status_code == 200
    assert "Åse Lind" in words(page)


def test_the_record_offers_what_a_role_may_do(cast, record):
    assert sorted(record(cast.office, cast.student).context["actions"]) == [
        "book",
        "edit",
        "pay",
        "plan",
    ]
    assert sorted(record(cast.teacher, cast.student).context["actions"]) == ["book"]
    cast.school.teachers_edit_students = cast.school.teachers_register_payments = True
    cast.school.save()
    assert sorted(record(cast.teacher, cast.student).context["actions"]) == ["book", "edit", "pay"]


def test_money_is_no_tab_for_teachers(cast, record):
    assert [tab.label for tab in record(cast.teacher, cast.student).context["tabs"]] == [
        "Overview",
        "Lessons",
        "Messages",
        "Events",
    ]
    assert record(cast.teacher, cast.student, show="money").status_code == 404


def test_the_record_of_a_stranger_is_not_found(cast, other_school, record):
    assert record(cast.office, other_school.student).status_code == 404
    assert record(cast.other_teacher, StudentFactory(school=cast.school)).status_code == 404
    assert record(cast.student, cast.student).status_code == 403
    guardian = MembershipFactory(school=cast.school, role=Role.GUARDIAN)
    GuardianFactory(student=cast.student, user=guardian.user)
    assert record(guardian, cast.student).status_code == 404


def test_an_unknown_section_is_not_found(cast, record):
    assert record(cast.office, cast.student, show="secrets").status_code == 404


@pytest.mark.parametrize("show", SECTIONS)
def test_the_record_asks_the_same_number_of_questions_for_one_and_for_many(
    cast, record, book, show, count_queries
):
    book()
    record(cast.office, cast.student, show=show)
    one = count_queries(lambda: record(cast.office, cast.student, show=show))
    for hour in range(1, 4):
        book(NOON + hour * DAY)
    assert count_queries(lambda: record(cast.office, cast.student, show=show)) == one
