"""What somebody asks when a time is not offered: which lesson, for whom, with whom and when."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from administration.models import Membership, Student, Teacher
from bookings.forms.availability import DayField, TimeInput
from bookings.forms.booking import bookable_students, offer, teachers_to_book, usable_resources
from bookings.models import LessonType, Resource
from justdriving.kernel.clock import NoSuchWallTime, instant


class WhyNotForm(forms.Form):
    """A question changes nothing, so all of it stands in the address."""

    lesson_type: "forms.ModelChoiceField[LessonType]" = forms.ModelChoiceField(
        label=gettext_lazy("Lesson type"),
        queryset=None,
        empty_label=gettext_lazy("Choose a lesson type"),
    )
    student: "forms.ModelChoiceField[Student]" = forms.ModelChoiceField(
        label=gettext_lazy("Student"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("Any student"),
    )
    day = DayField(label=gettext_lazy("Date"))
    time = forms.TimeField(
        label=gettext_lazy("Time"), widget=TimeInput(gettext_lazy("Time")), input_formats=["%H:%M"]
    )
    teacher: "forms.ModelChoiceField[Teacher]" = forms.ModelChoiceField(
        label=gettext_lazy("Teacher"),
        queryset=None,
        empty_label=gettext_lazy("Choose a teacher"),
    )
    resource: "forms.ModelChoiceField[Resource]" = forms.ModelChoiceField(
        label=gettext_lazy("Vehicle or room"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("Choose for me"),
    )

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        offer(self, "lesson_type", LessonType.objects.filter(is_active=True).order_by("name"))
        offer(self, "student", bookable_students(member))
        offer(self, "teacher", teachers_to_book(member))
        offer(self, "resource", usable_resources(member))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("day") and cleaned.get("time"):
            try:
                zone = self.member.school.zone
                cleaned["starts_at"] = instant(cleaned["day"], cleaned["time"], zone)
            except NoSuchWallTime:
                self.add_error("time", _("The clock skips this time on that night."))
        return cleaned
