"""What the office types to spread one payment over invoices."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from administration.forms.fields import MoneyField, RequestKeyForm, typed
from finance.models import Invoice
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refused


class AllocationForm(RequestKeyForm):
    """So much for each open invoice; at first what covers the oldest debt."""

    def __init__(
        self,
        *args: Any,
        invoices: Sequence[Invoice],
        suggested: Mapping[int, Money],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.invoices = invoices
        for invoice in invoices:
            share = suggested[invoice.pk]
            self.fields[f"share_{invoice.pk}"] = MoneyField(
                currency=invoice.currency,
                label=invoice.number,
                help_text=_("Asks for %(due)s.") % {"due": invoice.due},
                initial=typed(share) if share else "",
                required=False,
            )

    def shares(self) -> dict[int, Money]:
        said = {one.pk: self.cleaned_data[f"share_{one.pk}"] for one in self.invoices}
        return {pk: share for pk, share in said.items() if share}

    def refuse(self, refused: Refused) -> None:
        for refusal in refused.refusals:
            named = f"share_{refusal.facts.get('invoice')}"
            self.add_error(named if named in self.fields else None, str(refusal.message))
