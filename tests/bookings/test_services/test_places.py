"""Places in a session: a seat first, a place later, one student in each."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from bookings import services
from bookings.models import (
    Booking,
    BookingResource,
    LessonTypeNeed,
    Occupancy,
    Participation,
    ResourceOutage,
)
from bookings.queries.seats import seats_left
from bookings.queries.series import Thing
from bookings.services import GiveResource, MoveDay, places
from justdriving.kernel.policy import Refused
from tests.bookings.test_services.words import codes, unsound
from tests.factories import NOW, StudentFactory, VehicleFactory


@pytest.fixture
def automatic(cast):
    return VehicleFactory(
        school=cast.school, department=cast.department, name="Leaf", gearbox="automatic"
    )


@pytest.fixture
def session(cast, plan, track, automatic):
    """A track day with two manual cars and an automatic one."""
    cars = (cast.vehicle, cast.other_vehicle, automatic)
    _template, generated = plan(
        lesson_type=track,
        capacity=6,
        weeks_ahead=1,
        things=[Thing(car, is_place=True) for car in cars],
    )
    return generated.made[0]


@pytest.fixture
def seat(cast, session):
    def take(student=None, **values):
        student = student or StudentFactory(
            school=cast.school, department=cast.department, **values
        )
        return services.join_booking(
            booking_id=session.pk, student_id=student.pk, by=cast.office, at=NOW
        )

    return take


def status_of(session):
    rows = BookingResource.objects.filter(booking=session).order_by("pk")
    return list(rows.values_list("status", flat=True))


def assign(cast, seat, place):
    return places.assign_place(
        participation_id=seat.pk, place_id=place and place.pk, by=cast.office, at=NOW
    )


def test_a_student_takes_a_seat_and_gets_a_place_later(cast, session, seat):
    first = seat()
    assert first.place is None
    one, two, _three = session.booking_resources.order_by("pk")

    assign(cast, first, one)
    assert status_of(session) == ["reserved", "available", "available"]
    assign(cast, first, two)
    assert status_of(session) == ["available", "reserved", "available"]
    assign(cast, first, None)
    assert status_of(session) == ["available"] * 3
    assert unsound() == []


def test_a_place_serves_one_student(cast, session, seat):
    place = session.booking_resources.first()
    assign(cast, seat(), place)
    second = seat()

    with pytest.raises(Refused) as refused:
        assign(cast, second, place)
    with pytest.raises(IntegrityError, match="one_student_per_place"), transaction.atomic():
        Participation.objects.filter(pk=second.pk).update(place=place)

    assert codes(refused) == ["place-taken"]


def test_there_are_as_many_seats_as_usable_places(cast, session, seat):
    for _number in range(3):
        seat()

    with pytest.raises(Refused) as refused:
        seat()

    assert codes(refused) == ["no-seat-left"]


def test_places_are_given_by_gearbox_department_and_use(cast, session, seat, automatic):
    learner = seat(gearbox="automatic")
    others = [seat(), seat()]

    without = places.assign_places(booking_id=session.pk, by=cast.office, at=NOW)

    assert without == []
    learner.refresh_from_db()
    assert learner.place.resource == automatic
    for other in others:
        other.refresh_from_db()
        assert other.place.resource.gearbox == "manual"
    assert unsound() == []


def test_nobody_gets_a_car_with_the_wrong_gearbox(cast, session, seat):
    seat(gearbox="automatic")
    second = seat(gearbox="automatic")

    without = places.assign_places(booking_id=session.pk, by=cast.office, at=NOW)

    assert without == [second]


def test_a_place_out_of_service_leaves_its_student_without(cast, session, seat):
    first = seat()
    place = session.booking_resources.first()
    assign(cast, first, place)

    losing = places.set_place_out_of_service(place_id=place.pk, by=cast.office, at=NOW)

    assert losing == first
    first.refresh_from_db()
    assert first.place is None
    assert status_of(session)[0] == "out_of_service"
    assert seats_left([session])[session.pk] == 1
    assert not place.resource.occupancies.exists()
    assert unsound() == []

    places.return_place(place_id=place.pk, by=cast.office, at=NOW)
    assert status_of(session)[0] == "available"
    assert unsound() == []


def test_a_car_that_was_given_away_meanwhile_does_not_come_back(cast, session, book):
    place = session.booking_resources.get(resource=cast.vehicle)
    places.set_place_out_of_service(place_id=place.pk, by=cast.office, at=NOW)
    book(teacher_id=cast.other_teacher.pk, starts_at=session.period.lower)

    with pytest.raises(Refused) as refused:
        places.return_place(place_id=place.pk, by=cast.office, at=NOW)

    assert codes(refused) == ["resource-booked"]


def test_an_outage_takes_a_seat_without_a_word(cast, session):
    ResourceOutage.objects.create(school=cast.school, resource=cast.vehicle, period=session.period)

    assert seats_left([session])[session.pk] == 2


def test_a_spare_car_comes_along(cast, session):
    spare = VehicleFactory(school=cast.school, department=cast.department, name="Spare")

    places.add_place(booking_id=session.pk, resource_id=spare.pk, by=cast.office, at=NOW)

    assert seats_left([session])[session.pk] == 4
    assert unsound() == []


def test_leaving_makes_the_place_available(cast, session, seat):
    first = seat()
    assign(cast, first, session.booking_resources.first())

    services.cancel_place(participation_id=first.pk, by=cast.office, at=NOW)

    assert status_of(session) == ["available"] * 3
    assert unsound() == []


def test_a_moved_session_keeps_its_places_and_who_sits_there(cast, session, seat):
    first = seat()
    assign(cast, first, session.booking_resources.first())

    services.move_booking(
        booking_id=session.pk,
        by=cast.office,
        at=NOW,
        starts_at=session.period.lower - dt.timedelta(hours=2),
    )

    first.refresh_from_db()
    assert first.place is not None
    assert Booking.objects.get(pk=session.pk).booking_resources.count() == 3
    assert unsound() == []


def test_a_car_that_cannot_move_along_leaves_its_student_without(cast, session, seat, book):
    first = seat()
    assign(cast, first, session.booking_resources.get(resource=cast.vehicle))
    earlier = session.period.lower - dt.timedelta(hours=3)
    book(teacher_id=cast.other_teacher.pk, starts_at=earlier, student_ids=(cast.student.pk,))

    services.move_booking(booking_id=session.pk, by=cast.office, at=NOW, starts_at=earlier)

    first.refresh_from_db()
    assert first.place is None
    assert unsound() == []


@pytest.fixture
def all_but_one_are_broken(cast, session):
    """The last car of the session still in service is busy three hours earlier."""
    for place in session.booking_resources.exclude(resource=cast.vehicle):
        places.set_place_out_of_service(place_id=place.pk, by=cast.office, at=NOW)
    LessonTypeNeed.objects.get_or_create(
        school=cast.school, lesson_type=session.lesson_type, kind="vehicle"
    )
    return session


def test_a_moved_session_does_not_pick_its_own_broken_place(cast, all_but_one_are_broken, book):
    session = all_but_one_are_broken
    earlier = session.period.lower - dt.timedelta(hours=3)
    book(teacher_id=cast.other_teacher.pk, starts_at=earlier, student_ids=(cast.student.pk,))
    spare = VehicleFactory(school=cast.school, department=cast.department, name="Zoe")

    services.move_booking(booking_id=session.pk, by=cast.office, at=NOW, starts_at=earlier)

    taken_ = Occupancy.objects.filter(booking=session, resource__isnull=False)
    assert [row.resource for row in taken_] == [spare]
    assert unsound() == []


def test_a_session_moved_with_others_does_not_pick_its_own_broken_place(
    cast, all_but_one_are_broken, book
):
    session = all_but_one_are_broken
    earlier = session.period.lower - dt.timedelta(hours=3)
    book(teacher_id=cast.other_teacher.pk, starts_at=earlier, student_ids=(cast.student.pk,))
    spare = VehicleFactory(school=cast.school, department=cast.department, name="Zoe")

    services.rearrange_bookings(
        plan=MoveDay([session.pk], shift_minutes=-180), by=cast.office, at=NOW
    )

    taken_ = Occupancy.objects.filter(booking=session, resource__isnull=False)
    assert [row.resource for row in taken_] == [spare]


def test_a_broken_place_is_no_substitute_in_its_own_session(cast, session):
    for place in session.booking_resources.exclude(resource=cast.vehicle):
        places.set_place_out_of_service(place_id=place.pk, by=cast.office, at=NOW)
    spare = VehicleFactory(school=cast.school, department=cast.department, name="Zoe")

    services.rearrange_bookings(
        plan=GiveResource([session.pk], without=cast.vehicle.pk), by=cast.office, at=NOW
    )

    taken_ = Occupancy.objects.filter(booking=session, resource__isnull=False)
    assert [row.resource for row in taken_] == [spare]
