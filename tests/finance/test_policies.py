"""Money decisions, as tables with their exact boundaries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from administration.forms.fields import minor_units, typed
from finance.enums import InvoiceStatus, PaymentFlag
from finance.policies import flag_of, line_sums, spread, status_of, vat_summary
from justdriving.kernel.money import Money


def kroner(minor: int) -> Money:
    return Money(minor, "DKK")


@pytest.mark.parametrize(
    ("unit", "quantity", "rate", "net", "vat"),
    (
        (550_00, 1, 2500, 440_00, 110_00),
        (100, 1, 2500, 80, 20),
        (1, 1, 2500, 1, 0),
        (2, 1, 2500, 2, 0),
        (3, 1, 2500, 2, 1),
        (3, 3, 2500, 7, 2),
        (99_95, 3, 2500, 239_88, 59_97),
        (550_00, 2, 0, 1100_00, 0),
        (0, 1, 2500, 0, 0),
    ),
)
def test_vat_is_rounded_once_inside_the_line(unit, quantity, rate, net, vat):
    sums = line_sums(kroner(unit), quantity=quantity, rate_basis_points=rate)

    assert (sums.net, sums.vat, sums.total) == (kroner(net), kroner(vat), kroner(unit * quantity))


@given(
    st.lists(
        st.tuples(st.integers(0, 10**8), st.integers(1, 50), st.sampled_from([0, 600, 1200, 2500])),
        max_size=20,
    )
)
def test_net_and_vat_of_any_invoice_add_up_to_its_total(lines):
    sums = [line_sums(kroner(unit), quantity=n, rate_basis_points=rate) for unit, n, rate in lines]
    summary = vat_summary(
        (f"{rate}", rate, line.net, line.vat)
        for line, (_, _, rate) in zip(sums, lines, strict=True)
    )

    total = sum(line.total.minor for line in sums)
    assert sum(part.net.minor + part.vat.minor for part in summary) == total
    assert [part.rate_basis_points for part in summary] == sorted(
        {rate for _, _, rate in lines}, reverse=True
    )
    assert all(0 <= line.vat.minor <= line.total.minor for line in sums)


@pytest.mark.parametrize(
    ("total", "paid", "credited", "status"),
    (
        (550_00, 0, 0, InvoiceStatus.ISSUED),
        (550_00, 1, 0, InvoiceStatus.PART_PAID),
        (550_00, 549_99, 0, InvoiceStatus.PART_PAID),
        (550_00, 550_00, 0, InvoiceStatus.PAID),
        (550_00, 0, 549_99, InvoiceStatus.ISSUED),
        (550_00, 0, 550_00, InvoiceStatus.CREDITED),
        (550_00, 1, 549_99, InvoiceStatus.PAID),
        (550_00, 1, 549_98, InvoiceStatus.PART_PAID),
        (0, 0, 0, InvoiceStatus.PAID),
    ),
)
def test_an_invoice_is_called_what_is_paid_and_credited_of_it(total, paid, credited, status):
    found = status_of(kroner(total), paid=kroner(paid), credited=kroner(credited))

    assert found == status


@pytest.mark.parametrize(
    ("amount", "due", "shares"),
    (
        (0, [100, 50], [0, 0]),
        (99, [100, 50], [99, 0]),
        (100, [100, 50], [100, 0]),
        (101, [100, 50], [100, 1]),
        (150, [100, 50], [100, 50]),
        (500, [100, 50], [100, 50]),
        (500, [], []),
    ),
)
def test_money_covers_what_is_due_in_its_order(amount, due, shares):
    assert spread(kroner(amount), [kroner(d) for d in due]) == [kroner(s) for s in shares]


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**7), max_size=10))
def test_money_is_never_spread_further_than_it_reaches(amount, due):
    shares = spread(kroner(amount), [kroner(d) for d in due])

    assert sum(s.minor for s in shares) == min(amount, sum(due))
    assert all(0 <= s.minor <= d for s, d in zip(shares, due, strict=True))


@pytest.mark.parametrize(
    ("received", "flag"),
    (
        (Money(550_00, "DKK"), None),
        (Money(549_99, "DKK"), PaymentFlag.AMOUNT),
        (Money(550_01, "DKK"), PaymentFlag.AMOUNT),
        (Money(550_00, "EUR"), PaymentFlag.CURRENCY),
    ),
)
def test_what_arrives_is_compared_with_what_was_asked(received, flag):
    assert flag_of(received, asked=kroner(550_00)) == flag


@pytest.mark.parametrize(
    ("text", "minor"),
    (
        ("550", 550_00),
        (" 550,5 ", 550_50),
        ("550,05", 550_05),
        ("550.05", 550_05),
        ("1.250", 1250_00),
        ("1,250", 1250_00),
        ("1.250,50", 1250_50),
        ("1,250.50", 1250_50),
        ("1 250,50", 1250_50),
        ("1.000.000", 1_000_000_00),
        ("0", 0),
        ("", None),
        ("-5", None),
        ("5,555,5", None),
        ("1.25,00", None),
        ("ten", None),
        ("5,", None),
    ),
)
def test_an_amount_is_read_as_danes_and_britons_write_it(text, minor):
    assert minor_units(text, "DKK") == minor


@given(st.integers(0, 10**10))
def test_a_field_reads_back_what_it_shows(minor):
    assert minor_units(typed(kroner(minor)), "DKK") == minor
