"""Whose a track or a room is, and the number with which its owner confirms a booking."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.models import BookingResource, Resource
from bookings.services.venues import VENUE_FIELDS


class VenueForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the checker only
    """Everything else on it is about a venue of somebody else, so it needs the owner's name."""

    class Meta:
        model = Resource
        fields = VENUE_FIELDS
        widgets: ClassVar = {"directions": forms.Textarea(attrs={"rows": 3})}
        help_texts: ClassVar = {
            "owner": gettext_lazy(
                "Who owns it, if it is not the school's own: then each booking needs a number from "
                "them."
            ),
            "directions": gettext_lazy("Shown to the student with the lesson."),
            "max_bookings_per_day": gettext_lazy(
                "What the owner allows your school. Empty: as many as fit."
            ),
            "max_bookings_per_week": gettext_lazy("From Monday to Sunday."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        given = [cleaned.get(name) for name in VENUE_FIELDS if name != "owner"]
        if any(value not in {"", None} for value in given) and not cleaned.get("owner"):
            self.add_error("owner", _("Say whose it is, or leave the rest empty, too."))
        day, week = (cleaned.get(f"max_bookings_per_{unit}") for unit in ("day", "week"))
        if day and week and week < day:
            self.add_error("max_bookings_per_week", _("That is less than on one day."))
        return cleaned


class VenueNumberForm(forms.Form):
    """``starts_at`` is the time that was confirmed: the lesson may have moved meanwhile."""

    number = forms.CharField(
        label=gettext_lazy("Confirmation number"),
        max_length=BookingResource._meta.get_field("venue_number").max_length,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    starts_at = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, used: BookingResource, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.used = used
        # On a list there are many of these forms.
        self.auto_id = f"venue-{used.pk}-%s"
        self.fields["number"].required = not used.standing_number
        self.initial["number"] = used.standing_number
        self.initial["starts_at"] = used.booking.starts_at.isoformat()

    def clean_starts_at(self) -> Any:
        return moment_in(self.cleaned_data["starts_at"])


class VenueToldForm(forms.Form):
    """Which time a venue was told of: it begins at ``starts_at``."""

    number = VenueNumberForm.base_fields["number"]
    starts_at = forms.CharField()

    def clean_starts_at(self) -> Any:
        return moment_in(self.cleaned_data["starts_at"])


def moment_in(text: str) -> datetime:
    """The instant that a page wrote down."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise forms.ValidationError(_("Load the page again."))
    return moment
