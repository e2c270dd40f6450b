"""What people change about themselves."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from administration.forms.fields import PersonField, PhoneField
from administration.models import Student, User
from administration.services import Profile


class ProfileForm(forms.Form):
    full_name = PersonField()
    phone = PhoneField(required=False)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    pickup_place = forms.CharField(
        label=_("Usual pick-up place"),
        max_length=200,
        required=False,
        help_text=_("Suggested when you book a lesson."),
    )

    def __init__(self, *args: Any, user: User, student: Student | None, **kwargs: Any) -> None:
        initial: dict[str, Any] = {
            "full_name": user.full_name,
            "phone": user.phone,
            "language": user.language,
        }
        if student:
            initial |= {"address": student.address, "pickup_place": student.pickup_place}
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        if student is None:
            del self.fields["address"]
            del self.fields["pickup_place"]

    def profile(self) -> Profile:
        return Profile(**self.cleaned_data)


class LanguageForm(forms.Form):
    language = forms.ChoiceField(choices=settings.LANGUAGES)
