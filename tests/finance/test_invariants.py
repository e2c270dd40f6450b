"""The doctor finds each planted fault, and nothing in healthy books."""

import datetime as dt

import pytest
from django.db import connection

from bookings.services import Grounds, cancel_booking
from finance.invariants import INVARIANTS
from finance.models import Invoice, Payment, ReminderStep
from finance.price_invariants import PRICES
from finance.services import confirm_payment, remind_all, send_reminders, waive_fee
from finance.services.crediting import Part
from justdriving.doctor import examine
from tests.finance.factories import (
    OVER,
    book,
    cancel,
    credit_parts,
    drive,
    finish,
    give_back,
    kroner,
    pay_by_hand,
    visit,
)


@pytest.fixture
def books(cast):
    """Everything that can happen to money in this house, once."""
    paid, part_paid = drive(cast), drive(cast, hours=2)
    drive(cast, hours=4)
    finish(cast, book(cast, starts=OVER + dt.timedelta(hours=6)), attended=False, at=later(9))
    tomorrow = book(cast, starts=later(24))
    cancel(cast, tomorrow, by=cast.student.membership, at=later(23))
    waive_both_ways(cast)
    pay_by_hand(cast, 600_00, paid, part_paid)
    checkout = visit(cast, part_paid, amount_minor=500_00)
    confirm_payment(
        gateway=checkout.gateway,
        external_id=checkout.external_id,
        amount=kroner(500_00),
        at=OVER,
    )
    visit(cast, Invoice.objects.filter(status="issued").first())
    pay_by_hand(cast, 7_00)
    give_back(cast, pay_by_hand(cast, 9_00), 4_00)
    credit_parts(cast, part_paid, Part(part_paid.lines.get().pk, amount=kroner(100_00)))
    return cast


def waive_both_ways(cast) -> None:
    """One fee is waived with the cancellation, the other when the invoice is out."""
    ill = Grounds(party="student", words="Ill", waive_fee=True)
    first, second = book(cast, starts=later(48)), book(cast, starts=later(72))
    cancel_booking(booking_id=first.booking_id, by=cast.office, at=later(47), grounds=ill)
    cancel(cast, second, by=cast.student.membership, at=later(71))
    waive_fee(participation_id=second.pk, by=cast.office, at=later(72), grounds=ill)


def later(hours: int) -> dt.datetime:
    return OVER + dt.timedelta(hours=hours)


def plant(statement: str, *parameters: object) -> None:
    """Write past every trigger and the constraints that would refuse the fault."""
    tables = (
        "invoice",
        "invoiceline",
        "ledgerentry",
        "payment",
        "paymentallocation",
        "checkout",
        "creditnote",
        "creditnoteline",
        "invoiceevent",
        "refund",
        "refundevent",
        "followup",
    )
    constraints = {
        "ledgerentry": ("entry_posted_once_per_transition", "entry_has_its_cause"),
        "payment": ("gateway_payment_applied_once", "finance_payment_checkout_id_key"),
        "invoice": ("invoice_total_holds_its_vat",),
        "refund": ("refund_is_approved_by_another_person",),
        "creditnote": ("credit_note_total_holds_its_vat",),
    }
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE finance_{table} DISABLE TRIGGER USER")
        for table, names in constraints.items():
            for name in names:
                cursor.execute(f"ALTER TABLE finance_{table} DROP CONSTRAINT IF EXISTS {name}")
        cursor.execute(statement, parameters)


