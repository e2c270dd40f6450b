"""A draft takes nobody's time and tells nobody, until it becomes a lesson by every rule."""

import datetime as dt

import pytest
from django.utils import translation

from bookings import services
from bookings.enums import BookingStatus, ParticipationStatus
from bookings.models import Absence, Booking, LessonType
from bookings.views.history import history_of
from finance.models import InvoiceLine
from justdriving.kernel.policy import Refused
from notifications.models import Message
from tests.bookings.test_services.words import END, TOMORROW, codes, taken, unsound
from tests.factories import NOON, NOW


def submit(cast, booking, *, by=None, **said):
    return services.submit_booking(booking_id=booking.pk, by=by or cast.office, at=NOW, **said)


def test_a_draft_takes_nobodys_time_and_tells_nobody(cast, book):
    booking = book(draft=True)

    assert booking.status == BookingStatus.DRAFT
    assert taken() == set()
    assert not Message.objects.exists()
    assert book().status == BookingStatus.CONFIRMED


def test_nobody_but_staff_sees_a_draft(cast, book):
    booking = book(draft=True)

    seen = [
        member
        for member in (cast.office, cast.teacher.membership, cast.student.membership)
        if Booking.objects.visible_to(member).filter(pk=booking.pk)
    ]

    assert seen == [cast.office, cast.teacher.membership]


def test_a_student_drafts_nothing(cast, book):
    with pytest.raises(Refused) as refused:
        book(draft=True, by=cast.student.membership, resource_ids=None)

    assert codes(refused) == ["not-allowed"]


@pytest.mark.parametrize(
    ("as_request", "status"), ((False, BookingStatus.CONFIRMED), (True, BookingStatus.PENDING))
)
@pytest.mark.parametrize("who", ("office", "teacher"))
def test_a_submitted_draft_takes_the_time_of_everybody(cast, book, who, as_request, status):
    booking = book(draft=True)
    by = getattr(getattr(cast, who), "membership", getattr(cast, who))

    change = submit(cast, booking, by=by, as_request=as_request)

    booking.refresh_from_db()
    assert (change.from_status, change.to_status) == ("draft", status)
    assert booking.status == status
    assert (booking.held_until is not None) is as_request
    users = {cast.teacher.membership.user_id, cast.student.membership.user_id}
    assert {owner for owner, _from, _to in taken()} == {*users, f"resource {cast.vehicle.pk}"}
    assert Message.objects.exists()


def test_a_submitted_request_is_confirmed_like_any_other(cast, book):
    booking = book(draft=True)
    submit(cast, booking, as_request=True)

    services.confirm_booking(booking_id=booking.pk, by=cast.office, at=NOW)

    booking.refresh_from_db()
    assert (booking.status, booking.held_until) == (BookingStatus.CONFIRMED, None)


def test_every_rule_is_asked_again(cast, book):
    booking = book(draft=True)
    book()
    Absence.objects.create(school=cast.school, teacher=cast.teacher, period=(NOON, END))

    with pytest.raises(Refused) as refused:
        submit(cast, booking)

    assert {"teacher-booked", "student-booked", "resource-booked", "teacher-not-available"} <= set(
        codes(refused)
    )
    assert Booking.objects.get(pk=booking.pk).status == BookingStatus.DRAFT


def test_what_was_overruled_for_the_draft_stays_overruled(cast, book):
    book(teacher_id=cast.other_teacher.pk, resource_ids=(cast.other_vehicle.pk,))
    booking = book(draft=True, overrides={"student-booked": "Two at once"})

    submit(cast, booking)

    assert Booking.objects.get(pk=booking.pk).status == BookingStatus.CONFIRMED


def test_a_rule_is_overruled_when_the_draft_is_submitted(cast, book):
    booking = book(draft=True)
    Absence.objects.create(school=cast.school, teacher=cast.teacher, period=(NOON, END))

    change = submit(cast, booking, overrides={"teacher-not-available": "She comes in"})

    assert [rule["code"] for rule in change.overridden_rules] == ["teacher-not-available"]


@pytest.mark.parametrize("who", ("student", "other_student", "other_teacher"))
def test_others_submit_nothing(cast, book, who):
    booking = book(draft=True)

    with pytest.raises(Refused) as refused:
        submit(cast, booking, by=getattr(cast, who).membership)

    assert codes(refused) == ["not-found"]


def test_a_draft_is_submitted_once(cast, book):
    booking = book(draft=True)
    submit(cast, booking)

    with pytest.raises(Refused) as refused:
        submit(cast, booking)

    assert codes(refused) == ["illegal-move"]


def test_a_draft_is_thrown_away_in_silence(cast, book):
    booking = book(draft=True)

    services.cancel_booking(booking_id=booking.pk, by=cast.office, at=NOW)

    assert Booking.objects.get().status == BookingStatus.CANCELLED
    assert not Message.objects.exists()


