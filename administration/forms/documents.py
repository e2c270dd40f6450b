"""A paper that a student showed, as staff note it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from administration.enums import DocumentKind


class DayField(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **kwargs
        )


class DocumentForm(forms.Form):
    """Both days count; without the last one the document does not lapse."""

    prefix = "document"

    kind = forms.ChoiceField(label=_("Document"), choices=DocumentKind.choices)
    valid_from = DayField(label=_("Valid from"))
    valid_until = DayField(
        label=_("Valid until"), required=False, help_text=_("Empty: it does not lapse.")
    )
