"""Who waits is offered what comes free, in order, for a while, and never the same thing twice."""

import datetime as dt

import pytest

from administration.enums import StudentStatus
from administration.models import Student
from bookings import services
from bookings.enums import (
    BookingStatus,
    OfferStatus,
    ParticipationStatus,
    SelfBooking,
    WaitingStatus,
)
from bookings.models import (
    Absence,
    Booking,
    LessonType,
    Occupancy,
    Participation,
    Vacancy,
    WaitingListEntry,
    WaitingListOffer,
)
from bookings.queries.seats import seats_left
from bookings.queries.waiting import in_line, recovered
from bookings.services import WishedTimes
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from notifications.content import NoLongerTrue, compose
from notifications.models import Message
from tests.bookings.test_services.words import DAY, END, codes, taken
from tests.factories import NOON, NOW, StudentFactory

MINUTE = dt.timedelta(minutes=1)
SOON = NOW + MINUTE
TWO_HOURS = dt.timedelta(hours=2)


BY_THE_REAL_CLOCK = {
    "bookings.resolved_in_two_weeks",
    "bookings.expired_holds_are_gone",
    "bookings.expired_offers_are_gone",
}


def faults():
    """What the doctor finds in the calendar, but for what is late by today's clock."""
    calendar = {found.code for found in examine() if found.code.startswith("bookings.")}
    return sorted(calendar - BY_THE_REAL_CLOCK)


@pytest.fixture
def third(cast):
    return StudentFactory(school=cast.school, department=cast.department, teacher=cast.teacher)


@pytest.fixture
def full(cast, class_):
    """A session of two seats with both students of the cast in it."""
    services.join_booking(
        booking_id=class_.pk, student_id=cast.other_student.pk, by=cast.office, at=NOW
    )
    return class_


def queue_up(student, booking, at=NOW):
    return services.join_waiting_list(
        student_id=student.pk, booking_id=booking.pk, by=student.membership, at=at
    )


def wish_for(student, cast, at=NOW, by=None, **times):
    return services.add_wish(
        student_id=student.pk,
        lesson_type_id=cast.lesson_type.pk,
        by=by or student.membership,
        at=at,
        times=WishedTimes(**times),
    )


def give_up(student, booking, at=NOW):
    seat = Participation.objects.get(
        booking=booking, student=student, status=ParticipationStatus.BOOKED
    )
    return services.cancel_place(participation_id=seat.pk, by=student.membership, at=at)


def offer_of(entry):
    return WaitingListOffer.objects.filter(entry=entry).latest("pk")


def state(*entries):
    return [WaitingListEntry.objects.get(pk=entry.pk).status for entry in entries]


def accept(offer, at=SOON, **more):
    return services.accept_offer(
        offer_id=offer.pk,
        by=offer.entry.student.membership,
        at=at,
        accepts_late_terms=True,
        **more,
    )


def decline(offer, at=SOON):
    return services.decline_offer(offer_id=offer.pk, by=offer.entry.student.membership, at=at)


