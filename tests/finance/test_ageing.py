"""Who owes what, and since when: equal to the ledger, and for whoever may see it."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from administration.enums import Role
from finance.ageing import AgeBucket, bucket_of, payers_of, sums_of_payers
from finance.queries import balance_of, open_amount
from finance.services.crediting import Part
from tests.factories import DepartmentFactory, MembershipFactory, StudentFactory
from tests.finance.factories import (
    OVER,
    PRICE,
    ask_back,
    credit_parts,
    drive,
    kroner,
    pay_by_hand,
)
from tests.finance.test_views import text, url

B = AgeBucket
DUE = OVER.date() + dt.timedelta(days=8)
"""When the first invoice falls due."""


@pytest.fixture
def on():
    """A function: it is so many days after the first invoice fell due."""
    with time_machine.travel(OVER, tick=False) as clock:
        yield lambda day: clock.move_to(OVER + dt.timedelta(days=8 + day))


@pytest.mark.parametrize(
    ("late", "bucket"),
    (
        (-1, B.NOT_DUE),
        (0, B.NOT_DUE),
        (1, B.TO_30),
        (30, B.TO_30),
        (31, B.TO_60),
        (60, B.TO_60),
        (61, B.TO_90),
        (90, B.TO_90),
        (91, B.OVER_90),
    ),
)
def test_an_amount_is_as_old_as_its_due_date(late, bucket):
    assert bucket_of(DUE, today=DUE + dt.timedelta(days=late)) == bucket


def test_each_invoice_is_in_its_bucket_with_what_is_left_of_it(cast):
    first = drive(cast)
    drive(cast, hours=24 * 20)
    pay_by_hand(cast, 150_00, first)

    (payer,) = payers_of(cast.office, today=DUE + dt.timedelta(days=40))

    assert payer.amounts == [kroner(minor) for minor in (0, PRICE, 400_00, 0, 0)]
    assert (payer.open, payer.oldest) == (kroner(950_00), DUE)


def test_it_equals_the_balance_whatever_happened(cast):
    """Part payments, credit notes, money on account and one that is on its way back."""
    first, second, _third = (drive(cast, hours=2 * number) for number in range(3))
    paid = pay_by_hand(cast, 700_00, first)
    for invoice, minor in ((second, 100_00), (first, 50_00)):
        credit_parts(cast, invoice, Part(invoice.lines.get().pk, amount=kroner(minor)))
    ask_back(cast, paid, 20_00)
    drive(cast, hours=9, student=cast.other_student)

    payers = payers_of(cast.office, today=DUE)

    for student in (cast.student, cast.other_student):
        (payer,) = (one for one in payers if one.student_id == student.pk)
        assert payer.open == open_amount(student)
        assert payer.balance == balance_of(student) == payer.open + payer.beside
    sums = sums_of_payers(payers, cast.school)
    assert sums.balance == balance_of(cast.student) + balance_of(cast.other_student)
    assert sum(sums.amounts, kroner(0)) == sums.open


def test_who_has_paid_is_gone(cast):
    pay_by_hand(cast, PRICE, drive(cast))

    assert payers_of(cast.office, today=DUE) == []


@pytest.mark.parametrize(
    ("order", "names"),
    (
        ("", ["Noah Berg", "Åse Lind"]),
        ("oldest", ["Åse Lind", "Noah Berg"]),
        ("name", ["Noah Berg", "Åse Lind"]),
        ("nonsense", ["Noah Berg", "Åse Lind"]),
    ),
)
def test_it_is_sorted(cast, signed_in, on, order, names):
    drive(cast)
    drive(cast, hours=48, student=cast.other_student, price=900_00)
    on(5)

    answer = signed_in(cast.office).get(url(cast, "ageing"), {"order": order})

    assert [payer.name for payer in answer.context["page"]] == names


def test_it_is_searched_and_narrowed_to_a_department(cast, signed_in, on):
    elsewhere = DepartmentFactory(school=cast.school, name="North")
    away = StudentFactory(school=cast.school, department=elsewhere)
    drive(cast)
    drive(cast, hours=3, student=away)
    client = signed_in(cast.office)

    def found(**asked):
        return [one.student_id for one in client.get(url(cast, "ageing"), asked).context["page"]]

    assert sorted(found()) == sorted([cast.student.pk, away.pk])
    assert found(q="åse") == [cast.student.pk]
    assert found(department=elsewhere.pk) == [away.pk]
    assert found(q="åse", department=elsewhere.pk) == []


@pytest.mark.parametrize("department", ("x", "0", "-1", "9999999999999999999"))
def test_a_department_that_is_not_there_is_not_found(cast, signed_in, department):
    answer = signed_in(cast.office).get(url(cast, "ageing"), {"department": department})

    assert answer.status_code == 404


def test_the_page_tells_sums_and_leads_to_the_statement(cast, signed_in, on):
    drive(cast)
    on(35)

    answer = signed_in(cast.owner).get(url(cast, "ageing"))

    page = text(answer)
    assert "31–60 days: DKK 550.00" in page
    assert "Of it overdue DKK 550.00" in page
    assert url(cast, "statement", cast.student.pk) in answer.content.decode()


def test_nothing_owed_is_said(cast, signed_in):
    assert "Nobody owes anything" in text(signed_in(cast.office).get(url(cast, "ageing")))


def test_it_can_be_downloaded(cast, signed_in, on):
    drive(cast)
    on(35)

    answer = signed_in(cast.office).get(url(cast, "ageing"), {"csv": "1"})

    head, row = answer.content.decode().lstrip("\ufeff").splitlines()
    assert answer["Content-Type"].startswith("text/csv")
    assert "Over 90 days" in head
    assert "Åse Lind" in row
    assert row.count("550") == 3


@pytest.mark.parametrize(
    ("who", "status"), (("owner", 200), ("office", 200), ("teacher", 403), ("student", 403))
)
def test_it_is_for_whoever_manages_invoices(cast, signed_in, who, status):
    assert signed_in(getattr(cast, who)).get(url(cast, "ageing")).status_code == status


def test_an_office_of_one_department_sees_its_own(cast, signed_in, other_school):
    elsewhere = DepartmentFactory(school=cast.school, name="North")
    limited = MembershipFactory(school=cast.school, role=Role.OFFICE, department=elsewhere)
    drive(cast)
    mine = StudentFactory(school=cast.school, department=elsewhere)
    drive(cast, hours=3, student=mine)
    client = signed_in(limited)

    assert [one.student_id for one in client.get(url(cast, "ageing")).context["page"]] == [mine.pk]
    asked = {"department": cast.department.pk}
    assert client.get(url(cast, "ageing"), asked).status_code == 404
    asked = {"department": other_school.department.pk}
    assert signed_in(cast.owner).get(url(cast, "ageing"), asked).status_code == 404


def test_it_takes_the_same_queries_for_any_number_of_rows(cast, signed_in):
    client = signed_in(cast.office)
    drive(cast)

    def asked():
        with CaptureQueriesContext(connection) as seen:
            client.get(url(cast, "ageing"))
        return len(seen)

    asked()
    before = asked()
    for number in range(1, 6):
        drive(cast, hours=3 * number, student=StudentFactory(school=cast.school))

    assert asked() == before
