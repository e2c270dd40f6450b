import datetime as dt
import uuid

import pytest
from django.db.models.sql.compiler import SQLCompiler

from administration.enums import Role
from administration.models import School
from bookings import services
from bookings.enums import BookingChange, BookingStatus, ParticipationStatus, Party, SelfBooking
from bookings.models import (
    Booking,
    BookingTransition,
    LessonType,
    Participation,
    ParticipationTransition,
)
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refused
from justdriving.kernel.tenancy import school_scope
from tests.bookings.test_services.words import END, KR_550, codes, taken
from tests.factories import NOON, NOW, MembershipFactory, StudentFactory
from tests.learning.factories import follow


def test_a_lesson_is_booked_with_history_price_and_everybodys_time(cast, book, told):
    booking = book(note="Bring glasses")

    stored = Booking.objects.get()
    assert (stored, stored.status, stored.created_by) == (
        booking,
        BookingStatus.CONFIRMED,
        cast.office.user,
    )
    assert (stored.wall_date, stored.wall_time, stored.zone) == (
        dt.date(2026, 3, 5),
        dt.time(12),
        "Europe/Copenhagen",
    )
    assert (stored.place, stored.note, stored.minutes) == ("Station", "Bring glasses", 90)
    place = Participation.objects.get()
    assert (place.student, place.price, place.status) == (cast.student, KR_550, "booked")
    assert taken() == {
        (cast.teacher.membership.user_id, NOON, END),
        (cast.student.membership.user_id, NOON, END),
        (f"resource {cast.vehicle.pk}", NOON, END),
    }
    made = BookingTransition.objects.get()
    assert (made.sequence, made.change, made.from_status, made.to_status) == (
        1,
        BookingChange.CREATED,
        "",
        BookingStatus.CONFIRMED,
    )
    assert (made.made_by, made.requested_by, made.happened_at, made.to_period) == (
        cast.office.user,
        Party.SCHOOL,
        NOW,
        stored.period,
    )
    seat = ParticipationTransition.objects.get()
    assert (seat.participation, seat.from_status, seat.to_status, seat.booking_transition) == (
        place,
        "",
        ParticipationStatus.BOOKED,
        made,
    )
    assert told == [
        ("Participation", seat.pk, "booked"),
        ("Booking", made.pk, "confirmed"),
    ]


def test_buffers_take_the_teachers_and_the_vehicles_time_but_not_the_students(cast, book):
    LessonType.objects.update(buffer_before_minutes=10, buffer_after_minutes=20)

    book()

    lower, upper = NOON - dt.timedelta(minutes=10), END + dt.timedelta(minutes=20)
    assert taken() == {
        (cast.teacher.membership.user_id, lower, upper),
        (cast.student.membership.user_id, NOON, END),
        (f"resource {cast.vehicle.pk}", lower, upper),
    }


def test_the_same_request_again_returns_the_first_booking_and_changes_nothing(cast, book, told):
    key = uuid.uuid4()
    first = book(request_key=key)
    heard = list(told)

    again = book(request_key=key, starts_at=NOON + dt.timedelta(days=1))

    assert (again, again.starts_at) == (first, NOON)
    assert (Booking.objects.count(), told) == (1, heard)


def test_a_request_made_before_is_answered_without_reading_anything_else(book, count_queries):
    key = uuid.uuid4()
    book(request_key=key)

    assert count_queries(lambda: book(request_key=key)) == 5  # a savepoint, the lock, the booking


def test_the_same_key_at_another_school_is_another_booking(cast, book, other_school):
    key = uuid.uuid4()
    book(request_key=key)

    with school_scope(other_school.school.pk):
        theirs = services.book_lesson(
            wanted=services.LessonRequest(
                lesson_type_id=other_school.lesson_type.pk,
                teacher_id=other_school.teacher.pk,
                student_ids=(other_school.student.pk,),
                resource_ids=None,
                starts_at=NOON,
            ),
            by=other_school.office,
            at=NOW,
            request_key=key,
        )

    assert theirs.school == other_school.school


@pytest.mark.parametrize(
    ("second", "code"),
    (
        ({"student_ids": "other", "resource_ids": "other"}, "teacher-booked"),
        ({"teacher_id": "other", "resource_ids": "other"}, "student-booked"),
        ({"teacher_id": "other", "student_ids": "other"}, "resource-booked"),
    ),
)
def test_nobody_and_nothing_is_in_two_lessons_at_once(cast, book, second, code):
    book()
    others = {
        "teacher_id": cast.other_teacher.pk,
        "student_ids": (cast.other_student.pk,),
        "resource_ids": (cast.other_vehicle.pk,),
    }
    changes = {name: others[name] for name in second}

    with pytest.raises(Refused) as refused:
        book(**changes, starts_at=END - dt.timedelta(minutes=1))

    assert codes(refused) == [code]
    assert Booking.objects.count() == 1
    assert book(**changes, starts_at=END).starts_at == END


def test_every_reason_is_given_at_once(cast, book):
    book()

    with pytest.raises(Refused) as refused:
        book()

    assert codes(refused) == ["teacher-booked", "student-booked", "resource-booked"]


