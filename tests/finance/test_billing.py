"""From a lesson to an invoice: inside the lesson's own transaction, once."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum

from administration.enums import StudentChange
from administration.models import Student, StudentEvent
from administration.signals import student_changed
from bookings.enums import ParticipationStatus
from bookings.models import ParticipationTransition
from finance.enums import EntryKind, InvoiceStatus, ProductKind
from finance.models import Invoice, InvoiceEvent, InvoiceLine, InvoiceSeries, LedgerEntry, Product
from finance.queries import balance_of, balances_of, open_amount, unpaid_invoices
from finance.services import bill_participation, bill_registration, open_books
from finance.signals import invoice_changed
from tests.finance.factories import OVER, PRICE, book, cancel, drive, finish, kroner, pay_by_hand


def test_a_driven_lesson_is_charged_its_agreed_price_and_invoiced(cast):
    Product.objects.update(price_minor=999_00)

    invoice = drive(cast)

    line = invoice.lines.get()
    assert (invoice.status, invoice.number) == (InvoiceStatus.ISSUED, "F-00001")
    assert (invoice.total, invoice.vat) == (kroner(PRICE), kroner(110_00))
    assert (invoice.issued_on, invoice.due_on) == (dt.date(2026, 3, 5), dt.date(2026, 3, 13))
    assert line.description == "Driving lesson, Thu 5 Mar 12:00–13:30"
    assert (line.entry.kind, line.entry.amount) == (EntryKind.LESSON_CHARGE, kroner(PRICE))
    assert (balance_of(cast.student), open_amount(cast.student)) == (kroner(PRICE), kroner(PRICE))


def test_an_invoice_keeps_the_names_of_the_day_it_was_issued(cast):
    invoice = drive(cast)

    assert invoice.seller["name"] == cast.school.name
    assert invoice.buyer == {
        "name": "Åse Lind",
        "address": "",
        "email": cast.student.membership.user.email,
    }


def test_the_line_is_written_in_the_students_language(cast):
    user = cast.student.membership.user
    user.language = "da"
    user.save()

    assert drive(cast).lines.get().description == "Driving lesson, tors. 5. mar. 12.00–13.30"


def test_not_coming_is_charged_by_the_terms(cast):
    transition = finish(cast, book(cast), attended=False)

    entry = LedgerEntry.objects.get()
    assert (entry.kind, entry.amount) == (EntryKind.NO_SHOW_FEE, kroner(PRICE))
    assert entry.participation_transition == transition
    assert entry.invoice_line.description == "No-show: Driving lesson, Thu 5 Mar 12:00–13:30"


def test_a_late_cancellation_is_charged_and_a_timely_one_is_not(cast):
    late, timely = book(cast), book(cast, starts=OVER + dt.timedelta(days=7))

    for place in (late, timely):
        cancel(cast, place, by=cast.student.membership, at=OVER - dt.timedelta(hours=3))

    entry = LedgerEntry.objects.get()
    assert (entry.kind, entry.amount) == (EntryKind.CANCELLATION_FEE, kroner(PRICE))
    assert entry.participation_transition.participation == late


def test_the_school_cancels_without_charge(cast):
    cancel(cast, book(cast), by=cast.office, at=OVER - dt.timedelta(hours=2))

    assert not LedgerEntry.objects.exists()
    assert not Invoice.objects.exists()


def test_a_free_lesson_makes_no_invoice(cast):
    finish(cast, book(cast, price=0))

    assert not Invoice.objects.exists()


def test_billing_the_same_transition_again_changes_nothing(cast):
    place = book(cast)
    transition = finish(cast, place)
    first = Invoice.objects.get()

    assert bill_participation(transition) == first
    assert (Invoice.objects.count(), LedgerEntry.objects.count()) == (1, 1)


def test_a_place_just_taken_reads_nothing(cast, django_assert_num_queries):
    taken = ParticipationTransition(
        school=cast.school, participation=book(cast), to_status=ParticipationStatus.BOOKED
    )
    with django_assert_num_queries(2):  # the transaction
        assert bill_participation(taken) is None


def test_numbers_run_on_without_gaps(cast):
    numbers = [drive(cast, hours=2 * n).number for n in range(3)]

    assert numbers == ["F-00001", "F-00002", "F-00003"]


def test_a_transaction_that_fails_gives_its_number_back(cast):
    place = book(cast)

    def fail_at_the_end():
        with transaction.atomic():
            finish(cast, place)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_at_the_end()

    assert drive(cast, hours=2).number == "F-00001"


def test_each_school_has_its_own_numbers(cast, other_school):
    from justdriving.kernel.tenancy import school_scope  # noqa: PLC0415 -- only here

    drive(cast)
    with school_scope(other_school.school.pk):
        assert drive(other_school).number == "F-00001"


@pytest.fixture
def fee(cast):
    books = open_books(school=cast.school)
    books.signup_fee = Product.objects.create(
        school=cast.school,
        name="Sign-up",
        kind=ProductKind.SIGNUP_FEE,
        price_minor=500_00,
        vat_code=Product.objects.get().vat_code,
    )
    books.save()
    return books.signup_fee


def register(cast, change=StudentChange.REGISTERED) -> StudentEvent:
    event = StudentEvent.objects.create(
        school=cast.school, student=cast.student, change=change, happened_at=OVER
    )
    student_changed.send(sender=Student, event=event)
    return event


def test_a_new_student_is_invoiced_the_signup_fee_once(cast, fee):
    event = register(cast)
    bill_registration(event)

    line = InvoiceLine.objects.get()
    assert (line.description, line.total) == ("Sign-up", kroner(500_00))
    assert (line.entry.kind, line.entry.student_event) == (EntryKind.SIGNUP_FEE, event)


def test_a_change_of_details_is_not_a_registration(cast, fee):
    register(cast, StudentChange.UPDATED)

    assert not Invoice.objects.exists()


def test_a_school_without_signup_fee_charges_none(cast):
    register(cast)

    assert not Invoice.objects.exists()


def test_issuing_is_announced_with_its_saved_event(cast):
    heard = []

    def listen(*, event, **_):
        heard.append((event.pk, event.to_status))

    invoice_changed.connect(listen)
    try:
        invoice = drive(cast)
    finally:
        invoice_changed.disconnect(listen)

    assert heard == [(InvoiceEvent.objects.get(invoice=invoice).pk, "issued")]


def test_credit_covers_the_next_invoice_by_itself(cast):
    pay_by_hand(cast, 600_00)

    first, second = drive(cast), drive(cast, hours=2)

    rows = {i.pk: (i.status, i.due) for i in Invoice.objects.with_paid()}
    assert rows == {
        first.pk: (InvoiceStatus.PAID, kroner(0)),
        second.pk: (InvoiceStatus.PART_PAID, kroner(500_00)),
    }
    assert balance_of(cast.student) == open_amount(cast.student) == kroner(500_00)


def test_balances_of_many_students_take_two_queries(cast, django_assert_num_queries):
    drive(cast)

    with django_assert_num_queries(2):
        balances = balances_of([cast.student.pk, cast.other_student.pk])

    assert balances == {cast.student.pk: kroner(PRICE), cast.other_student.pk: kroner(0)}


def test_unpaid_invoices_are_the_members_own(cast):
    mine = drive(cast)
    theirs = drive(cast, hours=2, student=cast.other_student)

    assert list(unpaid_invoices(cast.student.membership)) == [mine]
    assert list(unpaid_invoices(cast.office)) == [mine, theirs]
    assert list(unpaid_invoices(cast.teacher.membership)) == []


FORBIDDEN = (
    "UPDATE finance_invoice SET total_minor = total_minor",
    "UPDATE finance_invoice SET buyer = '{}'",
    "UPDATE finance_invoice SET total_minor = 1, vat_minor = 0",
    "UPDATE finance_invoice SET status = 'draft', sequence = NULL, number = ''",
    "DELETE FROM finance_invoice",
    "UPDATE finance_invoiceline SET description = 'cheaper'",
    "DELETE FROM finance_invoiceline",
    "UPDATE finance_ledgerentry SET amount_minor = 1",
    "DELETE FROM finance_ledgerentry",
    "UPDATE finance_invoiceevent SET to_status = 'paid'",
    "DELETE FROM finance_invoiceevent",
    "UPDATE finance_payment SET amount_minor = 1",
    "DELETE FROM finance_payment",
    "UPDATE finance_paymentallocation SET amount_minor = 1",
    "DELETE FROM finance_paymentallocation",
    "DELETE FROM finance_paymentevent",
)


@pytest.mark.parametrize("statement", FORBIDDEN[1:])
def test_what_was_issued_and_posted_is_final_even_for_raw_sql(cast, statement):
    pay_by_hand(cast, 100_00, drive(cast))

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_line_cannot_be_added_to_an_issued_invoice(cast):
    line = drive(cast).lines.get()
    line.pk, line.entry, line.position = None, None, 2

    with pytest.raises(DatabaseError, match="final"), transaction.atomic():
        line.save(force_insert=True)


def test_an_invoice_cannot_be_issued_with_another_total_than_its_lines(cast):
    issued = drive(cast)

    with pytest.raises(DatabaseError, match="not the sum of its lines"), transaction.atomic():
        Invoice.objects.create(
            school=cast.school,
            student=cast.student,
            series=InvoiceSeries.objects.get(code="F"),
            sequence=2,
            number="F-00002",
            status=InvoiceStatus.ISSUED,
            issued_on=issued.issued_on,
            due_on=issued.due_on,
            currency="DKK",
            total_minor=1,
            created_at=OVER,
        )


def test_the_ledger_is_the_sum_of_what_happened(cast):
    drive(cast)
    finish(cast, book(cast, starts=OVER), attended=False, at=OVER + dt.timedelta(hours=2))
    pay_by_hand(cast, 300_00)

    total = LedgerEntry.objects.aggregate(total=Sum("amount_minor"))["total"]
    assert balance_of(cast.student) == kroner(total) == kroner(2 * PRICE - 300_00)
