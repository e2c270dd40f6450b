"""Money under pressure: many threads, real Postgres. Each protection is switched off once."""

import contextlib
import datetime as dt
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, connections

from administration.models import School
from finance.enums import Document
from finance.invariants import INVARIANTS
from finance.models import (
    Checkout,
    FollowUp,
    Invoice,
    InvoiceSeries,
    LedgerEntry,
    Payment,
    ReminderStep,
)
from finance.services import (
    billing,
    checkouts,
    confirm_payment,
    payments,
    register_manual_payment,
    remind,
    remind_all,
    reminding,
    send_reminders,
)
from finance.services.billing import Charge, issue_invoice
from finance.services.numbering import Number
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from justdriving.kernel.tenancy import school_scope
from justdriving.kernel.transactions import use_case
from tests.cast import make_cast
from tests.finance.factories import OVER, PRICE, drive, kroner, pay_by_hand, visit
from tests.races.conftest import PATIENCE, connect

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast():
    people = make_cast()
    with school_scope(people.school.pk):
        yield people


def at_once(count: int, act: Callable[[int], object]) -> list[object]:
    """Let so many threads do it at the same moment; returns results and what they raised."""
    ready = threading.Barrier(count)

    def run(number: int) -> object:
        try:
            connect()
            ready.wait(timeout=PATIENCE)
            return act(number)
        except (Refused, IntegrityError, RuntimeError) as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def confirm(checkout: Checkout) -> Payment:
    return confirm_payment(
        gateway=checkout.gateway,
        external_id=checkout.external_id,
        amount=kroner(PRICE),
        at=OVER,
    )


def faults() -> list[str]:
    return [finding.code for finding in examine(INVARIANTS)]


def test_eight_confirmations_of_one_visit_book_one_payment(cast):
    checkout = visit(cast, drive(cast))

    results = at_once(8, lambda _: confirm(checkout))

    assert {payment.pk for payment in results} == {Payment.objects.get().pk}
    assert (LedgerEntry.objects.count(), faults()) == (2, [])


CONSTRAINTS = {
    "finance_payment": ("gateway_payment_applied_once", "finance_payment_checkout_id_key"),
}


@pytest.fixture
def without_constraints(transactional_db):
    """The nets under the lock are gone for one test."""
    definitions = []
    with connection.cursor() as cursor:
        for table, names in CONSTRAINTS.items():
            for name in names:
                cursor.execute(
                    "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name]
                )
                ((definition,),) = cursor.fetchall()
                definitions.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        cursor.execute("ALTER TABLE finance_checkout DISABLE TRIGGER USER")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE finance_payment CASCADE")
        cursor.execute("ALTER TABLE finance_checkout ENABLE TRIGGER USER")
        for definition in definitions:
            cursor.execute(definition)


def unlocked(pause: threading.Barrier):
    """The same look at the visit, without the lock and as slow as an unlucky thread."""

    def look(*, gateway: str, external_id: str) -> Checkout:
        found = Checkout.across_schools.select_related("school").get(
            gateway=gateway, external_id=external_id
        )
        with contextlib.suppress(threading.BrokenBarrierError):
            pause.wait(timeout=5)
        return found

    return look


def test_without_lock_and_constraints_one_visit_is_booked_many_times(
    cast, without_constraints, monkeypatch
):
    checkout = visit(cast, drive(cast))
    monkeypatch.setattr(checkouts, "lock_checkout", unlocked(threading.Barrier(8)))

    at_once(8, lambda _: confirm(checkout))

    assert Payment.objects.count() == 8
    assert "finance.external_id_applied_once" in faults()


def test_without_the_lock_the_constraint_still_holds(cast, monkeypatch):
    checkout = visit(cast, drive(cast))
    monkeypatch.setattr(checkouts, "lock_checkout", unlocked(threading.Barrier(8)))

    at_once(8, lambda _: confirm(checkout))

    assert (Payment.objects.count(), faults()) == (1, [])


@use_case
def issue(cast, number: int) -> Invoice:
    """One invoice for its own student event; every fourth transaction fails at the end."""
    from administration.models import StudentEvent  # noqa: PLC0415 -- only here
    from finance.enums import EntryKind  # noqa: PLC0415 -- only here

    with school_scope(cast.school.pk):
        event = StudentEvent.objects.create(
            school=cast.school, student=cast.student, change="updated", happened_at=OVER
        )
        charge = Charge(
            EntryKind.SIGNUP_FEE,
            kroner(PRICE),
            f"Fee {number}",
            billing.standard_vat_code(cast.school),
            student_event=event,
        )
        invoice = issue_invoice(student=cast.student, charges=[charge], by=None, at=OVER)
        if number % 4 == 0:
            raise RuntimeError
    return invoice


