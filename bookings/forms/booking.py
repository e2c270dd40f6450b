"""Booking, moving and cancelling a lesson: what is typed, and how a refusal is worded back."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.functional import SimpleLazyObject, cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from administration.enums import StudentStatus
from administration.forms.fields import RowField
from administration.models import Membership, Student, Teacher
from administration.permissions import Permission, may
from bookings.enums import ParticipationStatus, Party
from bookings.forms.week import NearDayField, TimeInput
from bookings.models import Booking, LessonType, Resource
from bookings.policies import each_once, may_act_for, party_of
from bookings.services import LessonRequest
from justdriving.kernel.clock import NoSuchWallTime, instant
from justdriving.kernel.ids import id_in
from justdriving.kernel.policy import Refused

LEARNING = (StudentStatus.REGISTERED, StudentStatus.ACTIVE, StudentStatus.PAUSED)
ASKING = (
    (Party.SCHOOL, gettext_lazy("The school")),
    (Party.TEACHER, gettext_lazy("The teacher")),
    (Party.STUDENT, gettext_lazy("The student")),
)
CANCELLED = ParticipationStatus.CANCELLED
OVERRIDE = "override_"
REASON = "why_"
SAID = "said_"


class RequestKeyForm(forms.Form):
    """A form that creates something: sent twice, it creates it once."""

    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("request_key", uuid.uuid4())


class BookForm(RequestKeyForm):
    """A student takes the time chosen on the page; the price is the one the page showed."""

    place = forms.CharField(
        label=gettext_lazy("Where should you be picked up?"), max_length=200, required=False
    )
    expected_price = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)
    accepts_late_terms = forms.BooleanField(
        label=gettext_lazy("I know that cancelling this lesson costs money from now on"),
        required=False,
    )


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule in the way that may be overruled by name; ``reason`` is what was typed for it."""

    code: str
    message: str
    is_overridden: bool
    reason: str

    @property
    def field(self) -> str:
        return OVERRIDE + self.code

    @property
    def reason_field(self) -> str:
        return REASON + self.code

    @property
    def words_field(self) -> str:
        """Carries the message along, for the line of a rule that no longer stands in the way."""
        return SAID + self.code

    @property
    def missing(self) -> str:
        """What is still to be done to overrule it; empty when it is."""
        if not self.is_overridden and not self.reason:
            return _("Tick the rule and write a reason to do it anyway.")
        if not self.is_overridden:
            return _("Tick the rule to do it anyway.")
        return "" if self.reason else _("Write a reason to do it anyway.")


class OverrideForm(forms.Form):
    """Lists the rules in the way, each with "book anyway" and a reason, for those who may."""

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        self.may_override = may(member, Permission.OVERRIDE_RULE)
        self.broken_rules: list[BrokenRule] = []

    @property
    def overrides(self) -> dict[str, str]:
        """Rule code -> reason, for every rule ticked with a reason."""
        if not self.may_override:
            return {}
        ticked = [name.removeprefix(OVERRIDE) for name in self.data if name.startswith(OVERRIDE)]
        reasons = {code: self.data.get(REASON + code, "").strip() for code in ticked}
        return {code: reason for code, reason in reasons.items() if reason}

    def refuse(self, refused: Refused) -> None:
        """Show why it was refused; what may be overruled gets its own line."""
        for refusal in refused.refusals:
            ticked = OVERRIDE + refusal.code in self.data
            reason = self.data.get(REASON + refusal.code, "").strip()
            if not (self.may_override and refusal.overridable):
                self.add_error(None, str(refusal.message))
                continue
            self.broken_rules.append(BrokenRule(refusal.code, str(refusal.message), ticked, reason))
            missing = ticked and not reason
            self.add_error(
                None,
                _("%(rule)s Write a reason to do it anyway.") % {"rule": refusal.message}
                if missing
                else str(refusal.message),
            )
        self._keep_granted()

    def _keep_granted(self) -> None:
        """What was overruled already stays ticked, so that one more refusal costs no typing."""
        shown = {rule.code for rule in self.broken_rules}
        for code, reason in self.overrides.items():
            if code not in shown:
                words = self.data.get(SAID + code, code)
                self.broken_rules.append(BrokenRule(code, words, is_overridden=True, reason=reason))


