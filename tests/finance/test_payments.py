"""Money received: by hand, by a payment page, twice, too much, in another currency."""

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, transaction

from administration.models import Student
from finance.enums import (
    CheckoutStatus,
    GatewayName,
    InvoiceStatus,
    PaymentFlag,
    PaymentMethod,
    PaymentStatus,
)
from finance.models import Checkout, Invoice, LedgerEntry, Payment, PaymentAllocation
from finance.queries import balance_of, credit_of, open_amount
from finance.services import confirm_payment, settle_checkout, start_checkout
from finance.signals import payment_changed
from finance.tasks import settle_pending_checkouts
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refused
from tests.finance.factories import (
    OVER,
    PRICE,
    drive,
    kroner,
    pay_by_hand,
    use_gateway,
    visit,
)

HOUR = dt.timedelta(hours=1)


def statuses() -> list[str]:
    return list(Invoice.objects.order_by("pk").values_list("status", flat=True))


def confirm(checkout, amount=None, at=OVER) -> Payment:
    return confirm_payment(
        gateway=checkout.gateway,
        external_id=checkout.external_id,
        amount=amount or checkout.amount,
        at=at,
    )


def test_a_payment_covers_invoices_in_the_order_they_fall_due(cast):
    first, second = drive(cast), drive(cast, hours=2)

    payment = pay_by_hand(cast, 600_00, second, first)

    shares = payment.allocations.order_by("pk").values_list("invoice", "amount_minor")
    assert list(shares) == [(first.pk, 550_00), (second.pk, 50_00)]
    assert statuses() == [InvoiceStatus.PAID, InvoiceStatus.PART_PAID]
    assert balance_of(cast.student) == open_amount(cast.student) == kroner(500_00)


@pytest.mark.parametrize(
    ("amount", "status", "credit"),
    (
        (1, InvoiceStatus.PART_PAID, 0),
        (PRICE - 1, InvoiceStatus.PART_PAID, 0),
        (PRICE, InvoiceStatus.PAID, 0),
        (PRICE + 1, InvoiceStatus.PAID, 1),
    ),
)
def test_what_is_left_over_stays_as_credit(cast, amount, status, credit):
    pay_by_hand(cast, amount, drive(cast))

    assert statuses() == [status]
    assert credit_of(cast.student) == kroner(credit)
    assert balance_of(cast.student) == kroner(PRICE - amount)


def test_the_same_request_registers_one_payment(cast):
    invoice, key = drive(cast), uuid.uuid4()

    once, twice = (pay_by_hand(cast, PRICE, invoice, request_key=key) for _ in range(2))

    assert once == twice
    assert LedgerEntry.objects.filter(payment__isnull=False).count() == 1


def test_a_likely_twin_is_refused_until_somebody_says_it_is_none(cast):
    pay_by_hand(cast, 100_00)

    with pytest.raises(Refused) as refused:
        pay_by_hand(cast, 100_00)
    pay_by_hand(cast, 100_01)
    pay_by_hand(cast, 100_00, received_on=dt.date(2026, 3, 4))
    pay_by_hand(cast, 100_00, even_if_double=True)

    assert (refused.value.refusal.code, refused.value.refusal.overridable) == (
        "payment-looks-double",
        True,
    )
    assert Payment.objects.count() == 4


@pytest.mark.parametrize(
    ("said", "code"),
    (
        ({"amount": kroner(0)}, "amount-not-positive"),
        ({"amount": kroner(-1)}, "amount-not-positive"),
        ({"amount": Money(100, "EUR")}, "wrong-currency"),
        ({"received_on": dt.date(2026, 3, 6)}, "payment-in-future"),
    ),
)
def test_nonsense_is_refused_and_nothing_is_written(cast, said, code):
    with pytest.raises(Refused) as refused:
        pay_by_hand(cast, 1, **said)

    assert refused.value.refusal.code == code
    assert not Payment.objects.exists()


def test_a_payment_of_one_student_never_covers_anothers_invoice(cast):
    theirs = drive(cast, student=cast.other_student)

    with pytest.raises(Refused) as refused:
        pay_by_hand(cast, PRICE, theirs)

    assert refused.value.refusal.code == "not-their-invoice"
    assert not Payment.objects.exists()


def test_a_student_of_another_school_does_not_exist(cast, other_school):
    with pytest.raises(Student.DoesNotExist):
        pay_by_hand(cast, 1, student_id=other_school.student.pk)


def test_the_database_refuses_allocations_beyond_invoice_and_payment(cast):
    invoice = drive(cast)
    large, small = pay_by_hand(cast, 900_00), pay_by_hand(cast, 10_00)
    row = {"school": cast.school, "invoice": invoice, "created_at": OVER}

    for payment, amount in ((large, PRICE + 1), (small, 10_01)):
        with pytest.raises(IntegrityError, match="more than"), transaction.atomic():
            PaymentAllocation.objects.create(payment=payment, amount_minor=amount, **row)


def test_a_payment_is_announced_after_it_has_covered_the_invoices(cast):
    heard = []

    def listen(*, event, **_):
        heard.append((event.change, Invoice.objects.get().status))

    payment_changed.connect(listen)
    try:
        pay_by_hand(cast, PRICE, drive(cast))
    finally:
        payment_changed.disconnect(listen)

    assert heard == [("received", "paid")]


