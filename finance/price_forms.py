"""What people type about price lists, the levels of teachers, and what a lesson would cost."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from administration.forms.fields import MoneyField, typed
from administration.models import Department, School, Student, Teacher
from bookings.forms.week import DayField, TimeInput, weekday_choices, weekdays_field
from finance.enums import RateEffect
from finance.models import PriceList, PriceRate, Product, TeacherLevel

if TYPE_CHECKING:
    from bookings.models import LessonType

MOST_PERCENT = 500


class PriceListForm(forms.Form):
    """From when to when a price list holds, and where."""

    name = forms.CharField(label=_("Name"), max_length=80)
    department: "forms.ModelChoiceField[Department]" = forms.ModelChoiceField(
        label=_("Department"), queryset=None, required=False, empty_label=_("The whole school")
    )
    valid_from = DayField(label=_("Valid from"))
    valid_until = DayField(
        label=_("Valid until"),
        required=False,
        help_text=_("Both days count. Empty: until further notice."),
    )

    def __init__(
        self, *args: Any, departments: Any, price_list: PriceList | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["department"]
        assert isinstance(choice, forms.ModelChoiceField)  # noqa: S101 -- declared above
        choice.queryset = departments
        if price_list is not None:
            self.initial = {name: getattr(price_list, name) for name in self.fields}

    def values(self) -> dict[str, Any]:
        """The fields of PriceList."""
        return dict(self.cleaned_data)


class RateForm(forms.Form):
    """One line of a price list."""

    effect = forms.ChoiceField(
        label=_("What it does"),
        choices=RateEffect.choices,
        initial=RateEffect.ADD,
        widget=forms.RadioSelect,
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        required=False,
        help_text=_("What people read beside the amount, like “Evening”."),
    )
    product: "forms.ModelChoiceField[Product]" = forms.ModelChoiceField(
        label=_("For"), queryset=None, required=False, empty_label=_("Every lesson")
    )
    amount = forms.Field()
    percent = forms.IntegerField(
        label=_("Per cent"), min_value=1, max_value=MOST_PERCENT, required=False
    )
    weekdays = weekdays_field(_("Only on (none ticked: every day)"))
    starts_at = forms.TimeField(
        label=_("For lessons that begin from"),
        required=False,
        widget=TimeInput(_("For lessons that begin from")),
    )
    ends_at = forms.TimeField(
        label=_("until before"), required=False, widget=TimeInput(_("until before"))
    )
    level: "forms.ModelChoiceField[TeacherLevel]" = forms.ModelChoiceField(
        label=_("Teacher level"), queryset=None, required=False, empty_label=_("Every teacher")
    )

    def __init__(self, *args: Any, school: School, rate: PriceRate | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label = _("Amount including VAT, %(currency)s") % {"currency": school.currency}
        self.fields["amount"] = MoneyField(currency=school.currency, label=label, required=False)
        self._choose("product", Product.objects.sold().filter(lesson_type__isnull=False))
        self._choose("level", TeacherLevel.objects.filter(is_active=True))
        days = self.fields["weekdays"]
        assert isinstance(days, forms.MultipleChoiceField)  # noqa: S101 -- declared above
        days.choices = weekday_choices()
        if rate is not None:
            self.initial = {name: getattr(rate, name) for name in self.fields if name != "amount"}
            self.initial["amount"] = "" if rate.amount_minor is None else typed(rate.amount)

    def _choose(self, name: str, queryset: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 -- declared above
        field.queryset = queryset.order_by("name")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        effect = cleaned.get("effect")
        if effect == RateEffect.PERCENT and not cleaned.get("percent"):
            self._miss("percent", _("Write how many per cent."))
        if effect in {RateEffect.PRICE, RateEffect.ADD} and cleaned.get("amount") is None:
            self._miss("amount", _("Write the amount."))
        if effect == RateEffect.PRICE and not cleaned.get("product"):
            self._miss("product", _("Choose what the price is for."))
        if effect in {RateEffect.ADD, RateEffect.PERCENT} and not cleaned.get("name"):
            self._miss("name", _("Write what people read beside the amount."))
        return cleaned

    def _miss(self, field: str, text: Any) -> None:
        if field not in self.errors:
            self.add_error(field, text)

    def values(self) -> dict[str, Any]:
        """The fields of PriceRate."""
        said = dict(self.cleaned_data)
        amount = said.pop("amount")
        is_share = said["effect"] == RateEffect.PERCENT
        return said | {
            "amount_minor": None if is_share else amount.minor,
            "percent": said["percent"] if is_share else None,
            "weekdays": sorted(int(day) for day in said["weekdays"]),
        }


class LevelForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(self, *args: Any, level: TeacherLevel | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if level is not None:
            self.initial = {"name": level.name, "is_active": level.is_active}


class TeacherLevelsForm(forms.Form):
    """The level of each teacher."""

    def __init__(self, *args: Any, teachers: Iterable[Teacher], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.levels = {str(one.pk): one for one in TeacherLevel.objects.order_by("name")}
        choices = [("", _("No level")), *((pk, one.name) for pk, one in self.levels.items())]
        for teacher in teachers:
            held = getattr(teacher, "price_level", None)
            self.fields[f"teacher{teacher.pk}"] = forms.ChoiceField(
                label=str(teacher),
                choices=choices,
                required=False,
                initial=str(held.level_id) if held else "",
            )

    def chosen(self) -> dict[int, TeacherLevel | None]:
        """By teacher (id); only after ``is_valid``."""
        return {
            int(name.removeprefix("teacher")): self.levels.get(value)
            for name, value in self.cleaned_data.items()
        }


class CalculatorForm(forms.Form):
    """Which lesson, when, with whom: nothing is booked."""

    lesson_type: "forms.ModelChoiceField[LessonType]" = forms.ModelChoiceField(
        label=_("Lesson type"), queryset=None, empty_label=None
    )
    day = DayField(label=_("Day"))
    time = forms.TimeField(label=_("Time"), widget=TimeInput(_("Time")))
    teacher: "forms.ModelChoiceField[Teacher]" = forms.ModelChoiceField(
        label=_("Teacher"), queryset=None, required=False, empty_label=_("Any teacher")
    )
    department: "forms.ModelChoiceField[Department]" = forms.ModelChoiceField(
        label=_("Department"), queryset=None, empty_label=None
    )
    student: "forms.ModelChoiceField[Student]" = forms.ModelChoiceField(
        label=_("Student"), queryset=None, required=False, empty_label=_("Nobody in particular")
    )

    def __init__(self, *args: Any, choices: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, queryset in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 -- declared above
            field.queryset = queryset