class TestSeats:
    def test_waiting_takes_nobodys_time_and_no_seat(self, cast, full, third):
        before = taken()

        entry = queue_up(third, full)

        assert (entry.status, entry.booking, entry.lesson_type) == (
            WaitingStatus.WAITING,
            full,
            cast.lesson_type,
        )
        assert taken() == before
        assert list(Booking.objects.of_student(third)) == []

    def test_joining_the_line_again_changes_nothing(self, full, third):
        assert queue_up(third, full) == queue_up(third, full, at=SOON)
        assert WaitingListEntry.objects.count() == 1

    def test_nobody_waits_for_a_session_with_a_free_seat(self, class_, third):
        with pytest.raises(Refused) as refused:
            queue_up(third, class_)

        assert codes(refused) == ["seat-free"]

    def test_nobody_waits_for_a_seat_they_have(self, cast, full):
        with pytest.raises(Refused) as refused:
            queue_up(cast.student, full)

        assert codes(refused) == ["already-booked"]

    def test_one_waits_until_the_session_begins(self, full, third):
        assert queue_up(third, full, at=NOON - MINUTE).status == WaitingStatus.WAITING

    @pytest.mark.parametrize("at", (NOON, END))
    def test_nobody_waits_for_what_has_begun(self, full, third, at):
        with pytest.raises(Refused) as refused:
            queue_up(third, full, at=at)

        assert codes(refused) == ["illegal-move"]

    def test_a_seat_given_up_is_offered_and_kept(self, cast, full, third):
        entry = queue_up(third, full)
        give_up(cast.student, full)

        assert services.fill_vacancies(at=SOON) == 1

        offer = offer_of(entry)
        assert (offer.status, offer.is_seat, offer.booking) == (OfferStatus.OPEN, True, full)
        assert offer.expires_at == SOON + TWO_HOURS
        assert state(entry) == [WaitingStatus.OFFERED]
        assert seats_left([full]) == {full.pk: 0}
        assert seats_left([full], offered_to=third.pk) == {full.pk: 1}
        with pytest.raises(Refused) as refused:
            services.join_booking(
                booking_id=full.pk, student_id=cast.student.pk, by=cast.office, at=SOON
            )
        assert codes(refused) == ["no-seat-left"]

    def test_accepting_takes_the_seat_and_ends_the_waiting(self, cast, full, third):
        entry = queue_up(third, full)
        give_up(cast.student, full)
        services.fill_vacancies(at=SOON)

        offer = accept(offer_of(entry))

        assert offer.status == OfferStatus.ACCEPTED
        assert state(entry) == [WaitingStatus.SERVED]
        assert Participation.objects.filter(booking=full, student=third).count() == 1
        assert (third.membership.user_id, NOON, END) in taken()
        assert services.fill_vacancies(at=SOON) == 0
        assert not Vacancy.objects.filter(settled_at=None).exists()
        assert faults() == []

    def test_accepting_twice_is_accepting_once(self, cast, full, third):
        entry = queue_up(third, full)
        give_up(cast.student, full)
        services.fill_vacancies(at=SOON)
        accept(offer_of(entry))

        accept(offer_of(entry), at=SOON + MINUTE)

        assert Participation.objects.filter(student=third).count() == 1

    def test_a_no_goes_to_the_next_in_line(self, cast, full, third):
        fourth = StudentFactory(school=cast.school, department=cast.department)
        first, second = queue_up(third, full), queue_up(fourth, full, at=SOON)
        give_up(cast.student, full)
        services.fill_vacancies(at=SOON)

        decline(offer_of(first))
        services.fill_vacancies(at=SOON)

        assert state(first, second) == [WaitingStatus.WAITING, WaitingStatus.OFFERED]
        decline(offer_of(second))
        assert services.fill_vacancies(at=SOON) == 0
        assert state(first, second) == [WaitingStatus.WAITING] * 2
        assert not Vacancy.objects.filter(settled_at=None).exists()

    def test_the_same_seat_is_offered_once_but_the_next_one_again(self, cast, full, third):
        entry = queue_up(third, full)
        give_up(cast.student, full)
        services.fill_vacancies(at=SOON)
        decline(offer_of(entry))
        services.fill_vacancies(at=SOON)

        give_up(cast.other_student, full, at=SOON)
        services.fill_vacancies(at=SOON)

        assert [o.status for o in WaitingListOffer.objects.order_by("pk")] == ["declined", "open"]

    def test_who_takes_a_seat_in_another_way_waits_no_more(self, cast, full, third):
        entry = queue_up(third, full)
        give_up(cast.student, full)

        services.join_booking(booking_id=full.pk, student_id=third.pk, by=cast.office, at=SOON)

        assert state(entry) == [WaitingStatus.WITHDRAWN]
        assert services.fill_vacancies(at=SOON) == 0

    def test_who_joins_with_an_offer_in_hand_has_accepted_it(self, cast, full, third):
        entry = queue_up(third, full)
        give_up(cast.student, full)
        services.fill_vacancies(at=SOON)

        services.join_booking(booking_id=full.pk, student_id=third.pk, by=cast.office, at=SOON)

        assert offer_of(entry).status == OfferStatus.ACCEPTED
        assert state(entry) == [WaitingStatus.SERVED]
        assert faults() == []

    def test_a_session_that_is_cancelled_keeps_nobody_waiting(self, cast, full, third):
        fourth = StudentFactory(school=cast.school, department=cast.department)
        entries = queue_up(third, full), queue_up(fourth, full, at=SOON)
        give_up(cast.student, full)
        services.fill_vacancies(at=SOON)

        services.cancel_booking(booking_id=full.pk, by=cast.office, at=SOON)

        assert offer_of(entries[0]).status == OfferStatus.VOID
        assert state(*entries) == [WaitingStatus.LAPSED] * 2
        assert faults() == []

    def test_a_wish_for_the_type_is_offered_a_seat_after_those_who_named_the_session(
        self, cast, full, third
    ):
        fourth = StudentFactory(school=cast.school, department=cast.department)
        wish = wish_for(third, cast)
        named = queue_up(fourth, full, at=SOON)
        give_up(cast.student, full)

        services.fill_vacancies(at=SOON)

        assert state(wish, named) == [WaitingStatus.WAITING, WaitingStatus.OFFERED]


