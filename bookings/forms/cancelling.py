"""Cancelling a lesson: who asks, why, and whether the fee is waived."""

from dataclasses import replace
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from administration.models import Membership
from administration.permissions import Permission, may
from bookings.enums import BookingStatus, Party, ReasonCategory
from bookings.models import CancellationReason
from bookings.services import Grounds

STUDENT_REASONS = (ReasonCategory.PERSONAL, ReasonCategory.ILLNESS, ReasonCategory.OTHER)
STAFF_REASONS = (
    ReasonCategory.ILLNESS,
    ReasonCategory.WEATHER,
    ReasonCategory.VEHICLE,
    ReasonCategory.PERSONAL,
    ReasonCategory.OTHER,
)
NO_REASON = gettext_lazy("Choose a reason.")


def reasons_for(party: Party) -> list[CancellationReason]:
    """The reasons of the school that this side may choose from, by name."""
    offered = CancellationReason.objects.filter(Q(party="") | Q(party=party), is_active=True)
    return list(offered.order_by("name"))


class GroundsForm(forms.Form):
    """The reason: one of the school's own, or where it has none a plain category."""

    reason_id = forms.TypedChoiceField(
        coerce=int, widget=forms.RadioSelect, error_messages={"required": NO_REASON}
    )
    category = forms.ChoiceField(widget=forms.RadioSelect, error_messages={"required": NO_REASON})
    reason = forms.CharField(
        label=gettext_lazy("A few words"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    waive_fee = forms.BooleanField(
        label=gettext_lazy("Waive the fee"),
        help_text=gettext_lazy(
            "It is charged and credited, and stays in the history with your name."
        ),
        required=False,
    )
    document_seen = forms.BooleanField(
        label=gettext_lazy("I have seen the document"), required=False
    )

    def __init__(self, *args: Any, member: Membership, party: Party, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.party = party
        offered = reasons_for(party)
        name, choices = self._choices(member, offered)
        field = self.fields[name]
        field.choices = choices  # type: ignore[attr-defined]  # a ChoiceField
        field.label = _("Why?")
        del self.fields["category" if name == "reason_id" else "reason_id"]
        if not (member.is_staff_role and may(member, Permission.WAIVE_FEE)):
            del self.fields["waive_fee"], self.fields["document_seen"]

    def _choices(
        self, member: Membership, offered: list[CancellationReason]
    ) -> tuple[str, list[tuple[Any, str]]]:
        if offered:
            return "reason_id", [(one.pk, self._named(one, member)) for one in offered]
        plain = STAFF_REASONS if member.is_staff_role else STUDENT_REASONS
        return "category", [(one.value, str(one.label)) for one in plain]

    def _named(self, reason: CancellationReason, member: Membership) -> str:
        marks = []
        if reason.waives_fee and member.is_staff_role:
            marks.append(_("the fee may be waived"))
        if reason.needs_document:
            marks.append(_("needs a document"))
        return f"{reason.name} ({', '.join(marks)})" if marks else reason.name

    @property
    def grounds(self) -> Grounds:
        """What was said, once the form is valid."""
        given = self.cleaned_data
        return Grounds(
            party=self.party,
            reason_id=given.get("reason_id"),
            words=given["reason"],
            category=given.get("category", ""),
            waive_fee=given.get("waive_fee", False),
            document_seen=given.get("document_seen", False),
        )


class CancelForm(GroundsForm):
    """Why, and the status and fee that were shown: they must still hold when it is pressed."""

    is_muted = forms.BooleanField(label=gettext_lazy("Send no message about it"), required=False)
    expected_fee = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    expected_status = forms.TypedChoiceField(
        coerce=BookingStatus, choices=BookingStatus.choices, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, member: Membership, party: Party, **kwargs: Any) -> None:
        super().__init__(*args, member=member, party=party, **kwargs)
        if not member.is_staff_role:
            del self.fields["is_muted"]

    def without_waiver(self) -> None:
        """Nothing is owed: there is nothing to waive."""
        for name in ("waive_fee", "document_seen"):
            self.fields.pop(name, None)


class WaiveForm(GroundsForm):
    """A fee is waived when the invoice is out already."""

    def __init__(self, *args: Any, member: Membership, party: Party, **kwargs: Any) -> None:
        super().__init__(*args, member=member, party=party, **kwargs)
        self.fields.pop("waive_fee", None)

    @property
    def grounds(self) -> Grounds:
        return replace(super().grounds, waive_fee=True)


class ReasonForm(forms.Form):
    """A few words for the history, and for whoever is told."""

    reason = forms.CharField(
        label=gettext_lazy("A few words"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
