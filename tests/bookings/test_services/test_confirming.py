import datetime as dt
import uuid

import pytest
from django.utils import timezone

from bookings import services, tasks
from bookings.enums import BookingStatus, Party, ReasonCategory, SelfBooking
from bookings.models import Booking, LessonType
from justdriving.kernel.policy import Refused
from justdriving.kernel.tenancy import school_scope
from tests.bookings.test_services.words import codes, taken
from tests.factories import NOON, NOW


@pytest.mark.parametrize("who", ("office", "teacher", "owner"))
def test_the_school_confirms_a_request(cast, request_, who):
    by = getattr(cast, who)

    moved = services.confirm_booking(
        booking_id=request_.pk, by=getattr(by, "membership", by), at=NOW
    )

    booking = Booking.objects.get()
    assert (booking.status, booking.held_until) == (BookingStatus.CONFIRMED, None)
    assert (moved.sequence, moved.from_status, moved.to_status) == (2, "pending", "confirmed")


@pytest.mark.parametrize(
    ("who", "code"), (("student", "not-allowed"), ("other_teacher", "not-found"))
)
def test_others_cannot_confirm_it(cast, request_, who, code):
    with pytest.raises(Refused) as refused:
        services.confirm_booking(booking_id=request_.pk, by=getattr(cast, who).membership, at=NOW)

    assert codes(refused) == [code]


def test_the_rules_are_asked_again_when_a_request_is_confirmed(cast, request_):
    cast.teacher.weekly_availability.all().delete()

    with pytest.raises(Refused) as refused:
        services.confirm_booking(booking_id=request_.pk, by=cast.office, at=NOW)

    assert codes(refused) == ["teacher-not-available"]


@pytest.mark.parametrize(("offset", "expired"), ((-1, 0), (0, 1), (1, 1)))
def test_a_hold_ends_at_its_second(cast, request_, offset, expired):
    at = request_.held_until + dt.timedelta(seconds=offset)

    assert services.expire_holds(at=at) == expired

    booking = Booking.objects.get()
    assert booking.status == ("cancelled" if expired else "pending")
    assert len(taken()) == (0 if expired else 3)
    if expired:
        last = booking.transitions.get(sequence=2)
        assert (last.made_by, last.requested_by, last.reason_category) == (
            None,
            Party.SYSTEM,
            ReasonCategory.EXPIRED,
        )
        assert services.expire_holds(at=at) == 0


@pytest.mark.parametrize(("offset", "is_late"), ((-1, False), (0, True), (1, True)))
def test_a_request_is_confirmed_until_the_second_its_hold_ends(cast, request_, offset, is_late):
    Booking.objects.update(held_until=NOW + dt.timedelta(hours=1))
    at = NOW + dt.timedelta(hours=1, seconds=offset)

    if is_late:
        with pytest.raises(Refused) as refused:
            services.confirm_booking(booking_id=request_.pk, by=cast.office, at=at)
        assert codes(refused) == ["hold-over"]
    else:
        services.confirm_booking(booking_id=request_.pk, by=cast.office, at=at)

    assert Booking.objects.get().status == ("pending" if is_late else "confirmed")


def test_the_task_ends_the_expired_holds_of_every_school(cast, request_, other_school):
    Booking.objects.update(held_until=timezone.now())
    with school_scope(other_school.school.pk):
        LessonType.objects.update(self_booking=SelfBooking.REQUEST)
        theirs = services.book_lesson(
            wanted=services.LessonRequest(
                lesson_type_id=other_school.lesson_type.pk,
                teacher_id=other_school.teacher.pk,
                student_ids=(other_school.student.pk,),
                resource_ids=None,
                starts_at=NOON,
            ),
            by=other_school.student.membership,
            at=NOW,
            request_key=uuid.uuid4(),
        )
        Booking.objects.update(held_until=timezone.now())

    tasks.expire_holds()

    both = Booking.across_schools.filter(pk__in=(request_.pk, theirs.pk))
    assert set(both.values_list("status", flat=True)) == {BookingStatus.CANCELLED}
