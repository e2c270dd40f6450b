"""Credit notes: whole or in part, with a fee kept, never beyond the invoice, final on paper."""

import datetime as dt
import uuid

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from bookings.models import ParticipationTransition
from bookings.services import Attendance, cancel_booking, complete_booking
from finance.enums import EntryKind, InvoiceStatus
from finance.models import (
    CreditNote,
    CreditNoteLine,
    Invoice,
    InvoiceSeries,
    LedgerEntry,
    PaymentAllocation,
    VatCode,
)
from finance.queries import balance_of, credit_of, open_amount
from finance.services import bill_participation, issue_invoice
from finance.services.billing import Charge
from finance.services.crediting import Part
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from tests.factories import NOON
from tests.finance.factories import (
    OVER,
    PRICE,
    book,
    credit_all,
    credit_parts,
    drive,
    kroner,
    pay_by_hand,
)


def line_of(invoice):
    return invoice.lines.get()


def healthy() -> bool:
    return [found for found in examine() if found.code.startswith("finance")] == []


def test_a_whole_credit_note_settles_an_unpaid_invoice(cast):
    invoice = drive(cast)

    note = credit_all(cast, invoice)

    assert (note.number, note.total, note.vat) == ("K-00001", kroner(PRICE), kroner(110_00))
    invoice.refresh_from_db()
    assert invoice.status == InvoiceStatus.CREDITED
    assert balance_of(cast.student) == open_amount(cast.student) == kroner(0)
    assert note.ledger_entry.amount == kroner(-PRICE)
    assert note.seller == invoice.seller
    assert healthy()


def test_what_was_paid_of_a_credited_invoice_becomes_credit_and_covers_the_next(cast):
    invoice = drive(cast)
    payment = pay_by_hand(cast, PRICE, invoice)

    note = credit_all(cast, invoice)

    assert credit_of(cast.student) == kroner(PRICE)
    back = PaymentAllocation.objects.get(amount_minor__lt=0)
    assert (back.payment, back.credit_note, back.amount) == (payment, note, kroner(-PRICE))
    assert drive(cast, hours=2).status == InvoiceStatus.PAID
    assert credit_of(cast.student) == kroner(0)
    assert healthy()


def test_the_newest_money_is_released_first(cast):
    invoice = drive(cast)
    old, new = pay_by_hand(cast, 300_00, invoice), pay_by_hand(cast, 250_00, invoice)

    credit_parts(cast, invoice, Part(line_of(invoice).pk, amount=kroner(300_00)))

    back = PaymentAllocation.objects.filter(amount_minor__lt=0).order_by("pk")
    assert [(row.payment, row.amount) for row in back] == [
        (new, kroner(-250_00)),
        (old, kroner(-50_00)),
    ]
    assert Invoice.objects.get().status == InvoiceStatus.PAID


def test_a_part_leaves_the_rest_to_be_paid(cast):
    invoice = drive(cast)

    note = credit_parts(cast, invoice, Part(line_of(invoice).pk, amount=kroner(100_00)))

    seen = Invoice.objects.with_paid().get()
    assert (seen.status, seen.due, seen.credited) == ("issued", kroner(450_00), kroner(100_00))
    assert (note.vat, balance_of(cast.student)) == (kroner(20_00), kroner(450_00))
    pay_by_hand(cast, 450_00, invoice)
    assert Invoice.objects.get().status == InvoiceStatus.PAID
    assert healthy()


def test_parts_add_up_to_the_whole_to_the_last_oere_of_vat(cast):
    invoice = drive(cast)
    line = line_of(invoice)
    for amount in (33_33, 1, 166_67, 99_99):
        credit_parts(cast, invoice, Part(line.pk, amount=kroner(amount)))

    credit_all(cast, invoice)

    assert sum(note.total_minor for note in CreditNote.objects.all()) == PRICE
    assert sum(note.vat_minor for note in CreditNote.objects.all()) == invoice.vat_minor
    assert Invoice.objects.get().status == InvoiceStatus.CREDITED
    assert healthy()


