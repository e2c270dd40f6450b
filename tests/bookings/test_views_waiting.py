"""The pages of the waiting list: classes to join, wishes, offers, and the office's list."""

import datetime as dt
import re

import pytest
import time_machine
from django.urls import reverse

from administration.models import School
from bookings import services
from bookings.enums import OfferStatus, SelfBooking, WaitingStatus
from bookings.links import offer_token
from bookings.models import LessonType, Participation, WaitingListEntry, WaitingListOffer
from finance.models import Product
from tests.factories import NOON, NOW, StudentFactory

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def on_monday_at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def address(cast):
    return lambda name, *args: reverse(f"bookings:{name}", args=[cast.school.slug, *args])


@pytest.fixture
def session(cast, book):
    """A session of two seats on Thursday at noon with one taken."""
    LessonType.objects.update(capacity=2)
    return book(student_ids=(cast.other_student.pk,))


@pytest.fixture
def full(cast, session):
    third = StudentFactory(school=cast.school, department=cast.department)
    services.join_booking(booking_id=session.pk, student_id=third.pk, by=cast.office, at=NOW)
    return session


@pytest.fixture
def offer(cast, book):
    """The time of a cancelled lesson is offered to the cast's student."""
    lesson = book(student_ids=(cast.other_student.pk,))
    entry = services.add_wish(
        student_id=cast.student.pk,
        lesson_type_id=cast.lesson_type.pk,
        by=cast.student.membership,
        at=NOW,
    )
    services.cancel_booking(booking_id=lesson.pk, by=cast.office, at=NOW)
    services.fill_vacancies(at=NOW)
    return WaitingListOffer.objects.get(entry=entry)


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


class TestJoining:
    def test_the_list_shows_what_is_left(self, cast, session, signed_in, address):
        page = signed_in(cast.student).get(address("sessions_to_join"))

        assert page.status_code == 200
        assert "1 seat left" in text_of(page)
        assert "DKK 550.00" in text_of(page).replace("\xa0", " ")

    def test_a_seat_is_taken_with_one_press(self, cast, session, signed_in, address):
        page = signed_in(cast.student).post(
            address("join", session.pk), {"expected_price": "55000"}
        )

        assert page.status_code == 302
        assert Participation.objects.filter(booking=session, student=cast.student).exists()

    def test_a_full_session_offers_the_waiting_list(self, cast, full, signed_in, address):
        client = signed_in(cast.student)

        page = client.get(address("join", full.pk))
        refused = client.post(address("join", full.pk), {"expected_price": "55000"})

        assert "There is no place left" in text_of(page)
        assert refused.status_code == 422
        assert "There is no place left" in text_of(refused)
        assert address("wait_for", full.pk) in refused.content.decode()

    def test_another_price_than_the_one_shown_takes_no_seat(
        self, cast, session, signed_in, address
    ):
        page = signed_in(cast.student).post(
            address("join", session.pk), {"expected_price": "50000"}
        )

        assert page.status_code == 422
        assert "The price has changed" in text_of(page)

    def test_late_terms_are_ticked_first(self, cast, session, signed_in, address):
        client = signed_in(cast.student)
        with time_machine.travel(NOON - 18 * dt.timedelta(hours=1), tick=False):
            untouched = client.post(address("join", session.pk), {"expected_price": "55000"})
            ticked = client.post(
                address("join", session.pk),
                {"expected_price": "55000", "accepts_late_terms": "1"},
            )

        assert (untouched.status_code, ticked.status_code) == (422, 302)
        assert "Tick this first" in text_of(untouched)

    @pytest.mark.parametrize("self_booking", (SelfBooking.OFF, SelfBooking.REQUEST))
    def test_what_only_the_school_books_is_not_offered(
        self, cast, session, signed_in, address, self_booking
    ):
        LessonType.objects.update(self_booking=self_booking)

        assert signed_in(cast.student).get(address("join", session.pk)).status_code == 404

    def test_a_session_without_a_price_says_so(self, cast, session, signed_in, address):
        Product.objects.update(is_active=False)

        page = signed_in(cast.student).get(address("join", session.pk))

        assert page.status_code == 200
        assert "Take a seat" not in text_of(page)

    def test_another_schools_session_is_not_there(self, other_school, session, signed_in):
        url = reverse("bookings:join", args=[other_school.school.slug, session.pk])

        assert signed_in(other_school.student).get(url).status_code == 404

    def test_staff_have_their_own_pages(self, cast, session, signed_in, address):
        client = signed_in(cast.office)

        assert client.get(address("sessions_to_join")).url == address("calendar")
        assert client.get(address("join", session.pk)).status_code == 404
        assert client.get(address("waiting")).url == address("waiting_desk")


