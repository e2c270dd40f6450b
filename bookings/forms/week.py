"""Hours of a week, several spans a day, as wall time of the school's zone."""

from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext as _

from administration.models import Department
from bookings.wording import weekday_names
from justdriving.kernel.clock import FIRST_DAY, LAST_DAY
from justdriving.templatetags.formats import full_date

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Hours = tuple[int, time, time, int]
"""Weekday (0 is Monday), from, to, and the id of a department or 0."""


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, label: "StrOrPromise") -> None:
        super().__init__(attrs={"aria-label": label, "step": 300}, format="%H:%M")


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day in a calendar of ours."""

    widget = DateInput
    default_validators = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]


class NearDayField(DayField):
    """A day of what is planned or was done lately: not further away than ``years`` from today."""

    def __init__(self, *, years: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.years = years

    def validate(self, value: date | None) -> None:
        super().validate(value)
        reach, today = timedelta(days=366 * self.years), timezone.localdate()
        first, last = today - reach, today + reach
        if value and not first <= value <= last:
            said = {"first": full_date(first), "last": full_date(last)}
            message = _("Choose a day from %(first)s to %(last)s.")
            raise ValidationError(message % said, code="too-far-away")


class WeekForm(forms.Form):
    """Some spans a day; an empty day is a day off. With ``departments`` each span has a place."""

    spans: Sequence[int] = (1, 2)

    def __init__(
        self,
        *args: Any,
        standing: Iterable[Hours] = (),
        departments: Sequence[Department] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.places = [("", _("Anywhere")), *((str(one.pk), one.name) for one in departments)]
        self.has_places = len(departments) > 1
        self.days = list(enumerate(weekday_names()))
        for weekday, name in self.days:
            for span in self.spans:
                self._add_span(weekday, span, name)
        for weekday in range(7):
            known = sorted(hours for hours in standing if hours[0] == weekday)
            for span, (_weekday, begins, ends, place) in zip(self.spans, known, strict=False):
                self.initial[_name(weekday, span, "from")] = begins
                self.initial[_name(weekday, span, "to")] = ends
                self.initial[_name(weekday, span, "at")] = str(place or "")

    def _add_span(self, weekday: int, span: int, name: str) -> None:
        words = {"from": _("%(day)s from"), "to": _("%(day)s to"), "at": _("%(day)s at")}
        after = {
            "from": _("%(day)s after the break, from"),
            "to": _("%(day)s after the break, to"),
            "at": _("%(day)s after the break, at"),
        }
        labels = words if span == self.spans[0] else after
        for end in ("from", "to"):
            label = labels[end] % {"day": name}
            self.fields[_name(weekday, span, end)] = forms.TimeField(
                label=label, required=False, widget=TimeInput(label)
            )
        if self.has_places:
            place = labels["at"] % {"day": name}
            self.fields[_name(weekday, span, "at")] = forms.ChoiceField(
                label=place,
                choices=self.places,
                required=False,
                widget=forms.Select(attrs={"aria-label": place}),
            )

    def rows(self) -> list[dict[str, Any]]:
        """One row a day for the template: its name and the fields of its spans."""
        return [
            {"name": name, "spans": [self._fields_of(weekday, span) for span in self.spans]}
            for weekday, name in self.days
        ]

    def _fields_of(self, weekday: int, span: int) -> tuple[Any, Any, Any]:
        place = self[_name(weekday, span, "at")] if self.has_places else None
        return self[_name(weekday, span, "from")], self[_name(weekday, span, "to")], place

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for weekday, name in self.days:
            self._check_day(weekday, name, cleaned)
        return cleaned

    def _check_day(self, weekday: int, name: str, cleaned: dict[str, Any]) -> None:
        ended: time | None = None
        for span in self.spans:
            start = cleaned.get(_name(weekday, span, "from"))
            end = cleaned.get(_name(weekday, span, "to"))
            field = _name(weekday, span, "from")
            if (start is None) != (end is None):
                self.add_error(field, _("%(day)s: give both times, or none.") % {"day": name})
            elif start and end and start >= end:
                self.add_error(field, _("%(day)s: it ends before it begins.") % {"day": name})
            elif start and ended and start < ended:
                self.add_error(field, _("%(day)s: the two times overlap.") % {"day": name})
            ended = end or ended

    def week(self) -> list[Hours]:
        """The week as typed; only after ``is_valid``."""
        return [
            (
                weekday,
                begins,
                self.cleaned_data[_name(weekday, span, "to")],
                int(self.cleaned_data.get(_name(weekday, span, "at")) or 0),
            )
            for weekday in range(7)
            for span in self.spans
            if (begins := self.cleaned_data[_name(weekday, span, "from")])
        ]


class OpeningHoursForm(WeekForm):
    """Up to three spans a day; no hours at all means always open."""

    spans = (1, 2, 3)


def weekdays_field(label: "StrOrPromise") -> forms.MultipleChoiceField:
    """Choose days of the week; its choices are set by the form, in the reader's language."""
    return forms.MultipleChoiceField(
        label=label, required=False, widget=forms.CheckboxSelectMultiple
    )


def weekday_choices() -> list[tuple[str, str]]:
    return [(str(number), name) for number, name in enumerate(weekday_names())]


def days_between(first: date, last: date) -> list[date]:
    return [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]


def _name(weekday: int, span: int, end: str) -> str:
    return f"day{weekday}_{end}{span}"
