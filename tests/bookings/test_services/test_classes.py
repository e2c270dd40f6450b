import pytest

from administration.enums import StudentStatus
from administration.models import Student
from bookings import services
from bookings.enums import BookingStatus, ParticipationStatus
from bookings.models import Booking, LessonType, Participation
from justdriving.kernel.policy import Refused
from tests.bookings.test_services.words import DAY, END, KR_550, SUNDAY_NIGHT, codes, taken
from tests.factories import NOON, NOW, StudentFactory


def test_a_student_takes_a_seat_in_a_class(cast, class_, told):
    told.clear()

    place = services.join_booking(
        booking_id=class_.pk, student_id=cast.other_student.pk, by=cast.office, at=NOW
    )

    assert (place.price, place.status) == (KR_550, ParticipationStatus.BOOKED)
    assert (cast.other_student.membership.user_id, NOON, END) in taken()
    assert len(taken()) == 4
    assert [name for name, _, _ in told] == ["Participation", "Booking"]
    assert [row.change for row in class_.transitions.all()] == ["created", "changed"]


def test_a_full_class_has_no_seat_left(cast, class_):
    services.join_booking(
        booking_id=class_.pk, student_id=cast.other_student.pk, by=cast.office, at=NOW
    )
    third = StudentFactory(school=cast.school, department=cast.department)

    with pytest.raises(Refused) as refused:
        services.join_booking(booking_id=class_.pk, student_id=third.pk, by=cast.office, at=NOW)

    assert codes(refused) == ["no-seat-left"]


@pytest.mark.parametrize("status", (StudentStatus.FINISHED, StudentStatus.LEFT))
def test_who_is_done_with_the_school_takes_no_seat_and_books_nothing(cast, class_, book, status):
    Student.objects.filter(pk=cast.other_student.pk).update(status=status)
    gone = Student.objects.get(pk=cast.other_student.pk)

    with pytest.raises(Refused) as joining:
        services.join_booking(booking_id=class_.pk, student_id=gone.pk, by=cast.office, at=NOW)
    with pytest.raises(Refused) as booking:
        book(by=gone.membership, student_ids=(gone.pk,), resource_ids=None, starts_at=NOON + DAY)

    assert (codes(joining), codes(booking)) == (["not-learning"], ["not-learning"])


def test_a_student_who_left_a_class_and_came_back_is_in_one_lesson(cast, class_):
    seat = Participation.objects.get(booking=class_, student=cast.student)
    services.cancel_place(participation_id=seat.pk, by=cast.office, at=NOW)
    services.join_booking(booking_id=class_.pk, student_id=cast.student.pk, by=cast.office, at=NOW)

    assert list(Booking.objects.of_student(cast.student)) == [class_]


def test_nobody_sits_twice_in_one_class(cast, class_):
    with pytest.raises(Refused) as refused:
        services.join_booking(
            booking_id=class_.pk, student_id=cast.student.pk, by=cast.office, at=NOW
        )

    assert codes(refused) == ["already-booked"]


def test_what_was_overruled_for_a_class_need_not_be_overruled_for_each_student(cast, book):
    LessonType.objects.update(capacity=2)
    class_ = book(starts_at=SUNDAY_NIGHT, overrides={"teacher-not-available": "Theory evening"})
    mette = cast.teacher.membership

    place = services.join_booking(
        booking_id=class_.pk, student_id=cast.other_student.pk, by=mette, at=NOW
    )

    assert place.status == ParticipationStatus.BOOKED


def test_a_moved_class_is_judged_anew(cast, book):
    LessonType.objects.update(capacity=2)
    class_ = book(starts_at=SUNDAY_NIGHT, overrides={"teacher-not-available": "Theory evening"})

    with pytest.raises(Refused) as refused:
        services.move_booking(
            booking_id=class_.pk, by=cast.office, at=NOW, starts_at=SUNDAY_NIGHT + DAY
        )

    assert codes(refused) == ["teacher-not-available"]


def test_a_student_who_is_in_no_place_any_more_cannot_cancel(cast, class_):
    services.cancel_booking(booking_id=class_.pk, by=cast.student.membership, at=NOW)

    with pytest.raises(Refused) as refused:
        services.cancel_booking(booking_id=class_.pk, by=cast.student.membership, at=NOW)

    assert codes(refused) == ["already-cancelled"]


def test_a_student_who_cancels_leaves_the_class_to_the_others(cast, class_):
    services.join_booking(
        booking_id=class_.pk, student_id=cast.other_student.pk, by=cast.office, at=NOW
    )

    services.cancel_booking(booking_id=class_.pk, by=cast.student.membership, at=NOW)

    class_.refresh_from_db()
    assert class_.status == BookingStatus.CONFIRMED
    assert list(Participation.objects.order_by("pk").values_list("status", flat=True)) == [
        "cancelled",
        "booked",
    ]
    assert cast.student.membership.user_id not in {owner for owner, _, _ in taken()}
    assert len(taken()) == 3


def test_a_student_who_left_can_come_back(cast, class_):
    services.cancel_booking(booking_id=class_.pk, by=cast.student.membership, at=NOW)

    services.join_booking(booking_id=class_.pk, student_id=cast.student.pk, by=cast.office, at=NOW)

    assert Participation.objects.filter(status="booked").count() == 1


def test_the_office_takes_one_student_out_of_a_class(cast, class_):
    place = services.join_booking(
        booking_id=class_.pk, student_id=cast.other_student.pk, by=cast.office, at=NOW
    )

    services.cancel_place(participation_id=place.pk, by=cast.office, at=NOW)

    assert set(Participation.objects.values_list("student", "status")) == {
        (cast.student.pk, "booked"),
        (cast.other_student.pk, "cancelled"),
    }
