"""A wish: which lesson, with whom, where, and when it suits."""

from typing import Any

from babel.dates import get_day_names
from django import forms
from django.db.models import QuerySet
from django.utils.translation import get_language, gettext_lazy, to_locale

from administration.models import Department, Membership, Student, Teacher
from bookings.forms.availability import DayField, TimeInput
from bookings.forms.booking import LEARNING
from bookings.models import LessonType
from bookings.services import WishedTimes

NOT_BEFORE, OVER_BY = gettext_lazy("Not before"), gettext_lazy("Over by")


class WishForm(forms.Form):
    """What a student waits for; only the lesson has to be named."""

    lesson_type: "forms.ModelChoiceField[LessonType]" = forms.ModelChoiceField(
        label=gettext_lazy("Lesson"), queryset=None, empty_label=None
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Weekdays"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: any day suits."),
    )
    earliest = forms.TimeField(label=NOT_BEFORE, required=False, widget=TimeInput(NOT_BEFORE))
    latest = forms.TimeField(label=OVER_BY, required=False, widget=TimeInput(OVER_BY))
    teacher: "forms.ModelChoiceField[Teacher]" = forms.ModelChoiceField(
        label=gettext_lazy("Teacher"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("Any teacher"),
    )
    department: "forms.ModelChoiceField[Department]" = forms.ModelChoiceField(
        label=gettext_lazy("Department"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("Anywhere"),
    )
    first_day = DayField(label=gettext_lazy("First day"), required=False)
    last_day = DayField(
        label=gettext_lazy("Last day"),
        required=False,
        help_text=gettext_lazy("After this day the wish ends by itself."),
    )

    def __init__(
        self, *args: Any, member: Membership, student: Student | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        names = get_day_names("wide", locale=to_locale(get_language() or "en"))
        self._set("weekdays", choices=[(day, names[day].capitalize()) for day in range(7)])
        self._set("lesson_type", queryset=lesson_types_for(member, student))
        teachers = Teacher.objects.visible_to(member).filter(is_active=True)
        named = teachers.select_related("membership__user").order_by("membership__user__full_name")
        self._set("teacher", queryset=named)
        departments = Department.objects.filter(is_active=True).order_by("name")
        self._set("department", queryset=departments)
        if departments.count() < 2:  # noqa: PLR2004 -- one place is no choice
            del self.fields["department"]

    def _set(self, field: str, **values: Any) -> None:
        for name, value in values.items():
            setattr(self.fields[field], name, value)

    @property
    def times(self) -> WishedTimes:
        given = self.cleaned_data
        teacher, department = given["teacher"], given.get("department")
        return WishedTimes(
            teacher_id=teacher.pk if teacher else None,
            department_id=department.pk if department else None,
            weekdays=tuple(given["weekdays"]),
            earliest=given["earliest"],
            latest=given["latest"],
            first_day=given["first_day"],
            last_day=given["last_day"],
        )


class DeskWishForm(WishForm):
    """The office puts a student on the list."""

    student: "forms.ModelChoiceField[Student]" = forms.ModelChoiceField(
        label=gettext_lazy("Student"), queryset=None, empty_label=""
    )
    field_order = ("student",)

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, member=member, student=None, **kwargs)
        students = Student.objects.visible_to(member).filter(status__in=LEARNING)
        self._set(
            "student",
            queryset=students.select_related("membership__user").order_by(
                "membership__user__full_name"
            ),
        )


def lesson_types_for(member: Membership, student: Student | None) -> QuerySet[LessonType]:
    """What one may wish for: a student what they can book themselves, the office everything."""
    found: QuerySet[LessonType] = LessonType.objects.visible_to(member).filter(is_active=True)
    if student is not None:
        found = found.bookable_by_students().filter(licence_category=student.licence_category)  # type: ignore[attr-defined]  # our own queryset
    return found.order_by("name")
