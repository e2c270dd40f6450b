"""What a school books by: limits, daily caps, closed days."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from administration.forms.fields import MoneyField, typed
from administration.models import Department, School
from bookings.enums import LessonKind
from bookings.forms.week import DayField
from bookings.models import BookingSettings, DailyCap
from bookings.services.closed_days import Holiday
from bookings.services.settings import LIMIT_FIELDS, Cap

HELP = {
    "max_active_bookings": gettext_lazy(
        "A student with so many lessons to come must drive one before booking another."
    ),
    "max_bookings_per_day": gettext_lazy("Counted by the day of the lesson, of every type."),
    "max_bookings_per_week": gettext_lazy("From Monday to Sunday."),
    "max_moves": gettext_lazy("The same lesson, by the student. The office may always move it."),
    "max_teacher_minutes_per_day": gettext_lazy("No more lessons are offered that day."),
    "max_debt_minor": gettext_lazy("What is due and not paid. Paying opens booking again."),
    "offer_minutes": gettext_lazy("After that the next person in line is asked."),
    "lesson_minutes": gettext_lazy("A lesson of 90 minutes counts as two of 45."),
}


AT_LEAST_ONE = ("max_active_bookings", "max_bookings_per_day", "max_bookings_per_week")
NOBODY_BOOKS = gettext_lazy(
    "With 0 nobody could book. Write at least 1, or switch self-booking off on the lesson types."
)
SMALL = 32767
"""The largest number that the column holds."""


class LimitsForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the checker only
    """The limits of the school or of a department; empty leaves them to the school, or without."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    class Meta:
        model = BookingSettings
        fields = tuple(name for name in LIMIT_FIELDS if name != "max_debt_minor")
        help_texts = HELP

    def __init__(
        self,
        *args: Any,
        school: School,
        fallback: Mapping[str, int | None] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["max_debt_minor"] = MoneyField(
            currency=school.currency,
            label=capfirst(BookingSettings._meta.get_field("max_debt_minor").verbose_name),
            help_text=HELP["max_debt_minor"],
            required=False,
        )
        for name in AT_LEAST_ONE:
            self.fields[name] = forms.IntegerField(
                min_value=1,
                max_value=SMALL,
                required=False,
                label=self.fields[name].label,
                help_text=self.fields[name].help_text,
                error_messages={"min_value": NOBODY_BOOKS},
            )
        self.school = school
        self.initial["version"] = self.instance.version if self.instance.pk else 0
        self.initial["max_debt_minor"] = self._shown("max_debt_minor", self.instance.max_debt_minor)
        for name in LIMIT_FIELDS:
            self.fields[name].widget.attrs["placeholder"] = self._placeholder(name, fallback)

    def _placeholder(self, name: str, fallback: Mapping[str, int | None] | None) -> str:
        if fallback is None:
            return _("no limit")
        value = fallback.get(name)
        shown = _("no limit") if value is None else self._shown(name, value)
        return _("as the school: %(value)s") % {"value": shown}

    def _shown(self, name: str, value: int | None) -> str:
        if value is None:
            return ""
        return typed(self.school.money(value)) if name == "max_debt_minor" else str(value)

    def student_fields(self) -> list[forms.BoundField]:
        names = ("max_active_bookings", "max_bookings_per_day", "max_bookings_per_week")
        return [self[name] for name in (*names, "max_moves", "max_debt_minor")]

    def other_fields(self) -> list[forms.BoundField]:
        return [self["max_teacher_minutes_per_day"], self["offer_minutes"]]

    def values(self) -> dict[str, int | None]:
        """Only after ``is_valid``."""
        given = {name: self.cleaned_data[name] for name in LIMIT_FIELDS}
        debt = given["max_debt_minor"]
        return given | {"max_debt_minor": debt.minor if debt else None}


class CapsForm(forms.Form):
    """One row for each kind of lesson: how many a day, how many together, and by which rule."""

    def __init__(self, *args: Any, standing: Iterable[DailyCap], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stands = {cap.kind: cap for cap in standing}
        for kind in LessonKind:
            cap = stands.get(kind)
            for part, field in _cap_fields(str(kind.label)).items():
                self.fields[f"{kind}_{part}"] = field
                self.initial[f"{kind}_{part}"] = getattr(cap, part, None)

    def rows(self) -> list[dict[str, Any]]:
        return [
            {"name": kind.label, "fields": [self[f"{kind}_{part}"] for part in _cap_fields("")]}
            for kind in LessonKind
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for kind in LessonKind:
            most, together = cleaned.get(f"{kind}_most"), cleaned.get(f"{kind}_most_together")
            if most and together and together < most:
                words = _("%(kind)s: together it cannot be less than of this kind alone.")
                self.add_error(f"{kind}_most_together", words % {"kind": kind.label})
            if together and not most and f"{kind}_most" in cleaned:
                words = _("%(kind)s: write also how many of this kind.")
                self.add_error(f"{kind}_most", words % {"kind": kind.label})
        return cleaned

    def caps(self) -> list[Cap]:
        """Only after ``is_valid``."""
        given, parts = self.cleaned_data, ("most", "most_together", "source")
        return [
            Cap(kind, *(given[f"{kind}_{part}"] for part in parts))
            for kind in LessonKind
            if given[f"{kind}_most"]
        ]


def _cap_fields(name: str) -> dict[str, forms.Field]:
    labels = {
        "most": _("%(kind)s: most in a day"),
        "most_together": _("%(kind)s: most together with other kinds"),
        "source": _("%(kind)s: by which rule"),
    }
    fields: dict[str, forms.Field] = {}
    for part, words in labels.items():
        label = words % {"kind": name}
        if part == "source":
            text = forms.TextInput(attrs={"aria-label": label, "placeholder": _("By which rule")})
            fields[part] = forms.CharField(label=label, max_length=120, required=False, widget=text)
        else:
            short = _("Most") if part == "most" else _("Together")
            number = forms.NumberInput(attrs={"aria-label": label, "placeholder": short})
            fields[part] = forms.IntegerField(
                label=label, min_value=1, max_value=24, required=False, widget=number
            )
    return fields


class ClosedPeriodForm(forms.Form):
    """Days without lessons, of the school or of one department."""

    name = forms.CharField(
        label=gettext_lazy("What is it?"),
        max_length=80,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("Summer holidays")}),
    )
    first_day = DayField(label=gettext_lazy("First day"))
    last_day = DayField(label=gettext_lazy("Last day"))
    department = forms.ChoiceField(label=gettext_lazy("Department"), required=False)

    def __init__(self, *args: Any, departments: Sequence[Department], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = [(str(one.pk), one.name) for one in departments]
        self.fields["department"].choices = [("", _("The whole school")), *places]  # type: ignore[attr-defined]  # a ChoiceField

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("It ends before it begins."))
        return cleaned


class RenameForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)


