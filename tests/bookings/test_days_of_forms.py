"""Days that staff type: none of another century, and a clear word about which are possible."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import translation

from bookings.forms import SickDayForm
from bookings.forms.availability import AbsenceForm, PlanDaysForm
from bookings.forms.booking import DeskBookingForm, DeskMoveForm
from bookings.forms.rearranging import RearrangeForm
from bookings.forms.upkeep import OutageForm
from bookings.forms.week import NearDayField
from bookings.models import Absence, SickDay
from tests.factories import NOW

TODAY = NOW.date()
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def on_monday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize("years", (1, 2))
@pytest.mark.parametrize("sign", (-1, 1))
def test_the_last_day_in_reach_is_taken_and_the_next_is_not(years, sign):
    field, edge = NearDayField(years=years), TODAY + sign * years * 366 * DAY
    assert field.clean(edge.isoformat()) == edge
    with pytest.raises(ValidationError) as refused:
        field.clean((edge + sign * DAY).isoformat())
    assert refused.value.code == "too-far-away"


def test_the_bounds_are_said():
    with translation.override("da"), pytest.raises(ValidationError) as refused:
        NearDayField().clean("2200-01-01")
    assert refused.value.messages == ["Vælg en dag fra 1. marts 2025 til 3. marts 2027."]


@pytest.mark.parametrize(
    ("form", "names"),
    (
        (SickDayForm, ("first_day", "last_day")),
        (AbsenceForm, ("first_day", "last_day")),
        (OutageForm, ("first_day", "last_day")),
        (PlanDaysForm, ("first_day", "last_day")),
        (DeskBookingForm, ("day",)),
        (DeskMoveForm, ("day",)),
        (RearrangeForm, ("to_day",)),
    ),
)
def test_the_forms_of_the_staff_take_no_day_of_another_century(form, names):
    assert all(isinstance(form.base_fields[name], NearDayField) for name in names)


@pytest.mark.parametrize(("days", "is_taken"), ((31, True), (32, False)))
def test_a_month_of_sick_days_is_the_most(cast, days, is_taken):
    last = TODAY + (days - 1) * DAY
    typed = {"teacher": cast.teacher.pk, "first_day": str(TODAY), "last_day": str(last)}
    form = SickDayForm(typed, member=cast.office)
    with translation.override("en"):
        assert form.is_valid() == is_taken
    said = [] if is_taken else ["Report at most 31 days at a time."]
    assert form.errors.get("last_day", []) == said


def test_nobody_is_ill_in_another_century(cast, signed_in):
    asked = {"teacher": cast.teacher.pk, "first_day": "2200-01-01", "last_day": "2200-01-01"}
    page = reverse("bookings:sick_day", args=[cast.school.slug])
    answer = signed_in(cast.office).post(page, asked | {"choices": "1"})
    assert (answer.status_code, set(answer.context["form"].errors)) == (
        422,
        {"first_day", "last_day"},
    )
    assert 'value="2200-01-01"' in answer.content.decode()
    assert not SickDay.objects.exists()
    assert not Absence.objects.exists()
