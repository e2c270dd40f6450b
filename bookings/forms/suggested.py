"""One of the times suggested for a student's next lesson."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from bookings.forms.booking import RequestKeyForm

FORMAT = "%Y%m%dT%H%MZ"
PARTS = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """``starts_at`` is a UTC instant."""

    starts_at: datetime
    teacher_id: int
    lesson_type_id: int
    minutes: int

    def __str__(self) -> str:
        start = f"{self.starts_at.astimezone(UTC):{FORMAT}}"
        return f"{start}-{self.teacher_id}-{self.lesson_type_id}-{self.minutes}"


class ChoiceField(forms.CharField):
    """``20260305T1100Z-7-3-90``: instant, teacher, lesson type, minutes."""

    def clean(self, value: Any) -> Choice:
        parts = super().clean(value).split("-")
        try:
            start = datetime.strptime(parts[0], FORMAT).replace(tzinfo=UTC)
            return Choice(start, *map(int, parts[1:PARTS]))
        except (ValueError, TypeError) as error:
            raise forms.ValidationError(_("Choose one of the times.")) from error


class SuggestedForm(RequestKeyForm):
    choice = ChoiceField(max_length=80)
