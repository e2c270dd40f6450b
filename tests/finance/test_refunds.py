"""Refunds: never more than is free, agreed by two where the school wants it, each step once."""

import datetime as dt
import uuid

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse

from finance.enums import GatewayName, PaymentMethod, RefundStatus
from finance.gateways import DemoGateway, Refunded, demo
from finance.gateways.base import GatewayUnavailable
from finance.models import LedgerEntry, Payment, PaymentAllocation, Refund
from finance.queries import balance_of, credit_of
from finance.services import (
    approve_refund,
    confirm_payment,
    decline_refund,
    open_books,
    pay_out,
    record_refund,
)
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from tests.factories import MembershipFactory
from tests.finance.factories import (
    OVER,
    PRICE,
    ask_back,
    credit_all,
    drive,
    give_back,
    kroner,
    pay_by_hand,
    use_gateway,
    visit,
)
from tests.finance.test_views import text, url


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(OVER + dt.timedelta(hours=2), tick=False):
        yield


@pytest.fixture
def two_people(cast):
    books = open_books(school=cast.school)
    books.refunds_need_two = True
    books.save()
    return cast


@pytest.fixture
def by_card(cast, settings):
    """A card payment of an invoice that was credited afterwards: 550 kr. are free."""
    settings.DEMO = True
    use_gateway(cast, GatewayName.DEMO)
    invoice = drive(cast)
    checkout = visit(cast, invoice)
    payment = confirm_payment(
        gateway=checkout.gateway,
        external_id=checkout.external_id,
        amount=checkout.amount,
        at=OVER,
    )
    credit_all(cast, invoice)
    return payment


def code_of(act) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.refusal.code


def healthy() -> bool:
    return [found for found in examine() if found.code.startswith("finance")] == []


def test_credit_is_paid_back_by_hand(cast):
    payment = pay_by_hand(cast, 600_00, drive(cast))

    asked = ask_back(cast, payment, 50_00)
    assert (asked.status, credit_of(cast.student)) == (RefundStatus.APPROVED, kroner(0))
    assert balance_of(cast.student) == kroner(-50_00)
    paid = pay_out(refund_id=asked.pk, by=cast.office, at=OVER)

    assert (paid.status, balance_of(cast.student)) == (RefundStatus.SUCCEEDED, kroner(0))
    assert LedgerEntry.objects.get(refund=paid).amount == kroner(50_00)
    assert [e.to_status for e in paid.events.all()] == ["requested", "approved", "succeeded"]
    assert healthy()


@pytest.mark.parametrize(
    ("said", "code"),
    (
        ({"minor": 50_01}, "more-than-free"),
        ({"minor": 0}, "amount-not-positive"),
        ({"minor": 1, "reason": " "}, "reason-missing"),
        ({"minor": 1, "method": PaymentMethod.CARD}, "not-by-card"),
    ),
)
def test_what_cannot_be_given_back_is_refused(cast, said, code):
    payment = pay_by_hand(cast, 600_00, drive(cast))

    assert code_of(lambda: ask_back(cast, payment, **said)) == code
    assert not Refund.objects.exists()


def test_what_is_asked_for_is_gone_for_everything_else(cast):
    payment = pay_by_hand(cast, 100_00)
    ask_back(cast, payment, 60_00)

    assert code_of(lambda: ask_back(cast, payment, 40_01)) == "more-than-free"
    assert Payment.objects.with_free().get().free == kroner(40_00)
    assert drive(cast).status == "part_paid"
    assert PaymentAllocation.objects.get().amount == kroner(40_00)
    assert healthy()


def test_what_is_declined_is_credit_again(cast):
    payment = pay_by_hand(cast, 100_00)
    refund = ask_back(cast, payment, 100_00)

    decline_refund(refund_id=refund.pk, by=cast.office, at=OVER)

    assert credit_of(cast.student) == kroner(100_00)
    assert code_of(lambda: pay_out(refund_id=refund.pk, by=cast.office, at=OVER)) == (
        "refund-moved-on"
    )


def test_two_people_agree_where_the_school_wants_two(two_people):
    cast = two_people
    refund = ask_back(cast, pay_by_hand(cast, 100_00), 100_00)

    assert refund.status == RefundStatus.REQUESTED
    for act in (approve_refund, pay_out):
        assert code_of(lambda act=act: act(refund_id=refund.pk, by=cast.office, at=OVER)) in {
            "needs-another-person",
            "refund-moved-on",
        }
    approve_refund(refund_id=refund.pk, by=cast.owner, at=OVER)
    give = pay_out(refund_id=refund.pk, by=cast.office, at=OVER)

    assert (give.status, give.decided_by) == (RefundStatus.SUCCEEDED, cast.owner.user)
    assert healthy()


