"""Price lists: no two at once, agreed when booked, shown as charged; who may change them."""

import datetime as dt
import uuid

import pytest
import time_machine
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from administration.models import SettingChange
from bookings.models import Participation
from bookings.services import Attendance, LessonRequest, book_lesson, complete_booking
from finance.enums import RateEffect
from finance.models import LedgerEntry, PriceList, PriceRate, Product, TeacherAtLevel, TeacherLevel
from finance.services import place_teachers, save_price_list
from justdriving.kernel.policy import Refused
from tests.factories import NOON, DepartmentFactory
from tests.finance.factories import PRICE, kroner
from tests.finance.test_pricing import quote_for

NEW_YEAR = dt.date(2026, 1, 1)
AT_FIVE = NOON + dt.timedelta(hours=4)
"""Thursday 16.00 in Copenhagen."""


@pytest.fixture
def prices(cast):
    return PriceList.objects.create(school=cast.school, name="2026", valid_from=NEW_YEAR)


def line(price_list, **fields):
    values = {"name": "Evening", "effect": RateEffect.ADD, "amount_minor": 50_00}
    return PriceRate.objects.create(
        school=price_list.school, price_list=price_list, **values | fields
    )


def level_of(teacher, name="Senior"):
    level = TeacherLevel.objects.create(school=teacher.school, name=name)
    TeacherAtLevel.objects.create(school=teacher.school, teacher=teacher, level=level)
    return level


def url(cast, route, *args):
    return reverse(f"finance:{route}", args=[cast.school.slug, *args])


def plain(answer):
    return answer.content.decode().replace("\xa0", " ").replace("&nbsp;", " ")


@pytest.mark.parametrize(
    ("first", "last", "overlaps"),
    (
        ((1, 1), (1, 31), False),
        ((1, 1), (2, 1), True),
        ((2, 28), (3, 1), True),
        ((3, 1), (3, 31), False),
        ((2, 10), (2, 11), True),
        ((1, 1), None, True),
    ),
)
def test_two_lists_of_one_scope_never_hold_on_one_day(cast, first, last, overlaps):
    PriceList.objects.create(
        school=cast.school,
        name="February",
        valid_from=dt.date(2026, 2, 1),
        valid_until=dt.date(2026, 2, 28),
    )
    values = {
        "name": "Other",
        "valid_from": dt.date(2026, *first),
        "valid_until": dt.date(2026, *last) if last else None,
    }

    if overlaps:
        with pytest.raises(IntegrityError):
            PriceList.objects.create(school=cast.school, **values)
    else:
        PriceList.objects.create(school=cast.school, **values)


def test_a_department_may_have_its_own_at_the_same_time(cast, prices):
    PriceList.objects.create(
        school=cast.school, department=cast.department, name="Centre", valid_from=NEW_YEAR
    )
    with pytest.raises(IntegrityError):
        PriceList.objects.create(
            school=cast.school, department=cast.department, name="Again", valid_from=NEW_YEAR
        )


def test_an_overlap_is_refused_in_words(cast, prices):
    with pytest.raises(Refused) as refused:
        save_price_list(
            price_list=None,
            values={"name": "Again", "department": None, "valid_from": NEW_YEAR},
            by=cast.owner,
            at=NOON,
        )

    assert refused.value.refusal.code == "lists-overlap"


def test_the_evening_and_a_senior_teacher_come_on_top(cast, prices):
    line(prices, starts_at=dt.time(16), ends_at=dt.time(21))
    line(prices, name="Senior", amount_minor=30_00, level=level_of(cast.teacher))

    assert quote_for(cast).amount == kroner(PRICE + 30_00)
    assert quote_for(cast, starts_at=AT_FIVE).amount == kroner(PRICE + 80_00)
    other = quote_for(cast, starts_at=AT_FIVE, teacher_id=cast.other_teacher.pk)
    assert other.amount == kroner(PRICE + 50_00)