def copy_of(table: str, **changes: str) -> str:
    """SQL that repeats the first row of a table with some columns changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = %s AND column_name <> 'id'",
            [table],
        )
        columns = [name for (name,) in cursor.fetchall()]
    values = ", ".join(changes.get(name, f'"{name}"') for name in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 -- our own tables
        f" SELECT {values} FROM {table} ORDER BY id LIMIT 1"
    )


def codes() -> list[str]:
    return sorted(finding.code.removeprefix("finance.") for finding in examine(INVARIANTS))


def test_healthy_books_have_no_fault(books):
    assert codes() == []


FAULTS = {
    "invoice_total": (
        "UPDATE finance_invoiceline SET vat_minor = vat_minor - 1, net_minor = net_minor + 1"
        " WHERE id = (SELECT MIN(id) FROM finance_invoiceline)"
    ),
    "numbers_gap_free": "UPDATE finance_invoiceseries SET next_number = next_number + 1",
    "allocation_of_one_student": (
        "UPDATE finance_paymentallocation SET payment_id ="
        " (SELECT id FROM finance_payment WHERE student_id = %(other)s)"
        " WHERE id = (SELECT MIN(id) FROM finance_paymentallocation)"
    ),
    "status_follows_allocations": (
        "UPDATE finance_invoice SET status = 'part_paid' WHERE sequence = 1;"
        "DELETE FROM finance_invoiceevent WHERE to_status = 'paid'"
        " AND invoice_id = (SELECT id FROM finance_invoice WHERE sequence = 1);"
        "INSERT INTO finance_invoiceevent (school_id, invoice_id, from_status, to_status,"
        " reason, happened_at) SELECT school_id, id, 'issued', 'part_paid', '', created_at"
        " FROM finance_invoice WHERE sequence = 1"
    ),
    "balance_is_invoices_less_payments": (
        "UPDATE finance_ledgerentry SET kind = 'correction', reason = 'x',"
        " participation_transition_id = NULL WHERE kind = 'no_show_fee'"
    ),
    "nothing_taken_back_that_was_not_given": (
        "INSERT INTO finance_paymentallocation (school_id, payment_id, invoice_id, amount_minor,"
        " reason, made_by_id, created_at)"
        " SELECT p.school_id, p.id, i.id, CASE p.amount_minor WHEN 700 THEN 100 ELSE -100 END, 'x',"
        " p.registered_by_id, now() FROM finance_payment AS p, finance_invoice AS i"
        " WHERE p.amount_minor IN (700, 60000) AND i.sequence = 3"
    ),
    "refunds_within_payment": "UPDATE finance_refund SET amount_minor = amount_minor + 501;"
    " UPDATE finance_ledgerentry SET amount_minor = amount_minor + 501 WHERE kind = 'refund'",
    "refund_approved": "UPDATE finance_refund SET needs_approval = true",
    "credit_note_entry": (
        "UPDATE finance_ledgerentry SET kind = 'correction', reason = 'x',"
        " participation_transition_id = (SELECT t.id FROM bookings_participationtransition AS t"
        " JOIN finance_ledgerentry AS e ON e.participation_transition_id = t.id"
        " WHERE e.kind = 'cancellation_fee' AND e.amount_minor = 55000 ORDER BY t.id DESC LIMIT 1)"
        " WHERE kind = 'credit_note' AND amount_minor = -55000"
    ),
    "paid_checkout_has_payment": (
        "UPDATE finance_checkout SET status = 'expired' WHERE status = 'paid'"
    ),
    "status_has_history": "DELETE FROM finance_invoiceevent WHERE to_status = 'paid'",
    "cancellation_follows_policy": (
        "UPDATE bookings_cancellationstep SET percent = 51 WHERE percent = 100"
    ),
}


@pytest.mark.parametrize("code", FAULTS)
def test_a_planted_fault_is_found_and_nothing_else(books, code):
    if "%(other)s" in FAULTS[code]:
        pay_by_hand(books, 900_00, student_id=books.other_student.pk)
    statement = FAULTS[code].replace("%(other)s", str(books.other_student.pk))

    plant(statement)

    assert codes() == [code]


def test_a_payment_that_covers_more_than_it_brought_is_found(books):
    payment = Payment.objects.get(amount_minor=7_00)
    invoice = Invoice.objects.filter(status="issued").first()

    plant(
        "INSERT INTO finance_paymentallocation"
        " (school_id, payment_id, invoice_id, amount_minor, reason, created_at)"
        " VALUES (%s, %s, %s, 800, '', now())",
        books.school.pk,
        payment.pk,
        invoice.pk,
    )

    assert codes() == ["allocations_within_payment", "status_follows_allocations"]


def test_an_invoice_covered_beyond_its_total_is_found(books):
    payment = Payment.objects.get(amount_minor=7_00)
    invoice = Invoice.objects.get(sequence=1)

    plant(
        "INSERT INTO finance_paymentallocation"
        " (school_id, payment_id, invoice_id, amount_minor, reason, created_at)"
        " VALUES (%s, %s, %s, 700, '', now())",
        books.school.pk,
        payment.pk,
        invoice.pk,
    )

    assert codes() == ["allocations_within_invoice"]


def test_a_place_that_is_billed_twice_is_found(books):
    plant(copy_of("finance_ledgerentry"))

    assert codes() == [
        "attended_is_charged",
        "balance_is_invoices_less_payments",
        "billed_once",
        "charge_has_its_cause",
    ]


def test_a_waiver_of_another_amount_is_found(books):
    plant("UPDATE finance_ledgerentry SET amount_minor = amount_minor + 1 WHERE kind='correction'")

    assert codes() == ["balance_is_invoices_less_payments", "waiver_credits_the_fee"]


def test_a_refund_outside_the_ledger_is_found(books):
    plant("UPDATE finance_ledgerentry SET amount_minor = 1 WHERE kind = 'refund'")

    assert codes() == ["balance_is_invoices_less_payments", "refund_entry"]


def test_a_credit_note_that_is_not_its_lines_is_found(books):
    plant("UPDATE finance_creditnote SET vat_minor = vat_minor - 1 WHERE total_minor = 10000")

    assert codes() == ["credit_note_total"]


def test_a_line_credited_beyond_its_amount_is_found(books):
    plant(
        "UPDATE finance_creditnoteline SET unit_price_minor = 99900, net_minor = 97900,"
        " total_minor = 99900 WHERE total_minor = 10000;"
        "UPDATE finance_creditnote SET total_minor = 99900 WHERE total_minor = 10000;"
        "UPDATE finance_ledgerentry SET amount_minor = -99900 WHERE amount_minor = -10000;"
    )

    assert codes() == ["allocations_within_invoice", "credits_within_invoice"]


def test_a_charge_without_its_cause_is_found(books):
    plant(
        "UPDATE finance_ledgerentry SET participation_transition_id = NULL"
        " WHERE kind = 'no_show_fee'"
    )

    assert codes() == ["charge_has_its_cause"]


def test_an_attended_place_without_its_charge_is_found(books):
    plant(
        "UPDATE bookings_participation SET price_minor = 1"
        " WHERE id = (SELECT MIN(id) FROM bookings_participation)"
    )

    assert codes() == ["attended_is_charged"]


def test_a_payment_outside_the_ledger_is_found(books):
    plant(
        "UPDATE finance_ledgerentry SET amount_minor = -1"
        " WHERE kind = 'payment' AND amount_minor = -700"
    )

    assert codes() == ["balance_is_invoices_less_payments", "payment_entry"]


def test_a_gateway_payment_that_is_applied_twice_is_found(books):
    plant(
        copy_of("finance_payment").replace("ORDER BY", "WHERE external_id IS NOT NULL ORDER BY"),
    )

    assert codes() == [
        "balance_is_invoices_less_payments",
        "external_id_applied_once",
        "payment_entry",
    ]


def test_a_foreign_currency_is_found(books):
    plant("UPDATE finance_checkout SET currency = 'EUR' WHERE status = 'open'")

    assert codes() == ["one_currency_per_school"]


def test_a_reminder_that_did_not_charge_its_fee_is_found(books):
    send_reminders(on=True, by=books.owner, at=OVER)
    ReminderStep.objects.exclude(fee_minor=100_00, days=14).delete()
    assert remind_all(at=later(24 * 40)) > 0
    assert codes() == []
    plant(
        "UPDATE finance_followup SET fee_minor = 1"
        " WHERE id = (SELECT MIN(id) FROM finance_followup)"
    )

    assert codes() == ["reminder_fee"]


def test_every_invariant_has_its_planted_fault():
    proven = {
        *FAULTS,
        "allocations_within_payment",
        "allocations_within_invoice",
        "billed_once",
        "charge_has_its_cause",
        "attended_is_charged",
        "payment_entry",
        "external_id_applied_once",
        "one_currency_per_school",
        "waiver_credits_the_fee",
        "credit_note_total",
        "credits_within_invoice",
        "refund_entry",
        "reminder_fee",
    }
    elsewhere = {invariant.code for invariant in PRICES}
    found = {invariant.code for invariant in INVARIANTS} - elsewhere
    assert {code.removeprefix("finance.") for code in found} == proven


def test_a_refusal_names_the_school(books):
    plant("UPDATE finance_invoiceseries SET next_number = 1 WHERE code = 'F'")

    (finding,) = examine(INVARIANTS)
    assert finding.sample == (
        f"school {books.school.pk}: series F: 6 documents, highest 6, next 1",
    )
