"""The price list, and how the school wants to be paid."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from administration.models import Membership, School
from administration.services.noting import set_and_note
from finance.enums import VatTreatment
from finance.models import FinanceSettings, Product, VatCode
from finance.queries import settings_of
from justdriving.kernel.policy import Refusal, Refused
from justdriving.kernel.transactions import refusing, use_case

VAT_CODES: dict[str, tuple[str, VatTreatment, int]] = {
    "DK25": ("25 % moms", VatTreatment.TAXABLE, 2500),
    "EXEMPT": ("Momsfri", VatTreatment.EXEMPT, 0),
    "OUTLAY": ("Udlæg", VatTreatment.OUTLAY, 0),
}
"""Code -> (name on Danish invoices, treatment, basis points). Driving lessons are taxable: CJEU
C-449/17."""
VAT_FIELDS = ("name", "rate_basis_points", "is_active")


@use_case
def open_books(*, school: School) -> FinanceSettings:
    """Give a school its VAT codes and finance settings; what it already has stays as it is."""
    VatCode.objects.bulk_create(
        [
            VatCode(
                school=school, code=code, name=name, treatment=treatment, rate_basis_points=rate
            )
            for code, (name, treatment, rate) in VAT_CODES.items()
        ],
        ignore_conflicts=True,
    )
    FinanceSettings.objects.bulk_create([FinanceSettings(school=school)], ignore_conflicts=True)
    return settings_of(school)


def standard_vat_code(school: School) -> VatCode:
    """25 % Danish VAT: what a lesson carries when the price list is silent."""
    return _shipped_code(school, "DK25")


def exempt_vat_code(school: School) -> VatCode:
    """What a fee for paying late carries: it is damages, no turnover with VAT."""
    return _shipped_code(school, "EXEMPT")


def _shipped_code(school: School, name: str) -> VatCode:
    code = VatCode.objects.filter(code=name).first()
    if code is None:
        open_books(school=school)
        code = VatCode.objects.get(code=name)
    return code


@use_case
def save_product(
    *, product: Product | None, values: dict[str, Any], by: Membership, at: datetime
) -> Product:
    """Add or change a line of the price list.

    ``values`` are the fields of Product; ``price_minor`` includes VAT. Invoices that were issued
    keep their prices. Raises Refused: ``price-exists`` when the lesson type has another one,
    ``outlay-code`` when something passed on carries VAT or something sold does not.
    """
    product = product or Product(school=by.school)
    with refusing(
        {
            "one_price_per_lesson_type": lambda: Refusal(
                "price-exists",
                _("This lesson type already has a price. Change that one instead."),
            ),
            "outlays_carry_an_outlay_code": lambda: Refusal(
                "outlay-code", _("An outlay carries an outlay code, and nothing else does.")
            ),
        }
    ):
        set_and_note(product, values, by=by, at=at)
    return product


@use_case
def save_vat_code(
    *, vat_code: VatCode | None, values: dict[str, Any], by: Membership, at: datetime
) -> VatCode:
    """Add a VAT code, or change the name and rate of one for what is billed from now on.

    ``values`` are the fields of VatCode; of one that exists those in VAT_FIELDS count. Raises
    Refused: ``code-taken``; ``vat-rate`` when a code without VAT gets a rate; ``code-in-use`` when
    one is put away that the price list still uses.
    """
    open_books(school=by.school)
    if vat_code is not None:
        values = {field: values[field] for field in VAT_FIELDS}
        in_use = vat_code.products.filter(is_active=True).exists()
        if in_use and not values["is_active"]:
            raise Refused(Refusal("code-in-use", _("The price list still uses this code.")))
    vat_code = vat_code or VatCode(school=by.school)
    with refusing(
        {
            "vat_code_once_per_school": lambda: Refusal(
                "code-taken", _("There is a VAT code with this code already.")
            ),
            "only_taxable_codes_have_a_rate": lambda: Refusal(
                "vat-rate", _("Only a code with VAT has a rate.")
            ),
        }
    ):
        set_and_note(vat_code, values, by=by, at=at)
    return vat_code


@use_case
def save_settings(*, values: dict[str, Any], by: Membership, at: datetime) -> FinanceSettings:
    """Change how the school bills and is paid. Issued invoices stay as they are."""
    books = open_books(school=by.school)
    set_and_note(books, values, by=by, at=at, name="")
    return books
