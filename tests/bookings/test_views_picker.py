"""The page of free times: lengths, limits, and where to go when nothing is free."""

import pytest
from django.urls import reverse

from bookings.models import (
    Booking,
    BookingSettings,
    CancellationStep,
    LessonType,
    WeeklyAvailability,
)
from finance.models import Product
from tests.cast import make_catalogue
from tests.factories import NOON, LessonTypeFactory
from tests.learning.factories import follow

pytestmark = [pytest.mark.usefixtures("in_english", "frozen")]


@pytest.fixture
def frozen(monkeypatch):
    """The clock of the pages stands at the cast's Monday."""
    from django.utils import timezone  # noqa: PLC0415 -- patched in place

    from tests.factories import NOW  # noqa: PLC0415 -- as above

    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def page(cast, signed_in):
    """A function: the student's page of free times, with this in its address."""
    client, url = signed_in(cast.student), reverse("bookings:book", args=[cast.school.slug])
    return lambda **asked: client.get(url, asked)


def test_a_type_with_one_length_asks_for_none(page):
    assert page().context["lengths"] == []


def test_each_length_is_offered_with_its_price(page):
    LessonType.objects.update(other_durations=[45])

    lines = page(minutes=45).context["lengths"]

    assert [(one["title"], one["selected"]) for one in lines] == [
        ("45 minutes", True),
        ("90 minutes", False),
    ]
    assert [one["subtitle"].replace("\xa0", " ") for one in lines] == ["DKK 275.00", "DKK 550.00"]


def test_the_length_that_was_chosen_is_booked_at_its_price(cast, page, signed_in):
    LessonType.objects.update(other_durations=[45])
    shown = page(minutes=45, slot=f"{NOON:%Y%m%dT%H%MZ}-{cast.teacher.pk}").context

    answer = signed_in(cast.student).post(
        reverse("bookings:book", args=[cast.school.slug]),
        {
            "type": cast.lesson_type.pk,
            "minutes": 45,
            "slot": shown["slot_key"],
            "request_key": shown["form"]["request_key"].value(),
            "expected_price": shown["price"].minor,
        },
    )

    booking = Booking.objects.get()
    assert answer.status_code == 302
    assert (booking.minutes, booking.participations.get().price_minor) == (45, 275_00)


@pytest.mark.parametrize("minutes", (30, 10**6))
def test_a_length_that_is_not_offered_does_not_exist(page, minutes):
    assert page(minutes=minutes).status_code == 404


def test_the_limit_is_said_first_with_the_lessons_to_move(cast, book, page):
    BookingSettings.objects.create(school=cast.school, max_active_bookings=1)
    booking = book()

    answer = page()

    assert "1 of 1 open bookings" in answer.content.decode()
    assert reverse("bookings:move", args=[cast.school.slug, booking.pk]) in answer.content.decode()
    assert answer.context["picker"].groups == []


def test_below_the_limit_nothing_is_said(cast, book, page):
    BookingSettings.objects.create(school=cast.school, max_active_bookings=2)
    book()

    assert "open bookings" not in page().content.decode()


def test_without_free_times_a_wish_can_be_left(cast, page):
    WeeklyAvailability.objects.all().delete()

    wish = reverse("bookings:wish", args=[cast.school.slug])

    assert f"{wish}?type={cast.lesson_type.pk}" in page().content.decode()


def test_the_next_lesson_is_suggested_and_booked_with_one_press(cast, page, signed_in):
    shown = page().context
    suggested = shown["suggested"]
    line = suggested["lines"][0]
    assert (suggested["price"].minor, "Mette Holm · Free" in line["about"]) == (550_00, True)

    answer = signed_in(cast.student).post(
        reverse("bookings:book", args=[cast.school.slug]),
        {
            "type": suggested["lesson_type"].pk,
            "minutes": suggested["minutes"],
            "slot": line["slot"],
            "expected_price": suggested["price"].minor,
            "place": suggested["place"],
            "request_key": shown["form"]["request_key"].value(),
        },
    )

    booking = Booking.objects.get()
    assert answer.status_code == 302
    assert booking.starts_at.strftime("%Y%m%dT%H%MZ") == line["slot"].partition("-")[0]


def test_nothing_is_suggested_once_something_is_chosen_or_has_no_price(cast, page):
    assert page(type=cast.lesson_type.pk).context["suggested"] is None

    Product.objects.update(is_active=False)

    assert "suggested" not in page().context


@pytest.fixture
def track(cast):
    """A plan that wants the closed track first, and a type of lesson for it that can be booked."""
    follow(cast)
    lesson_type = LessonTypeFactory(
        school=cast.school, kind="closed_track", name="Track", needs=[], self_booking="instant"
    )
    make_catalogue(lesson_type)
    return lesson_type


def test_what_the_rules_say_against_every_time_is_said_with_a_lesson_to_book_first(
    cast, page, track
):
    shown = page(type=cast.lesson_type.pk)

    text = shown.content.decode()
    assert "4 more lessons first: Closed track." in text
    assert shown.context["instead"]["lesson"] == track
    assert f"?type={track.pk}&amp;from=" in text
    assert "Two weeks later" not in text


def test_the_page_begins_with_a_lesson_that_can_be_booked(cast, page, track):
    shown = page().context

    assert (shown["lesson_type"], shown["suggested"]["lesson_type"]) == (track, track)
    assert shown["picker"].groups
    assert shown["instead"] is None


def test_who_drove_before_the_plan_was_given_is_led_back_to_the_track(cast, book, page, track):
    book(overrides={"prerequisites-missing": "Drove elsewhere"})

    assert page().context["suggested"]["lesson_type"] == track


def test_where_only_the_calendar_is_full_no_rule_is_blamed(cast, page):
    WeeklyAvailability.objects.all().delete()

    shown = page()

    assert shown.context["picker"].against == []
    assert "Two weeks later" in shown.content.decode()


def test_too_far_ahead_says_so(page):
    assert "Book at most 60 days ahead." in page(**{"from": "2026-06-01"}).content.decode()


def test_a_suggestion_that_costs_to_cancel_is_not_booked_with_one_press(page):
    CancellationStep.objects.filter(deadline="days_before").update(amount=60)

    shown = page()

    lines = shown.context["suggested"]["lines"]
    assert [line["slot"] for line in lines] == [""] * len(lines)
    assert lines[0]["url"].replace("&", "&amp;") in shown.content.decode()
    assert "One press books it" not in shown.content.decode()
