"""Suggestions for the next lesson: what suits, why, and one click."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from bookings import services
from bookings.models import Booking, LessonType, WeeklyAvailability
from bookings.queries.suggestions import suggestions_for
from tests.factories import NOON, NOW, LessonTypeFactory

pytestmark = pytest.mark.usefixtures("in_english")

WEEK = dt.timedelta(days=7)
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def suggested(cast):
    """A function: the suggestions made to somebody, the office unless told."""

    def ask(by=None, at=NOW, **changes):
        return suggestions_for(student=cast.student, by=by or cast.office, at=at, **changes)

    return ask


def told(found) -> list[tuple]:
    return [(one.slot.starts_at, one.reason) for one in found]


def test_the_same_weekday_and_time_comes_first(cast, book, suggested):
    book()

    found = suggested()

    assert told(found) == [
        (NOON + WEEK, "Same weekday and time"),
        (NOON + DAY - 4 * HOUR, "Own teacher"),
        (NOON + 2 * DAY - 4 * HOUR, "Own teacher"),
    ]
    assert {one.slot.teacher for one in found} == {cast.teacher}


def test_who_has_no_lesson_yet_begins_tomorrow_with_their_own_teacher(cast, suggested):
    found = suggested()

    tomorrow = dt.datetime(2026, 3, 3, 7, tzinfo=dt.UTC)
    assert told(found) == [
        (tomorrow, "Own teacher"),
        (tomorrow + DAY, "Own teacher"),
        (tomorrow + 2 * DAY, "Also free"),
    ]


def test_the_soonest_is_another_teachers_when_ones_own_is_away(cast, suggested):
    WeeklyAvailability.objects.filter(teacher=cast.teacher).exclude(weekday=4).delete()

    found = suggested()

    assert [(one.slot.teacher, one.reason) for one in found] == [
        (cast.teacher, "Own teacher"),
        (cast.other_teacher, "Soonest"),
        (cast.teacher, "Own teacher"),
    ]
    assert found[1].slot.starts_at < found[0].slot.starts_at


def test_each_suggestion_is_on_a_day_of_its_own(book, suggested):
    book()

    days = [one.slot.starts_at.date() for one in suggested()]

    assert len(days) == len(set(days)) == 3


def test_the_next_lesson_is_as_long_as_the_last(cast, book, suggested):
    LessonType.objects.update(other_durations=[45])
    book(minutes=45)

    assert {one.minutes for one in suggested()} == {45}


def test_a_cancelled_lesson_is_replaced_by_the_same_kind_at_the_same_time(cast, book, suggested):
    LessonTypeFactory(school=cast.school, name="Another")
    booking = book()
    services.cancel_booking(booking_id=booking.pk, by=cast.office, at=NOW)

    found = suggested(instead_of=Booking.objects.get(pk=booking.pk))

    assert found[0].slot.starts_at == NOON
    assert {one.lesson_type for one in found} == {cast.lesson_type}


def test_a_student_is_offered_only_what_they_may_book(cast, suggested):
    LessonType.objects.update(self_booking="off")

    assert suggested(by=cast.student.membership) == []
    assert suggested() != []


@pytest.mark.parametrize("lessons", (1, 3))
def test_suggestions_cost_a_fixed_number_of_queries(cast, book, suggested, lessons, count_queries):
    for number in range(lessons):
        book(starts_at=NOON + number * DAY)

    assert count_queries(suggested) <= 13


@pytest.fixture
def page(cast):
    return reverse("bookings:next_lesson", args=[cast.school.slug, cast.student.pk])


def test_one_press_books_the_next_lesson(cast, signed_in, page):
    client = signed_in(cast.teacher)
    offered = client.get(page).context["offered"]
    sent = {
        "choice": offered["lines"][0]["value"],
        "request_key": offered["form"]["request_key"].value(),
    }

    answer = client.post(page, sent)
    again = client.post(page, sent)

    booking = Booking.objects.get()
    assert (
        answer.url == again.url == reverse("bookings:detail", args=[cast.school.slug, booking.pk])
    )
    assert booking.teacher == cast.teacher
    assert booking.starts_at > timezone.now()


@pytest.mark.parametrize("choice", ("", "20300101T0900Z", "x-1-2-3", "20300101T0900Z-1-2-x"))
def test_a_choice_that_is_none_is_asked_again(cast, signed_in, page, choice):
    answer = signed_in(cast.office).post(page, {"choice": choice, "request_key": "x"})

    assert answer.status_code == 422
    assert not Booking.objects.exists()


def test_a_time_that_is_taken_meanwhile_is_refused_with_new_ones(cast, book, signed_in, page):
    client = signed_in(cast.office)
    offered = client.get(page).context["offered"]
    line, key = offered["lines"][0]["value"], offered["form"]["request_key"].value()
    client.post(page, {"choice": line, "request_key": key})

    answer = client.post(
        page, {"choice": line, "request_key": "7d444840-9dc0-11d1-b245-5ffdce74fad2"}
    )

    assert answer.status_code == 422
    assert line not in [one["value"] for one in answer.context["offered"]["lines"]]


def test_nobody_books_for_a_student_of_another_school(cast, other_school, signed_in):
    url = reverse("bookings:next_lesson", args=[cast.school.slug, other_school.student.pk])

    assert signed_in(cast.office).get(url).status_code == 404


def test_a_student_goes_to_their_own_page(cast, signed_in, page):
    answer = signed_in(cast.student).get(page)

    assert answer.url == reverse("bookings:book", args=[cast.school.slug])


@pytest.mark.parametrize("who", ("office", "student"))
def test_times_instead_of_a_cancelled_lesson_come_with_the_reason(cast, book, signed_in, who):
    noon = timezone.now().replace(hour=11, minute=0) + dt.timedelta(days=3)
    lesson = book(at=timezone.now(), starts_at=noon)
    services.cancel_booking(
        booking_id=lesson.pk,
        by=cast.office,
        at=timezone.now(),
        category="illness",
        reason="Back on Monday",
    )

    page = signed_in(getattr(cast, who)).get(
        reverse("bookings:detail", args=[cast.school.slug, lesson.pk])
    )

    assert page.context["offered"]["lines"]
    assert "The lesson was cancelled. Illness: Back on Monday" in page.text
