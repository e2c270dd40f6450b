"""What the office types to give money back."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from administration.forms.fields import MoneyField, RequestKeyForm, retype, typed
from finance.enums import PaymentMethod
from finance.gateways import gateway_named
from finance.models import Payment


class RefundForm(RequestKeyForm):
    """An amount, a way and a reason; and a tick at the sum once it is known."""

    method = forms.ChoiceField(label=gettext_lazy("How"))
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=200)
    is_sure = forms.BooleanField(
        label=gettext_lazy("Yes, the sum is right"), required=False, widget=forms.HiddenInput
    )
    asked = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, payment: Payment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = MoneyField(
            currency=payment.currency,
            label=_("Amount, %(currency)s") % {"currency": payment.currency},
            initial=typed(payment.free),
            help_text=_("Up to %(free)s.") % {"free": payment.free},
        )
        method = self.fields["method"]
        assert isinstance(method, forms.ChoiceField)  # noqa: S101 -- declared above
        method.choices = _ways(payment)
        self.order_fields(["amount", "method", "reason", "is_sure"])

    def asks(self) -> bool:
        """Whether the sum has still to be confirmed; then the form shows it beside a tick."""
        amount = self.cleaned_data["amount"]
        is_confirmed = self.cleaned_data["is_sure"] and self.cleaned_data["asked"] == str(
            amount.minor
        )
        if not is_confirmed:
            retype(self, "asked", str(amount.minor))
            retype(self, "is_sure", "")
            self.fields["is_sure"].widget = forms.CheckboxInput()
        return not is_confirmed


def _ways(payment: Payment) -> list[tuple[str, Any]]:
    """Back the way it came, where there is one; else by hand."""
    by_hand = [PaymentMethod.TRANSFER, PaymentMethod.MOBILE_PAY, PaymentMethod.CASH]
    ways = [(way.value, way.label) for way in by_hand]
    if gateway_named(payment.gateway) is None:
        return ways
    return [(PaymentMethod.CARD.value, _("Back to the card")), *ways]