def test_the_database_wants_two_people_too(two_people):
    cast = two_people
    refund = ask_back(cast, pay_by_hand(cast, 100_00), 100_00)

    with pytest.raises(IntegrityError, match="another_person"), transaction.atomic():
        Refund.objects.filter(pk=refund.pk).update(status="approved", decided_by=cast.office.user)


def test_the_same_request_is_one_refund_and_another_wish_is_refused(cast):
    payment, key = pay_by_hand(cast, 100_00), uuid.uuid4()

    once, twice = (ask_back(cast, payment, 10_00, request_key=key) for _ in range(2))

    assert once == twice
    assert code_of(lambda: ask_back(cast, payment, 20_00, request_key=key)) == "request-reused"


def test_money_goes_back_to_the_card(cast, by_card):
    refund = ask_back(cast, by_card, PRICE, method=PaymentMethod.CARD)

    paid = pay_out(refund_id=refund.pk, by=cast.office, at=OVER)

    assert (paid.status, paid.external_id) == (RefundStatus.SUCCEEDED, f"demo_re_{refund.pk}")
    assert paid.gateway == GatewayName.DEMO
    assert balance_of(cast.student) == kroner(0)
    assert healthy()


def test_a_silent_gateway_leaves_the_refund_on_its_way_until_it_answers(cast, by_card, monkeypatch):
    def silent(self, refund):
        raise GatewayUnavailable

    refund = ask_back(cast, by_card, PRICE, method=PaymentMethod.CARD)
    with monkeypatch.context() as patch:
        patch.setattr(DemoGateway, "refund", silent)
        code = code_of(lambda: pay_out(refund_id=refund.pk, by=cast.office, at=OVER))

    refund.refresh_from_db()
    assert (code, refund.status) == ("gateway-unavailable", RefundStatus.SENT)
    assert credit_of(cast.student) == kroner(0)
    for _ in range(2):
        refund = pay_out(refund_id=refund.pk, by=cast.office, at=OVER)
    assert refund.status == RefundStatus.SUCCEEDED
    assert LedgerEntry.objects.filter(refund=refund).count() == 1


def test_a_refusal_of_the_gateway_makes_it_credit_again(cast, by_card, monkeypatch):
    no = Refunded("", RefundStatus.FAILED)
    monkeypatch.setattr(demo.DemoGateway, "refund", lambda self, refund: no)
    refund = ask_back(cast, by_card, PRICE, method=PaymentMethod.CARD)

    assert pay_out(refund_id=refund.pk, by=cast.office, at=OVER).status == RefundStatus.FAILED
    assert credit_of(cast.student) == kroner(PRICE)
    assert healthy()


def test_a_bank_may_send_back_what_was_called_paid_and_old_news_changes_nothing(cast, by_card):
    refund = ask_back(cast, by_card, PRICE, method=PaymentMethod.CARD)
    pay_out(refund_id=refund.pk, by=cast.office, at=OVER)

    for status in (RefundStatus.SENT, RefundStatus.FAILED, RefundStatus.SUCCEEDED):
        refund = record_refund(
            refund_id=refund.pk, answer=Refunded("other", status), by=None, at=OVER
        )

    assert (refund.status, refund.external_id) == (RefundStatus.FAILED, f"demo_re_{refund.pk}")
    entries = LedgerEntry.objects.filter(refund=refund).order_by("pk")
    assert [(e.kind, e.amount_minor) for e in entries] == [
        ("refund", PRICE),
        ("refund_returned", -PRICE),
    ]
    assert credit_of(cast.student) == kroner(PRICE)
    assert healthy()


@pytest.mark.parametrize(
    "change",
    (
        {"amount_minor": 1},
        {"reason": "x"},
        {"status": "requested"},
        {"status": "sent"},
    ),
)
def test_the_database_keeps_a_refund_as_it_is(cast, change):
    give_back(cast, pay_by_hand(cast, 100_00), 100_00)

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Refund.objects.update(**change)


def test_a_refund_is_never_deleted(cast):
    give_back(cast, pay_by_hand(cast, 100_00), 100_00)

    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        Refund.objects.all()._raw_delete("default")


