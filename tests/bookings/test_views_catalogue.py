"""Vehicles, lesson types and working hours: edited by those who may, by nobody else."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from administration.models import SettingChange
from bookings.enums import ResourceKind, SelfBooking
from bookings.models import Absence, LessonType, Resource, WeeklyAvailability
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


@pytest.fixture
def car(cast):
    return {
        "department": cast.department.pk,
        "kind": "vehicle",
        "name": "Golf",
        "plate": "AB 12 345",
        "gearbox": "automatic",
        "licence_categories": ["B", "BE"],
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 10,
        "is_active": "on",
    }


def test_the_office_adds_a_vehicle(cast, signed_in, address, car):
    answer = signed_in(cast.office).post(address("resource_new"), car)
    assert answer.url == address("resources")
    golf = Resource.objects.get(name="Golf")
    assert (golf.department, golf.gearbox, golf.licence_categories) == (
        cast.department,
        "automatic",
        ["B", "BE"],
    )
    assert (golf.buffer_before_minutes, golf.buffer_after_minutes) == (0, 10)


def test_a_name_is_taken_once(cast, signed_in, address, car):
    answer = signed_in(cast.office).post(address("resource_new"), car | {"name": "Polo"})
    assert answer.status_code == 422
    assert "There is already one with this name." in words(answer)
    assert Resource.objects.count() == 2


def test_a_vehicle_is_changed_and_retired(cast, signed_in, address, car):
    del car["is_active"]
    signed_in(cast.office).post(address("resource_edit", cast.vehicle.pk), car)
    cast.vehicle.refresh_from_db()
    assert (cast.vehicle.name, cast.vehicle.is_active) == ("Golf", False)
    noted = SettingChange.objects.filter(subject_id=cast.vehicle.pk, field="buffer_after_minutes")
    assert list(noted.values_list("old", "new")) == [("0", "10")]


@pytest.mark.parametrize("name", ("resources", "resource_new"))
def test_teachers_and_students_do_not_manage_vehicles(cast, signed_in, address, name):
    for person in (cast.teacher, cast.student):
        assert signed_in(person).get(address(name)).status_code == 403


def test_a_vehicle_of_another_school_is_not_found(cast, other_school, signed_in, address):
    client = signed_in(cast.office)
    assert client.get(address("resource_edit", other_school.vehicle.pk)).status_code == 404


def test_the_list_of_vehicles_asks_the_same_number_of_questions(
    cast, signed_in, address, count_queries
):
    client = signed_in(cast.office)
    client.get(address("resources"))
    two = count_queries(lambda: client.get(address("resources")))
    for number in range(4):
        Resource.objects.create(
            school=cast.school, department=cast.department, kind="room", name=f"Room {number}"
        )
    assert count_queries(lambda: client.get(address("resources"))) == two


@pytest.fixture
def lesson_form(cast):
    return {
        "name": "Long lesson",
        "kind": "practical",
        "licence_category": "B",
        "duration_minutes": 120,
        "capacity": 1,
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 15,
        "slot_minutes": 60,
        "min_notice_hours": 24,
        "max_advance_days": 30,
        "self_booking": "request",
        "other_durations": "45, 90",
        "colour": "violet",
        "hold_minutes": 60,
        "cancellation_terms": cast.lesson_type.cancellation_terms_id,
        "needs": ["vehicle", "track"],
        "is_active": "on",
    }


def test_the_owner_adds_a_lesson_type_with_what_it_needs(cast, signed_in, address, lesson_form):
    answer = signed_in(cast.owner).post(address("lesson_type_new"), lesson_form)
    assert answer.url == address("lesson_types")
    made = LessonType.objects.get(name="Long lesson")
    assert (made.duration_minutes, made.self_booking) == (120, SelfBooking.REQUEST)
    assert {need.kind for need in made.needs.all()} == {ResourceKind.VEHICLE, ResourceKind.TRACK}


def test_changing_what_a_lesson_needs_forgets_the_rest(cast, signed_in, address, lesson_form):
    form = lesson_form | {"needs": ["room"]}
    signed_in(cast.owner).post(address("lesson_type_edit", cast.lesson_type.pk), form)
    assert [need.kind for need in cast.lesson_type.needs.all()] == [ResourceKind.ROOM]


def test_a_booked_lesson_keeps_its_length_when_the_type_changes(
    cast, signed_in, address, lesson_form
):
    booking = BookingFactory(
        school=cast.school, department=cast.department, lesson_type=cast.lesson_type
    )
    signed_in(cast.owner).post(address("lesson_type_edit", cast.lesson_type.pk), lesson_form)
    booking.refresh_from_db()
    assert booking.minutes == 90


def test_only_the_newest_version_of_terms_is_offered(cast, signed_in, address):
    old = cast.lesson_type.cancellation_terms
    newer = CancellationTermsFactory(school=cast.school, name=old.name, version=2)
    client = signed_in(cast.owner)
    form = client.get(address("lesson_type_new")).context["form"]
    assert list(form.fields["cancellation_terms"].queryset) == [newer]
    standing = client.get(address("lesson_type_edit", cast.lesson_type.pk)).context["form"]
    assert set(standing.fields["cancellation_terms"].queryset) == {old, newer}


def test_only_the_owner_manages_lesson_types(cast, signed_in, address):
    assert signed_in(cast.owner).get(address("lesson_types")).status_code == 200
    assert signed_in(cast.office).get(address("lesson_types")).status_code == 403


WEEK = {"first_day": "2026-03-09", "day0_from1": "08:00", "day0_to1": "12:00",
        "day0_from2": "12:30", "day0_to2": "16:00"}  # fmt: skip


def test_new_hours_hold_from_a_day_on_and_the_past_keeps_its_own(cast, signed_in, address):
    client = signed_in(cast.teacher)
    for _twice in range(2):
        answer = client.post(address("availability", cast.teacher.pk), WEEK)
        assert answer.status_code == 302
    rows = WeeklyAvailability.objects.filter(teacher=cast.teacher)
    old = rows.filter(valid_from__lt=dt.date(2026, 3, 9))
    assert set(old.values_list("valid_until", flat=True)) == {dt.date(2026, 3, 9)}
    new = rows.filter(valid_from=dt.date(2026, 3, 9)).order_by("starts_at")
    assert list(new.values_list("weekday", "starts_at", "ends_at", "valid_until")) == [
        (0, dt.time(8), dt.time(12), None),
        (0, dt.time(12, 30), dt.time(16), None),
    ]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    (
        ({"day0_to1": ""}, "Monday: give both times, or none."),
        ({"day0_to1": "07:00"}, "Monday: it ends before it begins."),
        ({"day0_from2": "11:00"}, "Monday: the two times overlap."),
        ({"first_day": "2026-03-01"}, "New hours can not begin on a day that has passed."),
    ),
)
def test_hours_that_make_no_sense_are_explained(cast, signed_in, address, changes, complaint):
    answer = signed_in(cast.teacher).post(address("availability", cast.teacher.pk), WEEK | changes)
    assert answer.status_code == 422
    assert complaint in words(answer)


def test_the_page_shows_the_hours_that_hold(cast, signed_in, address):
    page = words(signed_in(cast.teacher).get(address("availability", cast.teacher.pk)))
    assert page.count('value="08:00"') == 7
    assert page.count('value="18:00"') == 7


def test_a_teachers_hours_are_theirs_and_the_offices(cast, signed_in, address):
    where = address("availability", cast.teacher.pk)
    statuses = {
        name: signed_in(getattr(cast, name)).get(where).status_code
        for name in ("teacher", "office", "other_teacher", "student")
    }
    assert statuses == {"teacher": 200, "office": 200, "other_teacher": 404, "student": 403}
    assert signed_in(cast.other_teacher).post(where, WEEK).status_code == 404
    assert signed_in(cast.teacher).get(address("own_availability")).url == where


AWAY = {"first_day": "2026-03-05", "last_day": "2026-03-05", "starts": "", "ends": "", "reason": ""}


@pytest.mark.parametrize(
    ("changes", "period"),
    (
        ({}, ("2026-03-04T23:00", "2026-03-05T23:00")),
        ({"last_day": "2026-03-06"}, ("2026-03-04T23:00", "2026-03-06T23:00")),
        ({"starts": "12:00", "ends": "13:00"}, ("2026-03-05T11:00", "2026-03-05T12:00")),
        ({"starts": "12:00"}, ("2026-03-05T11:00", "2026-03-05T23:00")),
    ),
)
def test_time_away_is_wall_time_of_the_school(cast, signed_in, address, changes, period):
    signed_in(cast.teacher).post(address("absence_add", cast.teacher.pk), AWAY | changes)
    kept = Absence.objects.get().period
    assert (f"{kept.lower:%Y-%m-%dT%H:%M}", f"{kept.upper:%Y-%m-%dT%H:%M}") == period


def test_lessons_in_the_time_away_are_counted_aloud(cast, signed_in, address):
    BookingFactory(
        school=cast.school, department=cast.department, teacher=cast.teacher, starts=NOON
    )
    client = signed_in(cast.teacher)
    page = client.post(address("absence_add", cast.teacher.pk), AWAY, follow=True)
    assert "1 lesson is still booked in it." in words(page)


def test_time_away_that_is_over_is_refused(cast, signed_in, address):
    past = AWAY | {"first_day": "2026-03-01", "last_day": "2026-03-01"}
    answer = signed_in(cast.teacher).post(address("absence_add", cast.teacher.pk), past)
    assert answer.status_code == 422
    assert not Absence.objects.exists()


def test_time_away_is_removed_by_its_owner_only(cast, signed_in, address):
    signed_in(cast.teacher).post(address("absence_add", cast.teacher.pk), AWAY)
    absence = Absence.objects.get()
    where = address("absence_remove", cast.teacher.pk, absence.pk)
    assert signed_in(cast.other_teacher).post(where).status_code == 404
    sideways = address("absence_remove", cast.other_teacher.pk, absence.pk)
    signed_in(cast.other_teacher).post(sideways)
    assert Absence.objects.exists()
    signed_in(cast.teacher).post(where)
    assert not Absence.objects.exists()
