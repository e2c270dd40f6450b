"""Which invoices a payment covers: suggested, chosen, taken back, and never beyond either."""

import datetime as dt
import uuid

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse

from finance.models import Invoice, PaymentAllocation
from finance.queries import credit_of
from finance.services import put_against, take_back
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from tests.finance.factories import OVER, PRICE, drive, kroner, pay_by_hand
from tests.finance.test_views import text, url


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(OVER + dt.timedelta(hours=5), tick=False):
        yield


@pytest.fixture
def debt(cast):
    """Two open invoices of 550 kr., and 600 kr. of credit."""
    invoices = [drive(cast), drive(cast, hours=2)]
    return [*invoices, pay_by_hand(cast, 600_00)]


def cover(cast, payment, shares, **said):
    said = {"by": cast.office, "at": OVER, "request_key": uuid.uuid4()} | said
    amounts = {invoice.pk: kroner(minor) for invoice, minor in shares.items()}
    return put_against(payment_id=payment.pk, shares=amounts, **said)


def give_up(cast, payment, invoice, **said):
    said = {"reason": "Wrong", "by": cast.office, "at": OVER, "request_key": uuid.uuid4()} | said
    take_back(payment_id=payment.pk, invoice_id=invoice.pk, **said)


def code_of(act) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.refusal.code


def statuses():
    return list(Invoice.objects.order_by("pk").values_list("status", flat=True))


def healthy() -> bool:
    return [found for found in examine() if found.code.startswith("finance")] == []


def test_one_payment_covers_several_invoices_as_wished(cast, debt):
    first, second, payment = debt

    cover(cast, payment, {first: 50_00, second: 550_00})

    assert (statuses(), credit_of(cast.student)) == (["part_paid", "paid"], kroner(0))
    assert healthy()


def test_the_same_request_is_done_once_and_another_wish_is_refused(cast, debt):
    first, second, payment = debt
    key = uuid.uuid4()

    for _ in range(2):
        cover(cast, payment, {first: 100_00}, request_key=key)

    assert PaymentAllocation.objects.count() == 1
    for other in ({second: 100_00}, {first: 99_00}):
        assert code_of(lambda other=other: cover(cast, payment, other, request_key=key)) == (
            "request-reused"
        )


@pytest.mark.parametrize(
    ("minors", "code"),
    (
        ((0, 0), "nothing-to-cover"),
        ((550_01, 0), "more-than-due"),
        ((-1, 0), "more-than-due"),
        ((550_00, 50_01), "more-than-free"),
    ),
)
def test_never_more_than_is_due_or_free(cast, debt, minors, code):
    first, second, payment = debt

    assert code_of(
        lambda: cover(cast, payment, dict(zip((first, second), minors, strict=True)))
    ) == (code)
    assert not PaymentAllocation.objects.exists()


def test_never_the_invoice_of_somebody_else(cast, debt):
    theirs = drive(cast, student=cast.other_student, hours=10)

    assert code_of(lambda: cover(cast, debt[2], {theirs: 1})) == "not-their-invoice"


def test_what_is_taken_back_is_a_row_of_its_own(cast, debt):
    first, _, payment = debt
    cover(cast, payment, {first: 550_00})
    key = uuid.uuid4()

    for _ in range(2):
        give_up(cast, payment, first, request_key=key)

    rows = PaymentAllocation.objects.order_by("pk").values_list("amount_minor", "reason")
    assert list(rows) == [(550_00, ""), (-550_00, "Wrong")]
    assert (statuses()[0], credit_of(cast.student)) == ("issued", kroner(600_00))
    assert code_of(lambda: give_up(cast, payment, first)) == "nothing-to-take"
    cover(cast, payment, {first: 550_00})
    assert statuses()[0] == "paid"
    assert healthy()


def test_why_is_asked(cast, debt):
    cover(cast, debt[2], {debt[0]: 1})

    assert code_of(lambda: give_up(cast, debt[2], debt[0], reason=" ")) == "reason-missing"


def test_the_database_takes_back_no_more_than_was_given(cast, debt):
    cover(cast, debt[2], {debt[0]: 100_00})
    row = PaymentAllocation(
        school=cast.school,
        payment=debt[2],
        invoice=debt[0],
        amount_minor=-100_01,
        reason="x",
        made_by=cast.office.user,
        created_at=OVER,
    )

    with pytest.raises(IntegrityError, match="more is taken back"), transaction.atomic():
        row.save()


@pytest.mark.parametrize("change", ("update", "delete"))
def test_an_allocation_is_final(cast, debt, change):
    cover(cast, debt[2], {debt[0]: 100_00})
    rows = PaymentAllocation.objects.all()

    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
        rows.update(amount_minor=1) if change == "update" else rows._raw_delete(rows.db)


def test_the_page_suggests_the_oldest_debt_first(cast, debt, signed_in):
    page = signed_in(cast.office).get(url(cast, "allocate", cast.student.pk)).content.decode()

    assert f'name="share_{debt[0].pk}" value="550,00"' in page
    assert f'name="share_{debt[1].pk}" value="50,00"' in page


def test_the_office_spreads_money_and_takes_it_back(cast, debt, signed_in):
    first, second, payment = debt
    client, page = signed_in(cast.office), url(cast, "allocate", cast.student.pk)
    values = {f"share_{first.pk}": "100", f"share_{second.pk}": "", "request_key": uuid.uuid4()}

    too_much = client.post(page, values | {f"share_{first.pk}": "551"})
    done = client.post(page, values, follow=True)
    back = client.post(
        url(cast, "take_payment_back", payment.pk, first.pk),
        {"reason": "Wrong student", "request_key": uuid.uuid4()},
        follow=True,
    )

    assert (too_much.status_code, "asks for DKK 550.00." in text(too_much)) == (422, True)
    assert "The money is put against the invoices." in text(done)
    assert "The money is credit again." in text(back)
    assert credit_of(cast.student) == kroner(600_00)


@pytest.mark.parametrize("who", ("student", "teacher"))
def test_students_and_teachers_spread_nothing(cast, debt, signed_in, who):
    assert (
        signed_in(getattr(cast, who)).get(url(cast, "allocate", cast.student.pk)).status_code == 403
    )


def test_the_money_of_another_school_does_not_exist(cast, debt, other_school, signed_in):
    client = signed_in(other_school.office)
    for route, args in (
        ("allocate", [cast.student.pk]),
        ("take_payment_back", [debt[2].pk, debt[0].pk]),
    ):
        page = reverse(f"finance:{route}", args=[other_school.school.slug, *args])
        values = {"reason": "x", "request_key": uuid.uuid4()}
        assert client.post(page, values).status_code == 404


@pytest.mark.parametrize("many", (1, 6))
def test_the_page_takes_the_same_queries_for_any_number_of_rows(
    cast, signed_in, django_assert_num_queries, many
):
    invoices = [drive(cast, hours=2 * number) for number in range(many)]
    for number, invoice in enumerate(invoices):
        payment = pay_by_hand(cast, 100_00 + number)
        cover(cast, payment, {invoice: PRICE // 100})
    client = signed_in(cast.office)
    client.get(url(cast, "allocate", cast.student.pk))

    with django_assert_num_queries(8):
        client.get(url(cast, "allocate", cast.student.pk))
