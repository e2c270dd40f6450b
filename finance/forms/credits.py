"""What the office types to take something off an invoice."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from administration.forms.fields import MoneyField, RequestKeyForm, typed
from finance.models import InvoiceLine
from finance.services.crediting import Part
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refused


class CreditForm(RequestKeyForm):
    """For each line so much is credited and so much kept; at first all that is left, and nothing.

    A line that was sold in pieces can be credited in pieces instead.
    """

    reason = forms.CharField(
        label=_("Why"),
        max_length=200,
        help_text=_("It stands on the credit note."),
    )

    def __init__(
        self, *args: Any, lines: Sequence[InvoiceLine], currency: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lines = [line for line in lines if _left(line, currency)]
        for line in self.lines:
            left = _left(line, currency)
            self.fields[f"amount_{line.pk}"] = MoneyField(
                currency=currency,
                label=_("Credit of “%(line)s”") % {"line": line.description},
                help_text=_("Up to %(left)s, VAT included.") % {"left": left},
                initial=typed(left),
                required=False,
            )
            if line.quantity > 1:
                self.fields[f"pieces_{line.pk}"] = forms.IntegerField(
                    label=_("Or so many pieces"),
                    min_value=1,
                    max_value=line.quantity,
                    required=False,
                )
            self.fields[f"keep_{line.pk}"] = MoneyField(
                currency=currency,
                label=_("Of this kept as a fee"),
                help_text=_("It becomes a line of its own. Empty: nothing is kept."),
                required=False,
            )
        self.order_fields([name for name in self.fields if name != "reason"])

    def parts(self) -> list[Part]:
        said = self.cleaned_data
        parts = []
        for line in self.lines:
            pieces, amount = said.get(f"pieces_{line.pk}"), said[f"amount_{line.pk}"]
            keep = said[f"keep_{line.pk}"]
            if pieces:
                parts.append(Part(line.pk, quantity=pieces, keep=keep))
            elif amount:
                parts.append(Part(line.pk, amount=amount, keep=keep))
        return parts

    def refuse(self, refused: Refused) -> None:
        for refusal in refused.refusals:
            named = f"amount_{refusal.facts.get('line')}"
            self.add_error(named if named in self.fields else None, str(refusal.message))


def _left(line: InvoiceLine, currency: str) -> Money:
    return Money(line.total_minor - line.gone_minor, currency)  # type: ignore[attr-defined]  # annotated