class WallTimeForm(OverrideForm):
    """A day and a time on the school's clock."""

    day = NearDayField(label=gettext_lazy("Date"))
    time = forms.TimeField(
        label=gettext_lazy("Time"), widget=TimeInput(gettext_lazy("Time")), input_formats=["%H:%M"]
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("day") and cleaned.get("time"):
            try:
                cleaned["starts_at"] = instant(
                    cleaned["day"], cleaned["time"], self.member.school.zone
                )
            except NoSuchWallTime:
                self.add_error("time", _("The clock skips this time on that night."))
        return cleaned


class DeskBookingForm(WallTimeForm, RequestKeyForm):
    """The staff's way to book: anybody they look after, any time, rules overruled by name."""

    student = RowField(label=gettext_lazy("Student"), queryset=None)
    lesson_type = RowField(label=gettext_lazy("Lesson type"), queryset=None)
    teacher = RowField(label=gettext_lazy("Teacher"), queryset=None)
    resource = RowField(
        label=gettext_lazy("Vehicle or room"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("Choose for me"),
    )
    place = forms.CharField(label=gettext_lazy("Pick-up place"), max_length=200, required=False)
    note = forms.CharField(
        label=gettext_lazy("Note for the student"), max_length=500, required=False
    )
    minutes = forms.TypedChoiceField(
        label=gettext_lazy("Length"),
        coerce=int,
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": gettext_lazy("This lesson type has no such length.")},
    )
    own_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes of the first student"), min_value=1, required=False
    )
    other_student = RowField(
        label=gettext_lazy("Second student"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("Nobody"),
    )
    other_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes of the second student"), min_value=1, required=False
    )
    is_muted = forms.BooleanField(label=gettext_lazy("Send no message about it"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "student", partial(bookable_students, self.member))
        offer(self, "other_student", self._others)
        offer(self, "lesson_type", active_lesson_types)
        self._offer_lengths()
        offer(self, "teacher", partial(teachers_to_book, self.member))
        offer(self, "resource", partial(usable_resources, self.member))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        chosen = [pk for pk in (cleaned.get("student"), cleaned.get("other_student")) if pk]
        if twice := each_once(chosen):
            self.add_error("other_student", twice.message)
        return cleaned

    def _others(self) -> QuerySet[Student]:
        """Who may share the car with the chosen student; the page changes them along."""
        chosen = id_in(_key(self["student"].value())) or 0
        return bookable_students(self.member).exclude(pk=chosen)

    def _offer_lengths(self) -> None:
        """The lengths of the chosen type; the page knows those of the others, to change along."""
        field = self.fields["minutes"]
        field.choices = self._lengths_of_chosen  # type: ignore[attr-defined]  # a ChoiceField
        field.widget.attrs["data-lengths"] = SimpleLazyObject(self._lengths_of_all)

    @cached_property
    def _lengths(self) -> dict[str, list[int]]:
        """By lesson type (id); read when somebody looks, not when the usual length is booked."""
        types: QuerySet[LessonType] = self.fields["lesson_type"].queryset  # type: ignore[attr-defined]  # a ModelChoiceField
        return {str(one.pk): one.other_durations for one in types}

    def refuse(self, refused: Refused) -> None:
        """What was not found is said at the field it was chosen in."""
        if refused.refusal.code == "not-found":
            fields = {name: one for name, one in self.fields.items() if isinstance(one, RowField)}
            for name, field in fields.items():
                chosen = self.cleaned_data.get(name)
                if chosen is not None and field.chosen(chosen) is None:
                    self.add_error(name, field.error_messages["invalid_choice"])
        if not self.errors:
            super().refuse(refused)

    def _lengths_of_chosen(self) -> list[tuple[Any, str]]:
        lengths = self._lengths.get(_key(self["lesson_type"].value()), [])
        return [("", _("The usual length")), *((one, length_in_words(one)) for one in lengths)]

    def _lengths_of_all(self) -> str:
        lengths = self._lengths.items()
        worded = {key: [[one, length_in_words(one)] for one in some] for key, some in lengths}
        return json.dumps(worded)

    @property
    def wanted(self) -> LessonRequest:
        """The lesson that was asked for, once the form is valid."""
        given = self.cleaned_data
        students = [given["student"]]
        own = {given["student"]: given["own_minutes"]}
        if given["other_student"]:
            students.append(given["other_student"])
            own[given["other_student"]] = given["other_minutes"]
        return LessonRequest(
            lesson_type_id=given["lesson_type"],
            teacher_id=given["teacher"],
            student_ids=tuple(students),
            resource_ids=(given["resource"],) if given["resource"] else None,
            starts_at=given["starts_at"],
            place=given["place"],
            note=given["note"],
            minutes=given["minutes"],
            own_minutes={student: minutes for student, minutes in own.items() if minutes},
            draft="draft" in self.data,
        )


class DraftForm(DeskBookingForm):
    """A draft as it is, to be written anew."""

    request_key = None  # type: ignore[assignment]  # how Django leaves a field out
    is_muted = None  # type: ignore[assignment]  # as above

    @staticmethod
    def initial_of(booking: Booking) -> dict[str, Any]:
        """What the form shows first."""
        places = [one for one in booking.participations.all() if one.status != CANCELLED]
        things = list(booking.booking_resources.all())
        first, second = (*places, None, None)[:2]
        usual = booking.lesson_type.duration_minutes
        return {
            "student": first and first.student_id,
            "own_minutes": first and first.planned_minutes,
            "other_student": second and second.student_id,
            "other_minutes": second and second.planned_minutes,
            "lesson_type": booking.lesson_type_id,
            "minutes": booking.minutes if booking.minutes != usual else "",
            "teacher": booking.teacher_id,
            "day": booking.wall_date,
            "time": booking.wall_time,
            "resource": things[0].resource_id if len(things) == 1 else None,
            "place": booking.place,
            "note": booking.note,
        }


class MoveForm(OverrideForm):
    """The student's way to move a lesson: to a time offered on the page, at the price shown."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, required=False)
    expected_price = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)


class DeskMoveForm(WallTimeForm, MoveForm):
    """The staff's way to move a lesson: any time, another teacher or vehicle."""

    teacher: "forms.ModelChoiceField[Teacher]" = forms.ModelChoiceField(
        label=gettext_lazy("Teacher"), queryset=None
    )
    resource: "forms.ModelChoiceField[Resource]" = forms.ModelChoiceField(
        label=gettext_lazy("Vehicle or room"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("Keep or choose for me"),
    )
    requested_by = forms.ChoiceField(label=gettext_lazy("Who asked for it?"), required=False)
    is_muted = forms.BooleanField(label=gettext_lazy("Send no message about it"), required=False)
    field_order = ("day", "time", "teacher", "resource", "requested_by", "reason", "is_muted")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "teacher", teachers_to_book(self.member))
        offer(self, "resource", usable_resources(self.member))
        asked = self.fields["requested_by"]
        asked.choices = asking_choices(self.member)  # type: ignore[attr-defined]  # a ChoiceField

    @property
    def asked_by(self) -> Party:
        """The side that asked, once the form is valid."""
        return Party(self.cleaned_data["requested_by"] or party_of(self.member))


def asking_choices(member: Membership) -> list[tuple[str, Any]]:
    """On whose behalf this member may change a lesson, their own side first."""
    own = party_of(member)
    rest = [one for one in ASKING if one[0] != own and may_act_for(own, one[0]) is None]
    return [*(one for one in ASKING if one[0] == own), *rest]


def length_in_words(minutes: int) -> str:
    """``45 minutes``."""
    return _("%(minutes)s minutes") % {"minutes": minutes}


def _key(chosen: Any) -> str:
    """What a drop-down sends for a row, or for its id."""
    return str(getattr(chosen, "pk", chosen))


def offer(
    form: forms.BaseForm, field: str, rows: QuerySet[Any] | Callable[[], QuerySet[Any]]
) -> None:
    """Let a field choose from these rows; a function that makes them suits a RowField alone."""
    form.fields[field].queryset = rows  # type: ignore[attr-defined]  # a ModelChoiceField


def bookable_students(member: Membership) -> QuerySet[Student]:
    students = Student.objects.visible_to(member).filter(status__in=LEARNING)
    return students.select_related("membership__user").order_by("membership__user__full_name")


def active_lesson_types() -> QuerySet[LessonType]:
    return LessonType.objects.filter(is_active=True).order_by("name")


def teachers_to_book(member: Membership) -> QuerySet[Teacher]:
    """Teachers whose lessons this member may plan: the office everybody's, a teacher their own."""
    teachers = Teacher.objects.visible_to(member).filter(is_active=True)
    if not member.is_office:
        teachers = teachers.filter(membership=member)
    return teachers.select_related("membership__user").order_by("membership__user__full_name")


def usable_resources(member: Membership) -> QuerySet[Resource]:
    return Resource.objects.visible_to(member).filter(is_active=True).order_by("kind", "name")