def test_a_fee_is_kept_as_a_line_of_its_own(cast):
    invoice = drive(cast)
    pay_by_hand(cast, PRICE, invoice)

    part = Part(line_of(invoice).pk, keep=kroner(100_00), keep_words="Administration")
    note = credit_parts(cast, invoice, part)

    assert [(line.description, line.total) for line in note.lines.all()] == [
        ("Driving lesson, Thu 5 Mar 12:00–13:30", kroner(PRICE)),
        ("Administration", kroner(-100_00)),
    ]
    assert (note.total, credit_of(cast.student)) == (kroner(450_00), kroner(450_00))
    assert Invoice.objects.get().status == InvoiceStatus.PAID
    assert healthy()


def test_pieces_are_credited_at_their_price(cast):
    invoice = drive(cast)

    note = credit_parts(cast, invoice, Part(line_of(invoice).pk, quantity=1))

    (line,) = note.lines.all()
    assert (line.quantity, line.unit_price, line.total) == (1, kroner(PRICE), kroner(PRICE))


@pytest.mark.parametrize(
    ("amount", "code"),
    (
        (PRICE + 1, "more-than-left"),
        (-1, "more-than-left"),
        (0, "nothing-to-credit"),
    ),
)
def test_never_more_than_is_left(cast, amount, code):
    invoice = drive(cast)

    with pytest.raises(Refused) as refused:
        credit_parts(cast, invoice, Part(line_of(invoice).pk, amount=kroner(amount)))

    assert refused.value.refusal.code == code
    assert not CreditNote.objects.exists()
    assert InvoiceSeries.objects.get(code="K").next_number == 1


def test_what_is_credited_cannot_be_credited_again(cast):
    invoice = drive(cast)
    credit_all(cast, invoice)

    with pytest.raises(Refused) as refused:
        credit_all(cast, invoice)

    assert refused.value.refusal.code == "nothing-to-credit"


def test_no_more_is_kept_than_is_credited(cast):
    invoice = drive(cast)

    with pytest.raises(Refused) as refused:
        credit_parts(cast, invoice, Part(line_of(invoice).pk, keep=kroner(PRICE + 1)))

    assert refused.value.refusal.code == "kept-more-than-credited"


def test_a_reason_is_needed(cast):
    with pytest.raises(Refused) as refused:
        credit_all(cast, drive(cast), reason="  ")

    assert refused.value.refusal.code == "reason-missing"


def test_a_line_of_another_invoice_is_refused(cast):
    invoice, other = drive(cast), drive(cast, hours=2)

    with pytest.raises(Refused) as refused:
        credit_parts(cast, invoice, Part(line_of(other).pk))

    assert refused.value.refusal.code == "not-its-line"


def test_an_invoice_out_of_sight_is_not_there(cast):
    invoice = drive(cast)

    with pytest.raises(Invoice.DoesNotExist):
        credit_parts(cast, invoice, Part(line_of(invoice).pk), by=cast.other_student.membership)


def test_the_same_request_makes_one_credit_note_and_another_wish_is_refused(cast):
    invoice, other, key = drive(cast), drive(cast, hours=2), uuid.uuid4()
    part = Part(line_of(invoice).pk)

    once, twice = (credit_parts(cast, invoice, part, request_key=key) for _ in range(2))
    with pytest.raises(Refused) as refused:
        credit_parts(cast, other, Part(line_of(other).pk), request_key=key)

    assert once == twice
    assert refused.value.refusal.code == "request-reused"
    assert InvoiceSeries.objects.get(code="K").next_number == 2


def note_row(cast, invoice, **fields):
    row = {
        "school": cast.school,
        "invoice": invoice,
        "student": cast.student,
        "currency": "DKK",
        "cause": "office",
        "reason": "By hand",
        "made_by": cast.office.user,
        "created_at": OVER,
    }
    return CreditNote.objects.create(**row | fields)


def line_row(note, invoice_line, total, vat):
    return CreditNoteLine.objects.create(
        school=note.school,
        credit_note=note,
        invoice_line=invoice_line,
        position=note.lines.count() + 1,
        description="By hand",
        unit_price_minor=total,
        vat_rate_basis_points=2500,
        net_minor=total - vat,
        vat_minor=vat,
        total_minor=total,
    )


@pytest.mark.parametrize(
    ("total", "vat"), ((PRICE + 1, 110_00), (PRICE, 110_01), (-1, 0), (100_00, -1))
)
def test_the_database_refuses_credits_beyond_a_line(cast, total, vat):
    invoice = drive(cast)
    note = note_row(cast, invoice)

    with pytest.raises(IntegrityError, match="more than is left of line"), transaction.atomic():
        line_row(note, line_of(invoice), total, vat)


