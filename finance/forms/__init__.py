"""What people type about money, read into whole minor units."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from administration.forms.fields import MoneyField
from administration.models import School
from finance.enums import GatewayName, PaymentMethod, ProductKind
from finance.gateways import gateway_named
from finance.models import FinanceSettings, Invoice, Product
from finance.models.catalogue import PREFIX
from finance.models.invoices import InvoiceQuerySet


class InvoiceChoice(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic only in the stubs
    def label_from_instance(self, obj: Invoice) -> str:
        return f"{obj.number} · {obj.due}"


class PaymentForm(forms.Form):
    """A payment that somebody received by hand."""

    amount = forms.Field()
    method = forms.ChoiceField(
        label=_("Paid by"), choices=PaymentMethod.choices, initial=PaymentMethod.MOBILE_PAY
    )
    received_on = forms.DateField(
        label=_("Received on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    invoices = InvoiceChoice(
        label=_("Covers"),
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What is left over stays the student’s credit."),
    )
    even_if_double = forms.BooleanField(
        label=_("Register it: this is another payment"), required=False, widget=forms.HiddenInput
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, school: School, invoices: InvoiceQuerySet, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = MoneyField(
            currency=school.currency,
            label=_("Amount, %(currency)s") % {"currency": school.currency},
        )
        self.fields["received_on"].initial = timezone.localdate
        choice = self.fields["invoices"]
        assert isinstance(choice, InvoiceChoice)  # noqa: S101 -- declared above
        choice.queryset = invoices

    def ask_about_double(self) -> None:
        """Let the person say that the twin they were warned about is another payment."""
        self.fields["even_if_double"].widget = forms.CheckboxInput()


class SettingsForm(forms.Form):
    """How the school bills and is paid. Its Stripe account is bound by platform administrators."""

    payment_days = forms.IntegerField(label=_("Days to pay"), min_value=0, max_value=365)
    invoice_prefix = forms.CharField(
        label=_("Invoice numbers begin with"),
        max_length=8,
        validators=[PREFIX],
        help_text=_("A new beginning starts a new run of numbers from 1."),
    )
    credit_note_prefix = forms.CharField(
        label=_("Credit note numbers begin with"), max_length=8, validators=[PREFIX]
    )
    signup_fee: "forms.ModelChoiceField[Product]" = forms.ModelChoiceField(
        label=_("Sign-up fee"),
        queryset=None,
        required=False,
        empty_label=_("No sign-up fee"),
        help_text=_("Invoiced when a student registers. Add it to the price list first."),
    )
    gateway = forms.ChoiceField(label=_("Online payment"))
    refunds_need_two = forms.BooleanField(
        label=_("Refunds are approved by another person"), required=False
    )
    bank_details = forms.CharField(
        label=_("How to pay by transfer"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Shown on invoices: account number, MobilePay number."),
    )

    def __init__(self, *args: Any, books: FinanceSettings, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fee, gateway = self.fields["signup_fee"], self.fields["gateway"]
        assert isinstance(fee, forms.ModelChoiceField)  # noqa: S101 -- declared above
        assert isinstance(gateway, forms.ChoiceField)  # noqa: S101 -- declared above
        fee.queryset = Product.objects.sold().exclude(kind=ProductKind.LESSON).order_by("name")
        gateway.choices = [
            (value, label)
            for value, label in GatewayName.choices
            if value in {GatewayName.NONE, books.gateway} or gateway_named(value)
        ]
        self.initial = {name: getattr(books, name) for name in self.fields}

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("invoice_prefix") == said.get("credit_note_prefix"):
            text = _("Invoices and credit notes need different beginnings.")
            self.add_error("credit_note_prefix", text)
        return said

    def values(self) -> dict[str, Any]:
        """The fields of FinanceSettings."""
        return dict(self.cleaned_data)
