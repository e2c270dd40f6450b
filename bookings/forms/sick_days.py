"""Reporting a teacher ill: who, from when to when, and what becomes of each lesson."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from administration.models import Membership, Teacher
from bookings.forms.booking import OverrideForm, offer, teachers_to_book
from bookings.forms.week import NearDayField
from bookings.services import Affected, Hindered
from justdriving.kernel.clock import instant_or_next
from justdriving.kernel.ids import id_in

CHOICE = "lesson_"
CANCEL = "cancel"
LONGEST = 31  # days


class SickDayForm(OverrideForm):
    """Whole days, as people are ill."""

    teacher: "forms.ModelChoiceField[Teacher]" = forms.ModelChoiceField(
        label=gettext_lazy("Teacher"), queryset=None
    )
    first_day = NearDayField(label=gettext_lazy("First day ill"))
    last_day = NearDayField(label=gettext_lazy("Last day ill"))

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, member=member, **kwargs)
        offer(self, "teacher", teachers_to_book(member))
        if not member.is_office:
            self.fields["teacher"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("It ends before it begins."))
        elif first and last and last - first >= timedelta(days=LONGEST):
            self.add_error(
                "last_day", _("Report at most %(days)d days at a time.") % {"days": LONGEST}
            )
        return cleaned

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """From the first midnight to the last (UTC), once the form is valid."""
        given, zone = self.cleaned_data, self.member.school.zone
        after: date = given["last_day"] + timedelta(days=1)
        return instant_or_next(given["first_day"], time(), zone), instant_or_next(
            after, time(), zone
        )

    @property
    def choices(self) -> dict[int, int | None] | None:
        """By lesson, who takes it, None to cancel; None while nothing was chosen."""
        found = {
            lesson: id_in(value)
            for name, value in self.data.items()
            if name.startswith(CHOICE) and (lesson := id_in(name.removeprefix(CHOICE))) is not None
        }
        return found if found or "choices" in self.data else None


def choice_field(affected: Affected) -> dict[str, Any]:
    """The list from which somebody chooses what becomes of one lesson."""
    free = list(affected.substitutes)
    against = [one.teacher for one in affected.hindered if one.may_be_overruled]
    if affected.chosen and affected.chosen not in (*free, *against):
        free.append(affected.chosen)
    known = [*((one, False) for one in free), *((one, True) for one in against)]
    return {
        "name": f"{CHOICE}{affected.booking.pk}",
        "options": [(one.pk, str(one), one == affected.chosen, rule) for one, rule in known],
        "cancels": affected.chosen is None,
        "is_alone": not affected.substitutes,
        "hindered": [_words(one) for one in affected.hindered],
        "may_be_overruled": bool(against),
    }


def _words(hindered: Hindered) -> str:
    """Why a colleague cannot, with their name where the reasons do not say it."""
    words, name = " ".join(str(one.message) for one in hindered.refusals), str(hindered.teacher)
    return words if name in words else f"{name}: {words}"