def test_a_departments_own_price_goes_first(cast, prices):
    elsewhere = DepartmentFactory(school=cast.school, name="North")
    own = PriceList.objects.create(
        school=cast.school, department=cast.department, name="Centre", valid_from=NEW_YEAR
    )
    product = Product.objects.get()
    line(prices, name="", effect=RateEffect.PRICE, product=product, amount_minor=600_00)
    line(own, name="", effect=RateEffect.PRICE, product=product, amount_minor=620_00)

    assert quote_for(cast).amount == kroner(620_00)
    assert quote_for(cast, department_id=elsewhere.pk).amount == kroner(600_00)


def test_the_clock_is_the_schools(cast, prices):
    """16.00 in Copenhagen is 15.00 UTC in the winter and 14.00 in the summer."""
    line(prices, starts_at=dt.time(16), ends_at=dt.time(17))
    summer = dt.datetime(2026, 7, 2, 14, tzinfo=dt.UTC)

    assert quote_for(cast, starts_at=AT_FIVE).amount == kroner(PRICE + 50_00)
    assert quote_for(cast, starts_at=summer).amount == kroner(PRICE + 50_00)
    assert quote_for(cast, starts_at=AT_FIVE - dt.timedelta(seconds=1)).amount == kroner(PRICE)


def booked(cast, starts_at=AT_FIVE, **said):
    wanted = LessonRequest(
        lesson_type_id=cast.lesson_type.pk,
        teacher_id=cast.teacher.pk,
        student_ids=(cast.student.pk,),
        resource_ids=(cast.vehicle.pk,),
        starts_at=starts_at,
        place="Station",
    )
    values = {"by": cast.office, "at": NOON - dt.timedelta(days=2), "request_key": uuid.uuid4()}
    return book_lesson(wanted=wanted, **values | said).participations.get()


def test_the_price_and_its_steps_are_agreed_when_it_is_booked(cast, prices):
    evening = line(prices, starts_at=dt.time(16))
    place = booked(cast)
    evening.amount_minor = 200_00
    evening.save()
    Product.objects.update(price_minor=900_00)

    complete_booking(
        booking_id=place.booking_id,
        by=cast.teacher.membership,
        at=AT_FIVE + dt.timedelta(minutes=90),
        attendance={place.pk: Attendance(attended=True)},
    )

    assert place.price == kroner(PRICE + 50_00)
    assert [(part["label"], part["minor"]) for part in place.price_parts] == [
        ("", PRICE),
        ("Evening", 50_00),
    ]
    assert LedgerEntry.objects.get().amount == kroner(PRICE + 50_00)


def test_another_price_than_the_one_shown_is_refused(cast, prices):
    line(prices, starts_at=dt.time(16))

    with pytest.raises(Refused) as refused:
        booked(cast, expected_price=kroner(PRICE))

    assert refused.value.refusal.code == "price-changed"


def test_pricing_is_one_statement_of_a_booking(cast, prices):
    line(prices, level=level_of(cast.teacher))

    with CaptureQueriesContext(connection) as caught:
        booked(cast)

    priced = [
        query for query in caught if "finance_" in query["sql"] and "pricerate" in query["sql"]
    ]
    assert len(priced) == 1


@pytest.fixture
def picker_day():
    with time_machine.travel(NOON - dt.timedelta(days=2), tick=False):
        yield


def test_the_prices_of_the_free_times_are_the_prices_charged(cast, prices, signed_in, picker_day):
    line(prices, starts_at=dt.time(16))
    client = signed_in(cast.student)
    book = reverse("bookings:book", args=[cast.school.slug])

    page = client.get(book, {"type": cast.lesson_type.pk, "day": "2026-03-05"})
    groups = page.context["picker"].groups
    shown = {slot["time"]: slot["price"].replace("\xa0", " ") for slot in groups[0].slots}
    slot = next(one for one in groups[0].slots if one["time"] == "16:00")
    chosen = client.get(book + slot["url"].partition("#")[0])
    values = {
        "type": cast.lesson_type.pk,
        "slot": f"{AT_FIVE:%Y%m%dT%H%MZ}-{cast.teacher.pk}",
        "place": "Station",
        "request_key": uuid.uuid4(),
        "expected_price": chosen.context["price"].minor,
    }
    answer = client.post(book, values)

    assert (shown["15:30"], shown["16:00"]) == ("DKK 550.00", "DKK 600.00")
    assert "Evening" in plain(chosen)
    assert answer.status_code == 302
    assert Participation.objects.get().price == kroner(600_00)


