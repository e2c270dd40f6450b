"""Who is told what, by which channel, when something happens anywhere in the house."""

import datetime as dt
import uuid

import pytest

from administration.enums import Role
from administration.services import (
    GuardianDetails,
    Invitation,
    MemberChanges,
    StudentDetails,
    create_student,
    invite_again,
    invite_member,
    register_student,
)
from bookings.enums import SelfBooking
from bookings.services import (
    LessonRequest,
    book_lesson,
    cancel_booking,
    cancel_place,
    confirm_booking,
    expire_holds,
    join_booking,
    move_booking,
)
from finance.services import open_books
from justdriving.kernel.policy import Refused
from learning.models import LessonRecord
from notifications.enums import Channel, Event
from notifications.models import Message
from tests.factories import NOON, NOW, BookingFactory, GuardianFactory
from tests.finance.factories import drive, pay_by_hand
from tests.learning.factories import student_signs, taught_lesson

E = Event
HOUR = dt.timedelta(hours=1)
EMAIL, SMS = Channel.EMAIL, Channel.SMS


@pytest.fixture(autouse=True)
def reachable(cast):
    for student in (cast.student, cast.other_student):
        student.membership.user.phone = f"+45203040{student.pk % 90 + 10}"
        student.membership.user.save()


def told() -> list[tuple[str, str, str]]:
    """Event, channel and name, in the order they were queued; the outbox is emptied."""
    found = list(Message.objects.order_by("pk").values_list("event", "channel", "to_name"))
    Message.objects.update(about=uuid.uuid4().hex, school=None)
    return found


def book(cast, *, by=None, students=None, muted=False):
    return book_lesson(
        wanted=LessonRequest(
            lesson_type_id=cast.lesson_type.pk,
            teacher_id=cast.teacher.pk,
            student_ids=tuple(student.pk for student in students or [cast.student]),
            resource_ids=None,
            starts_at=NOON,
        ),
        by=by or cast.office,
        at=NOW,
        request_key=uuid.uuid4(),
        muted=muted,
    )


def test_a_lesson_booked_by_the_office_is_confirmed_to_both(cast):
    book(cast)

    assert told() == [
        (E.BOOKING_CONFIRMED, EMAIL, "Åse Lind"),
        (E.BOOKING_CONFIRMED, SMS, "Åse Lind"),
        (E.BOOKING_CONFIRMED, EMAIL, "Mette Holm"),
    ]


def test_a_teacher_is_not_told_of_what_they_booked_themselves(cast):
    book(cast, by=cast.teacher.membership)

    assert {name for _, _, name in told()} == {"Åse Lind"}


def test_a_student_who_books_gets_it_confirmed_in_writing_and_by_text(cast):
    book(cast, by=cast.student.membership)

    assert told()[:2] == [
        (E.BOOKING_CONFIRMED, EMAIL, "Åse Lind"),
        (E.BOOKING_CONFIRMED, SMS, "Åse Lind"),
    ]


def test_a_muted_change_tells_nobody(cast):
    book(cast, muted=True)

    assert told() == []


def test_a_student_without_a_phone_gets_no_text_message(cast):
    user = cast.student.membership.user
    user.phone = ""
    user.save()

    book(cast)

    assert (E.BOOKING_CONFIRMED, SMS, "Åse Lind") not in told()


def test_a_channel_that_nobody_configured_is_left_out(cast, settings):
    settings.MESSAGE_CHANNELS = {"email": settings.MESSAGE_CHANNELS["email"]}
    book(cast)

    assert {channel for _, channel, _ in told()} == {EMAIL}


@pytest.mark.parametrize(
    ("age", "names"),
    (
        (17, ["Åse Lind", "Åse Lind", "Guardian of Åse", "Mette Holm"]),
        (18, ["Åse Lind", "Åse Lind", "Mette Holm"]),
    ),
)
def test_the_guardian_of_a_minor_gets_a_copy_by_email(cast, age, names):
    cast.student.born_on = dt.date(NOW.year - age, NOW.month, NOW.day)
    cast.student.save()
    GuardianFactory(student=cast.student, full_name="Guardian of Åse", phone="+4520000000")
    book(cast)

    assert [name for _, _, name in told()] == names


