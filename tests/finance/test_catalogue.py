"""What a school sells: kinds, VAT codes, and prices that change nothing behind them."""

import datetime as dt

import pytest
from django.db import IntegrityError, ProgrammingError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from administration.models import SettingChange
from finance.enums import ProductKind, VatTreatment
from finance.models import InvoiceLine, LedgerEntry, Product, VatCode
from finance.services import open_books, save_product, save_vat_code
from justdriving.kernel.policy import Refused
from tests.factories import NOON
from tests.finance.factories import PRICE, book, drive, finish, kroner


@pytest.fixture
def codes(cast):
    open_books(school=cast.school)
    return {code.code: code for code in VatCode.objects.all()}


def url(cast, route, *args):
    return reverse(f"finance:{route}", args=[cast.school.slug, *args])


def product(cast, vat_code, kind=ProductKind.OUTLAY, **fields):
    values = {"name": "State test fee", "kind": kind, "price_minor": 1600_00, "vat_code": vat_code}
    return Product.objects.create(school=cast.school, **values | fields)


def typed(product, **changed):
    names = ("name", "account_code", "is_active")
    values = {name: getattr(product, name) for name in names}
    values |= {"vat_code": product.vat_code_id, "price": f"{product.price_minor // 100}"}
    return {name: value for name, value in (values | changed).items() if value not in (False, None)}


def test_every_school_gets_the_danish_codes(cast, codes):
    assert {code: (one.treatment, one.rate_basis_points) for code, one in codes.items()} == {
        "DK25": (VatTreatment.TAXABLE, 2500),
        "EXEMPT": (VatTreatment.EXEMPT, 0),
        "OUTLAY": (VatTreatment.OUTLAY, 0),
    }


@pytest.mark.parametrize(
    ("kind", "code", "fits"),
    (
        (ProductKind.OUTLAY, "OUTLAY", True),
        (ProductKind.OUTLAY, "DK25", False),
        (ProductKind.OUTLAY, "EXEMPT", False),
        (ProductKind.OTHER, "OUTLAY", False),
        (ProductKind.SIGNUP_FEE, "OUTLAY", False),
        (ProductKind.OTHER, "EXEMPT", True),
    ),
)
def test_what_is_passed_on_and_what_is_sold_never_mix(cast, codes, kind, code, fits):
    if fits:
        product(cast, codes[code], kind)
    else:
        with pytest.raises(IntegrityError):
            product(cast, codes[code], kind)


def test_a_product_can_not_be_moved_over_either(cast, codes):
    fee = product(cast, codes["OUTLAY"])

    with pytest.raises(IntegrityError):
        Product.objects.filter(pk=fee.pk).update(vat_code=codes["DK25"])


def test_a_lesson_that_is_only_the_states_fee_carries_no_vat(cast, codes):
    Product.objects.update(vat_code=codes["OUTLAY"])

    line = InvoiceLine.objects.get(invoice=drive(cast))

    assert (line.total, line.vat, line.vat_code.treatment) == (
        kroner(PRICE),
        kroner(0),
        VatTreatment.OUTLAY,
    )


@pytest.mark.parametrize("field", ("code", "treatment"))
def test_what_a_code_means_is_settled(cast, codes, field):
    with pytest.raises(ProgrammingError):
        VatCode.objects.filter(code="EXEMPT").update(**{field: "outlay"})


def test_only_taxable_codes_have_a_rate(cast, codes):
    with pytest.raises(IntegrityError):
        VatCode.objects.filter(code="OUTLAY").update(rate_basis_points=2500)


def test_a_new_rate_counts_for_what_is_billed_from_then_on(cast, codes):
    before = drive(cast)
    values = {"name": "20 % moms", "rate_basis_points": 2000, "is_active": True}

    save_vat_code(vat_code=codes["DK25"], values=values, by=cast.owner, at=NOON)

    after = drive(cast, hours=2)
    shares = {line.invoice_id: line.vat_minor for line in InvoiceLine.objects.all()}
    assert shares == {before.pk: 110_00, after.pk: 91_67}
    kept = {(one.subject, one.field, one.old, one.new) for one in SettingChange.objects.all()}
    assert kept == {
        ("20 % moms", "name", "Danish VAT 25 %", "20 % moms"),
        ("20 % moms", "rate_basis_points", "2500", "2000"),
    }


@pytest.mark.parametrize(
    ("values", "code"),
    (
        ({"code": "DK25", "treatment": "taxable", "rate_basis_points": 2500}, "code-taken"),
        ({"code": "NEW", "treatment": "exempt", "rate_basis_points": 2500}, "vat-rate"),
    ),
)
def test_a_code_that_can_not_be_is_refused(cast, codes, values, code):
    with pytest.raises(Refused) as refused:
        save_vat_code(
            vat_code=None,
            values={"name": "New", "is_active": True} | values,
            by=cast.owner,
            at=NOON,
        )

    assert refused.value.refusal.code == code


