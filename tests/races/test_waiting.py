"""The last place, wanted by many at once; offers that are answered, run out and end together."""

import datetime as dt
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bookings import services
from bookings.enums import OfferStatus, WaitingStatus
from bookings.models import (
    Booking,
    LessonType,
    Occupancy,
    Participation,
    Vacancy,
    WaitingListEntry,
    WaitingListOffer,
)
from bookings.services import LessonRequest, answering, joining, offering, waiting
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from justdriving.kernel.tenancy import school_scope
from tests.factories import StudentFactory
from tests.races.conftest import unlocked

pytestmark = pytest.mark.race

MANY = 40
CONSTRAINTS = ("person_in_one_booking_at_a_time", "resource_in_one_booking_at_a_time")


@pytest.fixture
def students(cast):
    return StudentFactory.create_batch(
        MANY, school=cast.school, department=cast.department, teacher=cast.teacher
    )


@pytest.fixture
def book(cast, soon):
    def make(*, students=(), starts_at=soon):
        return services.book_lesson(
            wanted=LessonRequest(
                lesson_type_id=cast.lesson_type.pk,
                teacher_id=cast.teacher.pk,
                student_ids=tuple(one.pk for one in students),
                resource_ids=(cast.vehicle.pk,),
                starts_at=starts_at,
            ),
            by=cast.office,
            at=timezone.now(),
            request_key=uuid.uuid4(),
        )

    return make


@pytest.fixture
def session(cast, book):
    """A session of two seats with one taken."""
    LessonType.objects.update(capacity=2)
    return book(students=[cast.student])


def joiner(student, session):
    """The student's own click on the last seat."""
    return lambda: (
        services.join_booking(
            booking_id=session.pk,
            student_id=student.pk,
            by=student.membership,
            at=timezone.now(),
            accepts_late_terms=True,
        ).pk
    )


def acceptor(offer):
    def accept():
        services.accept_offer(
            offer_id=offer.pk,
            by=offer.entry.student.membership,
            at=timezone.now(),
            accepts_late_terms=True,
        )
        return 1

    return accept


def wins(outcomes):
    return [outcome for outcome in outcomes if isinstance(outcome, int)]


def test_without_the_lock_many_students_take_the_last_seat(
    at_once, students, session, without_constraints, monkeypatch
):
    without_constraints("bookings_bookingtransition", "booking_history_in_one_line")
    without_constraints("bookings_occupancy", *CONSTRAINTS)
    monkeypatch.setattr(joining, "hold", unlocked)

    outcomes = at_once([joiner(student, session) for student in students])

    assert len(wins(outcomes)) > 1


def test_one_of_forty_students_takes_the_last_seat_and_the_rest_may_wait(
    at_once, students, session
):
    outcomes = at_once([joiner(student, session) for student in students])

    assert len(wins(outcomes)) == 1
    assert set(outcomes) - set(wins(outcomes)) == {"no-seat-left"}
    assert Participation.objects.filter(booking=session).count() == 2
    loser = students[outcomes.index("no-seat-left")]
    services.join_waiting_list(
        student_id=loser.pk, booking_id=session.pk, by=loser.membership, at=timezone.now()
    )
    assert examine() == []


@pytest.fixture
def two_at_the_page(cast, session, students):
    """Two students who look at the page with the last seat, and press the button."""
    page = reverse("bookings:join", args=[cast.school.slug, session.pk])

    def press(student):
        client = Client()
        client.force_login(student.membership.user, settings.AUTHENTICATION_BACKENDS[0])
        assert "Take a seat" in client.get(page).content.decode()
        return lambda: Answer(client.post(page, {"expected_price": "55000"}))

    return [press(student) for student in students[:2]]


class Answer:
    """A page as somebody reads it."""

    def __init__(self, response):
        self.status, self.text = response.status_code, response.content.decode()


def test_without_the_lock_two_confirm_the_last_seat_on_the_page(
    at_once, two_at_the_page, session, without_constraints, monkeypatch
):
    without_constraints("bookings_bookingtransition", "booking_history_in_one_line")
    without_constraints("bookings_occupancy", *CONSTRAINTS)
    monkeypatch.setattr(joining, "hold", unlocked)

    answers = at_once(two_at_the_page)

    assert [answer.status for answer in answers] == [302, 302]


