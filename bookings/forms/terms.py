"""Cancellation terms step by step, and the reasons people choose."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from administration.forms.fields import MoneyField, typed
from administration.models import School
from bookings.enums import DeadlineKind, Party
from bookings.forms.week import TimeInput
from bookings.models import CancellationReason, CancellationStep, CancellationTerms, LessonType
from bookings.services.terms import REASON_FIELDS, Draft, Step

PERCENT, FIXED, LESSON, FREE = "percent", "fixed", "lesson", "free"
COSTS = (
    (PERCENT, gettext_lazy("% of the price")),
    (FIXED, gettext_lazy("a fixed amount")),
    (LESSON, gettext_lazy("the lesson is used up")),
    (FREE, gettext_lazy("nothing")),
)
SIDES = (Party.STUDENT, Party.TEACHER, Party.SCHOOL)
MOST_STEPS = 8
LONGEST = 1000


class StepForm(forms.Form):
    """From this deadline on, cancelling costs this. A row left empty is no step."""

    party = forms.ChoiceField(
        label=gettext_lazy("Who cancels"), choices=[(side.value, side.label) for side in SIDES]
    )
    amount = forms.IntegerField(
        label=gettext_lazy("How many"), min_value=0, max_value=LONGEST, required=False
    )
    deadline = forms.ChoiceField(label=gettext_lazy("Counted as"), choices=DeadlineKind.choices)
    clock_time = forms.TimeField(
        label=gettext_lazy("Time of day"),
        required=False,
        widget=TimeInput(gettext_lazy("Time of day")),
    )
    cost = forms.ChoiceField(label=gettext_lazy("It costs"), choices=COSTS)
    percent = forms.IntegerField(
        label=gettext_lazy("Per cent"), min_value=1, max_value=100, required=False
    )

    def __init__(self, *args: Any, school: School, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fixed"] = MoneyField(
            currency=school.currency, label=_("Amount"), required=False
        )

    @property
    def is_empty(self) -> bool:
        return self.cleaned_data.get("amount") is None or bool(self.cleaned_data.get("DELETE"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("amount") is None or cleaned.get("DELETE"):
            self._warn_of_half_a_row(cleaned)
            return cleaned
        if cleaned.get("deadline") != DeadlineKind.HOURS_BEFORE and not cleaned.get("clock_time"):
            self.add_error("clock_time", _("Write the time of day, for example 12:00."))
        if cleaned.get("cost") == PERCENT and not cleaned.get("percent"):
            self.add_error("percent", _("Write how many per cent, 1 to 100."))
        if cleaned.get("cost") == FIXED and not cleaned.get("fixed"):
            self.add_error("fixed", _("Write the amount."))
        return cleaned

    def _warn_of_half_a_row(self, cleaned: dict[str, Any]) -> None:
        is_begun = cleaned.get("percent") or cleaned.get("fixed") or cleaned.get("clock_time")
        if is_begun and not cleaned.get("DELETE") and "amount" not in self.errors:
            self.add_error("amount", _("Write how many days or hours before; 0 is the same day."))

    def step(self) -> Step:
        """Only after ``is_valid``."""
        given = self.cleaned_data
        deadline = DeadlineKind(given["deadline"])
        by_the_hour = deadline == DeadlineKind.HOURS_BEFORE
        share = {PERCENT: given["percent"], FREE: 0}
        return Step(
            deadline=deadline,
            amount=given["amount"],
            clock_time=None if by_the_hour else given["clock_time"],
            percent=share.get(given["cost"]),
            fixed_minor=given["fixed"].minor if given["cost"] == FIXED else None,
            consumes_lesson=given["cost"] == LESSON,
            party=Party(given["party"]),
        )


StepFormSet = formset_factory(
    StepForm, extra=2, can_delete=True, max_num=MOST_STEPS, absolute_max=MOST_STEPS
)


def steps_typed(formset: "BaseFormSet[StepForm]") -> list[Step]:
    """Only after ``is_valid``."""
    return [form.step() for form in formset if not form.is_empty]


def as_typed(steps: Iterable[CancellationStep | Step], school: School) -> list[dict[str, Any]]:
    """Steps as they stand in the rows of the form."""
    return [
        {
            "party": step.party,
            "amount": step.amount,
            "deadline": step.deadline,
            "clock_time": step.clock_time,
            "cost": _cost_of(step),
            "percent": step.percent or None,
            "fixed": typed(school.money(step.fixed_minor)) if step.fixed_minor is not None else "",
        }
        for step in steps
    ]


def _cost_of(step: CancellationStep | Step) -> str:
    if step.consumes_lesson:
        return LESSON
    if step.fixed_minor is not None:
        return FIXED
    return PERCENT if step.percent else FREE


class TermsForm(forms.Form):
    """The terms around the steps: name, no-show, and the lesson types that have them."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    no_show_percent = forms.IntegerField(
        label=gettext_lazy("A student who does not come owes, % of the price"),
        min_value=0,
        max_value=100,
        initial=100,
    )
    lesson_types: "forms.ModelMultipleChoiceField[LessonType]" = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Lesson types with these terms"),
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Lessons already booked keep the terms they were booked under."),
    )
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput, initial=0)

    def __init__(self, *args: Any, terms: CancellationTerms | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = LessonType.objects.order_by("name")
        self.fields["lesson_types"].queryset = types  # type: ignore[attr-defined]  # a ModelChoiceField
        if terms is None:
            return
        self.fields["name"].disabled = True
        self.initial = {
            **self.initial,
            "name": terms.name,
            "no_show_percent": terms.no_show_percent,
            "version": terms.version,
            "lesson_types": types.filter(cancellation_terms__name=terms.name),
        }

    def draft(self, steps: list[Step]) -> Draft:
        given = self.cleaned_data
        return Draft(given["name"].strip(), steps, given["no_show_percent"])


class ReasonForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the checker only
    class Meta:
        model = CancellationReason
        fields = REASON_FIELDS
        help_texts = {
            "waives_fee": gettext_lazy(
                "Whoever may waive a fee is offered to do so; it never happens by itself."
            ),
            "needs_document": gettext_lazy("For example a doctor’s note."),
            "is_active": gettext_lazy("A reason that is not in use is no longer offered."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sides = [("", _("Everybody")), *((side.value, side.label) for side in SIDES)]
        self.fields["party"].choices = sides  # type: ignore[attr-defined]  # a ChoiceField
        chosen = [choice for choice in self.fields["category"].choices if choice[0] != "expired"]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["category"].choices = chosen  # type: ignore[attr-defined]  # a ChoiceField
