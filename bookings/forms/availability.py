"""The working week of a teacher, other days, and times away, as wall time of the school's zone."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from administration.models import Department
from bookings.forms.week import (
    DayField,
    NearDayField,
    TimeInput,
    WeekForm,
    days_between,
    weekday_choices,
    weekdays_field,
)
from bookings.services.availability import DayPlan, WeeklyHours
from justdriving.kernel.clock import instant_or_next

WEEKS_SHOWN = 8
LONGEST = 366

__all__ = ["AbsenceForm", "DayField", "PlanDaysForm", "TimeInput", "WeeklyHoursForm"]


class WeeklyHoursForm(WeekForm):
    """Two spans a day, each at a place; an empty day is a day off."""

    first_day = DayField(label=gettext_lazy("Valid from"))

    def hours(self) -> list[WeeklyHours]:
        """The week as typed; only after ``is_valid``."""
        return [WeeklyHours(*hours) for hours in self.week()]


class AbsenceForm(forms.Form):
    """Whole days away, or hours of them: without times from the first midnight to the last."""

    first_day = NearDayField(label=gettext_lazy("First day away"), years=2)
    last_day = NearDayField(label=gettext_lazy("Last day away"), years=2)
    starts = forms.TimeField(
        label=gettext_lazy("From (empty: all day)"),
        required=False,
        widget=TimeInput(gettext_lazy("From (empty: all day)")),
    )
    ends = forms.TimeField(
        label=gettext_lazy("To (empty: all day)"),
        required=False,
        widget=TimeInput(gettext_lazy("To (empty: all day)")),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, required=False)

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("first_day") and cleaned.get("last_day"):
            starts_at, ends_at = self._bounds(cleaned)
            if ends_at <= starts_at:
                self.add_error("last_day", _("It ends before it begins."))
            cleaned |= {"starts_at": starts_at, "ends_at": ends_at}
        return cleaned

    def _bounds(self, cleaned: dict[str, Any]) -> tuple[datetime, datetime]:
        last: date = cleaned["last_day"]
        ends: time | None = cleaned.get("ends")
        starts: time = cleaned.get("starts") or time()
        if ends is None:
            last, ends = last + timedelta(days=1), time()
        return (
            instant_or_next(cleaned["first_day"], starts, self.zone),
            instant_or_next(last, ends, self.zone),
        )


class PlanDaysForm(forms.Form):
    """Other hours, or none, on many days at once: days that are ticked, and those of a stretch."""

    days = forms.MultipleChoiceField(label=gettext_lazy("Days"), required=False)
    first_day = NearDayField(label=gettext_lazy("First day"), required=False, years=2)
    last_day = NearDayField(label=gettext_lazy("Last day"), required=False, years=2)
    weekdays = weekdays_field(gettext_lazy("Only on (none ticked: every day)"))
    works = forms.ChoiceField(
        label=gettext_lazy("On these days"),
        choices=(
            ("off", gettext_lazy("The teacher is off")),
            ("hours", gettext_lazy("Other hours hold")),
        ),
        initial="off",
        widget=forms.RadioSelect,
    )
    department = forms.ChoiceField(label=gettext_lazy("Department"), required=False)

    def __init__(
        self, *args: Any, today: date, departments: Sequence[Department] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        monday = today - timedelta(days=today.weekday())
        self.shown = [monday + timedelta(days=number) for number in range(WEEKS_SHOWN * 7)]
        self.today = today
        self._choices("days", [(day.isoformat(), str(day)) for day in self.shown if day >= today])
        self._choices("weekdays", weekday_choices())
        places = [(str(one.pk), one.name) for one in departments]
        self._choices("department", [("", _("Anywhere")), *places])
        self.has_places = len(places) > 1
        for number, words in ((1, _("Works from")), (2, _("After the break, from"))):
            self._add_time(f"from{number}", words)
            self._add_time(
                f"to{number}", _("Works until") if number == 1 else _("After the break, to")
            )

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # a ChoiceField

    def _add_time(self, name: str, label: str) -> None:
        self.fields[name] = forms.TimeField(label=label, required=False, widget=TimeInput(label))

    def times(self) -> list[Any]:
        return [self[name] for name in ("from1", "to1", "from2", "to2")]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("It ends before it begins."))
        elif first and last and (last - first).days >= LONGEST:
            self.add_error("last_day", _("Choose at most one year."))
        elif bool(first) != bool(last):
            self.add_error("last_day", _("Give both the first and the last day, or none."))
        if cleaned.get("works") == "hours":
            self._check_times(cleaned)
        return cleaned

    def _check_times(self, cleaned: dict[str, Any]) -> None:
        spans = [(cleaned.get(f"from{n}"), cleaned.get(f"to{n}")) for n in (1, 2)]
        if not all(spans[0]):
            self.add_error("from1", _("Write from when to when the teacher works."))
        elif any((begins is None) != (ends is None) for begins, ends in spans):
            self.add_error("from2", _("Give both times, or none."))
        elif any(begins and begins >= ends for begins, ends in spans):
            self.add_error("from1", _("It ends before it begins."))
        elif spans[1][0] and spans[1][0] < spans[0][1]:
            self.add_error("from2", _("The two times overlap."))

    def chosen(self) -> list[date]:
        """Every day that was ticked or lies in the stretch; only after ``is_valid``."""
        given = self.cleaned_data
        days = {date.fromisoformat(day) for day in given["days"]}
        if given["first_day"]:
            wanted = {int(day) for day in given["weekdays"]} or set(range(7))
            stretch = days_between(given["first_day"], given["last_day"])
            days |= {day for day in stretch if day.weekday() in wanted}
        return sorted(days)

    def plan(self) -> DayPlan:
        given = self.cleaned_data
        if given["works"] == "off":
            return DayPlan()
        spans = [(given[f"from{n}"], given[f"to{n}"]) for n in (1, 2)]
        place = int(given["department"]) if given["department"] else None
        return DayPlan(tuple(span for span in spans if all(span)), place)