class TestTimes:
    @pytest.fixture
    def lesson(self, book):
        return book()

    def free(self, cast, lesson, at=NOW):
        services.cancel_booking(booking_id=lesson.pk, by=cast.office, at=at)

    def test_a_lesson_given_up_is_held_for_the_student_it_is_offered_to(self, cast, lesson):
        entry = wish_for(cast.other_student, cast)
        self.free(cast, lesson)

        assert services.fill_vacancies(at=SOON) == 1

        offer = offer_of(entry)
        held = offer.booking
        assert (held.status, held.starts_at, held.teacher) == (
            BookingStatus.PENDING,
            NOON,
            cast.teacher,
        )
        assert held.held_until == offer.expires_at == SOON + TWO_HOURS
        assert (cast.other_student.membership.user_id, NOON, END) in taken()
        assert faults() == []

    def test_nobody_else_gets_the_held_time(self, cast, lesson, book):
        wish_for(cast.other_student, cast)
        self.free(cast, lesson)
        services.fill_vacancies(at=SOON)

        with pytest.raises(Refused) as refused:
            book(at=SOON)

        assert "teacher-booked" in codes(refused)

    def test_accepting_makes_it_a_lesson(self, cast, lesson):
        entry = wish_for(cast.other_student, cast)
        self.free(cast, lesson)
        services.fill_vacancies(at=SOON)

        offer = accept(offer_of(entry))

        offer.booking.refresh_from_db()
        assert offer.booking.status == BookingStatus.CONFIRMED
        assert state(entry) == [WaitingStatus.SERVED]
        assert not Vacancy.objects.filter(settled_at=None).exists()
        assert recovered(cast.office, at=SOON).this_month == 90
        assert faults() == []

    def test_a_no_frees_the_time_for_the_next_without_a_new_vacancy(self, cast, lesson, third):
        first = wish_for(cast.other_student, cast)
        second = wish_for(third, cast, at=SOON)
        self.free(cast, lesson)
        services.fill_vacancies(at=SOON)

        decline(offer_of(first))
        services.fill_vacancies(at=SOON)

        assert Vacancy.objects.count() == 1
        assert state(first, second) == [WaitingStatus.WAITING, WaitingStatus.OFFERED]
        decline(offer_of(second))
        assert services.fill_vacancies(at=SOON) == 0
        assert Occupancy.objects.count() == 0
        assert faults() == []

    @pytest.mark.parametrize("late", (dt.timedelta(seconds=-1), dt.timedelta(), MINUTE))
    def test_an_offer_ends_at_the_very_second(self, cast, lesson, late):
        entry = wish_for(cast.other_student, cast)
        self.free(cast, lesson)
        services.fill_vacancies(at=SOON)
        offer = offer_of(entry)

        ended = services.expire_offers(at=offer.expires_at + late)

        assert ended == (1 if late >= dt.timedelta() else 0)
        assert state(entry) == [WaitingStatus.WAITING if ended else WaitingStatus.OFFERED]

    @pytest.mark.parametrize("late", (dt.timedelta(seconds=-1), dt.timedelta(), MINUTE))
    def test_too_late_is_too_late_whether_or_not_somebody_looked(self, cast, lesson, late):
        entry = wish_for(cast.other_student, cast)
        self.free(cast, lesson)
        services.fill_vacancies(at=SOON)
        offer = offer_of(entry)

        if late < dt.timedelta():
            assert accept(offer, at=offer.expires_at + late).status == OfferStatus.ACCEPTED
            return
        with pytest.raises(Refused) as refused:
            accept(offer, at=offer.expires_at + late)
        assert codes(refused) == ["offer-over"]

    def test_an_offer_that_ran_out_is_nobodys_request(self, cast, lesson):
        entry = wish_for(cast.other_student, cast)
        self.free(cast, lesson)
        services.fill_vacancies(at=SOON)
        over = offer_of(entry).expires_at

        assert services.expire_holds(at=over) == 0
        services.expire_offers(at=over)

        assert offer_of(entry).booking.status == BookingStatus.CANCELLED
        assert not Message.objects.filter(event="booking_expired").exists()
        assert faults() == []

    def test_an_offer_never_outlives_the_notice_of_the_lesson(self, cast, lesson):
        wish = wish_for(cast.other_student, cast)
        late = NOON - dt.timedelta(hours=13)
        self.free(cast, lesson, at=late)

        services.fill_vacancies(at=late)

        assert offer_of(wish).expires_at == NOON - dt.timedelta(hours=12)

    def test_what_comes_free_within_the_notice_is_offered_to_nobody(self, cast, lesson):
        wish_for(cast.other_student, cast)
        late = NOON - dt.timedelta(hours=12)
        self.free(cast, lesson, at=late)

        assert services.fill_vacancies(at=late) == 0
        assert not Vacancy.objects.filter(settled_at=None).exists()

    def test_a_lesson_that_is_moved_leaves_its_time(self, cast, lesson):
        entry = wish_for(cast.other_student, cast)

        services.move_booking(booking_id=lesson.pk, by=cast.office, at=NOW, starts_at=NOON + DAY)
        services.fill_vacancies(at=SOON)

        assert offer_of(entry).booking.starts_at == NOON

    def test_the_office_may_answer_for_the_student(self, cast, lesson):
        entry = wish_for(cast.other_student, cast)
        self.free(cast, lesson)
        services.fill_vacancies(at=SOON)

        services.confirm_booking(booking_id=offer_of(entry).booking_id, by=cast.office, at=SOON)

        assert offer_of(entry).status == OfferStatus.ACCEPTED
        assert state(entry) == [WaitingStatus.SERVED]
        assert faults() == []

    def test_the_office_may_take_the_time_back(self, cast, lesson):
        entry = wish_for(cast.other_student, cast)
        self.free(cast, lesson)
        services.fill_vacancies(at=SOON)

        services.cancel_booking(booking_id=offer_of(entry).booking_id, by=cast.office, at=SOON)

        assert offer_of(entry).status == OfferStatus.VOID
        assert state(entry) == [WaitingStatus.WAITING]
        assert faults() == []

    def test_who_cannot_be_there_is_passed_over(self, cast, lesson, third):
        busy = wish_for(cast.student, cast)
        free = wish_for(third, cast, at=SOON)
        Student.objects.filter(pk=cast.student.pk).update(status=StudentStatus.LEFT)
        self.free(cast, lesson)

        services.fill_vacancies(at=SOON)

        assert state(busy, free) == [WaitingStatus.WAITING, WaitingStatus.OFFERED]

    def test_a_teacher_who_is_away_leaves_nothing_to_offer(self, cast, lesson):
        wish_for(cast.other_student, cast)
        self.free(cast, lesson)
        Absence.objects.create(school=cast.school, teacher=cast.teacher, period=lesson.period)

        assert services.fill_vacancies(at=SOON) == 0

    def test_one_student_decides_about_one_offer_at_a_time(self, cast, book):
        lessons = [book(), book(starts_at=NOON + DAY, student_ids=(cast.student.pk,))]
        entry = wish_for(cast.other_student, cast)
        for lesson in lessons:
            self.free(cast, lesson)

        assert services.fill_vacancies(at=SOON) == 1
        decline(offer_of(entry))
        assert services.fill_vacancies(at=SOON) == 1
        assert offer_of(entry).booking.starts_at == NOON + DAY

    def test_the_office_offers_a_time_by_hand(self, cast):
        LessonType.objects.update(self_booking=SelfBooking.OFF)
        entry = wish_for(cast.student, cast, by=cast.office)

        offer = services.offer_time(
            entry_id=entry.pk,
            starts_at=NOON,
            teacher_id=cast.teacher.pk,
            by=cast.office,
            at=NOW,
        )

        assert (offer.freed_by, offer.expires_at) == (None, NOW + TWO_HOURS)
        assert accept(offer).status == OfferStatus.ACCEPTED
        assert faults() == []


