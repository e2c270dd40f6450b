"""When a vehicle or a room is out of service, and what is due on it."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.enums import DueDateKind, ResourceKind
from bookings.forms.availability import AbsenceForm, DayField
from bookings.forms.week import NearDayField
from bookings.models import Resource
from bookings.services.upkeep import Due
from justdriving.kernel.policy import Refused


class OutageForm(AbsenceForm):
    first_day = NearDayField(label=gettext_lazy("First day"), years=2)
    last_day = NearDayField(label=gettext_lazy("Last day"), years=2)


MOST_KM = 2_000_000
BACKWARDS = "odometer-backwards"


class DueDatesForm(forms.Form):
    """One date for each kind, empty for none, and whether passing it stops bookings.

    A vehicle has a reading of its odometer, and for each kind one by which it is due.
    """

    def __init__(self, *args: Any, resource: Resource, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stands = {row.kind: row for row in resource.due_dates.all()}
        self.drives = resource.kind == ResourceKind.VEHICLE
        if self.drives:
            self.fields["odometer_km"] = _kilometres(gettext_lazy("Odometer today, km"))
            self.initial["odometer_km"] = resource.odometer_km
            self.fields["odometer_corrects"] = forms.BooleanField(
                label=gettext_lazy("This corrects the reading (new odometer, or typed wrongly)"),
                required=False,
            )
        for kind in DueDateKind:
            self.fields[kind] = DayField(label=kind.label, required=False)
            self.fields[_blocks(kind)] = forms.BooleanField(
                label=gettext_lazy("No bookings after this day"), required=False
            )
            row = stands.get(kind)
            self.initial[kind] = row.due_on if row else None
            self.initial[_blocks(kind)] = row.blocks if row else True
            if self.drives:
                self.fields[_km(kind)] = _kilometres(gettext_lazy("Or at km"))
                self.initial[_km(kind)] = row.due_km if row else None

    def odometer(self) -> forms.BoundField | None:
        return self["odometer_km"] if self.drives else None

    def correction(self) -> forms.BoundField | None:
        """Offered where a reading went backwards."""
        asks = self.has_error("odometer_km", BACKWARDS) or "odometer_corrects" in self.data
        return self["odometer_corrects"] if self.drives and asks else None

    def refuse(self, refused: Refused) -> None:
        """Word a refusal at the field it is about."""
        self.add_error("odometer_km", forms.ValidationError(str(refused), code=BACKWARDS))

    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField | None, forms.BoundField]]:
        return [
            (self[kind], self[_km(kind)] if self.drives else None, self[_blocks(kind)])
            for kind in DueDateKind
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for kind in DueDateKind:
            has_km = cleaned.get(_km(kind)) is not None
            if has_km and not cleaned.get(kind) and kind not in self.errors:
                self.add_error(kind, _("Give a day, too: whichever comes first counts."))
        return cleaned

    def due(self) -> dict[DueDateKind, Due]:
        """What was typed; only after ``is_valid``."""
        given = self.cleaned_data
        return {
            kind: Due(given[kind], given[_blocks(kind)], given.get(_km(kind)))
            for kind in DueDateKind
            if given[kind]
        }

    def reading(self) -> int | None:
        """What the odometer says; only after ``is_valid``."""
        return self.cleaned_data.get("odometer_km")

    def corrects(self) -> bool:
        """Whether the odometer may say less than before; only after ``is_valid``."""
        return bool(self.cleaned_data.get("odometer_corrects"))


def _blocks(kind: DueDateKind) -> str:
    return f"{kind}_blocks"


def _km(kind: DueDateKind) -> str:
    return f"{kind}_km"


def _kilometres(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=MOST_KM, required=False)
