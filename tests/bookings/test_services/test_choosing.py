import datetime as dt

import pytest

from bookings.models import Occupancy
from justdriving.kernel.policy import Refused
from tests.bookings.test_services.words import END, SUNDAY_NIGHT, codes
from tests.factories import NOON, VehicleFactory


def test_the_calendar_picks_the_departments_least_used_suitable_vehicle(cast, book):
    VehicleFactory(school=cast.school, name="In another town")
    VehicleFactory(
        school=cast.school, department=cast.department, name="Automatic", gearbox="automatic"
    )
    VehicleFactory(
        school=cast.school, department=cast.department, name="Lorry", licence_categories=["C"]
    )
    VehicleFactory(school=cast.school, department=cast.department, name="Scrap", is_active=False)
    book(resource_ids=(cast.vehicle.pk,), starts_at=NOON - dt.timedelta(days=1))

    booking = book(resource_ids=None)

    assert [row.resource for row in booking.booking_resources.all()] == [cast.other_vehicle]


def test_with_no_vehicle_free_the_reason_is_told(cast, book):
    book(resource_ids=(cast.vehicle.pk, cast.other_vehicle.pk))

    with pytest.raises(Refused) as refused:
        book(
            resource_ids=None,
            teacher_id=cast.other_teacher.pk,
            student_ids=(cast.other_student.pk,),
        )

    assert codes(refused) == ["no-resource-free"]
    assert str(refused.value) == "Vehicle: none is free 12:00–13:30."


def test_the_office_overrules_a_rule_by_name_with_a_reason(cast, book):
    booking = book(starts_at=SUNDAY_NIGHT, overrides={"teacher-not-available": " Mette agreed "})

    assert booking.transitions.get().overridden_rules == [
        {
            "code": "teacher-not-available",
            "message": "Mette Holm does not work Sun 8 Mar 21:00–22:30.",
            "reason": "Mette agreed",
        }
    ]


@pytest.mark.parametrize(
    ("who", "overrides"),
    (
        ("office", {}),
        ("office", {"teacher-not-available": "  "}),
        ("office", {"teacher-booked": "because"}),
        ("teacher", {"teacher-not-available": "I want to"}),
    ),
)
def test_a_rule_stands_unless_an_authorised_person_names_it_and_says_why(
    cast, book, who, overrides
):
    by = getattr(cast, who)

    with pytest.raises(Refused) as refused:
        book(by=getattr(by, "membership", by), starts_at=SUNDAY_NIGHT, overrides=overrides)

    assert codes(refused) == ["teacher-not-available"]


def test_nobody_overrules_a_teachers_double_booking(cast, book):
    book()

    with pytest.raises(Refused) as refused:
        book(
            student_ids=(cast.other_student.pk,),
            resource_ids=(cast.other_vehicle.pk,),
            overrides={"teacher-booked": "please"},
        )

    assert codes(refused) == ["teacher-booked"]


def test_a_students_allowed_double_booking_is_marked_and_still_takes_their_time(cast, book):
    book()
    second = {"teacher_id": cast.other_teacher.pk, "resource_ids": (cast.other_vehicle.pk,)}

    booking = book(**second, overrides={"student-booked": "Two cars in one go"})

    rows = Occupancy.objects.filter(booking=booking).order_by("pk")
    assert [(row.user_id, row.is_exclusive) for row in rows] == [
        (cast.other_teacher.membership.user_id, True),
        (cast.student.membership.user_id, False),
        (None, True),
    ]
    third = VehicleFactory(school=cast.school, department=cast.department)
    with pytest.raises(Refused) as refused:
        book(resource_ids=(third.pk,), starts_at=END - dt.timedelta(minutes=1))
    assert codes(refused) == ["teacher-booked", "student-booked"]