def test_a_draft_cannot_be_completed(cast, book):
    booking = book(draft=True)
    place = booking.participations.get()

    with pytest.raises(Refused) as refused:
        services.complete_booking(
            booking_id=booking.pk,
            by=cast.office,
            at=END,
            attendance={place.pk: services.Attendance(attended=True)},
        )

    assert codes(refused) == ["illegal-move"]


# Entered afterwards


def test_a_lesson_written_down_afterwards_says_so_for_ever(cast, book):
    booking = book(at=TOMORROW, overrides={"in-the-past": "Forgot to enter it"})

    assert booking.entered_afterwards
    assert not book(starts_at=NOON + dt.timedelta(days=7)).entered_afterwards


def test_a_draft_submitted_after_its_time_is_entered_afterwards(cast, book):
    booking = book(draft=True)

    services.submit_booking(
        booking_id=booking.pk, by=cast.office, at=TOMORROW, overrides={"in-the-past": "Late"}
    )

    assert Booking.objects.get().entered_afterwards


# Lengths and minutes of one's own


@pytest.mark.parametrize(
    ("minutes", "price"), ((None, 550_00), (90, 550_00), (45, 275_00), (100, 611_11))
)
def test_a_lesson_costs_its_share_of_the_price(cast, book, minutes, price):
    LessonType.objects.update(other_durations=[45, 100])

    booking = book(minutes=minutes)

    assert booking.minutes == (minutes or 90)
    assert booking.participations.get().price_minor == price


def test_a_length_that_is_not_offered_is_refused(cast, book):
    LessonType.objects.update(other_durations=[45])

    with pytest.raises(Refused) as refused:
        book(minutes=60)

    assert codes(refused) == ["length-not-offered"]
    assert refused.value.refusal.facts["offered"] == [45, 90]


@pytest.fixture
def share(cast, book):
    """A function: the two students share a lesson, with these minutes each."""
    LessonType.objects.update(capacity=2)

    def make(first, second, **changes):
        own = {cast.student.pk: first, cast.other_student.pk: second}
        return book(
            student_ids=(cast.student.pk, cast.other_student.pk),
            own_minutes={student: minutes for student, minutes in own.items() if minutes},
            **changes,
        )

    return make


def test_two_students_in_one_car_pay_for_their_own_minutes(share):
    booking = share(30, None)

    places = booking.participations.order_by("pk").values_list("planned_minutes", "price_minor")
    assert list(places) == [(30, 183_33), (None, 550_00)]


@pytest.mark.parametrize("minutes", (15, 90))
def test_a_student_has_up_to_all_of_a_lesson(share, minutes):
    assert share(minutes, 75).participations.filter(planned_minutes=minutes).exists()


@pytest.mark.parametrize("minutes", (-1, 1, 14, 91))
def test_nobody_has_next_to_nothing_of_a_lesson_or_more_than_there_is(share, minutes):
    with pytest.raises(Refused) as refused:
        share(minutes, 90)

    assert codes(refused) == ["minutes-wrong"]


def test_of_a_short_lesson_all_of_it_is_enough(share):
    LessonType.objects.update(duration_minutes=10)

    assert share(10, 10).participations.filter(planned_minutes=10).count() == 2


@pytest.mark.parametrize(("first", "second"), ((45, 44), (15, 15)))
def test_those_who_share_a_lesson_fill_it(share, first, second):
    with pytest.raises(Refused) as refused:
        share(first, second)

    assert codes(refused) == ["minutes-left-over"]
    assert refused.value.refusal.facts == {"shared": first + second, "minutes": 90}


def test_who_sits_alone_has_all_of_the_lesson(cast, book):
    with pytest.raises(Refused) as refused:
        book(own_minutes={cast.student.pk: 30})

    assert codes(refused) == ["minutes-left-over"]


def test_nobody_shares_a_lesson_with_themselves(cast, book):
    with pytest.raises(Refused) as refused:
        book(student_ids=(cast.student.pk, cast.student.pk))

    assert codes(refused) == ["student-twice"]


def test_minutes_of_somebody_else_are_not_found(cast, book):
    with pytest.raises(Refused) as refused:
        book(own_minutes={cast.other_student.pk: 30})

    assert codes(refused) == ["not-found"]


def test_used_minutes_are_the_planned_ones_unless_said(cast, share):
    booking = share(30, 60)
    first, second = booking.participations.order_by("pk")

    services.complete_booking(
        booking_id=booking.pk,
        by=cast.office,
        at=END,
        attendance={
            first.pk: services.Attendance(attended=True),
            second.pk: services.Attendance(attended=True, minutes=40),
        },
    )

    used = booking.participations.order_by("pk").values_list("minutes_used", flat=True)
    assert list(used) == [30, 40]