def test_before_a_time_is_chosen_the_price_is_that_of_no_hour_in_particular(
    cast, prices, signed_in, picker_day
):
    """It is Tuesday noon; what only Tuesdays cost more is no word about the lesson."""
    line(prices, name="Tuesday", weekdays=[1])
    line(prices, name="Senior", amount_minor=30_00, level=level_of(cast.teacher))
    book = reverse("bookings:book", args=[cast.school.slug])

    page = signed_in(cast.student).get(book, {"type": cast.lesson_type.pk})

    assert page.context["price"] == kroner(PRICE + 30_00)


def test_free_times_take_the_same_queries_with_a_list_of_many_lines(
    cast, prices, signed_in, picker_day
):
    client = signed_in(cast.student)
    book = reverse("bookings:book", args=[cast.school.slug])
    query = {"type": cast.lesson_type.pk, "day": "2026-03-05"}
    client.get(book, query)

    def queries():
        with CaptureQueriesContext(connection) as caught:
            client.get(book, query)
        return len(caught)

    before = queries()
    for number in range(20):
        line(prices, name=f"Line {number}", starts_at=dt.time(16))

    assert queries() == before


def test_the_calculator_explains_the_price(cast, prices, signed_in):
    line(prices, starts_at=dt.time(18))
    line(prices, name="Senior", amount_minor=30_00, level=level_of(cast.teacher))
    asked = {
        "lesson_type": cast.lesson_type.pk,
        "day": "2026-03-05",
        "time": "18:30",
        "teacher": cast.teacher.pk,
        "department": cast.department.pk,
    }

    answer = signed_in(cast.office).get(url(cast, "calculator"), asked)

    assert answer.context["quote"].amount == kroner(PRICE + 80_00)
    assert "Standard DKK 550.00 + Evening DKK 50.00 + Senior DKK 30.00" in plain(answer)


def test_the_calculator_says_what_is_missing(cast, signed_in):
    Product.objects.update(is_active=False)
    asked = {
        "lesson_type": cast.lesson_type.pk,
        "day": "2026-03-05",
        "time": "18:30",
        "department": cast.department.pk,
    }

    answer = signed_in(cast.office).get(url(cast, "calculator"), asked)

    assert answer.status_code == 422
    assert "has no price yet" in plain(answer)


def test_the_owner_writes_a_list_and_its_lines(cast, signed_in):
    client = signed_in(cast.owner)
    dates = {"name": "Spring", "valid_from": "2026-03-01", "valid_until": "2026-05-31"}
    answer = client.post(url(cast, "price_list_new"), dates)
    spring = PriceList.objects.get()
    evening = {
        "effect": "percent",
        "name": "Evening",
        "percent": "10",
        "weekdays": ["0", "4"],
        "starts_at": "18:00",
    }
    client.post(url(cast, "rate_new", spring.pk), evening)
    rate = PriceRate.objects.get()
    client.post(url(cast, "rate", spring.pk, rate.pk), evening | {"percent": "12"})
    page = plain(client.get(url(cast, "price_list", spring.pk)))
    client.post(url(cast, "rate_remove", spring.pk, rate.pk))

    assert answer.url == url(cast, "price_list", spring.pk)
    assert "Evening: + 12 % · every lesson · Monday, Friday · from 18:00" in page
    assert not PriceRate.objects.exists()
    kept = SettingChange.objects.filter(field="rates").order_by("pk").values_list("old", "new")
    words = "Evening: + {} % · every lesson · Monday, Friday · from 18:00"
    assert [*kept] == [
        ("", words.format(10)),
        (words.format(10), words.format(12)),
        (words.format(12), ""),
    ]


