"""The statement of account: every entry, the balance after it, and nobody else's."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from finance.queries import balance_of
from finance.statements import statement_of
from tests.finance.factories import OVER, credit_all, drive, give_back, kroner, pay_by_hand
from tests.finance.test_views import text, url

DAY = OVER.date()


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(OVER + dt.timedelta(days=2), tick=False):
        yield


@pytest.fixture
def story(cast):
    """A lesson driven, paid too much, credited, and given back."""
    invoice = drive(cast)
    payment = pay_by_hand(cast, 600_00, invoice)
    credit_all(cast, invoice)
    give_back(cast, payment, 100_00)
    drive(cast, hours=24)
    return payment


def test_every_entry_with_the_balance_after_it(cast, story):
    found = statement_of(cast.student, DAY, DAY)

    assert [(line.document, line.amount, line.balance) for line in found.lines] == [
        ("F-00001", kroner(550_00), kroner(550_00)),
        (story.number, kroner(-600_00), kroner(-50_00)),
        ("K-00001", kroner(-550_00), kroner(-600_00)),
        (found.lines[3].document, kroner(100_00), kroner(-500_00)),
    ]
    assert found.lines[3].document.startswith("T-")
    assert (found.owed, found.settled) == (kroner(650_00), kroner(1_150_00))


@pytest.mark.parametrize(
    ("days", "sums", "lines"),
    (
        ((-2, -1), (0, 0), 0),
        ((0, 0), (0, -500_00), 4),
        ((1, 1), (-500_00, 50_00), 1),
        ((0, 1), (0, 50_00), 5),
        ((2, 9), (50_00, 50_00), 0),
    ),
)
def test_the_days_both_count(cast, story, days, sums, lines):
    first, last = (DAY + dt.timedelta(days=days_on) for days_on in days)

    found = statement_of(cast.student, first, last)

    assert (found.opening, found.closing) == tuple(kroner(minor) for minor in sums)
    assert len(found.lines) == lines


def test_it_ends_at_the_balance(cast, story):
    found = statement_of(cast.student, dt.date(2000, 1, 1), dt.date(2100, 1, 1))

    assert found.closing == balance_of(cast.student)


def test_students_read_their_own_and_the_office_everybodys(cast, story, signed_in):
    page = url(cast, "statement", cast.student.pk)

    for who in (cast.student, cast.office):
        assert "Balance DKK 50.00" in text(signed_in(who).get(page))
    assert signed_in(cast.other_student).get(page).status_code == 404
    assert signed_in(cast.teacher).get(page).status_code == 403


def test_the_statement_of_another_school_does_not_exist(cast, story, other_school, signed_in):
    page = reverse("finance:statement", args=[other_school.school.slug, cast.student.pk])

    assert signed_in(other_school.office).get(page).status_code == 404


def test_the_file_says_the_same(cast, story, signed_in):
    answer = signed_in(cast.office).get(url(cast, "statement", cast.student.pk), {"csv": 1})

    rows = answer.content.decode("utf-8-sig").splitlines()
    assert answer["Content-Type"].startswith("text/csv")
    assert len(rows) == 6
    assert rows[2].endswith(f"{story.number},-600.00,-50.00")


@pytest.mark.parametrize("day", ("2026-02-30", "1066-10-14"))
def test_a_day_that_is_none_is_not_found(cast, signed_in, day):
    page = url(cast, "statement", cast.student.pk)

    assert signed_in(cast.office).get(page, {"from": day}).status_code == 404


@pytest.mark.parametrize("many", (1, 10))
def test_the_page_takes_the_same_queries_for_any_number_of_rows(
    cast, signed_in, django_assert_num_queries, many
):
    for number in range(many):
        pay_by_hand(cast, 100_00 + number, drive(cast, hours=2 * number))
    client = signed_in(cast.student)
    client.get(url(cast, "statement", cast.student.pk))

    with django_assert_num_queries(6):
        client.get(url(cast, "statement", cast.student.pk))
