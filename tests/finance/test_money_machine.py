"""Money against plain Python: every step is predicted, and the doctor looks on after each.

The oracle knows lists of invoices, payments and refunds, and nothing of tables. It says beforehand
whether a step is refused; the services must refuse it for that reason, or do it.
"""

import datetime as dt
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bookings.services import Grounds
from finance.invariants import INVARIANTS
from finance.models import CreditNote, Invoice, Payment, Refund
from finance.queries import balance_of, credit_of, open_amount
from finance.services import decline_refund, pay_out, waive_fee
from finance.services.crediting import Part
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from justdriving.kernel.tenancy import school_scope
from tests.cast import make_cast
from tests.finance.factories import (
    OVER,
    PRICE,
    ask_back,
    book,
    credit_parts,
    drive,
    finish,
    kroner,
    pay_by_hand,
)

AMOUNTS = st.sampled_from((1, 33_33, 100_00, 274_99, 275_00, PRICE, 600_00, 1_200_00))
NUMBERS = st.integers(0, 3)


@dataclass
class Bill:
    """One invoice of one line; ``paid`` is by payment."""

    place: int | None = None
    credited: int = 0
    paid: dict[int, int] = field(default_factory=dict)

    @property
    def due(self):
        return PRICE - self.credited - sum(self.paid.values())

    @property
    def status(self):
        if self.credited == PRICE:
            return "credited"
        if not self.due:
            return "paid"
        return "part_paid" if sum(self.paid.values()) else "issued"


@dataclass
class Oracle:
    bills: list[Bill] = field(default_factory=list)
    brought: list[int] = field(default_factory=list)
    back: dict[int, list] = field(default_factory=dict)

    def free(self, number):
        used = sum(bill.paid.get(number, 0) for bill in self.bills)
        back = sum(
            amount
            for of, amount, state in self.back.values()
            if of == number and state != "declined"
        )
        return self.brought[number] - used - back

    @property
    def credit(self):
        return sum(self.free(number) for number in range(len(self.brought)))

    def bill(self, bill):
        self.bills.append(bill)
        for number in range(len(self.brought)):
            self.put(number, bill)

    def put(self, number, bill):
        share = min(self.free(number), bill.due)
        if share > 0:
            bill.paid[number] = bill.paid.get(number, 0) + share

    def take_off(self, bill, amount):
        excess = amount - bill.due
        bill.credited += amount
        for number in sorted(bill.paid, reverse=True):
            back = min(bill.paid[number], max(excess, 0))
            bill.paid[number] -= back
            excess -= back

    @property
    def balance(self):
        owed = sum(PRICE - bill.credited for bill in self.bills)
        given = sum(amount for _, amount, state in self.back.values() if state == "succeeded")
        return owed - sum(self.brought) + given


