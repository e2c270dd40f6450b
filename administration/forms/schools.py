"""The school's settings and its departments."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from administration.forms.fields import EmailField, PhoneField
from administration.models import Department, School
from administration.policies.colours import accent_refusal
from administration.services import DepartmentDetails
from administration.services.schools import SETTINGS

SWITCHES = {
    "takes_registrations": _("Visitors find a form on the school's page."),
    "students_book_themselves": _("Students see free times and book them."),
    "teachers_edit_students": _("Teachers create and edit their own students."),
    "teachers_see_whole_calendar": _("Otherwise teachers see their own lessons only."),
    "teachers_register_payments": _("Teachers take payments in the car and write them down."),
    "teachers_edit_lesson_plans": _("Otherwise only owners edit lesson plans."),
    "office_sees_reports": _("Otherwise only owners see financial reports."),
}


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the checker only
    """Everything a school decides about itself; the service writes it.

    Each field carries what the page showed: of two people with the page open, the second to save
    must not put back what the first one changed.
    """

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    email = EmailField()
    phone = PhoneField(required=False)

    class Meta:
        model = School
        fields = SETTINGS
        widgets: ClassVar = {
            "about": forms.Textarea(attrs={"rows": 4}),
            "opening_hours": forms.Textarea(attrs={"rows": 3}),
            "terms": forms.Textarea(attrs={"rows": 8}),
            "accent": forms.TextInput(attrs={"type": "color"}),
            "accent_dark": forms.TextInput(attrs={"type": "color"}),
        }
        help_texts: ClassVar = SWITCHES

    CONTACT: ClassVar = ("name", "email", "phone", "address", "registration_number", "language")
    PAGE: ClassVar = ("about", "opening_hours", "terms")
    COLOURS: ClassVar = ("accent", "accent_dark")
    SWITCHES: ClassVar = tuple(SWITCHES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True

    def changed_values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.changed_data}

    def _clean_colour(self, name: str, *, dark: bool) -> str:
        colour = str(self.cleaned_data[name]).lower()
        if refusal := accent_refusal(colour, dark=dark):
            raise forms.ValidationError(str(refusal.message))
        return colour

    def clean_accent(self) -> str:
        return self._clean_colour("accent", dark=False)

    def clean_accent_dark(self) -> str:
        return self._clean_colour("accent_dark", dark=True)

    def group(self, names: tuple[str, ...]) -> list[forms.BoundField]:
        return [self[name] for name in names]

    def contact(self) -> list[forms.BoundField]:
        return self.group(self.CONTACT)

    def page(self) -> list[forms.BoundField]:
        return self.group(self.PAGE)

    def colours(self) -> list[forms.BoundField]:
        return self.group(self.COLOURS)

    def switches(self) -> list[forms.BoundField]:
        return self.group(self.SWITCHES)


class DepartmentForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    phone = PhoneField(required=False)
    is_active = forms.BooleanField(
        label=_("In use"),
        required=False,
        initial=True,
        help_text=_("A department that is not in use takes no new students."),
    )

    @staticmethod
    def values_of(department: Department) -> dict[str, Any]:
        return {
            "name": department.name,
            "address": department.address,
            "phone": department.phone,
            "is_active": department.is_active,
        }

    def details(self) -> DepartmentDetails:
        return DepartmentDetails(**self.cleaned_data)