@pytest.fixture
def change(cast, wish):
    """A function: make a draft that lesson, by the office unless told."""

    def make(booking, *, by=None, at=NOW, overrides=None, **changes):
        return services.change_draft(
            booking_id=booking.pk,
            wanted=wish(**changes),
            by=by or cast.office,
            at=at,
            overrides=overrides or {},
        )

    return make


def test_a_draft_is_written_anew_and_takes_nobodys_time(cast, book, change):
    LessonType.objects.update(other_durations=[45])
    booking = book(draft=True)

    change(
        booking,
        starts_at=TOMORROW,
        teacher_id=cast.other_teacher.pk,
        student_ids=(cast.other_student.pk,),
        resource_ids=(cast.other_vehicle.pk,),
        minutes=45,
        place="Harbour",
    )

    booking.refresh_from_db()
    place = booking.participations.get(status=ParticipationStatus.BOOKED)
    assert (booking.status, booking.starts_at, booking.minutes) == ("draft", TOMORROW, 45)
    assert (booking.teacher, booking.place) == (cast.other_teacher, "Harbour")
    assert [one.resource for one in booking.booking_resources.all()] == [cast.other_vehicle]
    assert (place.student, place.price_minor) == (cast.other_student, 275_00)
    assert taken() == set()
    assert not Message.objects.exists()
    assert not InvoiceLine.objects.exists()
    assert unsound() == []


def test_a_student_who_stays_has_the_same_place_at_the_new_price(book, change):
    LessonType.objects.update(other_durations=[45])
    booking = book(draft=True)
    place = booking.participations.get()

    change(booking, minutes=45)

    assert booking.participations.get() == place
    assert booking.participations.get().price_minor == 275_00


def test_a_changed_draft_is_confirmed_as_it_stands_now(cast, book, change):
    booking = book(draft=True)
    change(booking, starts_at=TOMORROW)

    submit(cast, booking)

    assert {lower for _owner, lower, _upper in taken()} == {TOMORROW}


def test_every_rule_is_asked_of_a_changed_draft(cast, book, change):
    booking = book(draft=True)
    book(starts_at=TOMORROW)

    with pytest.raises(Refused) as refused:
        change(booking, starts_at=TOMORROW)

    assert {"teacher-booked", "student-booked", "resource-booked"} <= set(codes(refused))
    assert Booking.objects.get(pk=booking.pk).starts_at == NOON


def test_what_was_overruled_holds_for_the_same_lesson_and_for_no_other(cast, book, change):
    book(teacher_id=cast.other_teacher.pk, resource_ids=(cast.other_vehicle.pk,))
    booking = book(draft=True, overrides={"student-booked": "Two at once"})

    change(booking, note="Bring your glasses")
    with pytest.raises(Refused) as refused:
        change(booking, note="Bring your glasses", resource_ids=None)

    assert codes(refused) == ["student-booked"]


def test_a_reason_given_for_another_lesson_is_forgotten(cast, book, change):
    book(teacher_id=cast.other_teacher.pk, resource_ids=(cast.other_vehicle.pk,))
    booking = book(draft=True, overrides={"student-booked": "Two at once"})
    change(booking, starts_at=TOMORROW)
    change(booking, overrides={"student-booked": "After all"})
    change(booking, starts_at=TOMORROW)

    book(
        starts_at=TOMORROW,
        teacher_id=cast.other_teacher.pk,
        resource_ids=(cast.other_vehicle.pk,),
    )
    with pytest.raises(Refused) as refused:
        submit(cast, booking)

    assert codes(refused) == ["student-booked"]


def test_a_lesson_is_not_changed_like_a_draft(book, change):
    booking = book()

    with pytest.raises(Refused) as refused:
        change(booking, starts_at=TOMORROW)

    assert codes(refused) == ["illegal-move"]


@pytest.mark.parametrize("who", ("student", "other_student", "other_teacher"))
def test_others_change_no_draft(cast, book, change, who):
    booking = book(draft=True)

    with pytest.raises(Refused) as refused:
        change(booking, by=getattr(cast, who).membership)

    assert codes(refused) == ["not-found"]


def test_the_history_of_a_draft_says_that_it_was_changed_not_moved(cast, book, change):
    booking = book(draft=True)
    change(booking, starts_at=TOMORROW)
    change(booking, starts_at=TOMORROW, teacher_id=cast.other_teacher.pk)

    with translation.override("en"):
        lines = history_of(booking, cast.office)

    assert [(line["title"], line["note"]) for line in lines[:2]] == [
        ("The draft was changed", "Søren Bæk instead of Mette Holm"),
        ("The draft was changed", "Now for Fri 6 Mar 12:00–13:30"),
    ]