@pytest.mark.parametrize(
    ("self_booking", "status", "held_until"),
    (
        (SelfBooking.INSTANT, BookingStatus.CONFIRMED, None),
        (SelfBooking.REQUEST, BookingStatus.PENDING, NOW + dt.timedelta(minutes=1440)),
    ),
)
def test_a_student_books_as_the_lesson_type_says(cast, book, self_booking, status, held_until):
    LessonType.objects.update(self_booking=self_booking)

    booking = book(by=cast.student.membership, resource_ids=None)

    assert (booking.status, booking.held_until) == (status, held_until)
    assert booking.transitions.get().requested_by == Party.STUDENT


def test_a_request_is_never_held_beyond_the_start_of_the_lesson(cast, book):
    LessonType.objects.update(self_booking=SelfBooking.REQUEST, min_notice_hours=0)

    booking = book(by=cast.student.membership, resource_ids=None, at=NOON - dt.timedelta(hours=2))

    assert booking.held_until == NOON


@pytest.mark.parametrize(
    ("model", "change"),
    (
        (LessonType, {"self_booking": SelfBooking.OFF}),
        (School, {"students_book_themselves": False}),
    ),
)
def test_a_student_cannot_book_what_the_school_keeps_to_itself(cast, book, model, change):
    model.objects.update(**change)
    cast.student.membership.school.refresh_from_db()

    with pytest.raises(Refused) as refused:
        book(by=cast.student.membership, resource_ids=None)

    assert codes(refused) == ["self-booking-off"]


@pytest.mark.parametrize(
    ("who", "changes"),
    (
        ("student", {"student_ids": "other_student", "resource_ids": None}),
        ("student", {"resource_ids": "vehicle"}),
        ("teacher", {"teacher_id": "other_teacher"}),
        ("teacher", {"student_ids": "stranger"}),
        ("office", {"teacher_id": "theirs.teacher"}),
        ("office", {"student_ids": "theirs.student"}),
        ("office", {"resource_ids": "theirs.vehicle"}),
        ("office", {"lesson_type_id": "theirs.lesson_type"}),
    ),
)
def test_what_lies_outside_a_members_sight_is_not_found(cast, other_school, book, who, changes):
    def look_up(name):
        if name == "stranger":
            return StudentFactory(school=cast.school, department=cast.department)
        source, _, attribute = name.rpartition(".")
        return getattr(other_school if source else cast, attribute)

    by = getattr(cast, who)
    values = {}
    for field, name in changes.items():
        pk = look_up(name).pk if name else None
        values[field] = (pk,) if field.endswith("_ids") and name else pk

    with pytest.raises(Refused) as refused:
        book(by=getattr(by, "membership", by), **values)

    assert codes(refused) == ["not-found"]
    assert not Booking.objects.exists()


def test_a_guardian_books_nothing(cast, book):
    guardian = MembershipFactory(school=cast.school, role=Role.GUARDIAN)

    with pytest.raises(Refused) as refused:
        book(by=guardian, resource_ids=None)

    assert codes(refused) == ["not-found"]


def test_a_price_that_is_not_the_one_shown_is_refused_with_the_new_one(cast, book):
    with pytest.raises(Refused) as refused:
        book(expected_price=Money(500_00, "DKK"))

    assert codes(refused) == ["price-changed"]
    assert refused.value.refusal.facts == {"price_minor": 550_00, "currency": "DKK"}
    assert book(expected_price=KR_550).pk


@pytest.mark.parametrize(
    ("capacity", "students", "expected"),
    ((1, 0, ["student-needed"]), (1, 2, ["no-seat-left"]), (2, 2, []), (2, 0, [])),
)
def test_students_must_fit(cast, book, capacity, students, expected):
    LessonType.objects.update(capacity=capacity)
    everybody = (cast.student.pk, cast.other_student.pk)

    if not expected:
        assert book(student_ids=everybody[:students]).participations.count() == students
        return
    with pytest.raises(Refused) as refused:
        book(student_ids=everybody[:students])
    assert codes(refused) == expected


@pytest.mark.parametrize(("minutes", "expected"), ((0, []), (7, ["start-not-offered"]), (30, [])))
def test_a_student_begins_at_a_time_that_is_offered(cast, book, minutes, expected):
    by, found = cast.student.membership, []

    try:
        book(by=by, resource_ids=None, starts_at=NOON + dt.timedelta(minutes=minutes))
    except Refused as refused:
        found = [one.code for one in refused.refusals]

    assert found == expected


def test_the_desk_books_any_minute(book):
    odd = NOON + dt.timedelta(minutes=7)

    assert book(starts_at=odd).starts_at == odd


def test_a_booking_like_an_earlier_one_has_no_sql_written_anew(cast, book, monkeypatch):
    """Writing it took two thirds of the processor time of a booking: decision 12."""
    follow(cast)
    book()
    written = []

    def noted(compiler, *args, _write=SQLCompiler.as_sql, **said):
        written.append(compiler.query.model)
        return _write(compiler, *args, **said)

    monkeypatch.setattr(SQLCompiler, "as_sql", noted)
    book(starts_at=NOON + dt.timedelta(days=1))

    assert written == []
    assert Booking.objects.count() == 2
    assert written == [Booking], "else nobody was watching"