class TestWaiting:
    def test_standing_in_line_and_leaving_it(self, cast, full, signed_in, address):
        client = signed_in(cast.student)

        client.post(address("wait_for", full.pk))
        page = client.get(address("waiting"))
        (entry,) = WaitingListEntry.objects.all()
        client.post(address("leave_line", entry.pk))

        assert "No. 1 in line" in text_of(page)
        entry.refresh_from_db()
        assert entry.status == WaitingStatus.WITHDRAWN

    def test_a_seat_that_came_free_is_shown_instead(self, cast, session, signed_in, address):
        page = signed_in(cast.student).post(address("wait_for", session.pk))

        assert page.url == address("join", session.pk)

    def test_a_wish_is_noted_with_its_times(self, cast, signed_in, address):
        client = signed_in(cast.student)

        sent = client.post(
            address("wish"),
            {
                "lesson_type": cast.lesson_type.pk,
                "weekdays": ["1", "3"],
                "earliest": "15:00",
                "last_day": "2026-05-01",
            },
        )
        page = client.get(address("waiting"))

        (entry,) = WaitingListEntry.objects.all()
        assert sent.status_code == 302
        assert (entry.weekdays, entry.earliest) == ([1, 3], dt.time(15))
        assert "Tue, Thu · not before 15:00 · until Fri 1 May" in text_of(page)

    def test_an_impossible_wish_keeps_what_was_typed(self, cast, signed_in, address):
        page = signed_in(cast.student).post(
            address("wish"),
            {"lesson_type": cast.lesson_type.pk, "earliest": "15:00", "latest": "14:00"},
        )

        assert page.status_code == 422
        assert "must be later" in text_of(page)
        assert 'value="15:00"' in page.content.decode()

    def test_somebody_elses_place_is_not_there(self, cast, offer, signed_in, address):
        page = signed_in(cast.other_student).post(address("leave_line", offer.entry_id))

        assert page.status_code == 404

    def test_the_offer_stands_on_top_of_the_home_page(self, cast, offer, signed_in):
        home = signed_in(cast.student).get(reverse("home:home", args=[cast.school.slug]))

        assert "You have an offer" in text_of(home)
        assert offer_token(offer) in home.content.decode()

    def test_a_held_time_is_nobodys_request(self, cast, offer, signed_in, address):
        page = signed_in(cast.office).get(address("requests"))

        assert "No requests" in text_of(page)


