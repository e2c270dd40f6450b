"""The pages on which a school edits how it books: who may, what is kept, what is refused."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from administration.models import SettingChange
from bookings.enums import EligibilityAttribute
from bookings.models import (
    Absence,
    AvailabilityException,
    BookingSettings,
    CancellationReason,
    CancellationTerms,
    ClosedDay,
    DailyCap,
    LessonType,
    OpeningHours,
    Resource,
    ResourceDueDate,
    ResourceOutage,
)
from tests.factories import NOON, NOW, BookingFactory, CancellationTermsFactory


@pytest.fixture(autouse=True)
def on_monday_at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def address(cast):
    return lambda name, *args: reverse(f"bookings:{name}", args=[cast.school.slug, *args])


def words(response) -> str:
    return " ".join(response.content.decode().split())


def terms_form(name="Short", version=0, **changes):
    return {
        "name": name,
        "no_show_percent": "80",
        "version": version,
        "form-TOTAL_FORMS": 2,
        "form-INITIAL_FORMS": 0,
        "form-0-party": "student",
        "form-0-amount": "1",
        "form-0-deadline": "business_days_before",
        "form-0-clock_time": "12:00",
        "form-0-cost": "percent",
        "form-0-percent": "50",
        "form-1-party": "student",
        "form-1-deadline": "hours_before",
        "form-1-cost": "percent",
    } | changes


OWNER_ONLY = (
    "booking_rules", "opening_hours", "closed_days", "holidays", "terms_list", "terms_new",
    "terms_preview", "reasons", "reason_new", "lesson_types",
)  # fmt: skip


@pytest.mark.parametrize("name", OWNER_ONLY)
def test_the_rules_are_the_owners(cast, signed_in, address, name):
    statuses = [
        signed_in(getattr(cast, who)).get(address(name)).status_code
        for who in ("owner", "office", "teacher", "student")
    ]
    assert statuses == [200, 403, 403, 403]


@pytest.mark.parametrize("name", OWNER_ONLY)
def test_looking_writes_nothing(cast, signed_in, address, name):
    signed_in(cast.owner).get(address(name))
    assert not SettingChange.objects.exists()
    assert not BookingSettings.objects.exists()
    assert CancellationTerms.objects.count() == 1


def test_what_belongs_to_another_school_is_not_found(cast, other_school, signed_in, address):
    client = signed_in(cast.owner)
    theirs = other_school.lesson_type.cancellation_terms_id
    for name, pk in (
        ("terms_edit", theirs),
        ("booking_rules_of", other_school.department.pk),
        ("opening_hours_of", other_school.department.pk),
        ("resource_due", other_school.vehicle.pk),
        ("outage_add", other_school.vehicle.pk),
        ("planned_days", other_school.teacher.pk),
    ):
        assert client.post(address(name, pk), {}).status_code == 404, name


def test_terms_are_written_and_shown_with_an_example(cast, signed_in, address):
    client = signed_in(cast.owner)
    form = terms_form(lesson_types=[cast.lesson_type.pk])
    assert client.post(address("terms_new"), form).url == address("terms_list")
    made = CancellationTerms.objects.get(name="Short")
    assert (made.no_show_percent, made.steps.get().percent) == (80, 50)
    page = words(client.get(address("terms_edit", made.pk)))
    assert "Free until Fri 6 Mar 12:00, then 50 % = DKK 275.00" in page.replace("\xa0", " ")
    assert "Student, from 12:00 1 business day before: 50 % of the price" in page


@pytest.mark.parametrize(
    ("changes", "complaint"),
    (
        ({"form-0-clock_time": ""}, "Write the time of day"),
        ({"form-0-percent": ""}, "Write how many per cent"),
        ({"form-0-cost": "fixed"}, "Write the amount"),
        ({"form-0-amount": ""}, "Write how many days or hours before"),
        ({"name": ""}, "This field is required"),
    ),
)
def test_a_step_that_is_not_whole_is_explained(cast, signed_in, address, changes, complaint):
    answer = signed_in(cast.owner).post(address("terms_new"), terms_form(**changes))
    assert answer.status_code == 422
    assert complaint in words(answer)
    assert 'value="80"' in words(answer)
    assert CancellationTerms.objects.count() == 1


def test_terms_of_a_stale_page_are_refused_with_what_was_typed(cast, signed_in, address):
    old = cast.lesson_type.cancellation_terms
    CancellationTermsFactory(school=cast.school, name=old.name, version=2)
    form = terms_form(name=old.name, version=1, lesson_types=[cast.lesson_type.pk])
    answer = signed_in(cast.owner).post(address("terms_edit", old.pk), form)
    assert answer.status_code == 422
    assert "Somebody changed these terms meanwhile." in words(answer)


def test_the_preview_says_what_is_typed_and_stores_nothing(cast, signed_in, address):
    client = signed_in(cast.owner)
    page = words(client.get(address("terms_preview"), terms_form()))
    assert "then 50 %" in page
    unfinished = words(client.get(address("terms_preview"), terms_form(**{"form-0-percent": ""})))
    assert "A step is not finished yet" in unfinished


def test_a_preset_is_one_click(cast, signed_in, address):
    client = signed_in(cast.owner)
    client.post(address("terms_preset"), {"preset": "danish"})
    client.post(address("terms_preset"), {"preset": "unknown"})
    assert CancellationTerms.objects.count() == 4


def test_reasons_are_added_and_named_once(cast, signed_in, address):
    client = signed_in(cast.owner)
    form = {"name": "Ill", "category": "illness", "party": "student", "is_active": "on"}
    assert client.post(address("reason_new"), form).status_code == 302
    assert client.post(address("reason_new"), form).status_code == 422
    reason = CancellationReason.objects.get()
    client.post(address("reason_edit", reason.pk), form | {"waives_fee": "on"})
    assert CancellationReason.objects.get().waives_fee


@pytest.mark.parametrize(
    "name", ("max_active_bookings", "max_bookings_per_day", "max_bookings_per_week")
)
def test_a_limit_by_which_nobody_could_book_is_refused(cast, signed_in, address, name):
    client = signed_in(cast.owner)

    page = client.post(address("booking_rules"), {"version": 0, name: "0"})

    assert page.status_code == 422
    assert "With 0 nobody could book" in words(page)
    assert client.post(address("booking_rules"), {"version": 0, name: "1"}).status_code == 302


def test_limits_and_caps_are_saved_together(cast, signed_in, address):
    client = signed_in(cast.owner)
    form = {"version": 0, "max_moves": 2, "max_debt_minor": "1.000,50", "theory_most": 4}
    assert client.post(address("booking_rules"), form).status_code == 302
    stored = BookingSettings.objects.get()
    assert (stored.max_moves, stored.max_debt_minor) == (2, 1_000_50)
    assert DailyCap.objects.get().most == 4
    assert client.post(address("booking_rules"), form).status_code == 422  # the page grew stale
    wrong = form | {"version": 1, "theory_most_together": 3}
    assert "together it cannot be less" in words(client.post(address("booking_rules"), wrong))


def test_a_department_shows_the_schools_value(cast, signed_in, address):
    client = signed_in(cast.owner)
    client.post(address("booking_rules"), {"version": 0, "max_moves": 2})
    client.post(address("danish_rules"))
    page = words(client.get(address("booking_rules_of", cast.department.pk)))
    assert 'placeholder="as the school: 2"' in page
    assert DailyCap.objects.count() == 4


def test_opening_hours_are_checked_like_a_teachers(cast, signed_in, address):
    client = signed_in(cast.owner)
    spans = {"day0_from1": "08:00", "day0_to1": "12:00", "day0_from2": "11:00", "day0_to2": "15:00"}
    assert client.post(address("opening_hours"), spans).status_code == 422
    client.post(address("opening_hours"), spans | {"day0_from2": "13:00"})
    assert OpeningHours.objects.count() == 2


def test_closing_days_counts_the_lessons_that_stand_there(cast, signed_in, address):
    BookingFactory(school=cast.school, department=cast.department, starts=NOON)
    client = signed_in(cast.owner)
    form = {"name": "Course", "first_day": "2026-03-05", "last_day": "2026-03-06"}
    page = client.post(address("closed_days"), form, follow=True)
    assert "1 lesson is still booked then" in words(page)
    ids = list(ClosedDay.objects.values_list("pk", flat=True))
    change = {"day": ids, "year": 2026}
    client.post(address("closed_days_change"), change | {"name": "Seminar"})
    assert set(ClosedDay.objects.values_list("name", flat=True)) == {"Seminar"}
    client.post(address("closed_days_change"), change | {"remove": "yes"})
    assert not ClosedDay.objects.exists()
    backwards = form | {"last_day": "2026-03-01"}
    assert client.post(address("closed_days"), backwards).status_code == 422


def test_holidays_are_looked_through_before_they_are_added(cast, signed_in, address):
    client = signed_in(cast.owner)
    assert "Good Friday" in words(client.get(address("holidays") + "?year=2026"))
    assert not ClosedDay.objects.exists()
    ticked = {"year": 2026, "on_2026-04-03": "on", "name_2026-04-03": "Long Friday"}
    for _twice in range(2):
        client.post(address("holidays"), ticked)
    assert [(day.name, day.is_public_holiday) for day in ClosedDay.objects.all()] == [
        ("Long Friday", True)
    ]


def test_ages_are_typed_in_years_and_months(cast, signed_in, address):
    lesson_type = cast.lesson_type
    values = {
        "name": "Skid pad", "kind": "skid_pad", "licence_category": "B", "duration_minutes": 90,
        "other_durations": "45, 135", "capacity": 1, "buffer_before_minutes": 5,
        "buffer_after_minutes": 0, "slot_minutes": 30, "min_notice_hours": 12,
        "max_advance_days": 60, "self_booking": "instant", "hold_minutes": 60, "colour": "rose",
        "cancellation_terms": lesson_type.cancellation_terms_id, "is_active": "on",
        "age_minimum_years": 16, "age_minimum_months": 9, "height_cm_minimum": 150,
        "papers": ["medical"],
    }  # fmt: skip
    client = signed_in(cast.owner)
    where = address("lesson_type_edit", lesson_type.pk)
    assert client.post(where, values).status_code == 302
    rules = lesson_type.eligibility_rules.values_list("attribute", "minimum", "maximum")
    assert set(rules) == {
        (EligibilityAttribute.AGE_MONTHS, 201, None),
        (EligibilityAttribute.HEIGHT_CM, 150, None),
        (EligibilityAttribute.MEDICAL, None, None),
    }
    assert LessonType.objects.get().other_durations == [45, 135]
    wrong = client.post(where, values | {"height_cm_maximum": 140})
    assert wrong.status_code == 422
    assert "The upper bound is below the lower one." in words(wrong)
    client.post(where, {name: value for name, value in values.items() if "age" not in name})
    kept = SettingChange.objects.filter(field="eligibility").order_by("pk")
    assert kept[0].new == "Age from 16 years 9 months; Height from 150 cm; Medical certificate"
    assert kept[1].new == "Height from 150 cm; Medical certificate"


def test_the_office_adds_an_outage_and_due_dates(cast, signed_in, address):
    booked = BookingFactory(
        school=cast.school, department=cast.department, resources=[cast.vehicle], starts=NOON
    )
    client = signed_in(cast.office)
    away = {"first_day": "2026-03-05", "last_day": "2026-03-05", "reason": "Clutch"}
    page = words(client.post(address("outage_add", cast.vehicle.pk), away, follow=True))
    assert "1 lesson still uses it" in page
    assert address("detail", booked.pk) in page
    (outage,) = client.get(address("resource_edit", cast.vehicle.pk)).context["outages"]
    there = client.get(f"{address('rearrange')}?{outage['query']}")
    assert there.context["ticked"] == {booked.pk}
    assert there.context["form"]["without"].value() == str(cast.vehicle.pk)
    assert "lesson" not in there.context["form"].errors
    due = {"inspection": "2026-03-04", "inspection_blocks": "on"}
    client.post(address("resource_due", cast.vehicle.pk), due)
    assert ResourceDueDate.objects.get().blocks
    assert "Inspection: due Wed 4 Mar" in words(client.get(address("resources")))
    outage = ResourceOutage.objects.get()
    client.post(address("outage_remove", cast.vehicle.pk, outage.pk))
    assert not ResourceOutage.objects.exists()
    past = away | {"first_day": "2026-03-01", "last_day": "2026-03-01"}
    assert client.post(address("outage_add", cast.vehicle.pk), past).status_code == 422


def test_the_office_reads_the_odometer_and_plans_a_service(cast, signed_in, address):
    client = signed_in(cast.office)
    where = address("resource_due", cast.vehicle.pk)
    typed = {"odometer_km": 15_200, "service_km": 15_000, "service_blocks": "on"}

    assert "Give a day, too" in words(client.post(where, typed))
    page = words(client.post(where, typed | {"service": "2026-09-01"}, follow=True))
    assert "Service was due at 15,000 km." in page
    assert "Read on 2 March 2026." in page
    listed = words(client.get(address("resources")))
    assert "Service: was due at 15,000 km" in listed
    assert client.post(where, typed | {"odometer_km": -1}).status_code == 422


def test_a_room_has_no_odometer(cast, signed_in, address):
    Resource.objects.filter(pk=cast.vehicle.pk).update(kind="room")

    page = signed_in(cast.office).get(address("resource_edit", cast.vehicle.pk))

    assert page.context["due_form"].odometer() is None
    assert "Odometer" not in words(page)


def test_a_teacher_plans_own_days_only(cast, signed_in, address):
    client = signed_in(cast.teacher)
    stretch = {"first_day": "2026-03-09", "last_day": "2026-03-20", "weekdays": ["0", "2"]}
    form = stretch | {"works": "off", "days": ["2026-03-06"]}
    assert client.post(address("planned_days", cast.teacher.pk), form).status_code == 302
    days = AvailabilityException.objects.order_by("on").values_list("on", flat=True)
    assert [day.day for day in days] == [6, 9, 11, 16, 18]
    none = client.post(address("planned_days", cast.teacher.pk), {"works": "off"})
    assert none.status_code == 422
    remove = {"day": "2026-03-06"}
    client.post(address("planned_day_remove", cast.teacher.pk), remove)
    assert AvailabilityException.objects.count() == 4
    theirs = address("planned_days", cast.other_teacher.pk)
    assert client.get(theirs).status_code == 404
    assert signed_in(cast.student).get(theirs).status_code == 403


LISTS = ("terms_list", "closed_days", "reasons", "resources")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_asks_the_same_with_more_rows(cast, signed_in, address, count_queries, name):
    client = signed_in(cast.owner)
    school = {"school": cast.school}
    ClosedDay.objects.create(**school, on=dt.date(2026, 5, 1), name="First")
    CancellationReason.objects.create(**school, name="One", category="other")
    day = {"kind": "tyres", "due_on": dt.date(2026, 3, 9)}
    ResourceDueDate.objects.create(**school, resource=cast.vehicle, **day)
    client.get(address(name))
    one = count_queries(lambda: client.get(address(name)))
    for number in range(3):
        CancellationTermsFactory(school=cast.school)
        ClosedDay.objects.create(**school, on=dt.date(2026, 6, 2 * number + 1), name="Day")
        CancellationReason.objects.create(**school, name=f"More {number}", category="other")
    ResourceDueDate.objects.create(**school, resource=cast.other_vehicle, **day)
    assert count_queries(lambda: client.get(address(name))) == one


def test_the_history_is_the_owners_and_pages(cast, signed_in, address):
    client = signed_in(cast.owner)
    client.post(address("booking_rules"), {"version": 0, "max_moves": 2, "max_debt_minor": "500"})
    where = reverse("administration:settings_history", args=[cast.school.slug])
    page = words(client.get(where)).replace("\xa0", " ")
    assert "Booking rules: times a student may move a lesson" in page
    assert "DKK 500.00" in page
    narrowed = client.get(where, {"topic": "bookings.DailyCap"})
    assert narrowed.status_code == 200
    assert signed_in(cast.office).get(where).status_code == 403


@pytest.mark.parametrize(
    ("last", "said"),
    (("2026-03-05", "Thu 5 Mar, all day"), ("2026-03-06", "Thu 5 Mar – Fri 6 Mar, whole days")),
)
def test_whole_days_out_of_service_are_called_so(cast, signed_in, address, last, said):
    client = signed_in(cast.office)
    away = {"first_day": "2026-03-05", "last_day": last, "reason": "Clutch"}

    page = words(client.post(address("outage_add", cast.vehicle.pk), away, follow=True))

    assert said in page
    noted = SettingChange.objects.get(field="outage").new
    assert noted.startswith("5 March 2026")
    assert "00:00" not in noted


def test_whole_days_away_are_called_so(cast, signed_in, address):
    Absence.objects.create(
        school=cast.school,
        teacher=cast.teacher,
        period=(NOON.replace(hour=23) - dt.timedelta(days=1), NOON.replace(hour=23)),
    )

    assert "Thu 5 Mar, all day" in words(
        signed_in(cast.teacher).get(address("availability", cast.teacher.pk))
    )


def test_an_odometer_that_goes_backwards_is_asked_about(cast, signed_in, address):
    client, where = signed_in(cast.office), address("resource_due", cast.vehicle.pk)
    client.post(where, {"odometer_km": 15_200})
    assert "This corrects the reading" not in words(
        client.get(address("resource_edit", cast.vehicle.pk))
    )

    refused = client.post(where, {"odometer_km": 1_520})

    assert refused.status_code == 422
    assert "The odometer stood at 15,200 km already." in words(refused)
    assert "This corrects the reading" in words(refused)
    cast.vehicle.refresh_from_db()
    assert cast.vehicle.odometer_km == 15_200
    client.post(where, {"odometer_km": 1_520, "odometer_corrects": "on"})
    cast.vehicle.refresh_from_db()
    assert cast.vehicle.odometer_km == 1_520
