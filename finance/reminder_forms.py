"""What people type about reminders: the steps of the ladder, and what was agreed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from administration.forms.fields import MoneyField, typed
from administration.models import School
from bookings.forms.week import NearDayField
from finance.enums import FollowUpKind, ReminderAction
from finance.models import ReminderStep

A = ReminderAction


class StepForm(forms.Form):
    """One step of the ladder."""

    action = forms.ChoiceField(
        label=_("What happens"), choices=A.choices, widget=forms.RadioSelect, initial=A.REMINDER
    )
    days = forms.IntegerField(
        label=_("Days"),
        min_value=0,
        max_value=365,
        help_text=_("After the due date; for the friendly reminder, before it."),
    )
    fee = forms.Field()
    blocks_booking = forms.BooleanField(label=_("No new bookings until it is paid"), required=False)

    def __init__(
        self, *args: Any, school: School, step: ReminderStep | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        label = _("Fee, %(currency)s") % {"currency": school.currency}
        self.fields["fee"] = MoneyField(currency=school.currency, label=label, required=False)
        self.order_fields(["action", "days", "fee", "blocks_booking"])
        if step is not None:
            self.initial = {
                "action": step.action,
                "days": abs(step.days),
                "fee": typed(step.fee) if step.fee_minor else "",
                "blocks_booking": step.blocks_booking,
            }

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        action, days, fee = said.get("action"), said.get("days"), said.get("fee")
        if action == A.FEE and "fee" in said and not fee:
            self.add_error("fee", _("Write the fee."))
        if action and action != A.FEE and fee:
            self.add_error("fee", _("Only a reminder with a fee has one."))
        if action == A.FRIENDLY:
            self._check_friendly(days, said)
        elif action and days == 0:
            self.add_error("days", _("Write at least one day after the due date."))
        return said

    def _check_friendly(self, days: int | None, said: dict[str, Any]) -> None:
        if days is not None and days > 30:  # noqa: PLR2004 -- as its constraint
            self.add_error("days", _("A friendly reminder comes at most 30 days before."))
        if said.get("blocks_booking"):
            text = _("What is not overdue yet blocks no bookings.")
            self.add_error("blocks_booking", text)

    def values(self) -> dict[str, Any]:
        """The fields of ReminderStep."""
        said = self.cleaned_data
        is_before = said["action"] == A.FRIENDLY
        return {
            "action": said["action"],
            "days": -said["days"] if is_before else said["days"],
            "fee_minor": said["fee"].minor if said["fee"] else 0,
            "blocks_booking": said["blocks_booking"],
        }


class FollowUpForm(forms.Form):
    """What the office did about an unpaid invoice."""

    kind = forms.ChoiceField(label=_("What you want to do"), widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("What was said or agreed"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The student does not see it."),
    )
    until = NearDayField(
        label=_("Pause to the end of"),
        required=False,
        help_text=_("Without a day it rests until somebody resumes it."),
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, is_open: bool, is_paused: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(FollowUpKind.NOTE, _("Write a note"))]
        if is_open:
            choices.append((FollowUpKind.PAUSED, _("Pause the reminders")))
        if is_paused:
            choices.append((FollowUpKind.RESUMED, _("Resume the reminders")))
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- declared above
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("until") and said.get("kind") in {FollowUpKind.NOTE, FollowUpKind.RESUMED}:
            self.add_error("until", _("Only a pause has a last day."))
        return said