class TestTheLink:
    @pytest.fixture
    def client(self, client):
        """A visitor who reads English."""
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
        return client

    def test_looking_changes_nothing(self, cast, offer, client, address):
        page = client.get(address("offer", offer_token(offer)))

        offer.refresh_from_db()
        assert (page.status_code, offer.status) == (200, OfferStatus.OPEN)
        assert "Yes please, for DKK 550.00" in text_of(page).replace("\xa0", " ")
        assert page["Cache-Control"].startswith("max-age=0, no-cache, no-store")

    @pytest.mark.parametrize(
        ("answer", "status", "words"),
        (
            ("yes", OfferStatus.ACCEPTED, "It is yours"),
            ("no", OfferStatus.DECLINED, "You said no"),
        ),
    )
    def test_an_answer_needs_no_sign_in(self, offer, client, address, answer, status, words):
        page = client.post(address("offer", offer_token(offer)), {"answer": answer}, follow=True)

        offer.refresh_from_db()
        assert offer.status == status
        assert words in text_of(page)

    def test_an_offer_is_told_like_a_booking(self, cast, offer, client, address):
        type(offer.booking).objects.update(place="Station")
        page = text_of(client.get(address("offer", offer_token(offer))))

        for words in ("Driving lesson", "90 minutes", "Mette Holm", "12:00–13:30", "Station"):
            assert words in page
        assert "Answer within" in page

    @pytest.mark.parametrize(
        ("status", "words"),
        (
            (WaitingStatus.WAITING, "You are still on the waiting list"),
            (WaitingStatus.WITHDRAWN, "You are no longer on the waiting list."),
        ),
    )
    def test_an_expired_offer_says_when_and_what_to_do_now(
        self, offer, client, address, status, words
    ):
        services.expire_offers(at=offer.expires_at)
        type(offer.entry).objects.update(status=status)
        with time_machine.travel(offer.expires_at + dt.timedelta(hours=1), tick=False):
            page = client.get(address("offer", offer_token(offer)))

        assert "The offer ran out" in text_of(page)
        assert words in text_of(page)
        assert address("waiting") in page.text
        assert f"{address('book')}?type={offer.entry.lesson_type_id}" in page.text

    def test_an_offer_of_what_the_school_books_leads_to_no_free_times(self, offer, client, address):
        LessonType.objects.update(self_booking=SelfBooking.OFF)
        services.expire_offers(at=offer.expires_at)

        assert address("book") not in client.get(address("offer", offer_token(offer))).text

    def test_an_offer_that_ran_out_says_so(self, offer, client, address):
        with time_machine.travel(offer.expires_at, tick=False):
            page = client.get(address("offer", offer_token(offer)))
            late = client.post(address("offer", offer_token(offer)), {"answer": "yes"})

        assert "This offer is over" in text_of(page)
        assert "You are still on the waiting list" in text_of(page)
        assert late.status_code == 422

    def test_a_yes_is_to_the_time_that_was_shown(self, cast, offer, client, address):
        booking, url = offer.booking, address("offer", offer_token(offer))
        answer = {"answer": "yes", "expected_start": int(booking.starts_at.timestamp())}
        assert f'value="{answer["expected_start"]}"' in client.get(url).content.decode()
        later = booking.starts_at + dt.timedelta(hours=2)
        services.move_booking(booking_id=booking.pk, by=cast.office, at=NOW, starts_at=later)

        page = client.post(url, answer)
        again = client.post(
            url, {"answer": "yes", "expected_start": int(later.timestamp())}, follow=True
        )

        assert page.status_code == 422
        assert "The school has moved this lesson" in text_of(page)
        assert f'value="{int(later.timestamp())}"' in page.content.decode()
        assert "It is yours" in text_of(again)

    @pytest.mark.parametrize("start", ("", "yesterday", "9" * 30))
    def test_an_answer_without_a_time_is_to_the_offer(self, offer, client, address, start):
        answer = {"answer": "yes", "expected_start": start}

        assert client.post(address("offer", offer_token(offer)), answer).status_code == 302

    def test_only_our_own_links_open_something(self, offer, other_school, client, address):
        elsewhere = reverse("bookings:offer", args=[other_school.school.slug, offer_token(offer)])

        assert client.get(address("offer", f"{offer_token(offer)}x")).status_code == 404
        assert client.get(address("offer", str(offer.pk))).status_code == 404
        assert client.get(elsewhere).status_code == 404

    def test_neither_yes_nor_no_is_no_answer(self, offer, client, address):
        page = client.post(address("offer", offer_token(offer)), {"answer": "perhaps"})

        assert page.status_code == 404

    def test_a_suspended_school_makes_no_more_lessons(self, cast, offer, client, address):
        School.objects.filter(pk=cast.school.pk).update(status="suspended")

        page = client.post(address("offer", offer_token(offer)), {"answer": "yes"})

        assert page.status_code == 404