def test_a_code_that_prices_carry_is_not_put_away(cast, codes):
    values = {"name": "25 %", "rate_basis_points": 2500, "is_active": False}

    with pytest.raises(Refused) as refused:
        save_vat_code(vat_code=codes["DK25"], values=values, by=cast.owner, at=NOON)

    assert refused.value.refusal.code == "code-in-use"


def test_a_price_change_alters_nothing_that_was_agreed_or_issued(cast):
    issued, agreed = drive(cast), book(cast, starts=NOON + dt.timedelta(hours=2))
    lesson = Product.objects.get()
    values = {"name": "Lesson", "price_minor": 900_00, "vat_code": lesson.vat_code}

    save_product(product=lesson, values=values, by=cast.owner, at=NOON)
    finish(cast, agreed, at=NOON + dt.timedelta(hours=4))

    issued.refresh_from_db()
    assert issued.total == kroner(PRICE)
    assert {entry.amount for entry in LedgerEntry.objects.all()} == {kroner(PRICE)}


def test_an_outlay_is_added_by_choosing_its_code(cast, codes, signed_in):
    values = {"name": "State test fee", "price": "1600", "vat_code": codes["OUTLAY"].pk}

    answer = signed_in(cast.owner).post(
        url(cast, "product_new"), values | {"account_code": "2100", "is_active": "on"}
    )

    assert answer.status_code == 302
    fee = Product.objects.get(name="State test fee")
    assert (fee.kind, fee.price, fee.account_code) == (ProductKind.OUTLAY, kroner(1600_00), "2100")


def test_an_outlay_is_offered_no_other_code(cast, codes, signed_in):
    fee = product(cast, codes["OUTLAY"])

    answer = signed_in(cast.owner).post(
        url(cast, "product", fee.pk), typed(fee, vat_code=codes["DK25"].pk)
    )

    assert answer.status_code == 422
    assert Product.objects.get(pk=fee.pk).vat_code == codes["OUTLAY"]


@pytest.mark.parametrize(
    ("query", "names"),
    (
        ({}, ["Driving lesson", "Book", "State test fee"]),
        ({"show": "lesson"}, ["Driving lesson"]),
        ({"show": "fee"}, ["Book"]),
        ({"show": "outlay"}, ["State test fee"]),
        ({"show": "put_away"}, ["Old book"]),
        ({"q": "test"}, ["State test fee"]),
        ({"q": "1010"}, ["Book"]),
        ({"q": "nothing"}, []),
    ),
)
def test_the_price_list_is_searched_and_filtered(cast, codes, signed_in, query, names):
    product(cast, codes["OUTLAY"])
    product(cast, codes["DK25"], ProductKind.OTHER, name="Book", account_code="1010")
    product(cast, codes["DK25"], ProductKind.OTHER, name="Old book", is_active=False)

    page = signed_in(cast.owner).get(url(cast, "products"), query).context["page"]

    assert [one.name for one in page] == names


def test_the_price_list_takes_the_same_queries_for_one_and_many(cast, codes, signed_in):
    client = signed_in(cast.owner)
    client.get(url(cast, "products"))

    def queries():
        with CaptureQueriesContext(connection) as caught:
            client.get(url(cast, "products"))
        return len(caught)

    one = queries()
    for number in range(10):
        product(cast, codes["OUTLAY"], name=f"Fee {number}")

    assert queries() == one


def test_vat_codes_are_written_and_changed_on_their_pages(cast, codes, signed_in):
    client = signed_in(cast.owner)
    new = {"code": "DK12", "name": "Half", "treatment": "taxable", "rate": "12.5"}

    assert client.post(url(cast, "vat_code_new"), new | {"is_active": "on"}).status_code == 302
    half = VatCode.objects.get(code="DK12")
    changed = {"name": "Half", "rate": "13", "is_active": "on", "code": "OTHER"}
    assert client.post(url(cast, "vat_code", half.pk), changed).status_code == 302

    half.refresh_from_db()
    assert (half.code, half.rate_basis_points) == ("DK12", 1300)
    assert "Half" in client.get(url(cast, "vat_codes")).content.decode()


@pytest.mark.parametrize("route", ("products", "product_new", "vat_codes", "vat_code_new"))
def test_prices_are_the_owners(cast, signed_in, route):
    asked = [signed_in(who).get(url(cast, route)).status_code for who in (cast.owner, cast.office)]

    assert asked == [200, 403]


def test_a_code_of_another_school_does_not_exist(cast, other_school, signed_in):
    foreign = VatCode.across_schools.exclude(school=cast.school).first()

    assert signed_in(cast.owner).get(url(cast, "vat_code", foreign.pk)).status_code == 404
