"""Rearranging lessons: which ones, what shall become of them, and how."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from administration.models import Department, Membership, Teacher
from bookings.enums import Party
from bookings.forms.availability import DayField
from bookings.forms.booking import (
    OverrideForm,
    asking_choices,
    offer,
    teachers_to_book,
    usable_resources,
)
from bookings.forms.week import NearDayField
from bookings.models import Booking, Resource
from bookings.policies import party_of
from bookings.services import (
    Exchange,
    GiveResource,
    GiveTeacher,
    Manner,
    MoveDay,
    Swap,
)
from justdriving.kernel.ids import id_in

NEEDED = {"day": "to_day", "shift": "shift", "teacher": "new_teacher", "resource": "without"}
SHIFT = 12 * 60  # minutes, either way
SEEN = "seen"
NOT_THERE = gettext_lazy("One was moved or cancelled meanwhile. Choose from those shown here.")


class LessonsForm(forms.Form):
    """Which lessons are looked at."""

    teacher: "forms.ModelChoiceField[Teacher]" = forms.ModelChoiceField(
        label=gettext_lazy("Teacher"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("All teachers"),
    )
    department: "forms.ModelChoiceField[Department]" = forms.ModelChoiceField(
        label=gettext_lazy("Department"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("All departments"),
    )
    resource: "forms.ModelChoiceField[Resource]" = forms.ModelChoiceField(
        label=gettext_lazy("Vehicle or room"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("All"),
    )
    day = DayField(label=gettext_lazy("Day"))
    until = DayField(label=gettext_lazy("Until and including"), required=False)

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "teacher", teachers_to_book(member))
        offer(self, "department", Department.objects.filter(is_active=True).order_by("name"))
        offer(self, "resource", usable_resources(member))
        if not member.is_office:
            del self.fields["teacher"], self.fields["department"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("day"), cleaned.get("until")
        if first and last and last < first:
            self.add_error("until", _("It ends before it begins."))
        return cleaned

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day, once the form is valid."""
        first: date = self.cleaned_data["day"]
        return first, self.cleaned_data.get("until") or first


class MannerForm(OverrideForm):
    """On whose behalf, why, and who is told."""

    requested_by = forms.ChoiceField(label=gettext_lazy("Who asked for it?"), required=False)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, required=False)
    is_muted = forms.BooleanField(label=gettext_lazy("Send no message about it"), required=False)

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, member=member, **kwargs)
        asked = self.fields["requested_by"]
        asked.choices = asking_choices(member)  # type: ignore[attr-defined]  # a ChoiceField
        asked.initial = party_of(member).value

    @property
    def seen(self) -> dict[int, int]:
        """By booking (id) the version that the preview showed."""
        pairs = (value.partition("-") for value in self.data.getlist(SEEN))  # type: ignore[attr-defined]  # a QueryDict
        known = ((id_in(booking), id_in(version)) for booking, _dash, version in pairs)
        return {booking: version for booking, version in known if booking and version is not None}

    @property
    def manner(self) -> Manner:
        """How it shall be done, once the form is valid."""
        given = self.cleaned_data
        return Manner(
            requested_by=Party(given["requested_by"] or party_of(self.member)),
            reason=given["reason"],
            overrides=self.overrides,
            muted=given["is_muted"],
        )