def test_a_request_is_received_and_the_teacher_is_asked(cast):
    cast.lesson_type.self_booking = SelfBooking.REQUEST
    cast.lesson_type.save()
    booking = book(cast, by=cast.student.membership)
    assert told() == [
        (E.BOOKING_REQUESTED, EMAIL, "Åse Lind"),
        (E.BOOKING_TO_ANSWER, EMAIL, "Mette Holm"),
    ]

    confirm_booking(booking_id=booking.pk, by=cast.teacher.membership, at=NOW + HOUR)
    assert told() == [
        (E.BOOKING_CONFIRMED, EMAIL, "Åse Lind"),
        (E.BOOKING_CONFIRMED, SMS, "Åse Lind"),
    ]


def test_a_request_that_ran_out_is_told_to_both(cast):
    cast.lesson_type.self_booking = SelfBooking.REQUEST
    cast.lesson_type.save()
    booking = book(cast, by=cast.student.membership)
    told()

    expire_holds(at=booking.held_until)

    assert told() == [
        (E.BOOKING_EXPIRED, EMAIL, "Åse Lind"),
        (E.BOOKING_EXPIRED, EMAIL, "Mette Holm"),
    ]


@pytest.mark.parametrize(
    ("who", "event"),
    (
        ("teacher", E.BOOKING_DECLINED),
        ("office", E.BOOKING_DECLINED),
        ("student", E.BOOKING_CANCELLED),
    ),
)
def test_a_request_is_declined_by_the_school_and_withdrawn_by_the_student(cast, who, event):
    cast.lesson_type.self_booking = SelfBooking.REQUEST
    cast.lesson_type.save()
    booking = book(cast, by=cast.student.membership)
    told()

    person = getattr(cast, who)
    cancel_booking(booking_id=booking.pk, by=getattr(person, "membership", person), at=NOW)

    student = [news[:2] for news in told() if news[2] == "Åse Lind"]
    by_text = [] if who == "student" else [(event, SMS)]
    assert student == [(event, EMAIL), *by_text]


def test_a_moved_lesson_is_told_to_both(cast):
    booking = book(cast)
    told()

    move_booking(booking_id=booking.pk, by=cast.office, at=NOW, starts_at=NOON + HOUR)

    assert told() == [
        (E.BOOKING_MOVED, EMAIL, "Åse Lind"),
        (E.BOOKING_MOVED, SMS, "Åse Lind"),
        (E.BOOKING_MOVED, EMAIL, "Mette Holm"),
    ]


def test_a_student_gets_no_text_message_about_their_own_move(cast):
    booking = book(cast)
    told()

    move_booking(booking_id=booking.pk, by=cast.student.membership, at=NOW, starts_at=NOON + HOUR)

    assert told() == [
        (E.BOOKING_MOVED, EMAIL, "Åse Lind"),
        (E.BOOKING_MOVED, EMAIL, "Mette Holm"),
    ]


def test_another_teacher_at_the_same_time_is_a_change(cast):
    booking = book(cast)
    told()

    move_booking(
        booking_id=booking.pk,
        by=cast.office,
        at=NOW,
        starts_at=NOON,
        teacher_id=cast.other_teacher.pk,
    )

    assert told() == [
        (E.BOOKING_CHANGED, EMAIL, "Åse Lind"),
        (E.BOOKING_CHANGED, EMAIL, "Søren Bæk"),
        (E.BOOKING_CHANGED, EMAIL, "Mette Holm"),
    ]


@pytest.mark.parametrize(
    ("who", "expected"),
    (
        ("teacher", [(EMAIL, "Åse Lind"), (SMS, "Åse Lind")]),
        ("office", [(EMAIL, "Åse Lind"), (SMS, "Åse Lind"), (EMAIL, "Mette Holm")]),
        ("student", [(EMAIL, "Åse Lind"), (EMAIL, "Mette Holm")]),
    ),
)
def test_a_cancelled_lesson_is_told_to_everybody_who_did_not_do_it(cast, who, expected):
    booking = book(cast)
    told()

    person = getattr(cast, who)
    cancel_booking(booking_id=booking.pk, by=getattr(person, "membership", person), at=NOW)

    assert told() == [(E.BOOKING_CANCELLED, *reader) for reader in expected]