class TestTheDesk:
    def test_the_office_sees_who_waits(self, cast, offer, signed_in, address):
        page = signed_in(cast.office).get(address("waiting_desk"))

        assert "Åse Lind" in text_of(page)
        assert "Has an offer" in text_of(page)

    @pytest.mark.parametrize(
        ("query", "found"),
        (
            ("q=lind", True),
            ("q=berg", False),
            ("kind=wish", True),
            ("kind=session", False),
            ("kind=offered", True),
            ("type=1x", True),
        ),
    )
    def test_the_list_is_narrowed(self, cast, offer, signed_in, address, query, found):
        page = signed_in(cast.office).get(f"{address('waiting_desk')}?{query}")

        assert ("Åse Lind" in text_of(page)) is found

    def test_the_office_puts_a_student_on_the_list(self, cast, signed_in, address):
        office = signed_in(cast.office)
        asked = text_of(office.get(address("waiting_add")))
        page = office.post(
            address("waiting_add"),
            {"student": cast.student.pk, "lesson_type": cast.lesson_type.pk},
        )

        assert "Put on the waiting list" in asked
        assert "What would suit you?" not in asked
        assert page.status_code == 302
        assert WaitingListEntry.objects.get().created_by == cast.office.user

    def test_a_time_is_offered_by_hand(self, cast, signed_in, address):
        entry = services.add_wish(
            student_id=cast.student.pk,
            lesson_type_id=cast.lesson_type.pk,
            by=cast.office,
            at=NOW,
        )
        client = signed_in(cast.office)

        page = client.get(address("offer_by_hand", entry.pk))
        slot = re.search(r'name="slot" value="([^"]+)"', page.content.decode())
        assert slot is not None
        sent = client.post(address("offer_by_hand", entry.pk), {"slot": slot[1]})

        assert sent.status_code == 302
        assert WaitingListOffer.objects.get().entry == entry

    def test_a_time_that_is_taken_is_refused_with_the_reason(self, cast, book, signed_in, address):
        book(student_ids=(cast.other_student.pk,))
        entry = services.add_wish(
            student_id=cast.student.pk,
            lesson_type_id=cast.lesson_type.pk,
            by=cast.office,
            at=NOW,
        )

        page = signed_in(cast.office).post(
            address("offer_by_hand", entry.pk), {"slot": f"20260305T1100Z-{cast.teacher.pk}"}
        )

        assert page.status_code == 422
        assert "already booked" in text_of(page)

    def test_a_seat_is_offered_by_hand(self, cast, session, signed_in, address):
        entry = services.add_wish(
            student_id=cast.student.pk,
            lesson_type_id=cast.lesson_type.pk,
            by=cast.office,
            at=NOW,
        )
        client = signed_in(cast.office)

        page = client.get(address("offer_by_hand", entry.pk))
        client.post(address("offer_by_hand", entry.pk), {"session": session.pk})

        assert "1 seat left" in text_of(page)
        assert WaitingListOffer.objects.get().is_seat

    @pytest.mark.parametrize("role", ("teacher", "student"))
    def test_only_the_office_manages_the_list(self, cast, offer, signed_in, address, role):
        client = signed_in(getattr(cast, role))

        for url in (
            address("waiting_desk"),
            address("waiting_add"),
            address("offer_by_hand", offer.entry_id),
        ):
            assert client.get(url).status_code == 403

    def test_accepted_offers_count_as_recovered_hours(self, cast, offer, signed_in, address):
        services.accept_offer(offer_id=offer.pk, by=cast.student.membership, at=NOW)

        page = signed_in(cast.office).get(address("waiting_desk"))

        assert "1.5 h" in text_of(page)
        assert "<svg" in page.content.decode()


def test_the_lists_ask_the_same_whether_short_or_long(
    cast, session, book, signed_in, address, count_queries
):
    def counts():
        student, office = (
            count_queries(lambda who=who, name=name: signed_in(who).get(address(name)))
            for who, name in ((cast.student, "sessions_to_join"), (cast.office, "waiting_desk"))
        )
        mine = count_queries(lambda: signed_in(cast.student).get(address("waiting")))
        return student, office, mine

    def wish(hour):
        services.add_wish(
            student_id=cast.student.pk,
            lesson_type_id=cast.lesson_type.pk,
            by=cast.student.membership,
            at=NOW,
            times=services.WishedTimes(earliest=dt.time(hour)),
        )

    wish(8)
    counts()
    short = counts()
    for number in range(1, 4):
        wish(8 + number)
        book(student_ids=(), starts_at=NOON + number * DAY)

    assert counts() == short
