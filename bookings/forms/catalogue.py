"""Lesson types, vehicles and rooms as people edit them."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from administration.enums import Gearbox, LicenceCategory
from administration.models import Department, Membership
from bookings.enums import EligibilityAttribute, LessonColour, ResourceKind
from bookings.forms.booking import offer
from bookings.models import CancellationTerms, EligibilityRule, LessonType, Resource
from bookings.services.catalogue import LESSON_TYPE_FIELDS, RESOURCE_FIELDS, Demand


def plain(fields: tuple[str, ...], *, without: str) -> tuple[str, ...]:
    """The fields a form can be built from outside a school's scope: all but the one that looks up
    rows, which the form declares itself.
    """
    return tuple(field for field in fields if field != without)


class ResourceForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the checker only
    department: "forms.ModelChoiceField[Department]" = forms.ModelChoiceField(
        label=gettext_lazy("Department"), queryset=None
    )
    licence_categories = forms.MultipleChoiceField(
        label=gettext_lazy("Licence categories"),
        choices=LicenceCategory.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Resource
        fields = plain(RESOURCE_FIELDS, without="department")
        help_texts: ClassVar = {
            "buffer_before_minutes": gettext_lazy(
                "To get it ready. If the lesson type needs longer, that counts."
            ),
            "buffer_after_minutes": gettext_lazy(
                "To clean, refuel or charge it. Lessons already booked stay as they are."
            ),
        }

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departments = Department.objects.visible_to(member).filter(is_active=True).order_by("name")
        offer(self, "department", departments)
        self.initial["department"] = self.instance.department_id
        self.fields["gearbox"].choices = [("", _("Does not matter")), *Gearbox.choices]  # type: ignore[attr-defined]  # a ChoiceField


class LessonTypeForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the checker only
    cancellation_terms: "forms.ModelChoiceField[CancellationTerms]" = forms.ModelChoiceField(
        label=gettext_lazy("Cancellation terms"),
        queryset=None,
        help_text=gettext_lazy("Lessons already booked keep the terms they have."),
    )
    colour = forms.ChoiceField(
        label=gettext_lazy("Colour in the calendar"),
        choices=LessonColour.choices,
        initial=LessonColour.ACCENT,
        widget=forms.RadioSelect,
    )
    needs = forms.MultipleChoiceField(
        label=gettext_lazy("Needs one of each"),
        choices=ResourceKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = LessonType
        fields = plain(LESSON_TYPE_FIELDS, without="cancellation_terms")
        help_texts: ClassVar = {
            "duration_minutes": gettext_lazy("How long one lesson lasts."),
            "other_durations": gettext_lazy("Separated by commas, for example 45, 135."),
            "buffer_before_minutes": gettext_lazy("To get ready: teacher and car are kept free."),
            "buffer_after_minutes": gettext_lazy("To drive back, clean or charge."),
            "slot_minutes": gettext_lazy("Students are offered a start this often."),
            "min_notice_hours": gettext_lazy("Students book at least this long ahead."),
            "max_advance_days": gettext_lazy("Students book at most this long ahead."),
            "self_booking": gettext_lazy(
                "“On request” waits for the teacher or the office to confirm."
            ),
            "hold_minutes": gettext_lazy("After that the time is free for others again."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        standing = self.instance.cancellation_terms_id
        newest = CancellationTerms.objects.order_by("name", "-version").distinct("name")
        offered = Q(pk__in=newest.values("pk")) | Q(pk=standing)
        offer(
            self, "cancellation_terms", CancellationTerms.objects.filter(offered).order_by("name")
        )
        self.initial["cancellation_terms"] = standing
        if self.instance.pk:
            self.initial["needs"] = [need.kind for need in self.instance.needs.all()]


class EligibilityForm(forms.Form):
    """What a student must be and have. An empty bound asks nothing; ages are years and months."""

    MEASURES: ClassVar = {
        EligibilityAttribute.HEIGHT_CM: (gettext_lazy("Height, cm"), 250),
        EligibilityAttribute.WEIGHT_KG: (gettext_lazy("Weight, kg"), 300),
    }
    PAPERS: ClassVar = (
        EligibilityAttribute.MEDICAL,
        EligibilityAttribute.FIRST_AID,
        EligibilityAttribute.CONSENT,
        EligibilityAttribute.IDENTITY,
    )
    papers = forms.MultipleChoiceField(
        label=gettext_lazy("Valid on the day of the lesson"),
        choices=[(paper.value, paper.label) for paper in PAPERS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, standing: Iterable[EligibilityRule] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for bound, years, months in (
            ("minimum", _("Age from, years"), _("and months")),
            ("maximum", _("Age up to, years"), _("and months")),
        ):
            self._add(f"age_{bound}_years", years, 99)
            self._add(f"age_{bound}_months", months, 11)
        for attribute, (label, most) in self.MEASURES.items():
            self._add(f"{attribute}_minimum", _("%(what)s, from") % {"what": label}, most)
            self._add(f"{attribute}_maximum", _("%(what)s, up to") % {"what": label}, most)
        for rule in standing:
            self._show(rule)

    def _add(self, name: str, label: str, most: int) -> None:
        self.fields[name] = forms.IntegerField(
            label=label, min_value=0, max_value=most, required=False
        )

    def _show(self, rule: EligibilityRule) -> None:
        if rule.attribute in self.PAPERS:
            self.initial.setdefault("papers", []).append(rule.attribute)
            return
        for bound in ("minimum", "maximum"):
            value = getattr(rule, bound)
            if rule.attribute == EligibilityAttribute.AGE_MONTHS:
                years, months = divmod(value, 12) if value is not None else (None, None)
                self.initial[f"age_{bound}_years"] = years
                self.initial[f"age_{bound}_months"] = months
            else:
                self.initial[f"{rule.attribute}_{bound}"] = value

    def measures(self) -> list[forms.BoundField]:
        names = [name for name in self.fields if name != "papers"]
        return [self[name] for name in names]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for attribute, field in (
            (EligibilityAttribute.AGE_MONTHS, "age_maximum_years"),
            *((attribute, f"{attribute}_maximum") for attribute in self.MEASURES),
        ):
            least, most = self._bounds(attribute, cleaned)
            if least is not None and most is not None and least > most:
                self.add_error(field, _("The upper bound is below the lower one."))
        return cleaned

    def _bounds(
        self, attribute: EligibilityAttribute, cleaned: dict[str, Any]
    ) -> tuple[int | None, int | None]:
        if attribute == EligibilityAttribute.AGE_MONTHS:
            least, most = (_months(cleaned, bound) for bound in ("minimum", "maximum"))
            return least, most
        return cleaned.get(f"{attribute}_minimum"), cleaned.get(f"{attribute}_maximum")

    def demands(self) -> list[Demand]:
        """Only after ``is_valid``."""
        asked = []
        for attribute in (EligibilityAttribute.AGE_MONTHS, *self.MEASURES):
            least, most = self._bounds(attribute, self.cleaned_data)
            if least is not None or most is not None:
                asked.append(Demand(attribute, least, most))
        papers = [EligibilityAttribute(paper) for paper in self.cleaned_data["papers"]]
        return [*asked, *(Demand(paper) for paper in papers)]


def _months(cleaned: dict[str, Any], bound: str) -> int | None:
    """Years and months as months; None when both are empty."""
    years, months = cleaned.get(f"age_{bound}_years"), cleaned.get(f"age_{bound}_months")
    return None if years is None and months is None else 12 * (years or 0) + (months or 0)
