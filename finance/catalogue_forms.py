"""What people type about what the school sells, and about its VAT."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from administration.forms.fields import MoneyField
from administration.models import School
from bookings.models import LessonType
from finance.enums import ProductKind, VatTreatment
from finance.models import Product, VatCode


class ProductForm(forms.Form):
    """One line of the price list."""

    name = forms.CharField(label=_("Name"), max_length=120)
    price = forms.Field()
    vat_code: "forms.ModelChoiceField[VatCode]" = forms.ModelChoiceField(
        label=_("VAT"),
        queryset=None,
        empty_label=None,
        help_text=_("Money you only pass on, like the state’s test fee, is an outlay."),
    )
    account_code = forms.CharField(
        label=_("Account code"),
        max_length=16,
        required=False,
        help_text=_("The account in your bookkeeping, if you use one."),
    )
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(self, *args: Any, school: School, product: Product | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.product = product
        label = _("Price including VAT, %(currency)s") % {"currency": school.currency}
        self.fields["price"] = MoneyField(currency=school.currency, label=label)
        codes = VatCode.objects.filter(self._offered()).order_by("-rate_basis_points", "code")
        self._choose("vat_code", codes)
        if product is None:
            self.fields["lesson_type"] = forms.ModelChoiceField(
                label=_("Lesson type"),
                queryset=LessonType.objects.filter(is_active=True).order_by("name"),
                required=False,
                empty_label=_("None: a fee or something else"),
            )
            self.order_fields(["lesson_type", "name", "price", "vat_code"])

    def _offered(self) -> Q:
        """The codes in use that fit what is sold, and the one it has."""
        product = self.product
        offered = Q(is_active=True)
        if product is not None and product.kind != ProductKind.LESSON:
            is_outlay = Q(treatment=VatTreatment.OUTLAY)
            offered &= is_outlay if product.kind == ProductKind.OUTLAY else ~is_outlay
        return offered | Q(pk=product.vat_code_id) if product else offered

    def _choose(self, name: str, queryset: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 -- declared above
        field.queryset = queryset

    def values(self) -> dict[str, Any]:
        """The fields of Product."""
        said = self.cleaned_data
        values = {name: said[name] for name in ("name", "vat_code", "account_code", "is_active")}
        values["price_minor"] = said["price"].minor
        if self.product is None:
            values |= {"lesson_type": said["lesson_type"], "kind": self._kind()}
        return values

    def _kind(self) -> ProductKind:
        """A fee and something else differ by nothing but what they are billed for."""
        if self.cleaned_data["lesson_type"]:
            return ProductKind.LESSON
        is_outlay = self.cleaned_data["vat_code"].treatment == VatTreatment.OUTLAY
        return ProductKind.OUTLAY if is_outlay else ProductKind.OTHER


class VatCodeForm(forms.Form):
    """One VAT code; of one that exists the code and the treatment are settled."""

    code = forms.CharField(
        label=_("Code"), max_length=16, help_text=_("As your bookkeeping knows it, like DK25.")
    )
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What invoices call it, like “25 % moms”.")
    )
    treatment = forms.ChoiceField(
        label=_("Treatment"), choices=VatTreatment.choices, widget=forms.RadioSelect
    )
    rate = forms.DecimalField(
        label=_("Rate, %"), min_value=0, max_value=100, decimal_places=2, localize=True
    )
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(self, *args: Any, vat_code: VatCode | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if vat_code is None:
            self.initial = {"treatment": VatTreatment.TAXABLE, "rate": 25, "is_active": True}
            return
        del self.fields["code"], self.fields["treatment"]
        rate = Decimal(vat_code.rate_basis_points) / 100
        self.initial = {
            "name": vat_code.name,
            "rate": rate.normalize() if rate else 0,
            "is_active": vat_code.is_active,
        }

    def values(self) -> dict[str, Any]:
        """The fields of VatCode."""
        said = dict(self.cleaned_data)
        rate = said.pop("rate")
        return said | {"rate_basis_points": int(rate * 100)}