def test_in_a_class_only_who_comes_or_goes_is_told_and_the_teacher(cast):
    booking = BookingFactory(
        school=cast.school,
        department=cast.department,
        lesson_type=cast.lesson_type,
        teacher=cast.teacher,
        students=[cast.student],
        capacity=5,
        resources=[cast.vehicle],
    )
    place = join_booking(
        booking_id=booking.pk, student_id=cast.other_student.pk, by=cast.office, at=NOW
    )
    assert told() == [
        (E.BOOKING_CONFIRMED, EMAIL, "Noah Berg"),
        (E.BOOKING_CONFIRMED, SMS, "Noah Berg"),
        (E.BOOKING_CHANGED, EMAIL, "Mette Holm"),
    ]

    cancel_place(participation_id=place.pk, by=cast.office, at=NOW)
    assert told() == [
        (E.BOOKING_CANCELLED, EMAIL, "Noah Berg"),
        (E.BOOKING_CANCELLED, SMS, "Noah Berg"),
        (E.BOOKING_CHANGED, EMAIL, "Mette Holm"),
    ]


def test_a_lesson_that_was_driven_brings_an_invoice_and_a_receipt(cast):
    open_books(school=cast.school)
    invoice = drive(cast)
    assert (E.INVOICE, EMAIL, "Åse Lind") in told()

    pay_by_hand(cast, invoice.total_minor, invoice)
    assert told() == [(E.RECEIPT, EMAIL, "Åse Lind")]


def test_the_student_is_asked_to_sign_and_then_left_in_peace(cast):
    taught_lesson(cast, sign=True)
    assert [news for news in told() if news[0] == E.SIGNATURE_REQUESTED] == [
        (E.SIGNATURE_REQUESTED, EMAIL, "Åse Lind"),
        (E.SIGNATURE_REQUESTED, SMS, "Åse Lind"),
    ]

    student_signs(LessonRecord.objects.get())
    assert told() == []


def details(cast, email="new@people.example", **changes) -> StudentDetails:
    values = {
        "full_name": "Nye Nielsen",
        "email": email,
        "phone": "+4520304099",
        "born_on": dt.date(2000, 1, 1),
        "department": cast.department,
        "request_key": uuid.uuid4(),
        "accepted_terms": True,
    }
    return StudentDetails(**values | changes)


def test_whoever_registers_is_welcomed_in_their_language(cast):
    register_student(school=cast.school, details=details(cast), at=NOW)

    message = Message.objects.get()
    assert (message.event, message.channel, message.language) == (E.WELCOME, EMAIL, "da")
    assert (message.address, message.due_at) == ("new@people.example", NOW)


def test_whoever_registers_again_is_told_that_they_are_known(cast):
    email = cast.student.membership.user.email
    for _ in range(3):
        register_student(school=cast.school, details=details(cast, email=email), at=NOW)

    assert told() == [(E.KNOWN_ALREADY, EMAIL, "Åse Lind")]


def test_a_student_added_by_the_office_is_welcomed(cast):
    guardian = GuardianDetails(full_name="Mor", email="mor@people.example", phone="")
    create_student(details=details(cast, guardian=guardian), by=cast.office, at=NOW)

    assert told() == [(E.WELCOME, EMAIL, "Nye Nielsen")]


def test_an_invited_colleague_gets_mail_again_when_invited_again(cast):
    member = invite_member(
        invitation=Invitation(
            email="colleague@people.example",
            full_name="Ny Kollega",
            language="da",
            request_key=uuid.uuid4(),
            place=MemberChanges(role=Role.OFFICE),
        ),
        by=cast.owner,
        at=NOW,
    )
    assert told() == [(E.INVITATION, EMAIL, "Ny Kollega")]

    invite_again(membership_id=member.pk, by=cast.owner, at=NOW)
    assert told() == [(E.INVITATION, EMAIL, "Ny Kollega")]


def test_nothing_is_queued_when_the_booking_is_refused(cast):
    book(cast)
    told()

    with pytest.raises(Refused):
        book(cast, students=[cast.student])

    assert told() == []


def test_the_same_news_twice_is_one_message(cast):
    from notifications.services import queue_booking_news  # noqa: PLC0415 -- the use case itself

    booking = book(cast)
    queue_booking_news(booking.transitions.get())

    assert len(told()) == 3


def test_two_people_with_one_phone_are_both_told(cast):
    for student in (cast.student, cast.other_student):
        student.membership.user.phone = "+4520304050"
        student.membership.user.save()
    cast.lesson_type.capacity = 2
    cast.lesson_type.save()
    book(cast, students=[cast.student, cast.other_student])

    texts = Message.objects.filter(channel=SMS).values_list("to_name", flat=True)
    assert sorted(texts) == ["Noah Berg", "Åse Lind"]