def test_of_two_who_confirm_the_last_seat_one_reads_that_none_is_left_and_may_wait(
    cast, at_once, two_at_the_page, session
):
    won, lost = sorted(at_once(two_at_the_page), key=lambda answer: answer.status)

    assert (won.status, lost.status) == (302, 422)
    assert "There is no place left" in lost.text
    assert "Join the waiting list" in lost.text
    assert reverse("bookings:wait_for", args=[cast.school.slug, session.pk]) in lost.text
    assert Participation.objects.filter(booking=session).count() == 2
    assert examine() == []


@pytest.fixture
def waiting_for_seats(session, students, cast):
    """The session is full, forty wait, and the seat of the cast's student comes free."""
    taken = students[0]
    joiner(taken, session)()
    for student in students[1:]:
        services.join_waiting_list(
            student_id=student.pk, booking_id=session.pk, by=student.membership, at=timezone.now()
        )
    seat = Participation.objects.get(booking=session, student=cast.student)
    services.cancel_place(participation_id=seat.pk, by=cast.office, at=timezone.now())
    return session


def fill():
    return services.fill_vacancies(at=timezone.now())


def test_without_the_lock_workers_offer_one_seat_to_many(at_once, waiting_for_seats, monkeypatch):
    monkeypatch.setattr(offering, "hold", unlocked)
    monkeypatch.setattr(offering, "_lock", lambda entry, vacancy: None)
    by_worker = iter(range(8))
    choose = offering.candidates_for

    def each_another(vacancy, *, zone):
        first = next(by_worker)
        return choose(vacancy, zone=zone)[first : first + 1]

    monkeypatch.setattr(offering, "candidates_for", each_another)

    at_once([fill] * 8)

    open_ = WaitingListOffer.objects.filter(status=OfferStatus.OPEN)
    assert open_.count() > 1


def test_many_workers_offer_one_seat_once(at_once, waiting_for_seats):
    at_once([fill] * 8)

    assert WaitingListOffer.objects.count() == 1
    assert WaitingListEntry.objects.filter(status=WaitingStatus.OFFERED).count() == 1
    assert examine() == []


@pytest.fixture
def freed_time(cast, book, students):
    """A lesson was cancelled that several students wish for."""
    lesson = book(students=[cast.student])
    for student in students[:6]:
        services.add_wish(
            student_id=student.pk,
            lesson_type_id=cast.lesson_type.pk,
            by=student.membership,
            at=timezone.now(),
        )
    services.cancel_booking(booking_id=lesson.pk, by=cast.office, at=timezone.now())


def test_nobody_leaves_the_line_behind_the_back_of_an_offer(freed_time, monkeypatch):
    """An offer that is made between looking for one and leaving is not left standing."""
    entry = WaitingListEntry.objects.order_by("pk").first()
    leave = partial(
        services.leave_waiting_list,
        entry_id=entry.pk,
        by=entry.student.membership,
        at=timezone.now(),
    )
    reads = iter(("the entry", "the entry, locked"))
    found = waiting.found

    def offered_between(rows):
        if next(reads, "") == "the entry, locked":
            with ThreadPoolExecutor() as worker:
                assert worker.submit(in_another_connection, entry.school_id, fill).result() == 1
        return found(rows)

    monkeypatch.setattr(waiting, "found", offered_between)
    with pytest.raises(Refused) as refused:
        leave()
    leave()

    assert refused.value.refusal.code == "busy"
    entry.refresh_from_db()
    assert entry.status == WaitingStatus.WITHDRAWN
    assert WaitingListOffer.objects.get().status == OfferStatus.DECLINED
    assert examine() == []


def in_another_connection(school_id, call):
    try:
        with school_scope(school_id):
            return call()
    finally:
        connection.close()


def test_many_workers_offer_one_time_once(at_once, freed_time):
    at_once([fill] * 8)

    assert WaitingListOffer.objects.count() == 1
    assert Booking.objects.filter(status="pending").count() == 1
    assert examine() == []


@pytest.fixture
def offer(freed_time):
    fill()
    return WaitingListOffer.objects.select_related("entry__student__membership__school").get()


@pytest.fixture
def seat_offer(waiting_for_seats):
    fill()
    return WaitingListOffer.objects.select_related("entry__student__membership__school").get()


@pytest.mark.parametrize("kind", ("offer", "seat_offer"))
def test_a_yes_pressed_many_times_is_one_yes(at_once, request, kind):
    made = request.getfixturevalue(kind)

    outcomes = at_once([acceptor(made)] * 8)

    assert outcomes == [1] * 8
    made.refresh_from_db()
    assert made.status == OfferStatus.ACCEPTED
    places = Participation.objects.filter(student=made.entry.student, status="booked")
    assert places.count() == 1
    assert examine() == []