WISHES = (
    ({}, True),
    ({"weekdays": (3,)}, True),
    ({"weekdays": (1, 4)}, False),
    ({"earliest": dt.time(12)}, True),
    ({"earliest": dt.time(12, 1)}, False),
    ({"latest": dt.time(13, 30)}, True),
    ({"latest": dt.time(13, 29)}, False),
    ({"first_day": dt.date(2026, 3, 5)}, True),
    ({"first_day": dt.date(2026, 3, 6)}, False),
    ({"last_day": dt.date(2026, 3, 5)}, True),
    ({"last_day": dt.date(2026, 3, 4)}, False),
)


@pytest.mark.parametrize(("times", "suits"), WISHES)
def test_a_wish_is_taken_at_its_word(cast, book, times, suits):
    """The lesson that comes free is on Thursday 5 March, 12.00-13.30 in Copenhagen."""
    wish_for(cast.other_student, cast, **times)
    services.cancel_booking(booking_id=book().pk, by=cast.office, at=NOW)

    assert services.fill_vacancies(at=SOON) == (1 if suits else 0)


@pytest.mark.parametrize(("name", "suits"), (("teacher", True), ("other_teacher", False)))
def test_a_wish_for_a_teacher_is_for_that_teacher(cast, book, name, suits):
    wish_for(cast.other_student, cast, teacher_id=getattr(cast, name).pk)
    services.cancel_booking(booking_id=book().pk, by=cast.office, at=NOW)

    assert services.fill_vacancies(at=SOON) == (1 if suits else 0)


