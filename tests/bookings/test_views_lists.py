"""The lists of lessons: who sees what, with a fixed number of questions."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from bookings import services
from bookings.enums import BookingStatus
from tests.factories import NOON, NOW, BookingFactory

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def on_monday_at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def address(cast):
    return lambda name, *args: reverse(f"bookings:{name}", args=[cast.school.slug, *args])


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


def listed(response) -> list[int]:
    return [booking.pk for booking in response.context["page"].object_list]


def test_a_student_finds_upcoming_and_past_lessons_apart(cast, signed_in, address, lesson):
    coming = lesson()
    gone = lesson(starts=NOW - DAY, status=BookingStatus.COMPLETED)
    dropped = lesson(starts=NOON + DAY, status=BookingStatus.CANCELLED)
    lesson(students=[cast.other_student], starts=NOON + 2 * DAY)
    client = signed_in(cast.student)
    assert listed(client.get(address("list"))) == [coming.pk]
    assert listed(client.get(address("list"), {"show": "past"})) == [dropped.pk, gone.pk]


def test_a_seat_given_up_is_no_lesson_of_theirs_any_more(cast, signed_in, address, lesson):
    shared = lesson(students=[cast.student, cast.other_student], capacity=2)
    services.cancel_booking(booking_id=shared.pk, by=cast.student.membership, at=NOW)
    home = reverse("home:home", args=[cast.school.slug])

    def seen_by(student):
        client = signed_in(student)
        lists = (client.get(address("list")), client.get(address("list"), {"show": "past"}))
        page = client.get(address("detail", shared.pk)).context
        at_home = client.get(home).context["booking"]
        return [listed(one) for one in lists], at_home, page["pill"]["text"], bool(page["actions"])

    assert seen_by(cast.student) == ([[], []], None, "Cancelled", False)
    assert seen_by(cast.other_student) == ([[shared.pk], []], shared, "Confirmed", True)


def test_staff_read_of_nobody_who_gave_up_the_seat(cast, signed_in, address, lesson):
    shared = lesson(students=[cast.student, cast.other_student], capacity=2)
    services.cancel_booking(booking_id=shared.pk, by=cast.student.membership, at=NOW)
    client = signed_in(cast.office)

    (row,) = client.get(address("list")).context["page"].object_list
    page = client.get(address("detail", shared.pk))
    assert [place.student for place in row.participations.all()] == [cast.other_student]
    assert [place.student for place in page.context["participations"]] == [cast.other_student]

    services.cancel_booking(booking_id=shared.pk, by=cast.office, at=NOW)

    page = client.get(address("detail", shared.pk))
    assert len(page.context["participations"]) == 2


@pytest.mark.parametrize("name", ("list", "unfinished", "requests"))
def test_a_list_asks_the_same_number_of_questions_for_one_and_for_many(
    cast, signed_in, address, lesson, name, count_queries
):
    status, starts = BookingStatus.CONFIRMED, NOON
    if name == "unfinished":
        starts = NOW - 9 * DAY
    held = None
    if name == "requests":
        status, held = BookingStatus.PENDING, NOW + DAY
    person = cast.student if name == "list" else cast.office
    client = signed_in(person)
    lesson(starts=starts, status=status, held_until=held)
    client.get(address(name))
    one = count_queries(lambda: client.get(address(name)))
    for number in range(1, 5):
        lesson(starts=starts + number * DAY, status=status, held_until=held)
    answer = client.get(address(name))
    assert len(listed(answer)) == 5
    assert count_queries(lambda: client.get(address(name))) == one


def test_unfinished_lessons_are_over_and_nobody_said_how_they_went(
    cast, signed_in, address, lesson
):
    lesson()
    lesson(starts=NOW - 3 * DAY, status=BookingStatus.COMPLETED)
    mine = lesson(starts=NOW - 2 * DAY)
    others = lesson(starts=NOW - DAY, teacher=cast.other_teacher)
    assert listed(signed_in(cast.teacher).get(address("unfinished"))) == [mine.pk]
    assert listed(signed_in(cast.office).get(address("unfinished"))) == [mine.pk, others.pk]
