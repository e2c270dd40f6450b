"""Weekly sessions and classes: what is typed, and what is decided day by day."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_time
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from administration.models import Department, Membership, Teacher
from bookings.enums import ResourceKind
from bookings.forms.booking import offer, teachers_to_book, usable_resources
from bookings.forms.week import DayField, TimeInput
from bookings.models import LessonType, Resource, SessionTemplate, StudentGroup
from bookings.queries.proposals import suits
from bookings.queries.series import Choice, Seen, Thing
from bookings.services.occurrences import Scope, SessionEdit
from justdriving.kernel.ids import id_in

ALL_SHARE = (ResourceKind.ROOM, ResourceKind.TRACK, ResourceKind.SKID_PAD)
DO, DAY, TIME, WHY, RULES = "do_", "day_", "time_", "why_", "rules_"
ANYWAY, SAID = "anyway_", "said_"
LATER, EXPECTED = "another", "expected"


class TemplateForm(forms.Form):
    """A weekly session: when, who, how many, with what, and from which day on."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    lesson_type: "forms.ModelChoiceField[LessonType]" = forms.ModelChoiceField(
        label=gettext_lazy("Lesson type"), queryset=None
    )
    teacher: "forms.ModelChoiceField[Teacher]" = forms.ModelChoiceField(
        label=gettext_lazy("Teacher"), queryset=None
    )
    department: "forms.ModelChoiceField[Department]" = forms.ModelChoiceField(
        label=gettext_lazy("Department"), queryset=None
    )
    weekday = forms.TypedChoiceField(
        label=gettext_lazy("Weekday"), coerce=int, choices=[(n, WEEKDAYS[n]) for n in range(7)]
    )
    starts_at = forms.TimeField(
        label=gettext_lazy("Starts"),
        widget=TimeInput(gettext_lazy("Starts")),
        input_formats=["%H:%M"],
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"),
        min_value=5,
        max_value=720,
        required=False,
        help_text=gettext_lazy("Empty: as the lesson type says."),
    )
    capacity = forms.IntegerField(
        label=gettext_lazy("Seats"),
        min_value=1,
        max_value=500,
        required=False,
        help_text=gettext_lazy("Empty: as the lesson type says."),
    )
    first_day = DayField(label=gettext_lazy("First day"))
    last_day = DayField(
        label=gettext_lazy("Last day"),
        required=False,
        help_text=gettext_lazy("Empty: it goes on until you end it."),
    )
    every_weeks = forms.IntegerField(
        label=gettext_lazy("Every … weeks"), min_value=1, max_value=8, initial=1
    )
    weeks_ahead = forms.IntegerField(
        label=gettext_lazy("Planned … weeks ahead"), min_value=1, max_value=52, initial=8
    )
    place = forms.CharField(label=gettext_lazy("Where"), max_length=200, required=False)
    group: "forms.ModelChoiceField[StudentGroup]" = forms.ModelChoiceField(
        label=gettext_lazy("Class"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("No class: students join one by one"),
    )
    shared: "forms.ModelMultipleChoiceField[Resource]" = forms.ModelMultipleChoiceField(
        label=gettext_lazy("For everybody: rooms and tracks"),
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    places: "forms.ModelMultipleChoiceField[Resource]" = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Places: one student in each"),
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Seats and places: the smaller number counts."),
    )

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "lesson_type", LessonType.objects.filter(is_active=True).order_by("name"))
        offer(self, "teacher", teachers_to_book(member))
        offer(self, "department", open_departments(member))
        offer(self, "group", open_groups(member))
        things = usable_resources(member)
        offer(self, "shared", things.filter(kind__in=ALL_SHARE))
        offer(self, "places", things.exclude(kind__in=ALL_SHARE))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("It ends before it begins."))
        return cleaned

    def things(self) -> list[Thing]:
        """What every session gets; only after ``is_valid``."""
        return chosen_things(self.cleaned_data)


class LaterForm(forms.Form):
    """What of a weekly session changes for the sessions planned from now on."""

    name = TemplateForm.base_fields["name"]
    weeks_ahead = TemplateForm.base_fields["weeks_ahead"]
    shared = TemplateForm.base_fields["shared"]
    places = TemplateForm.base_fields["places"]

    def things(self) -> list[Thing]:
        """What every session gets; only after ``is_valid``."""
        return chosen_things(self.cleaned_data)

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        things = usable_resources(member)
        offer(self, "shared", things.filter(kind__in=ALL_SHARE))
        offer(self, "places", things.exclude(kind__in=ALL_SHARE))


class SessionChangeForm(forms.Form):
    """New values for one session, this and the following, or all; what stays as shown is kept."""

    scope = forms.TypedChoiceField(
        label=gettext_lazy("Which sessions?"),
        coerce=Scope,
        choices=[
            (Scope.ONE.value, gettext_lazy("Only this one")),
            (Scope.FOLLOWING.value, gettext_lazy("This and the following")),
            (Scope.ALL.value, gettext_lazy("All that are to come")),
        ],
        widget=forms.RadioSelect,
        initial=Scope.ONE.value,
    )
    day = DayField(
        label=gettext_lazy("Day"),
        help_text=gettext_lazy("Several sessions move by as many days as this one."),
    )
    starts_at = forms.TimeField(
        label=gettext_lazy("Starts"),
        widget=TimeInput(gettext_lazy("Starts")),
        input_formats=["%H:%M"],
    )
    minutes = forms.IntegerField(label=gettext_lazy("Minutes"), min_value=5, max_value=720)
    teacher: "forms.ModelChoiceField[Teacher]" = forms.ModelChoiceField(
        label=gettext_lazy("Teacher"), queryset=None
    )
    capacity = forms.IntegerField(label=gettext_lazy("Seats"), min_value=1, max_value=500)
    place = forms.CharField(label=gettext_lazy("Where"), max_length=200, required=False)

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "teacher", teachers_to_book(member))

    def edit(self) -> SessionEdit:
        """The values that differ from those shown; only after ``is_valid``."""
        given, shown = self.cleaned_data, self.initial
        new = {
            name: given[name]
            for name in ("day", "starts_at", "minutes", "capacity", "place")
            if given[name] != shown[name]
        }
        teacher = given["teacher"].pk
        return SessionEdit(**new, teacher_id=teacher if teacher != shown["teacher"] else None)


