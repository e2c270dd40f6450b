"""Fields that several forms share, and how a refusal finds its field."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from babel.numbers import get_currency_precision
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refused

DANISH = re.compile(r"(\d+|\d{1,3}(?:[. \u00a0]\d{3})+)(?:,(\d{1,2}))?")
ENGLISH = re.compile(r"(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d{1,2}))?")


class RowField(forms.ModelChoiceField):  # type: ignore[type-arg]  # its rows differ by form
    """A choice of one row that gives its id.

    Sending it reads nothing: whether the row is there, and whether it may be chosen, is the
    question that the service answers. ``chosen`` reads it, to show it again. The rows may be
    offered as a function that makes the queryset, called when somebody looks.
    """

    @property
    def queryset(self) -> Any:
        """The rows on offer."""
        return self._rows() if callable(self._rows) else self._rows

    @queryset.setter
    def queryset(self, rows: Any) -> None:
        self._rows = rows
        self.widget.choices = lambda: self.choices

    def to_python(self, value: Any) -> int | None:
        """Raises ValidationError for what is no id."""
        if value in self.empty_values:
            return None
        try:
            return int(value)
        except (TypeError, ValueError):
            raise forms.ValidationError(
                self.error_messages["invalid_choice"], code="invalid_choice"
            ) from None

    def chosen(self, pk: int | None) -> Any:
        """The row with this id among those offered, or None."""
        offered = self.queryset
        return None if pk is None or offered is None else offered.filter(pk=pk).first()


class PersonField(forms.CharField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Name"))
        super().__init__(
            max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}), **kwargs
        )


class EmailField(forms.EmailField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("E-mail"))
        attrs = {"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"}
        super().__init__(widget=forms.EmailInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> str:
        return str(super().clean(value)).lower()


class PhoneField(PhoneNumberField):  # type: ignore[misc]  # the library carries no types
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Phone"))
        kwargs.setdefault(
            "error_messages", {"invalid": _("Write a phone number, abroad with +45 in front.")}
        )
        super().__init__(**kwargs)
        self.widget.attrs.update({"autocomplete": "tel", "inputmode": "tel"})


class BirthdayField(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(
            format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "bday", "min": "1900-01-01"}
        )
        super().__init__(label=_("Date of birth"), widget=widget, **kwargs)


class DepartmentField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic for the checker only
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Department"))
        super().__init__(queryset=None, **kwargs)


class RequestKeyForm(forms.Form):
    """Names one press of the button: the same form sent twice is one request."""

    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["request_key"].initial = uuid4


def retype(form: forms.Form, name: str, value: str) -> None:
    """Put another value in a hidden field of a form that is shown once more."""
    data = QueryDict(mutable=True)
    data.update(form.data)
    data[name] = value
    form.data = data


def add_refusals(form: forms.Form, refused: Refused, fields: Mapping[str, str]) -> None:
    """Show each refusal at the field that ``fields`` names for its code, else above the form."""
    for refusal in refused.refusals:
        field = fields.get(refusal.code)
        form.add_error(field if field in form.fields else None, str(refusal.message))


def minor_units(text: str, currency: str) -> int | None:
    """The amount somebody wrote, "1.250,50" or "1,250.50" or "1250"; None if it is no amount."""
    written = text.strip()
    found = DANISH.fullmatch(written) or ENGLISH.fullmatch(written)
    if found is None:
        return None
    precision = get_currency_precision(currency)
    part = (found[2] or "").ljust(precision, "0")
    whole = re.sub(r"\D", "", found[1])
    return int(whole + part) if len(part) == precision else None


class MoneyField(forms.CharField):
    """An amount in the school's currency."""

    def __init__(self, *, currency: str, **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(max_length=16, **kwargs)
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        minor = minor_units(text, self.currency)
        if minor is None:
            raise forms.ValidationError(_("Write an amount like 550 or 550,00."), code="amount")
        return Money(minor, self.currency)


def typed(amount: Money) -> str:
    """An amount as it stands in a field: no currency, no grouping, a decimal comma."""
    precision = get_currency_precision(amount.currency)
    whole, part = divmod(amount.minor, 10**precision)
    return f"{whole},{part:0{precision}d}" if precision else str(whole)
