"""Weekly sessions are planned once, and a class never takes a seat twice."""

import datetime as dt
import threading

import pytest
from django.db import connection
from django.utils import timezone

from bookings import services
from bookings.models import Booking, GroupMember, Participation, SessionTemplate, StudentGroup
from bookings.services import groups, holding, places, series, sessions
from bookings.services.occurrences import Scope, SessionEdit
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from tests.cast import make_catalogue
from tests.factories import LessonTypeFactory, StudentFactory, VehicleFactory

pytestmark = pytest.mark.race

MANY = 40


@pytest.fixture
def theory(cast):
    theory = LessonTypeFactory(
        school=cast.school, name="Theory", kind="theory", needs=(), capacity=MANY
    )
    make_catalogue(theory, 200_00)
    return theory


@pytest.fixture
def template(cast, theory, soon):
    """A weekly plan of four weeks, nothing of it written yet."""
    first = timezone.localdate(soon)
    return SessionTemplate.objects.create(
        school=cast.school,
        department=cast.department,
        name="Theory",
        lesson_type=theory,
        teacher=cast.teacher,
        weekday=first.weekday(),
        starts_at=dt.time(12),
        minutes=60,
        capacity=10,
        first_day=first,
        weeks_ahead=4,
        created_by=cast.office.user,
    )


@pytest.fixture
def generators(cast, template):
    now = timezone.now()

    def generate():
        made = services.generate_sessions(template_id=template.pk, by=None, at=now).made
        return len(made)

    return [generate] * 8


def test_without_locks_and_constraints_a_week_is_planned_more_than_once(
    at_once, generators, without_constraints, monkeypatch
):
    without_constraints("bookings_booking", "session_generated_once")
    without_constraints(
        "bookings_occupancy",
        "person_in_one_booking_at_a_time",
        "resource_in_one_booking_at_a_time",
    )
    monkeypatch.setattr(sessions, "take_sorted", lambda keys: None)

    made = at_once(generators)

    assert sum(made) > 4


def test_however_many_plan_at_once_each_week_is_planned_once(at_once, generators):
    made = at_once(generators)

    assert sum(made) == 4
    assert Booking.objects.count() == 4
    assert examine() == []


@pytest.fixture
def session(cast, template):
    now = timezone.now()
    generated = services.generate_sessions(template_id=template.pk, by=cast.office, at=now)
    Booking.objects.update(capacity=MANY)
    return generated.made[0]


@pytest.fixture
def class_of_twenty(cast):
    group = StudentGroup.objects.create(
        school=cast.school, department=cast.department, name="Spring", max_students=MANY
    )
    now = timezone.now()
    for student in StudentFactory.create_batch(20, school=cast.school, department=cast.department):
        GroupMember.objects.create(school=cast.school, group=group, student=student, joined_at=now)
    return group


@pytest.fixture
def crowd(cast, session, class_of_twenty):
    """A class of twenty and twenty more, for a session with thirty seats."""
    Booking.objects.filter(pk=session.pk).update(capacity=30)
    now = timezone.now()
    others = StudentFactory.create_batch(20, school=cast.school, department=cast.department)

    def attach():
        seating = groups.attach_group(
            group_id=class_of_twenty.pk,
            booking_ids=[session.pk],
            by=cast.office,
            at=now,
            leaves_out=True,
        )
        return len(seating.seated)

    def joiner(student):
        return lambda: (
            services.join_booking(
                booking_id=session.pk, student_id=student.pk, by=cast.office, at=now
            )
            and 1
        )

    return [attach, *(joiner(student) for student in others)]


def test_a_class_and_forty_hands_fill_a_session_to_the_last_seat_and_no_further(
    at_once, crowd, session
):
    outcomes = at_once(crowd)

    seated = sum(one for one in outcomes if isinstance(one, int))
    assert {one for one in outcomes if isinstance(one, str)} <= {"no-seat-left"}
    assert seated == 30
    assert Participation.objects.filter(booking=session).count() == 30
    assert examine() == []


def test_without_locks_there_would_be_more_students_than_seats(
    at_once, crowd, session, without_constraints, monkeypatch
):
    without_constraints("bookings_bookingtransition", "booking_history_in_one_line")
    without_constraints("bookings_occupancy", "person_in_one_booking_at_a_time")
    monkeypatch.setattr(holding, "take_sorted", lambda keys: None)
    monkeypatch.setattr(
        holding.QuerySet, "select_for_update", lambda rows, **how: rows, raising=False
    )

    at_once(crowd)

    assert Participation.objects.filter(booking=session).count() > 30


def test_one_place_is_given_to_one_of_forty(cast, at_once, session):
    car = VehicleFactory(school=cast.school, department=cast.department)
    now = timezone.now()
    seats = [
        services.join_booking(booking_id=session.pk, student_id=student.pk, by=cast.office, at=now)
        for student in StudentFactory.create_batch(
            8, school=cast.school, department=cast.department
        )
    ]
    place = places.add_place(booking_id=session.pk, resource_id=car.pk, by=cast.office, at=now)

    def asker(seat):
        return lambda: (
            places.assign_place(participation_id=seat.pk, place_id=place.pk, by=cast.office, at=now)
            and 1
        )

    outcomes = at_once([asker(seat) for seat in seats] * 5)

    assert Participation.objects.filter(place=place).count() == 1
    assert "place-taken" in outcomes
    connection.check_constraints()


@pytest.fixture
def changed_by(cast, session):
    """A function: a call that changes the sessions from the one with this number on, of four."""
    now, rows = timezone.now(), list(Booking.objects.order_by("period"))

    def change(number, scope, **edit):
        said = {"booking_id": rows[number].pk, "scope": scope, "edit": SessionEdit(**edit)}
        return lambda: len(series.change_sessions(**said, by=cast.office, at=now))

    return change


@pytest.fixture
def split_meanwhile(at_once, changed_by, monkeypatch):
    """A function: the plan is split after it was looked which plans there are, before any lock."""

    def arrange(*, looks_again):
        look, mine, seen = series.linked_plans, threading.current_thread(), []

        def looked(template_id):
            if threading.current_thread() is not mine:
                return look(template_id)
            if seen:
                return look(template_id) if looks_again else seen[0]
            seen.append(look(template_id))
            assert at_once([changed_by(2, Scope.FOLLOWING, starts_at=dt.time(15))]) == [2]
            return seen[0]

        monkeypatch.setattr(series, "linked_plans", looked)

    return arrange


def test_without_a_second_look_a_plan_split_meanwhile_is_changed_by_half(
    split_meanwhile, changed_by
):
    split_meanwhile(looks_again=False)

    assert changed_by(0, Scope.ALL, place="Hall")() == 2
    assert set(Booking.objects.values_list("place", flat=True)) == {"Hall", ""}


def test_a_plan_split_meanwhile_is_not_changed_by_half(split_meanwhile, changed_by):
    split_meanwhile(looks_again=True)

    with pytest.raises(Refused) as refused:
        changed_by(0, Scope.ALL, place="Hall")()

    assert refused.value.refusal.code == "plan-changed"
    assert set(Booking.objects.values_list("place", flat=True)) == {""}
    assert examine() == []
