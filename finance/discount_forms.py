"""What people type about discounts and families."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from administration.enums import DocumentKind
from administration.forms.fields import MoneyField, typed
from administration.models import School, Student
from bookings.forms.week import DayField
from finance.enums import DiscountKind, Stacking, VatTreatment
from finance.models import Discount, FinanceSettings, Product

NEEDED = {
    DiscountKind.FAMILY: (
        "from_sibling",
        _("Write 2 for the second student of a family and later ones."),
    ),
    DiscountKind.EARLY_BIRD: ("days_ahead", _("Write how many days ahead.")),
    DiscountKind.PROFILE: ("younger_than", _("Write an age, or choose a document.")),
}


class DiscountForm(forms.Form):
    """One discount: who gets it, how much, on what and when."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What the invoice calls it.")
    )
    kind = forms.ChoiceField(
        label=_("Who gets it"), choices=DiscountKind.choices, widget=forms.RadioSelect
    )
    from_sibling = forms.IntegerField(
        label=_("Family: from which student on"),
        min_value=1,
        max_value=20,
        required=False,
        help_text=_("1 is everybody in a family of two or more; 2 spares the one who came first."),
    )
    days_ahead = forms.IntegerField(
        label=_("Early: days ahead, at least"), min_value=1, max_value=365, required=False
    )
    younger_than = forms.IntegerField(
        label=_("Younger than, in years"), min_value=1, max_value=120, required=False
    )
    document_kind = forms.ChoiceField(
        label=_("With this document"),
        choices=[("", _("No document")), *DocumentKind.choices],
        required=False,
    )
    percent = forms.IntegerField(label=_("Per cent"), min_value=1, max_value=100, required=False)
    fixed = forms.Field()
    products: "forms.ModelMultipleChoiceField[Product]" = forms.ModelMultipleChoiceField(
        label=_("On (none ticked: everything but outlays)"),
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    valid_from = DayField(label=_("Valid from"), help_text=_("The day of booking counts."))
    valid_until = DayField(label=_("Valid until"), required=False)
    position = forms.IntegerField(
        label=_("Place in the order"), min_value=1, max_value=99, initial=1
    )
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(
        self, *args: Any, school: School, discount: Discount | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        label = _("or an amount off a whole lesson, %(currency)s") % {"currency": school.currency}
        self.fields["fixed"] = MoneyField(currency=school.currency, label=label, required=False)
        choice = self.fields["products"]
        assert isinstance(choice, forms.ModelMultipleChoiceField)  # noqa: S101 -- declared above
        sold = Product.objects.sold().exclude(vat_code__treatment=VatTreatment.OUTLAY)
        choice.queryset = sold.order_by("name")
        if discount is not None:
            own = set(self.fields) - {"fixed", "products"}
            self.initial = {name: getattr(discount, name) for name in own}
            self.initial["fixed"] = typed(discount.fixed) if discount.fixed_minor else ""
            self.initial["products"] = [one.pk for one in discount.products.all()]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if bool(cleaned.get("percent")) == bool(cleaned.get("fixed")):
            self.add_error("percent", _("Write a share or an amount, not both."))
        kind = cleaned.get("kind")
        field, text = NEEDED.get(DiscountKind(kind), ("", "")) if kind else ("", "")
        met = cleaned.get(field) or (kind == DiscountKind.PROFILE and cleaned["document_kind"])
        if field and not met and field not in self.errors:
            self.add_error(field, text)
        return cleaned

    def values(self) -> dict[str, Any]:
        """The fields of Discount."""
        said = dict(self.cleaned_data)
        fixed = said.pop("fixed")
        said.pop("products")
        return said | {"fixed_minor": fixed.minor if fixed else None}


class StackingForm(forms.Form):
    """What holds when somebody gets several at once."""

    stacking = forms.ChoiceField(
        label=_("Several discounts at once"), choices=Stacking.choices, widget=forms.RadioSelect
    )
    discount_cap_percent = forms.IntegerField(
        label=_("Together at most, % of the price"),
        min_value=0,
        max_value=100,
        help_text=_("Counts where they add up."),
    )

    def __init__(self, *args: Any, books: FinanceSettings, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {name: getattr(books, name) for name in self.fields}


class GrantForm(forms.Form):
    """A discount given by hand."""

    discount: "forms.ModelChoiceField[Discount]" = forms.ModelChoiceField(
        label=_("Discount"), queryset=None, empty_label=None
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("The student reads it on the invoice.")
    )
    valid_until = DayField(label=_("Valid until"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["discount"]
        assert isinstance(choice, forms.ModelChoiceField)  # noqa: S101 -- declared above
        by_hand = Discount.objects.filter(kind=DiscountKind.MANUAL, is_active=True)
        choice.queryset = by_hand.order_by("name")


class FamilyForm(forms.Form):
    """Somebody of the same family."""

    other: "forms.ModelChoiceField[Student]" = forms.ModelChoiceField(
        label=_("Belongs together with"), queryset=None, empty_label=None
    )

    def __init__(self, *args: Any, students: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["other"]
        assert isinstance(choice, forms.ModelChoiceField)  # noqa: S101 -- declared above
        choice.queryset = students
