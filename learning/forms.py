"""The completion sheet and its parts: they read what was typed and word what is missing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from bookings.services import Attendance
from justdriving.kernel.ids import ids_in
from justdriving.kernel.policy import Refused
from learning.enums import Presence, StepOutcome
from learning.models import LessonPlan, LessonRecord
from learning.queries import Class, Seat
from learning.services import Taught

LONGEST = 720


class AttendanceForm(forms.Form):
    """Whether one student came, and the minutes really used."""

    attended = forms.BooleanField(label=pgettext_lazy("student", "Came"), required=False)
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"), min_value=1, max_value=LONGEST, required=False
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("attended") and not cleaned.get("minutes") and "minutes" not in self.errors:
            self.add_error("minutes", _("How many minutes did the lesson last?"))
        return cleaned

    @property
    def attendance(self) -> Attendance:
        came = self.cleaned_data["attended"]
        return Attendance(attended=came, minutes=self.cleaned_data["minutes"] if came else None)


class RosterForm(forms.Form):
    """One student of a class: there, absent, or excused, and the minutes really used."""

    presence = forms.ChoiceField(
        label=gettext_lazy("Attendance"),
        choices=Presence,
        error_messages={"required": gettext_lazy("Say whether the student came.")},
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"), min_value=1, max_value=LONGEST, required=False
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        came = cleaned.get("presence") == Presence.CAME
        if came and not cleaned.get("minutes") and "minutes" not in self.errors:
            self.add_error("minutes", _("How many minutes did the lesson last?"))
        return cleaned

    @property
    def attendance(self) -> Attendance:
        presence = self.cleaned_data["presence"]
        came = presence == Presence.CAME
        return Attendance(
            attended=came,
            minutes=self.cleaned_data["minutes"] if came else None,
            excused=presence == Presence.EXCUSED,
        )


class TaughtForm(forms.Form):
    """Which steps were covered or are to be repeated, and the notes."""

    covered = forms.TypedMultipleChoiceField(
        label=StepOutcome.COVERED.label, coerce=int, required=False
    )
    repeat = forms.TypedMultipleChoiceField(
        label=StepOutcome.REPEAT.label, coerce=int, required=False
    )
    note_shared = forms.CharField(
        label=gettext_lazy("Note to the student"),
        help_text=gettext_lazy("The student reads it and signs for it."),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    note_internal = forms.CharField(
        label=gettext_lazy("Internal note"),
        help_text=gettext_lazy("Only the school reads it."),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, steps: Iterable[int] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(step, step) for step in steps]
        for name in ("covered", "repeat"):
            field = self.fields[name]
            assert isinstance(field, forms.TypedMultipleChoiceField)  # noqa: S101 -- tells the type checker
            field.choices = choices

    def _ticked(self, name: str) -> set[int]:
        return set(ids_in(self[name].value() or ()))

    @property
    def covered_ids(self) -> set[int]:
        return self._ticked("covered")

    @property
    def repeat_ids(self) -> set[int]:
        return self._ticked("repeat")

    @property
    def taught(self) -> Taught:
        return Taught(**self.cleaned_data)

    @classmethod
    def of_record(cls, record: LessonRecord, pupils: Class, data: Any = None) -> "TaughtForm":
        """The form of a record that is being written up, filled with what it says now."""
        steps: dict[str, list[int]] = {outcome: [] for outcome in StepOutcome.values}
        for recorded in record.steps.all():
            steps[recorded.outcome].append(recorded.step_id)
        initial = {
            "covered": steps[StepOutcome.COVERED],
            "repeat": steps[StepOutcome.REPEAT],
            "note_shared": record.note_shared,
            "note_internal": record.note_internal,
        }
        return cls(data, prefix=pupils.key, initial=initial, steps=pupils.step_ids)


class Problem(NamedTuple):
    """One thing that is wrong; ``target`` is the id of its field, empty for the whole sheet."""

    text: str
    target: str


def _problems(form: forms.Form, whose: str = "") -> Iterator[Problem]:
    for error in form.non_field_errors():
        yield Problem(str(error), "")
    for field in form:
        name = ", ".join(filter(None, (whose, str(field.label))))
        for error in field.errors:
            yield Problem(f"{name}: {error}", field.id_for_label)


class SignForm(forms.Form):
    sign = forms.BooleanField(label=gettext_lazy("Sign now"), required=False)


class CompletionSheet:
    """Everything a teacher fills in to complete one lesson: one page, one POST."""

    def __init__(
        self,
        seats: Sequence[Seat],
        classes: Sequence[Class],
        *,
        minutes: int,
        is_class: bool = False,
        all_came: bool = False,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        self.is_bound = data is not None
        self.is_class = is_class
        came = {"presence": Presence.CAME} if all_came else {}
        known = came if is_class else {"attended": True}
        form = RosterForm if is_class else AttendanceForm
        self.seats = [
            (
                seat,
                form(
                    data,
                    prefix=f"seat{seat.participation.pk}",
                    initial=known | {"minutes": seat.participation.planned_minutes or minutes},
                ),
            )
            for seat in seats
        ]
        self.classes = [
            (pupils, TaughtForm(data, prefix=pupils.key, steps=pupils.step_ids))
            for pupils in classes
        ]
        self.signing = SignForm(data, initial={"sign": True})

    def is_valid(self) -> bool:
        return not self.errors

    def refuse(self, refused: Refused) -> None:
        for refusal in refused.refusals:
            self.signing.add_error(None, refusal.message)

    @property
    def errors(self) -> list[Problem]:
        """What is wrong on the whole sheet, one sentence each, with whose field it is about."""
        said = list(_problems(self.signing))
        for seat, form in self.seats:
            said += _problems(form, seat.name)
        for pupils, taught in self.classes:
            said += _problems(taught, ", ".join(pupils.names) if len(self.classes) > 1 else "")
        return said

    @property
    def attendance(self) -> dict[int, Attendance]:
        return {seat.participation.pk: form.attendance for seat, form in self.seats}

    @property
    def teaching(self) -> dict[int, Taught]:
        return {
            place: form.taught for pupils, form in self.classes for place in pupils.participations
        }

    @property
    def sign(self) -> bool:
        return bool(self.signing.cleaned_data["sign"])


class ReviewForm(forms.Form):
    """The student's signature: the hash of what their page showed."""

    content_hash = forms.CharField(widget=forms.HiddenInput, max_length=64)


class PlanField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in the stubs only
    def label_from_instance(self, obj: LessonPlan) -> str:
        words = _("%(name)s, version %(version)s")
        return words % {"name": obj.name, "version": obj.version}


class AssignForm(forms.Form):
    lesson_plan = PlanField(
        label=gettext_lazy("Lesson plan"),
        queryset=None,
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": gettext_lazy("Choose a plan.")},
    )

    def __init__(self, *args: Any, plans: QuerySet[LessonPlan], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["lesson_plan"]
        assert isinstance(field, PlanField)  # noqa: S101 -- tells the type checker
        field.queryset = plans


class InstallForm(forms.Form):
    key = forms.CharField(widget=forms.HiddenInput, max_length=60)