class GroupForm(forms.Form):
    """A class of students."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    department: "forms.ModelChoiceField[Department]" = forms.ModelChoiceField(
        label=gettext_lazy("Department"), queryset=None
    )
    starts_on = DayField(label=gettext_lazy("Starts"), required=False)
    max_students = forms.IntegerField(
        label=gettext_lazy("Seats"), min_value=1, max_value=500, initial=20
    )
    is_active = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "department", open_departments(member))


class ChooseGroupForm(forms.Form):
    """Which class."""

    group: "forms.ModelChoiceField[StudentGroup]" = forms.ModelChoiceField(
        label=gettext_lazy("Class"), queryset=None
    )

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "group", open_groups(member))


class LastDayForm(forms.Form):
    """The last day on which a weekly session is held."""

    last_day = DayField(label=gettext_lazy("Last day"))


def completed(data: QueryDict, member: Membership) -> QueryDict:
    """What was typed, and what the lesson type says where nothing was.

    That is its length, its seats, and a room or track that it needs where only one fits.
    """
    chosen, typed = data.get("lesson_type", ""), data.copy()
    types: Any = LessonType.objects.visible_to(member)
    lesson_type = types.filter(pk=id_in(chosen)).first()
    if lesson_type is None:
        return typed
    usual = {"minutes": lesson_type.duration_minutes, "capacity": lesson_type.capacity}
    for name, value in usual.items():
        if not data.get(name, "").strip():
            typed[name] = str(value)
    needed = lesson_type.needs.filter(kind__in=ALL_SHARE).values_list("kind", flat=True)
    things = [one for one in usable_resources(member) if suits(one, lesson_type, ())]
    for kind in needed:
        fitting = [str(one.pk) for one in things if one.kind == kind]
        if len(fitting) == 1 and fitting[0] not in data.getlist("shared"):
            typed.appendlist("shared", fitting[0])
    return typed


def chosen_things(given: Mapping[str, Any]) -> list[Thing]:
    shared = [Thing(one, is_place=False) for one in given["shared"]]
    return [*shared, *(Thing(one, is_place=True) for one in given["places"])]


def open_departments(member: Membership) -> QuerySet[Department]:
    rows: QuerySet[Department] = Department.objects.visible_to(member)
    return rows.filter(is_active=True).order_by("name")


def open_groups(member: Membership) -> QuerySet[StudentGroup]:
    rows: QuerySet[Any] = StudentGroup.objects.visible_to(member)
    return rows.filter(is_active=True).order_by("name")


def read_choices(data: Mapping[str, Any]) -> dict[date, Choice]:
    """What was decided for single days; what cannot be read counts as not decided."""
    choices = {}
    for name in [key for key in data if key.startswith(DO)]:
        day = _day(name.removeprefix(DO))
        if day and (choice := _choice(data, day, data[name])):
            choices[day] = choice
    return choices


def _choice(data: Mapping[str, Any], day: date, what: str) -> Choice | None:
    key = day.isoformat()
    if what in {"skip", "plan"}:
        return Choice(is_skipped=what == "skip")
    if what == LATER:
        other = _day(data.get(DAY + key, ""))
        return Choice(day=other, starts_at=_time(data.get(TIME + key, ""))) if other else None
    reason = data.get(WHY + key, "").strip()
    if what == "anyway" and reason:
        codes = filter(None, data.get(RULES + key, "").split(","))
        return Choice(overrides=dict.fromkeys(codes, reason))
    return None


def read_overrides(data: Mapping[str, Any]) -> dict[str, str]:
    """Rule code -> reason, for what is overruled in every session."""
    given = {key.removeprefix(ANYWAY): data[key] for key in data if key.startswith(ANYWAY)}
    return {code: reason.strip() for code, reason in given.items() if reason.strip()}


def expected_of(seen: Mapping[date, Seen]) -> str:
    """What a preview showed, in one hidden field."""
    return " ".join(f"{day.isoformat()}:{one.found}:{one.shown}" for day, one in seen.items())


def read_expected(text: str) -> dict[date, Seen]:
    parts = [part.split(":", 2) for part in text.split()]
    return {
        day: Seen(*codes)
        for key, *codes in parts
        if len(codes) == len(Seen._fields) and (day := _day(key))
    }


def initial_of(template: SessionTemplate, things: Sequence[Thing]) -> dict[str, Any]:
    """What LaterForm shows first."""
    return {
        "name": template.name,
        "weeks_ahead": template.weeks_ahead,
        "shared": [one.resource.pk for one in things if not one.is_place],
        "places": [one.resource.pk for one in things if one.is_place],
    }


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _time(text: str) -> time | None:
    try:
        return parse_time(text)
    except ValueError:
        return None