def test_two_hundred_invoices_at_once_leave_no_gap_although_some_fail(cast):
    """Fifty threads with four invoices each, every fourth of which fails."""

    def four(number: int) -> list[object]:
        return [attempt(cast, 4 * number + one) for one in range(4)]

    results = [one for ones in at_once(50, four) for one in ones]

    issued = sorted(result.sequence for result in results if isinstance(result, Invoice))
    assert (len(results), issued) == (200, list(range(1, 151)))
    assert (InvoiceSeries.objects.get(code="F").next_number, faults()) == (151, [])


def attempt(cast, number: int) -> object:
    try:
        return issue(cast, number)
    except RuntimeError as error:
        return error


def test_without_the_lock_on_the_series_numbers_collide(cast, monkeypatch):
    pause = threading.Barrier(8)

    def careless(school: School, document: Document) -> Number:
        series = InvoiceSeries.objects.get(school=school, document=document)
        with contextlib.suppress(threading.BrokenBarrierError):
            pause.wait(timeout=5)
        InvoiceSeries.objects.filter(pk=series.pk).update(next_number=series.next_number + 1)
        return Number(series, series.next_number)

    InvoiceSeries.objects.create(school=cast.school, code="F")
    monkeypatch.setattr(billing, "take_number", careless)

    results = at_once(8, lambda number: issue(cast, 4 * number + 1))

    assert sum(isinstance(result, IntegrityError) for result in results) == 7


def test_part_payments_at_once_never_overshoot_the_invoice(cast):
    invoice = drive(cast)

    def pay(number: int) -> Payment:
        with school_scope(cast.school.pk):
            return register_manual_payment(
                student_id=cast.student.pk,
                invoice_ids=[invoice.pk],
                amount=kroner(100_00 + number),
                method="cash",
                received_on=OVER.date(),
                by=cast.office,
                at=OVER,
                request_key=uuid.uuid4(),
            )

    at_once(8, pay)

    (paid,) = Invoice.objects.with_paid()
    assert (Payment.objects.count(), paid.status, paid.due) == (8, "paid", kroner(0))
    assert faults() == []


def test_one_form_sent_eight_times_registers_one_payment(cast):
    invoice, key = drive(cast), uuid.uuid4()

    def pay(_: int) -> Payment:
        with school_scope(cast.school.pk):
            return register_manual_payment(
                student_id=cast.student.pk,
                invoice_ids=[invoice.pk],
                amount=kroner(PRICE),
                method="cash",
                received_on=OVER.date(),
                by=cast.office,
                at=OVER,
                request_key=key,
            )

    results = at_once(8, pay)

    assert {payment.pk for payment in results} == {Payment.objects.get().pk}
    assert faults() == []


def remind_while_paying(cast, monkeypatch) -> FollowUp | None:
    """The reminder looks while the payment is written, but not committed yet."""
    with school_scope(cast.school.pk):
        send_reminders(on=True, by=cast.owner, at=OVER)
        invoice = drive(cast)
    paying, decided = threading.Event(), threading.Event()
    allocate, decide = payments.allocate, reminding.next_step

    def cover(*args, **facts):
        allocate(*args, **facts)
        paying.set()
        decided.wait(timeout=1)

    def choose(*args, **facts):
        found = decide(*args, **facts)
        decided.set()
        return found

    monkeypatch.setattr(payments, "allocate", cover)
    monkeypatch.setattr(reminding, "next_step", choose)

    def act(number: int) -> object:
        with school_scope(cast.school.pk):
            if number:
                return pay_by_hand(cast, PRICE, invoice)
            paying.wait(timeout=30)
            return remind(invoice_id=invoice.pk, at=OVER + dt.timedelta(days=20))

    reminded, _payment = at_once(2, act)
    assert Invoice.objects.get(pk=invoice.pk).status == "paid"
    return reminded


def test_a_payment_at_the_moment_of_the_reminder_stops_it(cast, monkeypatch):
    assert remind_while_paying(cast, monkeypatch) is None
    assert (FollowUp.objects.count(), faults()) == (0, [])


def test_without_the_locks_a_paid_invoice_is_reminded_of(cast, monkeypatch):
    monkeypatch.setattr(reminding, "hold_money", lambda *_students: None)
    monkeypatch.setattr(reminding, "lock_invoices", lambda _invoices: [])

    assert remind_while_paying(cast, monkeypatch).days == 3


def test_eight_runs_at_once_take_one_step_and_charge_one_fee(cast):
    with school_scope(cast.school.pk):
        send_reminders(on=True, by=cast.owner, at=OVER)
        ReminderStep.objects.exclude(days=14).delete()
        drive(cast)

    def run(_: int) -> int:
        with school_scope(cast.school.pk):
            return remind_all(at=OVER + dt.timedelta(days=40))

    assert sorted(at_once(8, run)) == [0] * 7 + [1]
    assert (LedgerEntry.objects.filter(kind="reminder_fee").count(), faults()) == (1, [])
