"""Registration, and the record of a student as staff edit it."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.core.signing import BadSignature, Signer
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from administration import queries
from administration.enums import Gearbox, LicenceCategory, StudentStatus
from administration.forms.fields import (
    BirthdayField,
    DepartmentField,
    EmailField,
    PersonField,
    PhoneField,
    RequestKeyForm,
    retype,
)
from administration.models import Department, Membership, School, Student, Teacher, User
from administration.policies.people import OF_AGE, born_on_refusal, needs_guardian, own_guardian
from administration.services import GuardianDetails, StudentDetails
from administration.services.students import CONTACT_FIELDS

FASTEST = timedelta(seconds=2)
SLOWEST = timedelta(days=1)
GUARDIAN_FIELDS = ("guardian_name", "guardian_email", "guardian_phone")
SIGNER = Signer(salt="registration")
FIELD_OF = {
    "born_in_the_future": "born_on",
    "born_too_long_ago": "born_on",
    "too_young": "born_on",
    "guardian_needed": "guardian_name",
    "own_guardian": "guardian_email",
    "terms_not_accepted": "terms",
    "department_closed": "department",
    "already_here": "email",
    "email_taken": "email",
}


def _signed(moment: datetime) -> str:
    return SIGNER.sign(str(int(moment.timestamp())))


class NewStudentForm(RequestKeyForm):
    """What is needed to become a student, whoever types it."""

    full_name = PersonField()
    email = EmailField()
    phone = PhoneField()
    born_on = BirthdayField()
    address = forms.CharField(
        label=_("Address"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    department = DepartmentField()
    licence_category = forms.ChoiceField(
        label=_("Licence"), choices=LicenceCategory.choices, initial=LicenceCategory.B
    )
    gearbox = forms.ChoiceField(
        label=_("Gearbox"),
        choices=Gearbox.choices,
        initial=Gearbox.MANUAL,
        widget=forms.RadioSelect,
    )
    guardian_name = PersonField(label=_("Name of parent or guardian"), required=False)
    guardian_email = EmailField(label=_("E-mail of parent or guardian"), required=False)
    guardian_phone = PhoneField(label=_("Phone of parent or guardian"), required=False)

    def __init__(
        self, *args: Any, departments: Iterable[Department], today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.only_department = None
        for name in GUARDIAN_FIELDS:  # filled in by the person's own browser they would be wrong
            self.fields[name].widget.attrs["autocomplete"] = "off"
        self._offer(departments)

    def _offer(self, departments: Any) -> None:
        choices = list(departments)
        self.fields["department"].queryset = departments  # type: ignore[attr-defined]  # ModelChoiceField
        if len(choices) == 1:
            self.only_department = choices[0]
            del self.fields["department"]

    def offer_categories(self, categories: Iterable[str]) -> None:
        field = self.fields["licence_category"]
        field.choices = [(code, LicenceCategory(code).label) for code in categories]  # type: ignore[attr-defined]  # ChoiceField
        if len(field.choices) == 1:  # type: ignore[attr-defined]  # ChoiceField
            field.initial = field.choices[0][0]  # type: ignore[attr-defined]  # ChoiceField

    @property
    def shows_guardian(self) -> bool:
        """Without scripts: once the date of birth is known to be a minor's."""
        born_on = getattr(self, "cleaned_data", {}).get("born_on") or self.initial.get("born_on")
        typed = any(self[name].value() for name in GUARDIAN_FIELDS)
        return typed or bool(born_on and needs_guardian(born_on, self.today))

    @property
    def guardian_until(self) -> date:
        """Born on this day or earlier: of age."""
        try:
            return self.today.replace(year=self.today.year - OF_AGE)
        except ValueError:  # today is 29 February
            return self.today.replace(year=self.today.year - OF_AGE, day=28)

    def clean_born_on(self) -> date:
        born_on: date = self.cleaned_data["born_on"]
        if refusal := born_on_refusal(born_on, self.today):
            raise forms.ValidationError(str(refusal.message))
        return born_on

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        born_on = cleaned.get("born_on")
        if born_on and needs_guardian(born_on, self.today):
            for name in GUARDIAN_FIELDS:
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, _("Under 18 we need this."))
            refusal = own_guardian(cleaned.get("email"), cleaned.get("guardian_email"))
            if refusal:
                self.add_error("guardian_email", str(refusal.message))
        return cleaned

    def details(self, **more: Any) -> StudentDetails:
        """The cleaned answers as the services take them; ``more`` stands in for missing fields."""
        typed = self.cleaned_data
        answers = {
            "full_name": typed.get("full_name"),
            "email": typed.get("email"),
            "phone": str(typed.get("phone") or ""),
            "born_on": typed["born_on"],
            "address": typed["address"],
            "department": typed.get("department") or self.only_department,
            "licence_category": typed["licence_category"],
            "gearbox": typed["gearbox"],
            "request_key": typed["request_key"],
            "guardian": self._guardian(),
            "language": get_language() or "da",
        }
        return StudentDetails(**(answers | more))

    def _guardian(self) -> GuardianDetails | None:
        typed = self.cleaned_data
        if not needs_guardian(typed["born_on"], self.today):
            return None
        return GuardianDetails(
            full_name=typed["guardian_name"],
            email=typed["guardian_email"],
            phone=str(typed["guardian_phone"]),
        )