def test_the_database_refuses_a_line_of_another_invoice(cast):
    invoice, other = drive(cast), drive(cast, hours=2)

    with pytest.raises(IntegrityError, match="not to be credited here"), transaction.atomic():
        line_row(note_row(cast, invoice), line_of(other), 1, 0)


def test_the_database_refuses_a_credit_of_what_is_paid_and_not_released(cast):
    invoice = drive(cast)
    pay_by_hand(cast, 500_00, invoice)
    note = note_row(cast, invoice)
    line_row(note, line_of(invoice), 100_00, 20_00)
    series = InvoiceSeries.objects.get(code="K")
    issued = {"series": series, "sequence": 1, "number": "K-1", "issued_on": OVER.date()}

    for total, words in ((100_00, "more than is left of invoice"), (99_00, "sum of its lines")):
        with pytest.raises(IntegrityError, match=words), transaction.atomic():
            CreditNote.objects.filter(pk=note.pk).update(
                total_minor=total, vat_minor=20_00, **issued
            )


@pytest.mark.parametrize("change", ("update", "delete"))
@pytest.mark.parametrize(
    ("model", "field"), ((CreditNote, "reason"), (CreditNoteLine, "description"))
)
def test_a_credit_note_is_final(cast, model, field, change):
    credit_all(cast, drive(cast))
    rows = model.objects.all()

    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
        rows.update(**{field: "x"}) if change == "update" else rows._raw_delete(rows.db)


def billed_beforehand(cast):
    """A lesson of tomorrow that is on an invoice already, as a sign-up for a course will be."""
    place = book(cast)
    booked = ParticipationTransition.objects.create(
        school=cast.school,
        participation=place,
        booking_transition=place.booking.transitions.first() or history_row(cast, place),
        to_status="booked",
        happened_at=NOON - dt.timedelta(days=2),
        made_by=cast.office.user,
    )
    charge = Charge(
        EntryKind.LESSON_CHARGE,
        kroner(PRICE),
        "Driving lesson",
        VatCode.objects.get(code="DK25"),
        participation_transition=booked,
    )
    issue_invoice(
        student=cast.student, charges=[charge], by=cast.office.user, at=NOON - dt.timedelta(days=2)
    )
    return place


def history_row(cast, place):
    return place.booking.transitions.create(
        school=cast.school,
        sequence=1,
        change="created",
        to_status="confirmed",
        to_period=place.booking.period,
        happened_at=NOON - dt.timedelta(days=2),
        made_by=cast.office.user,
        requested_by="school",
    )


def test_an_invoiced_lesson_that_the_school_cancels_is_credited_by_itself_and_once(cast):
    place = billed_beforehand(cast)
    pay_by_hand(cast, PRICE, Invoice.objects.get(), at=NOON)

    cancel_booking(booking_id=place.booking_id, by=cast.office, at=NOON - dt.timedelta(hours=1))
    bill_participation(place.transitions.get(to_status="cancelled"))

    (note,) = CreditNote.objects.all()
    assert (note.cause, note.total) == ("cancellation", kroner(PRICE))
    assert Invoice.objects.get().status == InvoiceStatus.CREDITED
    assert credit_of(cast.student) == kroner(PRICE)
    assert healthy()


def test_an_invoiced_lesson_cancelled_late_by_the_student_keeps_its_fee(cast):
    place = billed_beforehand(cast)

    at = NOON - dt.timedelta(hours=20)
    cancel_booking(booking_id=place.booking_id, by=cast.student.membership, at=at)

    (note,) = CreditNote.objects.all()
    assert [line.total for line in note.lines.all()] == [kroner(PRICE), kroner(-275_00)]
    assert balance_of(cast.student) == kroner(275_00)
    assert LedgerEntry.objects.filter(kind="cancellation_fee").count() == 0
    assert healthy()


def test_an_invoiced_lesson_that_is_attended_is_not_billed_again(cast):
    place = billed_beforehand(cast)

    complete_booking(
        booking_id=place.booking_id,
        by=cast.teacher.membership,
        at=OVER,
        attendance={place.pk: Attendance(attended=True)},
    )

    assert Invoice.objects.count() == 1
    assert not CreditNote.objects.exists()
    assert healthy()