def test_the_database_refuses_refunds_beyond_the_payment(cast):
    payment = pay_by_hand(cast, 600_00, drive(cast))
    row = {
        "school": cast.school,
        "student": cast.student,
        "payment": payment,
        "currency": "DKK",
        "method": "cash",
        "reason": "x",
        "requested_by": cast.office.user,
        "requested_at": OVER,
    }

    with pytest.raises(IntegrityError, match="has to give back"), transaction.atomic():
        Refund.objects.create(amount_minor=50_01, request_key=uuid.uuid4(), **row)
    Refund.objects.create(amount_minor=50_00, request_key=uuid.uuid4(), **row)


def said(**changes):
    values = {
        "amount": "100",
        "method": "transfer",
        "reason": "Left the school",
        "request_key": uuid.uuid4(),
    }
    return values | changes


def test_the_sum_is_confirmed_before_anything_happens(cast, signed_in):
    payment = pay_by_hand(cast, 100_00)
    page, client = url(cast, "refund_new", payment.pk), signed_in(cast.office)
    values = said()

    asked = client.post(page, values)
    assert "DKK 100.00 goes to Åse Lind. Tick that the sum is right" in text(asked)
    other = client.post(page, values | {"amount": "90", "is_sure": "on", "asked": "10000"})
    assert "DKK 90.00 goes to Åse Lind." in text(other)
    assert not Refund.objects.exists()
    done = client.post(page, values | {"is_sure": "on", "asked": "10000"}, follow=True)

    refund = Refund.objects.get()
    assert "To be paid out" in text(done)
    paid = client.post(url(cast, "refund_pay_out", refund.pk), follow=True)
    assert "The money is given back." in text(paid)
    assert Refund.objects.get().status == RefundStatus.SUCCEEDED


def test_the_office_reads_what_is_free(cast, signed_in):
    payment = pay_by_hand(cast, 600_00, drive(cast))
    client = signed_in(cast.office)

    assert "Can be given back DKK 50.00" in text(client.get(url(cast, "refund_new", payment.pk)))
    assert payment.number in text(client.get(url(cast, "student_account", cast.student.pk)))
    answer = client.post(url(cast, "refund_new", payment.pk), said(is_sure="on", asked="10000"))
    assert (answer.status_code, "DKK 50.00 can be given back." in text(answer)) == (422, True)


def test_who_asked_waits_for_another(two_people, signed_in):
    cast = two_people
    refund = ask_back(cast, pay_by_hand(cast, 100_00), 100_00)
    page = url(cast, "refund", refund.pk)

    assert "Somebody else has to approve" in text(signed_in(cast.office).get(page))
    client = signed_in(cast.owner)
    assert "Approve the refund?" in text(client.get(page))
    approved = client.post(url(cast, "refund_approve", refund.pk), follow=True)
    assert "The refund is approved." in text(approved)


@pytest.mark.parametrize("route", ("refund", "refund_approve", "refund_decline", "refund_pay_out"))
def test_refunds_out_of_reach(cast, other_school, signed_in, route):
    refund = ask_back(cast, pay_by_hand(cast, 100_00), 100_00)
    how = "get" if route == "refund" else "post"
    foreign = reverse(f"finance:{route}", args=[other_school.school.slug, refund.pk])
    elsewhere = MembershipFactory(school=cast.school, role="office")
    elsewhere.department = other_department = cast.student.department.__class__.objects.create(
        school=cast.school, name="Elsewhere"
    )
    elsewhere.save()

    assert other_department.pk
    assert getattr(signed_in(other_school.office), how)(foreign).status_code == 404
    assert getattr(signed_in(elsewhere), how)(url(cast, route, refund.pk)).status_code == 404
    for who in (cast.student, cast.teacher):
        assert getattr(signed_in(who), how)(url(cast, route, refund.pk)).status_code == 403
    refund.refresh_from_db()
    assert refund.status == RefundStatus.APPROVED


@pytest.mark.parametrize("many", (1, 8))
def test_the_list_takes_the_same_queries_for_any_number_of_rows(
    cast, signed_in, django_assert_num_queries, many
):
    for number in range(many):
        ask_back(cast, pay_by_hand(cast, 100_00 + number), 100_00)
    client = signed_in(cast.office)
    client.get(url(cast, "refunds"), {"show": "waiting"})

    with django_assert_num_queries(5):
        client.get(url(cast, "refunds"), {"show": "waiting"})
