"""Who did not come, and what becomes of those who did."""

import datetime as dt

import pytest

from bookings import services
from bookings.enums import BookingStatus, ParticipationStatus
from bookings.models import Booking, CancellationStep, Participation
from bookings.services import Attendance
from finance.models import LedgerEntry
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from notifications.models import Message
from tests.bookings.test_services.words import END, attendance, codes, taken

SECOND = dt.timedelta(seconds=1)


def mark(cast, booking, *, by=None, at=END):
    return services.mark_teacher_no_show(booking_id=booking.pk, by=by or cast.office, at=at)


def faults() -> list[str]:
    return [found.code for found in examine() if found.code.startswith(("bookings", "finance"))]


@pytest.mark.parametrize("who", ("office", "owner"))
def test_nobody_pays_when_the_teacher_did_not_come(cast, book, who):
    CancellationStep.objects.create(
        school=cast.school,
        terms=cast.lesson_type.cancellation_terms,
        party="school",
        deadline="hours_before",
        amount=1,
        percent=100,
    )
    booking = book()
    Message.objects.all().delete()

    mark(cast, booking, by=getattr(cast, who))

    booking.refresh_from_db()
    assert (booking.status, booking.no_show_by) == (BookingStatus.NO_SHOW, "teacher")
    assert Participation.objects.get().status == ParticipationStatus.CANCELLED
    assert not LedgerEntry.objects.exists()
    assert cast.student.membership.user_id not in {owner for owner, _from, _to in taken()}
    told = Message.objects.filter(context__audience="student")
    assert set(told.values_list("event", flat=True)) == {"booking_cancelled"}
    assert faults() == []


@pytest.mark.parametrize("who", ("teacher", "student", "other_teacher"))
def test_only_the_office_says_so_of_a_teacher(cast, book, who):
    with pytest.raises(Refused) as refused:
        mark(cast, book(), by=getattr(cast, who).membership)

    assert codes(refused) == ["not-found" if who == "other_teacher" else "not-allowed"]


@pytest.mark.parametrize(("offset", "is_over"), ((-1, False), (0, True), (1, True)))
def test_a_teacher_is_missed_from_the_second_the_lesson_ends(cast, book, offset, is_over):
    booking, at = book(), END + offset * SECOND

    if is_over:
        assert mark(cast, booking, at=at).to_status == "no_show"
        return
    with pytest.raises(Refused) as refused:
        mark(cast, booking, at=at)
    assert codes(refused) == ["not-over"]


def test_a_lesson_is_missed_once(cast, book):
    booking = book()
    mark(cast, booking)

    with pytest.raises(Refused) as refused:
        mark(cast, booking)

    assert codes(refused) == ["illegal-move"]


def test_a_student_who_did_not_come_is_said_to_be_the_one(cast, book):
    booking = book()

    services.complete_booking(
        booking_id=booking.pk,
        by=cast.teacher.membership,
        at=END,
        attendance=attendance(booking, Attendance(attended=False)),
    )

    assert Booking.objects.get().no_show_by == "student"
    assert LedgerEntry.objects.get().kind == "no_show_fee"


def test_who_is_excused_owes_nothing_and_has_their_time_back(cast, class_):
    services.join_booking(
        booking_id=class_.pk, student_id=cast.other_student.pk, by=cast.office, at=END - 4 * DAY
    )

    services.complete_booking(
        booking_id=class_.pk,
        by=cast.teacher.membership,
        at=END,
        attendance=attendance(
            class_, Attendance(attended=True), Attendance(attended=False, excused=True)
        ),
    )

    assert Booking.objects.get().status == BookingStatus.COMPLETED
    statuses = Participation.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["attended", "cancelled"]
    assert list(LedgerEntry.objects.values_list("kind", flat=True)) == ["lesson_charge"]
    assert cast.other_student.membership.user_id not in {owner for owner, _from, _to in taken()}
    assert faults() == []


def test_a_lesson_everybody_was_excused_from_is_nobodys_no_show(cast, book):
    booking = book()

    services.complete_booking(
        booking_id=booking.pk,
        by=cast.teacher.membership,
        at=END,
        attendance=attendance(booking, Attendance(attended=False, excused=True)),
    )

    booking.refresh_from_db()
    assert (booking.status, booking.no_show_by) == (BookingStatus.NO_SHOW, "")


@pytest.mark.parametrize("draft", (True, False))
def test_what_was_never_confirmed_cannot_be_completed(cast, book, request, draft):
    booking = book(draft=True) if draft else request.getfixturevalue("request_")

    with pytest.raises(Refused) as refused:
        services.complete_booking(
            booking_id=booking.pk,
            by=cast.office,
            at=END,
            attendance=attendance(booking, Attendance(attended=True)),
        )

    assert codes(refused) == ["illegal-move"]


DAY = dt.timedelta(days=1)