class HolidaysForm(forms.Form):
    """The public holidays of a year: each ticked or not, and what the school calls it."""

    def __init__(
        self, *args: Any, found: Sequence[Holiday], known: Iterable[date], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.found, self.known = found, frozenset(known)
        for holiday in found:
            if holiday.on in self.known:
                continue
            self.fields[f"on_{holiday.on}"] = forms.BooleanField(
                label=holiday.name, required=False, initial=True
            )
            label = _("Name of %(holiday)s") % {"holiday": holiday.name}
            self.fields[f"name_{holiday.on}"] = forms.CharField(
                label=label,
                max_length=80,
                required=False,
                initial=holiday.name,
                widget=forms.TextInput(attrs={"aria-label": label}),
            )

    def rows(self) -> list[dict[str, Any]]:
        return [
            {"holiday": holiday, "is_known": True}
            if holiday.on in self.known
            else {
                "holiday": holiday,
                "tick": self[f"on_{holiday.on}"],
                "name": self[f"name_{holiday.on}"],
            }
            for holiday in self.found
        ]

    def chosen(self) -> dict[date, str]:
        """Only after ``is_valid``."""
        return {
            holiday.on: self.cleaned_data[f"name_{holiday.on}"] or holiday.name
            for holiday in self.found
            if holiday.on not in self.known and self.cleaned_data[f"on_{holiday.on}"]
        }
