"""Inviting staff, and what they are at the school."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from administration import queries
from administration.enums import LicenceCategory, Role
from administration.forms.fields import DepartmentField, EmailField, PersonField, RequestKeyForm
from administration.models import Department, Membership, Teacher
from administration.permissions import may_manage
from administration.policies.people import may_give_role
from administration.services import Invitation, MemberChanges

MOST_MINUTES = 240
STAFF_ROLES = (Role.TEACHER, Role.OFFICE, Role.OWNER)
FIELD_OF = {
    "already_here": "email",
    "role_above_own": "role",
    "not_yours": "role",
    "last_owner": "role",
}


class PlaceForm(forms.Form):
    """Role, department and subjects of one member of staff."""

    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)
    limited_to = DepartmentField(
        label=_("Sees only this department"),
        required=False,
        empty_label=_("The whole school"),
        help_text=_("For office staff who look after one department."),
    )
    teaches = forms.BooleanField(label=_("Teaches, too"), required=False)
    departments: "forms.ModelMultipleChoiceField[Department]" = forms.ModelMultipleChoiceField(
        label=_("Teaches in"),
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    licence_categories = forms.MultipleChoiceField(
        label=_("Teaches"),
        choices=LicenceCategory.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    buffer_before_minutes = forms.IntegerField(
        label=_("Minutes free before"),
        min_value=0,
        max_value=MOST_MINUTES,
        required=False,
        initial=0,
        help_text=_("Before each lesson. If the lesson type needs longer, that counts."),
    )
    buffer_after_minutes = forms.IntegerField(
        label=_("Minutes free after"),
        min_value=0,
        max_value=MOST_MINUTES,
        required=False,
        initial=0,
        help_text=_("After each lesson. Lessons already booked stay as they are."),
    )

    def __init__(self, *args: Any, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [  # type: ignore[attr-defined]  # ChoiceField
            (role.value, role.label)
            for role in STAFF_ROLES
            if may_manage(by, role) and may_give_role(Role(by.role), role) is None
        ]
        departments = queries.open_departments()
        self.fields["limited_to"].queryset = departments  # type: ignore[attr-defined]  # ModelChoiceField
        self.fields["departments"].queryset = departments  # type: ignore[attr-defined]  # ModelChoiceField
        self.gives_only_teacher = self.fields["role"].choices == [  # type: ignore[attr-defined]  # ChoiceField
            (Role.TEACHER.value, Role.TEACHER.label)
        ]
        if self.gives_only_teacher:
            self.fields["role"].widget = forms.HiddenInput()
            self.initial.setdefault("role", Role.TEACHER)
            for name in ("limited_to", "teaches"):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("teaches") or cleaned.get("role") == Role.TEACHER:
            for name in ("departments", "licence_categories"):
                if not cleaned.get(name):
                    self.add_error(name, _("Choose at least one."))
        return cleaned

    def changes(self) -> MemberChanges:
        typed = self.cleaned_data
        role = Role(typed["role"])
        return MemberChanges(
            role=role,
            limited_to=typed.get("limited_to") if role == Role.OFFICE else None,
            teaches=bool(typed.get("teaches")) or role == Role.TEACHER,
            departments=list(typed["departments"]),
            licence_categories=typed["licence_categories"],
            buffer_before_minutes=typed["buffer_before_minutes"] or 0,
            buffer_after_minutes=typed["buffer_after_minutes"] or 0,
        )


class InviteForm(PlaceForm, RequestKeyForm):
    full_name = PersonField()
    email = EmailField()
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    field_order = ("full_name", "email", "language", "role")

    def invitation(self) -> Invitation:
        typed = self.cleaned_data
        return Invitation(
            email=typed["email"],
            full_name=typed["full_name"],
            language=typed["language"],
            request_key=typed["request_key"],
            place=self.changes(),
        )


def place_of(membership: Membership, teacher: Teacher | None) -> dict[str, Any]:
    """What a member of staff is now, as the form's initial values."""
    return {
        "role": membership.role,
        "limited_to": membership.department_id,
        "teaches": bool(teacher and teacher.is_active),
        "departments": list(teacher.departments.all()) if teacher else [],
        "licence_categories": teacher.licence_categories if teacher else [],
        "buffer_before_minutes": teacher.buffer_before_minutes if teacher else 0,
        "buffer_after_minutes": teacher.buffer_after_minutes if teacher else 0,
    }
