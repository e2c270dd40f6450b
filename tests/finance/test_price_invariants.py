"""The doctor finds each planted fault in prices, and nothing in healthy ones."""

import datetime as dt

import pytest
from django.db import connection

from bookings.models import Participation
from finance.invariants import INVARIANTS
from finance.models import Discount, InvoiceLine, InvoiceLinePart, PriceList, Product, VatCode
from finance.price_invariants import PRICES
from finance.services import open_books
from justdriving.doctor import examine
from tests.finance.factories import drive


@pytest.fixture
def books(cast):
    """A lesson that was driven, and a fee that is passed on."""
    open_books(school=cast.school)
    Product.objects.create(
        school=cast.school,
        name="State test fee",
        kind="outlay",
        price_minor=1600_00,
        vat_code=VatCode.objects.get(code="OUTLAY"),
    )
    for month in (1, 2):
        PriceList.objects.create(
            school=cast.school,
            name="Prices",
            valid_from=dt.date(2026, month, 1),
            valid_until=dt.date(2026, month, 28),
        )
    drive(cast)
    parts = [{"what": "standard", "label": "", "minor": 500_00}, {"label": "x", "minor": 50_00}]
    Participation.objects.update(price_parts=parts)
    explain(cast)
    return cast


def explain(cast) -> None:
    """A discount beside the line of the lesson."""
    discount = Discount.objects.create(
        school=cast.school,
        name="Goodwill",
        kind="manual",
        percent=10,
        valid_from=dt.date(2026, 1, 1),
    )
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE finance_invoicelinepart DISABLE TRIGGER USER")
    line = InvoiceLine.objects.get()
    for position, minor in enumerate((600_00, -50_00), start=1):
        InvoiceLinePart.objects.create(
            school=cast.school,
            line=line,
            position=position,
            label="Step",
            amount_minor=minor,
            discount=discount if minor < 0 else None,
        )
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE finance_invoicelinepart ENABLE TRIGGER USER")


TABLES = (
    "finance_product",
    "finance_vatcode",
    "finance_invoiceline",
    "finance_invoicelinepart",
    "finance_invoice",
)


def plant(statement: str) -> None:
    """Write past every trigger that would refuse the fault."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(
            "ALTER TABLE finance_pricelist DROP CONSTRAINT price_lists_of_a_scope_do_not_overlap"
        )
        cursor.execute(statement)


def codes() -> set[str]:
    return {finding.code.removeprefix("finance.") for finding in examine(INVARIANTS)}


def test_healthy_prices_have_no_fault(books):
    assert codes() == set()


FAULTS = (
    ("outlays_without_vat", "UPDATE finance_product SET kind = 'other' WHERE kind = 'outlay'"),
    (
        "outlays_without_vat",
        "UPDATE finance_vatcode SET treatment = 'exempt' WHERE code = 'OUTLAY'",
    ),
    (
        "outlays_without_vat",
        "UPDATE finance_vatcode SET treatment = 'exempt', rate_basis_points = 0",
    ),
    ("price_lists_apart", "UPDATE finance_pricelist SET valid_until = NULL"),
    (
        "line_is_its_parts",
        "UPDATE finance_invoicelinepart SET amount_minor = 60001 WHERE amount_minor > 0",
    ),
    (
        "outlays_undiscounted",
        (
            "UPDATE finance_vatcode SET treatment = 'outlay', rate_basis_points = 0;"
            "UPDATE finance_invoiceline SET vat_minor = 0, vat_rate_basis_points = 0,"
            " net_minor = total_minor; UPDATE finance_invoice SET vat_minor = 0"
        ),
    ),
    (
        "agreed_price_is_its_steps",
        "UPDATE bookings_participation SET price_parts = jsonb_set(price_parts, '{1,minor}', '1')",
    ),
)


@pytest.mark.parametrize(("code", "fault"), FAULTS)
def test_a_planted_fault_is_found(books, code, fault):
    plant(fault)

    assert codes() == {code}


def test_every_invariant_of_prices_has_its_planted_fault():
    assert {one.code.removeprefix("finance.") for one in PRICES} == {code for code, _sql in FAULTS}