@pytest.mark.parametrize(("who", "offers"), (("student", 0), ("office", 1)))
@pytest.mark.parametrize("way", ("cancel", "move"))
def test_what_students_gave_up_themselves_is_not_offered_to_them(cast, book, who, offers, way):
    booking = book()
    wish_for(cast.student, cast)
    by = cast.student.membership if who == "student" else cast.office
    if way == "cancel":
        services.cancel_booking(booking_id=booking.pk, by=by, at=NOW)
    else:
        services.move_booking(booking_id=booking.pk, by=by, at=NOW, starts_at=NOON + DAY)

    assert services.fill_vacancies(at=SOON) == offers


def test_a_seat_that_somebody_gave_up_goes_to_others(cast, full, third):
    entry = queue_up(third, full)
    give_up(cast.other_student, full)
    wish_for(cast.other_student, cast)

    services.fill_vacancies(at=SOON)

    assert state(entry) == [WaitingStatus.OFFERED]
    assert not WaitingListOffer.objects.filter(entry__student=cast.other_student).exists()


def test_the_later_part_of_a_long_time_suits_a_later_wish(cast, book):
    long = book()
    LessonType.objects.update(duration_minutes=45)
    entry = wish_for(cast.other_student, cast, earliest=dt.time(12, 30))
    services.cancel_booking(booking_id=long.pk, by=cast.office, at=NOW)

    services.fill_vacancies(at=SOON)

    assert offer_of(entry).booking.starts_at == NOON + 30 * MINUTE


def test_who_asked_for_this_teacher_comes_before_who_came_first(cast, book, third):
    anybody = wish_for(third, cast)
    asked = wish_for(cast.other_student, cast, at=SOON, teacher_id=cast.teacher.pk)
    services.cancel_booking(booking_id=book().pk, by=cast.office, at=NOW)

    services.fill_vacancies(at=SOON)

    assert state(anybody, asked) == [WaitingStatus.WAITING, WaitingStatus.OFFERED]


@pytest.mark.parametrize(
    "times",
    (
        {"earliest": dt.time(15), "latest": dt.time(15)},
        {"last_day": NOW.date() - DAY},
        {"first_day": dt.date(2026, 3, 6), "last_day": dt.date(2026, 3, 5)},
    ),
)
def test_an_impossible_wish_is_refused(cast, times):
    with pytest.raises(Refused) as refused:
        wish_for(cast.student, cast, **times)

    assert codes(refused) == ["wish-impossible"]