class Money(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.cast = make_cast()
        self.scope = school_scope(self.cast.school.pk)
        self.scope.__enter__()
        self.oracle = Oracle()
        self.hour = 0

    def teardown(self):
        self.scope.__exit__(None, None, None)

    def refused_with(self, code, act):
        """Do it; it is refused with this code, or with none."""
        if code is None:
            return act()
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.refusal.code == code
        return None

    def next_hour(self):
        self.hour += 2
        return self.hour

    @rule()
    def a_lesson_is_driven(self):
        drive(self.cast, hours=self.next_hour())
        self.oracle.bill(Bill())

    @rule()
    def a_lesson_is_missed(self):
        starts = OVER + dt.timedelta(hours=1000 + self.next_hour())
        place = book(self.cast, starts=starts)
        finish(self.cast, place, attended=False, at=starts + dt.timedelta(hours=2))
        self.oracle.bill(Bill(place=place.pk))

    @rule(minor=AMOUNTS, first=NUMBERS, second=NUMBERS)
    def money_comes(self, minor, first, second):
        wanted = {n for n in (first, second) if n < len(self.oracle.bills)}
        rows = [self.invoices[number] for number in wanted]
        pay_by_hand(self.cast, minor, *rows, even_if_double=True, at=OVER)
        self.oracle.brought.append(minor)
        for row in sorted(rows, key=lambda row: (str(row.due_on), row.pk)):
            bill = self.oracle.bills[[one.pk for one in self.invoices].index(row.pk)]
            self.oracle.put(len(self.oracle.brought) - 1, bill)

    @rule(number=NUMBERS, minor=AMOUNTS)
    def something_is_credited(self, number, minor):
        if number >= len(self.oracle.bills):
            return
        bill, invoice = self.oracle.bills[number], self.invoices[number]
        code = "more-than-left" if minor > PRICE - bill.credited else None
        part = Part(invoice.lines.get().pk, amount=kroner(minor))
        if self.refused_with(code, lambda: credit_parts(self.cast, invoice, part)):
            self.oracle.take_off(bill, minor)

    @rule(number=NUMBERS)
    def a_fee_is_waived(self, number):
        if number >= len(self.oracle.bills):
            return
        bill = self.oracle.bills[number]
        if bill.place is None:
            return
        code = "nothing-to-waive" if bill.credited == PRICE else None
        waived = self.refused_with(
            code,
            lambda: waive_fee(
                participation_id=bill.place,
                by=self.cast.office,
                at=OVER + dt.timedelta(days=200),
                grounds=Grounds(party="student", words="Ill", waive_fee=True),
            ),
        )
        if waived:
            self.oracle.take_off(bill, PRICE - bill.credited)

    @rule(number=NUMBERS, minor=AMOUNTS)
    def money_is_asked_back(self, number, minor):
        if number >= len(self.oracle.brought):
            return
        code = "more-than-free" if minor > self.oracle.free(number) else None
        asked = self.refused_with(code, lambda: ask_back(self.cast, self.payments[number], minor))
        if asked:
            self.oracle.back[asked.pk] = [number, minor, "approved"]

    @rule(number=NUMBERS, act=st.sampled_from((pay_out, decline_refund)))
    def a_refund_is_settled(self, number, act):
        if number >= len(self.oracle.back):
            return
        pk = sorted(self.oracle.back)[number]
        state = "succeeded" if act is pay_out else "declined"
        before = self.oracle.back[pk][2]
        code = None if before in {"approved", state} else "refund-moved-on"
        if self.refused_with(code, lambda: act(refund_id=pk, by=self.cast.office, at=OVER)):
            self.oracle.back[pk][2] = state

    @property
    def invoices(self):
        return list(Invoice.objects.order_by("pk"))

    @property
    def payments(self):
        return list(Payment.objects.order_by("pk"))

    @invariant()
    def the_books_say_what_the_oracle_says(self):
        oracle, student = self.oracle, self.cast.student
        assert [one.status for one in self.invoices] == [bill.status for bill in oracle.bills]
        assert [one.due.minor for one in Invoice.objects.with_paid().order_by("pk")] == [
            bill.due for bill in oracle.bills
        ]
        assert balance_of(student) == kroner(oracle.balance)
        assert credit_of(student) == kroner(oracle.credit)
        assert open_amount(student) == kroner(sum(bill.due for bill in oracle.bills))
        assert {r.pk: r.status for r in Refund.objects.all()} == {
            pk: state for pk, (_, _, state) in oracle.back.items()
        }
        assert sum(note.total_minor for note in CreditNote.objects.all()) == sum(
            bill.credited for bill in oracle.bills
        )

    @invariant()
    def the_doctor_finds_nothing(self):
        assert examine(INVARIANTS) == []


def walk(machine, examples):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=15,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.usefixtures("db")
def test_money_is_what_the_oracle_says():
    walk(Money, 12)


class CarelessOracle(Oracle):
    """One that lets paid money stay with an invoice that was credited."""

    def take_off(self, bill, amount):
        bill.credited += amount


class CarelessMoney(Money):
    def __init__(self):
        super().__init__()
        self.oracle = CarelessOracle()


@pytest.mark.usefixtures("db")
def test_an_oracle_that_forgets_to_release_is_found_out():
    with pytest.raises(AssertionError):
        walk(CarelessMoney, 40)
