"""The calendar file a teacher uploads."""

from django import forms
from django.core.validators import FileExtensionValidator
from django.utils.translation import gettext_lazy as _


class CalendarFileForm(forms.Form):
    file = forms.FileField(
        label=_("Calendar file"),
        help_text=_("An .ics file, as Google, Outlook and Apple export it."),
        validators=[FileExtensionValidator(["ics", "ical"], _("Choose a file that ends in .ics."))],
        max_length=200,
    )