@pytest.mark.parametrize(
    ("values", "words"),
    (
        ({"effect": "percent", "name": "x"}, "Write how many per cent."),
        ({"effect": "add", "name": "x"}, "Write the amount."),
        ({"effect": "add", "amount": "50"}, "Write what people read beside the amount."),
        ({"effect": "price", "amount": "50"}, "Choose what the price is for."),
        (
            {"effect": "add", "amount": "5", "name": "x", "starts_at": "18:00", "ends_at": "17:00"},
            "It ends before it begins.",
        ),
    ),
)
def test_half_a_line_is_refused(cast, prices, signed_in, values, words):
    answer = signed_in(cast.owner).post(url(cast, "rate_new", prices.pk), values)

    assert answer.status_code == 422
    assert words in plain(answer)


def test_levels_are_made_given_and_kept_in_history(cast, signed_in):
    client = signed_in(cast.owner)
    client.post(url(cast, "level_new"), {"name": "Senior", "is_active": "on"})
    senior = TeacherLevel.objects.get()
    client.post(url(cast, "levels"), {f"teacher{cast.teacher.pk}": senior.pk})

    assert {one.teacher_id for one in TeacherAtLevel.objects.all()} == {cast.teacher.pk}
    assert SettingChange.objects.filter(field="level", new="Senior").count() == 1
    client.post(url(cast, "levels"), {f"teacher{cast.teacher.pk}": ""})
    assert not TeacherAtLevel.objects.exists()


def test_a_teacher_of_another_school_is_given_no_level(cast, other_school):
    senior = TeacherLevel.objects.create(school=cast.school, name="Senior")

    with pytest.raises(Refused) as refused:
        place_teachers(levels={other_school.teacher.pk: senior}, by=cast.owner, at=NOON)

    assert refused.value.refusal.code == "not-found"


@pytest.mark.parametrize(
    ("query", "names"),
    (
        ({}, ["Next", "Now", "Past"]),
        ({"show": "now"}, ["Now"]),
        ({"show": "coming"}, ["Next"]),
        ({"show": "over"}, ["Past"]),
        ({"q": "pas"}, ["Past"]),
    ),
)
def test_lists_are_searched_and_filtered(cast, signed_in, query, names):
    today = dt.datetime.now(dt.UTC).date()
    day = dt.timedelta(days=1)
    for name, first, last in (
        ("Past", today - 9 * day, today - 5 * day),
        ("Now", today - 4 * day, today + 4 * day),
        ("Next", today + 5 * day, None),
    ):
        PriceList.objects.create(school=cast.school, name=name, valid_from=first, valid_until=last)

    page = signed_in(cast.owner).get(url(cast, "price_lists"), query).context["page"]

    assert [one.name for one in page] == names


@pytest.mark.parametrize("route", ("price_lists", "price_list"))
def test_pages_take_the_same_queries_for_one_and_many(cast, prices, signed_in, route):
    client = signed_in(cast.owner)
    page = url(cast, route, *([prices.pk] if route == "price_list" else []))
    line(prices, product=Product.objects.get())
    client.get(page)

    def queries():
        with CaptureQueriesContext(connection) as caught:
            client.get(page)
        return len(caught)

    one = queries()
    for number in range(8):
        line(prices, name=f"Line {number}", product=Product.objects.get())
        PriceList.objects.create(
            school=cast.school,
            name=f"Old {number}",
            valid_from=dt.date(2025, number + 1, 1),
            valid_until=dt.date(2025, number + 1, 2),
        )

    assert queries() == one


@pytest.mark.parametrize(
    ("route", "status"),
    (
        ("price_lists", 403),
        ("price_list_new", 403),
        ("levels", 403),
        ("level_new", 403),
        ("calculator", 200),
    ),
)
def test_the_office_asks_what_it_costs_and_the_owner_decides(cast, signed_in, route, status):
    asked = [signed_in(who).get(url(cast, route)).status_code for who in (cast.owner, cast.office)]

    assert asked == [200, status]
    assert signed_in(cast.teacher).get(url(cast, route)).status_code == 403


def test_a_list_of_another_school_does_not_exist(cast, other_school, signed_in):
    foreign = PriceList.across_schools.create(
        school=other_school.school, name="Theirs", valid_from=NEW_YEAR
    )
    owner = signed_in(cast.owner)

    assert owner.get(url(cast, "price_list", foreign.pk)).status_code == 404
    assert owner.get(url(cast, "rate_new", foreign.pk)).status_code == 404