def test_the_same_wish_is_one_wish_and_there_are_ten_at_most(cast):
    assert wish_for(cast.student, cast, weekdays=(2, 1)) == wish_for(
        cast.student, cast, weekdays=(1, 2)
    )
    for hour in range(8, 17):
        wish_for(cast.student, cast, earliest=dt.time(hour))
    with pytest.raises(Refused) as refused:
        wish_for(cast.student, cast, earliest=dt.time(17))

    assert codes(refused) == ["too-many-wishes"]


def test_leaving_the_line_declines_the_offer(cast, book):
    entry = wish_for(cast.other_student, cast)
    services.cancel_booking(booking_id=book().pk, by=cast.office, at=NOW)
    services.fill_vacancies(at=SOON)

    services.leave_waiting_list(entry_id=entry.pk, by=cast.other_student.membership, at=SOON)

    assert offer_of(entry).status == OfferStatus.DECLINED
    assert state(entry) == [WaitingStatus.WITHDRAWN]
    assert Occupancy.objects.count() == 0


def test_leaving_after_the_offer_ran_out_works_too(cast, book):
    entry = wish_for(cast.other_student, cast)
    services.cancel_booking(booking_id=book().pk, by=cast.office, at=NOW)
    services.fill_vacancies(at=SOON)

    services.leave_waiting_list(
        entry_id=entry.pk, by=cast.other_student.membership, at=SOON + TWO_HOURS
    )

    assert offer_of(entry).status == OfferStatus.EXPIRED
    assert state(entry) == [WaitingStatus.WITHDRAWN]


def test_another_students_entry_and_offer_are_out_of_sight(cast, book):
    entry = wish_for(cast.other_student, cast)
    services.cancel_booking(booking_id=book().pk, by=cast.office, at=NOW)
    services.fill_vacancies(at=SOON)
    stranger = cast.student.membership

    for attempt in (
        lambda: services.leave_waiting_list(entry_id=entry.pk, by=stranger, at=SOON),
        lambda: services.accept_offer(offer_id=offer_of(entry).pk, by=stranger, at=SOON),
        lambda: services.decline_offer(offer_id=offer_of(entry).pk, by=stranger, at=SOON),
        lambda: services.add_wish(
            student_id=cast.other_student.pk,
            lesson_type_id=cast.lesson_type.pk,
            by=stranger,
            at=SOON,
        ),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert codes(refused) == ["not-found"]


@pytest.mark.parametrize(
    ("at", "lapsed"),
    (
        (dt.datetime(2026, 3, 4, 22, 59, 59, tzinfo=dt.UTC), 0),
        (dt.datetime(2026, 3, 4, 23, tzinfo=dt.UTC), 1),
    ),
)
def test_a_wish_lapses_when_its_last_day_is_over_in_copenhagen(cast, at, lapsed):
    entry = wish_for(cast.student, cast, last_day=dt.date(2026, 3, 4))

    assert services.lapse_entries(at=at) == lapsed
    assert state(entry) == [WaitingStatus.LAPSED if lapsed else WaitingStatus.WAITING]


def test_waiting_for_a_session_lapses_when_it_begins(cast, full, third):
    queue_up(third, full)

    assert [services.lapse_entries(at=at) for at in (NOON - MINUTE, NOON)] == [0, 1]


def test_the_place_in_line_counts_those_before_in_the_same_line(cast, full, third):
    fourth = StudentFactory(school=cast.school, department=cast.department)
    queue_up(third, full)
    queue_up(fourth, full, at=SOON)
    wish_for(fourth, cast)

    mine = {entry.booking_id: entry.position for entry in in_line(fourth.membership)}

    assert mine == {full.pk: 2, None: 1}


def test_the_message_tells_the_price_less_truth_and_stops_when_it_is_over(cast, full, third):
    entry = queue_up(third, full)
    give_up(cast.student, full)
    services.fill_vacancies(at=SOON)
    message = Message.objects.get(event="waiting_offer", channel="email")

    offer = offer_of(entry)
    decline(offer)

    with pytest.raises(NoLongerTrue):
        compose(message)