class RearrangeForm(MannerForm):
    """What shall become of the lessons that are ticked."""

    lesson: "forms.ModelMultipleChoiceField[Booking]" = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Lessons"),
        queryset=None,
        error_messages={"invalid_choice": NOT_THERE},
    )
    action = forms.ChoiceField(
        label=gettext_lazy("What shall happen?"),
        widget=forms.RadioSelect,
        choices=(
            ("day", gettext_lazy("Move to another day")),
            ("shift", gettext_lazy("Move by some minutes")),
            ("teacher", gettext_lazy("Another teacher")),
            ("resource", gettext_lazy("Another vehicle or room")),
        ),
        initial="day",
    )
    to_day = NearDayField(label=gettext_lazy("To which day?"), required=False)
    shift = forms.IntegerField(
        label=gettext_lazy("Minutes later (less than zero: earlier)"),
        required=False,
        min_value=-SHIFT,
        max_value=SHIFT,
    )
    new_teacher: "forms.ModelChoiceField[Teacher]" = forms.ModelChoiceField(
        label=gettext_lazy("To which teacher?"), queryset=None, required=False
    )
    without: "forms.ModelChoiceField[Resource]" = forms.ModelChoiceField(
        label=gettext_lazy("Instead of"), queryset=None, required=False
    )
    instead: "forms.ModelChoiceField[Resource]" = forms.ModelChoiceField(
        label=gettext_lazy("They get"),
        queryset=None,
        required=False,
        empty_label=pgettext_lazy("vehicle", "The least used that is free and suits"),
    )

    def __init__(self, *args: Any, member: Membership, lessons: Any, **kwargs: Any) -> None:
        super().__init__(*args, member=member, **kwargs)
        offer(self, "lesson", lessons)
        offer(self, "new_teacher", teachers_to_book(member))
        offer(self, "without", usable_resources(member))
        offer(self, "instead", usable_resources(member))
        if not member.is_office:
            self._without("teacher", "new_teacher")

    def _without(self, action: str, field: str) -> None:
        del self.fields[field]
        known = self.fields["action"]
        known.choices = [one for one in known.choices if one[0] != action]  # type: ignore[attr-defined]  # a ChoiceField

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        needed = {
            "day": "to_day",
            "shift": "shift",
            "teacher": "new_teacher",
            "resource": "without",
        }
        field = needed.get(cleaned.get("action", ""))
        if field and field not in self.errors and not cleaned.get(field):
            self.add_error(field, _("Choose this first."))
        return cleaned

    @property
    def plan(self) -> MoveDay | GiveTeacher | GiveResource:
        """What to do, once the form is valid."""
        given = self.cleaned_data
        ids = [booking.pk for booking in given["lesson"].order_by("period", "pk")]
        match given["action"]:
            case "day":
                return MoveDay(ids, to_day=given["to_day"])
            case "shift":
                return MoveDay(ids, shift_minutes=given["shift"])
            case "teacher":
                return GiveTeacher(ids, given["new_teacher"].pk)
            case _:
                instead = given["instead"]
                return GiveResource(ids, given["without"].pk, instead.pk if instead else None)


class SwapForm(MannerForm):
    """Which other lesson, and what the two give each other."""

    other: "forms.ModelChoiceField[Booking]" = forms.ModelChoiceField(
        label=gettext_lazy("With which lesson?"),
        queryset=None,
        error_messages={"invalid_choice": NOT_THERE},
    )
    exchange = forms.ChoiceField(
        label=gettext_lazy("What do they exchange?"),
        widget=forms.RadioSelect,
        choices=(
            (Exchange.TIMES, gettext_lazy("Only the times: each keeps its teacher")),
            (Exchange.TEACHERS, gettext_lazy("Only the teachers: each keeps its time")),
            (Exchange.BOTH, gettext_lazy("Time and teacher")),
        ),
        initial=Exchange.TIMES,
    )

    def __init__(self, *args: Any, member: Membership, booking: Booking, **kwargs: Any) -> None:
        self.others = kwargs.pop("others")
        super().__init__(*args, member=member, **kwargs)
        self.booking = booking
        offer(self, "other", self.others)
        if not member.is_office:
            del self.fields["exchange"]

    @property
    def plan(self) -> Swap:
        """What to do, once the form is valid. A teacher's own two lessons exchange their times."""
        given = self.cleaned_data
        exchange = Exchange(given.get("exchange") or Exchange.TIMES)
        return Swap(self.booking.pk, given["other"].pk, exchange)