class RegistrationForm(NewStudentForm):
    """A visitor's own registration. ``website`` is a trap that people never see."""

    terms = forms.BooleanField(label=_("I accept the school's terms and conditions."))
    website = forms.CharField(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )
    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, school: School, at: datetime, **kwargs: Any) -> None:
        super().__init__(
            *args,
            departments=queries.open_departments(),
            today=at.astimezone(school.zone).date(),
            **kwargs,
        )
        self.at = at
        self.fields["opened"].initial = _signed(at)
        self.offer_categories(queries.taught_categories())

    @property
    def is_trapped(self) -> bool:
        return bool(self.data.get("website"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        age = self._age()
        if age is None or not FASTEST <= age <= SLOWEST:
            self.add_error(None, _("Please press the button once more."))
            self._reopen()
        return cleaned

    def _age(self) -> timedelta | None:
        """How long the page was open before it was sent, by our own signature."""
        try:
            opened = int(SIGNER.unsign(self.cleaned_data.get("opened", "")))
        except (BadSignature, ValueError):
            return None
        return timedelta(seconds=self.at.timestamp() - opened)

    def _reopen(self) -> None:
        """Let the next press count: the page was opened long enough ago for a person to read it."""
        retype(self, "opened", _signed(self.at - FASTEST))


class JoinForm(RegistrationForm):
    """The registration of somebody who is signed in: who they are is known."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        for name in ("full_name", "email", "phone"):
            del self.fields[name]
        if known := queries.own_student_elsewhere(user):
            for name in ("born_on", "address", "gearbox"):
                self.initial[name] = getattr(known, name)

    def details(self, **more: Any) -> StudentDetails:
        user = self.user
        known = {
            "full_name": user.full_name,
            "email": user.email,
            "phone": str(user.phone),
            "language": user.language,
        }
        return super().details(**(known | more))


class StudentForm(forms.Form):
    """A student's record. ``version`` is the one that was read."""

    full_name = PersonField()
    email = EmailField()
    phone = PhoneField(required=False)
    born_on = BirthdayField()
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    status = forms.ChoiceField(label=_("Status"), choices=StudentStatus.choices)
    teacher: "forms.ModelChoiceField[Teacher]" = forms.ModelChoiceField(
        label=_("Teacher"),
        queryset=None,
        required=False,
        empty_label=_("No teacher yet"),
    )
    department = DepartmentField(empty_label=None)
    licence_category = forms.ChoiceField(label=_("Licence"), choices=LicenceCategory.choices)
    gearbox = forms.ChoiceField(label=_("Gearbox"), choices=Gearbox.choices)
    pickup_place = forms.CharField(label=_("Usual pick-up place"), max_length=200, required=False)
    height_cm = forms.IntegerField(
        label=_("Height, cm"), min_value=50, max_value=250, required=False
    )
    weight_kg = forms.IntegerField(
        label=_("Weight, kg"), min_value=20, max_value=300, required=False
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    TRAINING: ClassVar = ("status", "teacher", "department", "licence_category", "gearbox")

    def __init__(
        self, *args: Any, student: Student, member: Membership, today: date, **kwargs: Any
    ) -> None:
        kwargs["initial"] = current_values(student) | {"version": student.version}
        super().__init__(*args, **kwargs)
        self.student = student
        self.today = today
        self.fields["teacher"].queryset = queries.teachers(member)  # type: ignore[attr-defined]  # ModelChoiceField
        self.fields["department"].queryset = Department.objects.visible_to(member).order_by(  # type: ignore[attr-defined]  # ModelChoiceField
            "name"
        )
        self.contact_is_theirs = not queries.staff_may_edit_contact(student.membership.user)
        for name in CONTACT_FIELDS:
            self.fields[name].disabled = self.contact_is_theirs

    def clean_born_on(self) -> date:
        born_on: date = self.cleaned_data["born_on"]
        if refusal := born_on_refusal(born_on, self.today):
            raise forms.ValidationError(str(refusal.message))
        return born_on

    def values(self) -> dict[str, Any]:
        values = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        if self.contact_is_theirs:
            values = {name: value for name, value in values.items() if name not in CONTACT_FIELDS}
        return values

    def accept_version(self, student: Student) -> list[tuple[str, str]]:
        """Take ``student`` as read: what is stored there and differs from what was typed."""
        retype(self, "version", str(student.version))
        stored = current_values(student)
        return [
            (str(self.fields[name].label), self._in_words(name, stored[name]))
            for name, typed in self.values().items()
            if stored[name] != typed and (stored[name] or typed)
        ]

    def _in_words(self, name: str, value: Any) -> str:
        choices = getattr(self.fields[name], "choices", None)
        if isinstance(choices, list):
            return str(dict(choices).get(value, value))
        return "–" if value in (None, "") else str(value)


def current_values(student: Student) -> dict[str, Any]:
    user = student.membership.user
    return {
        "full_name": user.full_name,
        "email": user.email,
        "phone": user.phone,
        "born_on": student.born_on,
        "address": student.address,
        "status": student.status,
        "teacher": student.teacher,
        "department": student.department,
        "licence_category": student.licence_category,
        "gearbox": student.gearbox,
        "pickup_place": student.pickup_place,
        "height_cm": student.height_cm,
        "weight_kg": student.weight_kg,
    }


class StudentFilterForm(forms.Form):
    """The filters of the list; whatever is not understood does not narrow it."""

    q = forms.CharField(required=False, max_length=100)
    status = forms.ChoiceField(required=False, choices=StudentStatus.choices)
    teacher = forms.IntegerField(required=False)
    department = forms.IntegerField(required=False)
    category = forms.ChoiceField(required=False, choices=LicenceCategory.choices)
    order = forms.ChoiceField(required=False, choices=[(o, o) for o in queries.STUDENT_ORDERS])

    def wanted(self) -> queries.StudentFilter:
        self.is_valid()
        found = {name: value for name, value in self.cleaned_data.items() if value}
        return queries.StudentFilter(**found)
