"""Short ways to money: lessons that were driven, invoices that follow, payments that come in."""

import datetime as dt
import uuid

from bookings.services import Attendance, cancel_booking, complete_booking
from finance.enums import GatewayName, PaymentMethod
from finance.models import Checkout, CreditNote, FinanceSettings, Invoice, Refund
from finance.services import (
    issue_credit_note,
    open_books,
    pay_out,
    register_manual_payment,
    request_refund,
)
from finance.services.crediting import whole
from justdriving.kernel.money import Money
from tests.factories import NOON, BookingFactory

PRICE = 550_00
OVER = NOON + dt.timedelta(minutes=90)
"""The moment the lesson of Thursday noon ends."""


def kroner(minor: int) -> Money:
    return Money(minor, "DKK")


def book(cast, *, student=None, price=PRICE, **booking):
    """A confirmed lesson on Thursday at noon; returns the place in it."""
    made = BookingFactory(
        school=cast.school,
        department=cast.department,
        lesson_type=cast.lesson_type,
        teacher=cast.teacher,
        students=[student or cast.student],
        **booking,
    )
    place = made.participations.get()
    place.price_minor = price
    place.save()
    return place


def finish(cast, place, *, attended=True, at=OVER):
    """The teacher completes the lesson; returns the place's last transition."""
    complete_booking(
        booking_id=place.booking_id,
        by=cast.teacher.membership,
        at=at,
        attendance={place.pk: Attendance(attended=attended)},
    )
    return place.transitions.get()


def cancel(cast, place, *, by, at):
    cancel_booking(booking_id=place.booking_id, by=by, at=at)
    return place.transitions.get()


def drive(cast, *, hours=0, **booking) -> Invoice:
    """A lesson is driven, so many hours after Thursday noon; returns its invoice."""
    starts = NOON + dt.timedelta(hours=hours)
    place = book(cast, starts=starts, **booking)
    transition = finish(cast, place, at=starts + dt.timedelta(minutes=90))
    return Invoice.objects.get(lines__entry__participation_transition=transition)


def pay_by_hand(cast, minor, *invoices, at=OVER, **said):
    said = {
        "student_id": cast.student.pk,
        "invoice_ids": [invoice.pk for invoice in invoices],
        "amount": kroner(minor),
        "method": PaymentMethod.CASH,
        "received_on": OVER.date(),
        "by": cast.office,
        "at": at,
        "request_key": uuid.uuid4(),
    } | said
    return register_manual_payment(**said)


def use_gateway(cast, name: GatewayName, **fields) -> FinanceSettings:
    books = open_books(school=cast.school)
    books.gateway = name
    for field, value in fields.items():
        setattr(books, field, value)
    books.save()
    return books


def visit(cast, invoice, *, gateway=GatewayName.DEMO, **fields) -> Checkout:
    """A visit to the payment page that the gateway knows, for all that is due."""
    key = uuid.uuid4()
    values = {
        "school": cast.school,
        "invoice": invoice,
        "gateway": gateway,
        "external_id": f"demo_{key.hex}",
        "url": "/pay/",
        "amount_minor": invoice.total_minor,
        "currency": invoice.currency,
        "started_by": cast.student.membership.user,
        "started_at": OVER,
        "request_key": key,
    } | fields
    return Checkout.across_schools.create(**values)


def credit_all(cast, invoice, *, reason="Wrong price", at=OVER) -> CreditNote:
    """Everything that is left of an invoice is credited by the office."""
    return credit_parts(cast, invoice, *whole(invoice), reason=reason, at=at)


def credit_parts(cast, invoice, *parts, **said) -> CreditNote:
    said = {
        "invoice_id": invoice.pk,
        "parts": parts,
        "reason": "Wrong price",
        "by": cast.office,
        "at": OVER,
        "request_key": uuid.uuid4(),
    } | said
    return issue_credit_note(**said)


def ask_back(cast, payment, minor, **said) -> Refund:
    """The office asks to give so much of a payment back."""
    said = {
        "payment_id": payment.pk,
        "amount": kroner(minor),
        "method": PaymentMethod.TRANSFER,
        "reason": "Paid too much",
        "by": cast.office,
        "at": OVER,
        "request_key": uuid.uuid4(),
    } | said
    return request_refund(**said)


def give_back(cast, payment, minor, **said) -> Refund:
    """The office pays so much of a payment back by hand."""
    asked = ask_back(cast, payment, minor, **said)
    return pay_out(refund_id=asked.pk, by=cast.office, at=OVER)
