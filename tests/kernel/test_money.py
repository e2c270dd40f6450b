import pytest
from hypothesis import given
from hypothesis import strategies as st

from justdriving.kernel.money import CurrencyMismatch, Money, rounded_share

AMOUNTS = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(
    ("minor", "rate", "share"),
    (
        (100, 50, 50),
        (101, 50, 51),
        (-101, 50, -51),
        (99, 33, 33),
        (150, 33, 50),
        (149, 33, 49),
        (0, 50, 0),
        (550_00, 100, 550_00),
    ),
)
def test_a_percentage_is_rounded_half_away_from_zero(minor, rate, share):
    assert Money(minor, "DKK").percent(rate) == Money(share, "DKK")


@pytest.mark.parametrize(
    ("gross", "basis_points", "vat"),
    ((125_00, 2500, 25_00), (100_00, 0, 0), (99, 2500, 20), (1, 2500, 0), (-125_00, 2500, -25_00)),
)
def test_the_vat_inside_a_gross_amount(gross, basis_points, vat):
    assert Money(gross, "DKK").vat_included(basis_points) == Money(vat, "DKK")


@given(AMOUNTS, st.integers(0, 1000), st.integers(1, 1000))
def test_a_share_is_never_more_than_half_a_unit_off(minor, numerator, denominator):
    error = rounded_share(minor, numerator, denominator) * denominator - minor * numerator
    assert 2 * abs(error) <= denominator


@given(AMOUNTS, st.integers(0, 1000), st.integers(1, 1000))
def test_a_credit_is_rounded_like_the_charge_it_undoes(minor, numerator, denominator):
    charged = rounded_share(minor, numerator, denominator)
    assert rounded_share(-minor, numerator, denominator) == -charged


@pytest.mark.parametrize(
    "mix", (lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a < b, lambda a, b: a <= b)
)
def test_currencies_do_not_mix(mix):
    with pytest.raises(CurrencyMismatch, match="DKK and EUR"):
        mix(Money(1, "DKK"), Money(1, "EUR"))


@pytest.mark.parametrize(
    ("money", "locale", "text"),
    (
        (Money(125_000, "DKK"), "da", "1.250,00\N{NO-BREAK SPACE}kr."),
        (Money(-5, "DKK"), "da", "-0,05\N{NO-BREAK SPACE}kr."),
        (Money(125_000, "DKK"), "en", "DKK\N{NO-BREAK SPACE}1,250.00"),
        (Money(1_250, "JPY"), "en", "¥1,250"),
    ),
)
def test_money_is_written_as_the_reader_writes_it(money, locale, text):
    assert money.localized(locale) == text