def test_a_checkout_asks_for_what_is_due(cast, settings):
    settings.DEMO = True
    use_gateway(cast, GatewayName.DEMO)
    invoice = drive(cast)
    pay_by_hand(cast, 50_00, invoice)

    checkout = _start(cast, invoice)

    assert (checkout.amount, checkout.status) == (kroner(500_00), CheckoutStatus.OPEN)
    assert checkout.url == f"/schools/{cast.school.slug}/money/visits/{checkout.pk}/demo/"


def _start(cast, invoice, *, by=None, at=OVER, key=None) -> Checkout:
    return start_checkout(
        invoice_id=invoice.pk,
        by=by or cast.student.membership,
        at=at,
        request_key=key or uuid.uuid4(),
    )


@pytest.mark.parametrize(
    ("later", "visits"),
    ((dt.timedelta(minutes=30, seconds=-1), 1), (dt.timedelta(minutes=30), 2)),
)
def test_an_unfinished_visit_is_offered_again_for_half_an_hour(cast, settings, later, visits):
    settings.DEMO = True
    use_gateway(cast, GatewayName.DEMO)
    invoice = drive(cast)

    _start(cast, invoice)
    _start(cast, invoice, at=OVER + later)

    assert Checkout.objects.count() == visits


def test_a_replayed_request_starts_one_visit(cast, settings):
    settings.DEMO = True
    use_gateway(cast, GatewayName.DEMO)
    invoice, key = drive(cast), uuid.uuid4()

    assert _start(cast, invoice, key=key) == _start(cast, invoice, key=key, at=OVER + HOUR)


def test_nothing_is_started_for_a_paid_invoice(cast, settings):
    settings.DEMO = True
    use_gateway(cast, GatewayName.DEMO)
    invoice = drive(cast)
    pay_by_hand(cast, PRICE, invoice)

    with pytest.raises(Refused) as refused:
        _start(cast, invoice)

    assert refused.value.refusal.code == "nothing-due"


def test_the_demonstration_does_not_exist_outside_the_demo(cast, settings):
    settings.DEMO = False
    use_gateway(cast, GatewayName.DEMO)

    with pytest.raises(Refused) as refused:
        _start(cast, drive(cast))

    assert refused.value.refusal.code == "no-online-payment"


def test_another_student_cannot_start_paying_my_invoice(cast, settings):
    settings.DEMO = True
    use_gateway(cast, GatewayName.DEMO)

    with pytest.raises(Invoice.DoesNotExist):
        _start(cast, drive(cast), by=cast.other_student.membership)


def test_a_confirmed_visit_is_booked_once(cast):
    checkout = visit(cast, drive(cast))

    payments = {confirm(checkout) for _ in range(3)}

    (payment,) = payments
    assert (payment.method, payment.amount) == (PaymentMethod.CARD, kroner(PRICE))
    assert statuses() == [InvoiceStatus.PAID]
    assert balance_of(cast.student) == kroner(0)


def test_another_amount_is_booked_as_received_and_flagged(cast):
    checkout = visit(cast, drive(cast))

    payment = confirm(checkout, kroner(500_00))

    assert (payment.flag, payment.status) == (PaymentFlag.AMOUNT, PaymentStatus.RECEIVED)
    assert (statuses(), balance_of(cast.student)) == ([InvoiceStatus.PART_PAID], kroner(50_00))
    assert [event.change for event in payment.events.all()] == ["received", "flagged"]


def test_another_currency_enters_no_ledger_and_waits_for_review(cast):
    checkout = visit(cast, drive(cast))

    payment = confirm(checkout, Money(PRICE, "EUR"))

    assert (payment.flag, payment.status) == (PaymentFlag.CURRENCY, PaymentStatus.IN_REVIEW)
    assert (statuses(), balance_of(cast.student)) == ([InvoiceStatus.ISSUED], kroner(PRICE))
    assert [event.change for event in payment.events.all()] == ["flagged"]


def test_two_visits_paid_for_one_invoice_leave_credit(cast):
    invoice = drive(cast)

    for checkout in (visit(cast, invoice), visit(cast, invoice)):
        confirm(checkout)

    assert (statuses(), credit_of(cast.student)) == ([InvoiceStatus.PAID], kroner(PRICE))
    assert balance_of(cast.student) == kroner(-PRICE)


def test_money_that_comes_after_the_visit_expired_is_booked(cast):
    checkout = visit(cast, drive(cast), status=CheckoutStatus.EXPIRED)

    confirm(checkout)

    checkout.refresh_from_db()
    assert (checkout.status, statuses()) == (CheckoutStatus.PAID, [InvoiceStatus.PAID])


def test_a_visit_nobody_knows_is_not_booked(cast):
    with pytest.raises(Checkout.DoesNotExist):
        confirm_payment(gateway="stripe", external_id="cs_x", amount=kroner(1), at=OVER)


@pytest.mark.parametrize(
    ("later", "status"),
    (
        (dt.timedelta(hours=24, seconds=-1), CheckoutStatus.OPEN),
        (dt.timedelta(hours=24), CheckoutStatus.EXPIRED),
    ),
)
def test_a_demo_visit_expires_after_a_day(cast, settings, later, status):
    settings.DEMO = True
    checkout = visit(cast, drive(cast))

    assert settle_checkout(checkout=checkout, at=OVER + later).status == status


def test_beat_settles_the_visits_of_every_school(cast, other_school, settings):
    settings.DEMO = True
    visit(cast, drive(cast))

    assert settle_pending_checkouts() == 1
    assert Checkout.objects.get().status == CheckoutStatus.EXPIRED
