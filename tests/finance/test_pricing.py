"""What a lesson costs, and what not coming to it costs, to the second."""

import datetime as dt

import pytest

from bookings.enums import BookingStatus, Party
from bookings.models import ClosedDay
from bookings.ports import pricing
from finance.models import LedgerEntry, Product
from finance.pricing import CataloguePricing
from justdriving.kernel.policy import Refused
from tests.factories import NOON
from tests.finance.factories import PRICE, book, cancel, kroner

SECOND = dt.timedelta(seconds=1)
FREE_UNTIL = dt.datetime(2026, 3, 4, 11, tzinfo=dt.UTC)
"""Wednesday 12.00 in Copenhagen: the business day before the lesson of Thursday."""
FULL_FROM = dt.datetime(2026, 3, 5, 6, tzinfo=dt.UTC)
"""Thursday 7.00 in Copenhagen."""


def test_the_port_is_answered_by_the_price_list():
    assert isinstance(pricing(), CataloguePricing)


def quote_for(cast, **asked):
    """What the lesson of Thursday noon costs, or another one."""
    starts_at = asked.pop("starts_at", NOON)
    quotes = CataloguePricing().quotes(
        [cast.lesson_type], students=[cast.student], lower=starts_at, upper=starts_at, at=NOON
    )
    values = {
        "student_id": cast.student.pk,
        "teacher_id": cast.teacher.pk,
        "department_id": cast.department.pk,
        "starts_at": starts_at,
    }
    return quotes.quote(cast.lesson_type, **values | asked)


def test_a_lesson_costs_what_the_price_list_says(cast):
    assert quote_for(cast).amount == kroner(PRICE)


def test_other_minutes_cost_their_share(cast):
    assert quote_for(cast, minutes=45).amount == kroner(PRICE // 2)


def test_prices_take_one_query_however_many_are_asked(cast, django_assert_num_queries):
    with django_assert_num_queries(1):
        quotes = CataloguePricing().quotes(
            [cast.lesson_type], students=[cast.student], lower=NOON, upper=NOON, at=NOON
        )
        for hours in range(50):
            quotes.quote(
                cast.lesson_type,
                student_id=cast.student.pk,
                teacher_id=cast.teacher.pk,
                department_id=cast.department.pk,
                starts_at=NOON + dt.timedelta(hours=hours),
            )


def test_nobody_and_nothing_may_be_asked_about(cast):
    quotes = CataloguePricing().quotes([], students=[], lower=NOON, upper=NOON, at=NOON)

    assert not quotes.has(cast.lesson_type)


def test_a_lesson_without_a_price_is_refused_with_the_way_to_fix_it(cast):
    Product.objects.update(is_active=False)

    with pytest.raises(Refused) as refused:
        quote_for(cast)

    assert refused.value.refusal.code == "no-price"
    assert str(refused.value) == (
        "“Driving lesson” has no price yet. The owner adds it under Invoices, Price list."
    )


BOUNDARIES = (
    (FREE_UNTIL - SECOND, 0, "Free until Wed 4 Mar 12:00."),
    (FREE_UNTIL, 0, "Free until Wed 4 Mar 12:00."),
    (FREE_UNTIL + SECOND, 275_00, "Free until Wed 4 Mar 12:00. Now: 50 % = DKK 275.00."),
    (FULL_FROM, 275_00, "Free until Wed 4 Mar 12:00. Now: 50 % = DKK 275.00."),
    (FULL_FROM + SECOND, 550_00, "Free until Wed 4 Mar 12:00. Now: 100 % = DKK 550.00."),
    (NOON - SECOND, 550_00, "Free until Wed 4 Mar 12:00. Now: 100 % = DKK 550.00."),
)


@pytest.mark.parametrize(("at", "fee", "sentence"), BOUNDARIES)
def test_the_fee_changes_exactly_at_the_deadlines(cast, at, fee, sentence):
    place = book(cast)

    shown = CataloguePricing().cancellation_fee(place, by=Party.STUDENT, at=at)

    assert (shown.amount, shown.free_until) == (kroner(fee), FREE_UNTIL)
    assert shown.explanation.replace("\xa0", " ") == sentence


@pytest.mark.parametrize(("at", "fee", "_sentence"), BOUNDARIES)
def test_what_was_shown_is_exactly_what_is_billed(cast, at, fee, _sentence):
    place = book(cast)
    shown = CataloguePricing().cancellation_fee(place, by=Party.STUDENT, at=at)

    cancel(cast, place, by=cast.student.membership, at=at)

    billed = [entry.amount for entry in LedgerEntry.objects.all()]
    assert billed == ([shown.amount] if shown.amount else [])


@pytest.mark.parametrize("party", (Party.SCHOOL, Party.TEACHER, Party.SYSTEM))
def test_cancelling_is_free_when_the_school_does_it(cast, party):
    fee = CataloguePricing().cancellation_fee(book(cast), by=party, at=NOON - SECOND)

    assert (fee.amount, fee.free_until) == (kroner(0), None)


def test_cancelling_a_request_is_free(cast):
    place = book(cast, status=BookingStatus.PENDING, held_until=NOON)

    fee = CataloguePricing().cancellation_fee(place, by=Party.STUDENT, at=NOON - SECOND)

    assert fee.amount == kroner(0)


def test_a_closed_day_before_moves_the_deadline_to_the_business_day_before_it(cast):
    ClosedDay.objects.create(school=cast.school, on=dt.date(2026, 3, 4), name="Holiday")

    fee = CataloguePricing().cancellation_fee(book(cast), by=Party.STUDENT, at=FREE_UNTIL - SECOND)

    assert fee.free_until == FREE_UNTIL - dt.timedelta(days=1)
    assert fee.amount == kroner(275_00)


def test_a_closed_day_of_another_department_moves_nothing(cast, other_school):
    from tests.factories import DepartmentFactory  # noqa: PLC0415 -- only here

    elsewhere = DepartmentFactory(school=cast.school, name="North")
    ClosedDay.objects.create(
        school=cast.school, department=elsewhere, on=dt.date(2026, 3, 4), name="Holiday"
    )

    fee = CataloguePricing().cancellation_fee(book(cast), by=Party.STUDENT, at=FREE_UNTIL)

    assert fee.free_until == FREE_UNTIL


def test_terms_without_costly_steps_are_free_until_the_end(cast):
    cast.lesson_type.cancellation_terms.steps.all().delete()

    fee = CataloguePricing().cancellation_fee(book(cast), by=Party.STUDENT, at=NOON)

    assert (fee.amount, fee.free_until) == (kroner(0), None)


@pytest.mark.parametrize(("percent", "fee"), ((100, 550_00), (50, 275_00), (33, 181_50), (0, 0)))
def test_not_coming_costs_the_share_of_the_terms(cast, percent, fee):
    place = book(cast)
    place.booking.cancellation_terms.no_show_percent = percent

    assert CataloguePricing().no_show_fee(place).amount == kroner(fee)