@pytest.mark.parametrize("kind", ("offer", "seat_offer"))
def test_a_yes_and_the_end_of_the_offer_are_one_or_the_other(at_once, request, kind):
    made = request.getfixturevalue(kind)
    over = made.expires_at

    outcomes = at_once(
        [acceptor(made), *[lambda: services.expire_offers(at=over) * 10] * 4, acceptor(made)]
    )

    made.refresh_from_db()
    said_yes = 1 in outcomes
    assert made.status == (OfferStatus.ACCEPTED if said_yes else OfferStatus.EXPIRED)
    assert outcomes.count(10) == (0 if said_yes else 1)
    assert examine() == []


@pytest.mark.parametrize("kind", ("offer", "seat_offer"))
def test_a_yes_and_a_cancellation_by_the_school_leave_a_sound_calendar(
    at_once, request, cast, kind
):
    made = request.getfixturevalue(kind)

    def cancel():
        services.cancel_booking(booking_id=made.booking_id, by=cast.office, at=timezone.now())
        return 10

    outcomes = at_once([acceptor(made), cancel, acceptor(made), acceptor(made)])

    assert 10 in outcomes
    assert Booking.objects.get(pk=made.booking_id).status == "cancelled"
    assert not Participation.objects.filter(booking=made.booking_id, status="booked").exists()
    assert not Occupancy.objects.filter(booking=made.booking_id).exists()
    assert examine() == []


@pytest.mark.parametrize("kind", ("offer", "seat_offer"))
def test_a_yes_and_a_move_by_the_school_both_happen_one_after_the_other(
    at_once, request, cast, kind, soon, collisions
):
    made = request.getfixturevalue(kind)
    later = soon + dt.timedelta(hours=2)

    def move():
        services.move_booking(
            booking_id=made.booking_id, by=cast.office, at=timezone.now(), starts_at=later
        )
        return 10

    outcomes = at_once([acceptor(made), move] * 20)

    assert outcomes[::2] == [1] * 20
    assert sorted(map(str, outcomes[1::2])) == ["10", *["nothing-changed"] * 19]
    made.refresh_from_db()
    assert made.status == OfferStatus.ACCEPTED
    assert Booking.objects.get(pk=made.booking_id).starts_at == later
    assert collisions == []
    assert examine() == []


def test_a_yes_and_a_no_are_one_or_the_other(at_once, offer):
    def decline():
        services.decline_offer(
            offer_id=offer.pk, by=offer.entry.student.membership, at=timezone.now()
        )
        return 10

    outcomes = at_once([acceptor(offer), decline, acceptor(offer), decline])

    offer.refresh_from_db()
    assert offer.status in {OfferStatus.ACCEPTED, OfferStatus.DECLINED}
    assert set(wins(outcomes)) == {1 if offer.status == OfferStatus.ACCEPTED else 10}
    assert examine() == []


def test_without_the_lock_a_yes_and_the_end_both_happen(at_once, seat_offer, monkeypatch):
    """The negative control: both see an open offer."""
    monkeypatch.setattr(answering, "hold", unlocked)
    together = threading.Barrier(2, timeout=10)

    def unlocked_offer(offer_id):
        offers = WaitingListOffer.objects.select_related(*answering.OFFER_RELATED)
        found = offers.get(pk=offer_id)
        together.wait()
        return found

    monkeypatch.setattr(answering, "_locked", unlocked_offer)
    over = seat_offer.expires_at

    outcomes = at_once([acceptor(seat_offer), lambda: services.expire_offers(at=over) * 10])

    assert 1 in outcomes
    assert 10 in outcomes


def test_a_storm_of_answers_ends_and_leaves_a_sound_calendar(at_once, waiting_for_seats, cast):
    """Eight workers fill while everybody answers as soon as they are asked."""

    def worker():
        for _ in range(6):
            fill()
        return 0

    def answer(number):
        def act():
            done = 0
            for _ in range(12):
                for made in WaitingListOffer.objects.filter(status=OfferStatus.OPEN):
                    who = made.entry.student.membership
                    if (made.entry_id + number) % 5:
                        services.decline_offer(offer_id=made.pk, by=who, at=timezone.now())
                    done += 1
            return done

        return act

    at_once([worker, worker, answer(1), answer(1)])

    per_vacancy = WaitingListOffer.objects.values_list("entry", "freed_by")
    assert len(set(per_vacancy)) == per_vacancy.count()
    assert Vacancy.objects.count() == 1
    assert examine() == []
