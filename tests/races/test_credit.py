"""Credit under pressure: it is spent once and given back once. Each protection is off once."""

import contextlib
import threading
import uuid

import pytest
from django.db import connection
from django.db.models import QuerySet

from finance.models import CreditNote, Invoice, Payment, PaymentAllocation, Refund
from finance.services import allocation, issue_credit_note, refunding, request_refund
from finance.services.allocation import hold_money, spend_credit
from finance.services.crediting import Part
from justdriving.kernel.policy import Refused
from justdriving.kernel.tenancy import school_scope
from justdriving.kernel.transactions import use_case
from tests.cast import make_cast
from tests.finance.factories import OVER, PRICE, drive, kroner, pay_by_hand
from tests.races.test_payments import at_once, faults

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast():
    people = make_cast()
    with school_scope(people.school.pk):
        yield people


@pytest.fixture
def without_triggers(transactional_db):
    """The nets under the locks are gone for one test."""
    tables = ("finance_paymentallocation", "finance_refund")
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE finance_payment CASCADE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def careless(monkeypatch, module, many: int) -> None:
    """Nobody holds the money, and everybody has looked at it before the first one takes it."""
    pause, look = threading.Barrier(many), module.free_of

    def slowly(payments):
        seen = look(payments)
        with contextlib.suppress(threading.BrokenBarrierError):
            pause.wait(timeout=5)
        return seen

    monkeypatch.setattr(module, "free_of", slowly)
    monkeypatch.setattr(allocation, "take_sorted", lambda keys: None)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **how: rows)


@use_case
def spend(cast, invoice: Invoice) -> None:
    with school_scope(cast.school.pk):
        hold_money(cast.student.pk)
        spend_credit(Invoice.objects.get(pk=invoice.pk), at=OVER)


def ask(cast, payment: Payment) -> Refund:
    with school_scope(cast.school.pk):
        return request_refund(
            payment_id=payment.pk,
            amount=kroner(PRICE),
            method="transfer",
            reason="Left",
            by=cast.office,
            at=OVER,
            request_key=uuid.uuid4(),
        )


def test_credit_covers_one_of_four_invoices(cast):
    invoices = [drive(cast, hours=2 * number) for number in range(4)]
    pay_by_hand(cast, PRICE)

    at_once(4, lambda number: spend(cast, invoices[number]))

    assert sum(row.amount_minor for row in PaymentAllocation.objects.all()) == PRICE
    assert faults() == []


def test_without_locks_and_triggers_credit_is_spent_many_times(cast, without_triggers, monkeypatch):
    invoices = [drive(cast, hours=2 * number) for number in range(4)]
    pay_by_hand(cast, PRICE)
    careless(monkeypatch, allocation, 4)

    at_once(4, lambda number: spend(cast, invoices[number]))

    assert PaymentAllocation.objects.count() == 4
    assert "finance.allocations_within_payment" in faults()


def test_without_locks_the_trigger_still_spends_credit_once(cast, monkeypatch):
    invoices = [drive(cast, hours=2 * number) for number in range(4)]
    pay_by_hand(cast, PRICE)
    careless(monkeypatch, allocation, 4)

    at_once(4, lambda number: spend(cast, invoices[number]))

    assert (PaymentAllocation.objects.count(), faults()) == (1, [])


def test_money_is_given_back_once(cast):
    payment = pay_by_hand(cast, PRICE)

    outcomes = at_once(8, lambda _: ask(cast, payment))

    refused = [one.refusal.code for one in outcomes if isinstance(one, Refused)]
    assert (Refund.objects.count(), refused) == (1, ["more-than-free"] * 7)
    assert faults() == []


def test_without_locks_and_triggers_money_is_given_back_many_times(
    cast, without_triggers, monkeypatch
):
    payment = pay_by_hand(cast, PRICE)
    careless(monkeypatch, refunding, 8)

    at_once(8, lambda _: ask(cast, payment))

    assert Refund.objects.count() == 8
    assert "finance.refunds_within_payment" in faults()


def test_without_locks_the_trigger_still_gives_back_once(cast, monkeypatch):
    payment = pay_by_hand(cast, PRICE)
    careless(monkeypatch, refunding, 8)

    at_once(8, lambda _: ask(cast, payment))

    assert (Refund.objects.count(), faults()) == (1, [])


def test_a_refund_and_an_invoice_never_take_the_same_money(cast):
    invoices = [drive(cast, hours=2 * number) for number in range(4)]
    payment = pay_by_hand(cast, PRICE)

    at_once(
        8,
        lambda number: ask(cast, payment) if number % 2 else spend(cast, invoices[number // 2]),
    )

    assert Refund.objects.count() + PaymentAllocation.objects.count() == 1
    assert faults() == []


def test_a_line_is_credited_once_however_many_try(cast):
    invoice = drive(cast)
    line = invoice.lines.get().pk

    def credit(_: int) -> CreditNote:
        with school_scope(cast.school.pk):
            return issue_credit_note(
                invoice_id=invoice.pk,
                parts=[Part(line, amount=kroner(300_00))],
                reason="Wrong price",
                by=cast.office,
                at=OVER,
                request_key=uuid.uuid4(),
            )

    outcomes = at_once(8, credit)

    refused = [one.refusal.code for one in outcomes if isinstance(one, Refused)]
    assert (CreditNote.objects.count(), refused) == (1, ["more-than-left"] * 7)
    assert faults() == []
