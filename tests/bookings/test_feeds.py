"""A private calendar feed: what it shows, to whom, and when it stops."""

import datetime as dt
import re

import pytest
import time_machine
from icalendar import Calendar

from administration.enums import MembershipStatus, Role
from bookings import services
from bookings.enums import BookingStatus, ParticipationStatus
from bookings.models import Booking, CalendarFeed, Participation
from bookings.queries.feeds import feed_of
from bookings.services.feeds import close_feed, digest, open_feed
from tests.factories import NOON, NOW, GuardianFactory, MembershipFactory, ParticipationFactory

DAY = dt.timedelta(days=1)


def events_of(content: bytes) -> list:
    return list(Calendar.from_ical(content).walk("VEVENT"))


@pytest.fixture
def lesson(book):
    return book()


def test_a_student_sees_their_lessons_with_the_identity_of_the_mails(cast, lesson):
    (event,) = events_of(feed_of(cast.student.membership, NOW))

    assert str(event["UID"]) == f"{lesson.uid}@justdriving"
    assert (event.start, event.end) == (lesson.starts_at, lesson.ends_at)
    assert str(event["STATUS"]) == "CONFIRMED"
    assert cast.school.name in str(event["SUMMARY"])


def test_a_teacher_sees_whom_they_meet(cast, lesson):
    (event,) = events_of(feed_of(cast.teacher.membership, NOW))
    assert str(cast.student) in str(event["SUMMARY"])


@pytest.mark.parametrize("who", ("other_student", "other_teacher"))
def test_others_see_nothing_of_it(cast, lesson, who):
    assert events_of(feed_of(getattr(cast, who).membership, NOW)) == []


def test_a_guardian_sees_the_childs_lessons(cast, lesson):
    member = MembershipFactory(school=cast.school, role=Role.GUARDIAN)
    GuardianFactory(student=cast.student, user=member.user)
    assert len(events_of(feed_of(member, NOW))) == 1


@pytest.mark.parametrize(
    ("status", "standing"),
    ((BookingStatus.PENDING, "TENTATIVE"), (BookingStatus.CONFIRMED, "CONFIRMED")),
)
def test_a_request_is_tentative(cast, lesson, status, standing):
    Booking.objects.update(status=status, held_until=NOON)
    (event,) = events_of(feed_of(cast.student.membership, NOW))
    assert str(event["STATUS"]) == standing


def test_a_draft_is_not_in_it(cast, lesson):
    Booking.objects.update(status=BookingStatus.DRAFT)
    assert events_of(feed_of(cast.student.membership, NOW)) == []


def test_a_cancelled_lesson_stays_thirty_days_as_cancelled(cast, lesson):
    services.cancel_booking(booking_id=lesson.pk, by=cast.office, at=NOW)
    member = cast.student.membership

    (event,) = events_of(feed_of(member, lesson.ends_at + 30 * DAY))
    assert (str(event["STATUS"]), str(event["TRANSP"])) == ("CANCELLED", "TRANSPARENT")
    assert events_of(feed_of(member, lesson.ends_at + 30 * DAY + dt.timedelta(seconds=1))) == []


def test_a_place_given_up_is_cancelled_for_that_student_alone(cast, lesson):
    ParticipationFactory(booking=lesson, student=cast.other_student)
    mine = Participation.objects.filter(student=cast.student)
    mine.update(status=ParticipationStatus.CANCELLED)

    (gone,) = events_of(feed_of(cast.student.membership, NOW))
    (there,) = events_of(feed_of(cast.other_student.membership, NOW))
    assert (str(gone["STATUS"]), str(there["STATUS"])) == ("CANCELLED", "CONFIRMED")


def test_the_same_lessons_give_the_same_bytes(cast, lesson):
    member = cast.student.membership
    assert feed_of(member, NOW) == feed_of(member, NOW + dt.timedelta(hours=5))


def test_many_lessons_cost_the_queries_of_one(cast, book, count_queries):
    book()
    one = count_queries(lambda: feed_of(cast.teacher.membership, NOW))
    for number in range(1, 6):
        book(starts_at=NOON + number * DAY)
    assert count_queries(lambda: feed_of(cast.teacher.membership, NOW)) == one


def test_the_address_is_a_secret_of_which_only_the_digest_is_kept(cast):
    token = open_feed(by=cast.student.membership, at=NOW)
    feed = CalendarFeed.objects.get()
    assert len(token) >= 43
    assert (feed.token_digest, token in str(vars(feed))) == (digest(token), False)


def test_the_feed_is_read_without_signing_in(cast, lesson, client):
    token = open_feed(by=cast.student.membership, at=NOW)
    answer = client.get(f"/calendar/{token}.ics")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert "private" in answer["Cache-Control"]


@time_machine.travel(NOW, tick=False)
def test_an_unchanged_feed_is_not_sent_again(cast, lesson, client):
    token = open_feed(by=cast.student.membership, at=NOW)
    address = f"/calendar/{token}.ics"
    etag = client.get(address)["ETag"]

    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    Booking.objects.update(place="Elsewhere 4")
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 200


def test_a_new_address_ends_the_old_one(cast, client):
    old = open_feed(by=cast.student.membership, at=NOW)
    new = open_feed(by=cast.student.membership, at=NOW)
    assert client.get(f"/calendar/{old}.ics").status_code == 404
    assert client.get(f"/calendar/{new}.ics").status_code == 200


def test_a_stopped_feed_is_gone(cast, client):
    token = open_feed(by=cast.student.membership, at=NOW)
    close_feed(by=cast.student.membership, at=NOW)
    close_feed(by=cast.student.membership, at=NOW)
    assert client.get(f"/calendar/{token}.ics").status_code == 404


def test_the_feed_of_a_deactivated_person_is_gone(cast, client):
    token = open_feed(by=cast.student.membership, at=NOW)
    type(cast.student.membership).objects.filter(pk=cast.student.membership_id).update(
        status=MembershipStatus.INACTIVE
    )
    assert client.get(f"/calendar/{token}.ics").status_code == 404


@pytest.mark.parametrize("token", ("x", "a" * 43, "%00"))
def test_a_made_up_address_is_not_found(client, db, token):
    assert client.get(f"/calendar/{token}.ics").status_code == 404


def test_the_page_shows_a_new_address_once(cast, signed_in):
    client = signed_in(cast.student)
    page = f"/schools/{cast.school.slug}/bookings/feed/"
    shown = client.post(page).content.decode()
    (address,) = set(re.findall(r"/calendar/([\w-]+)\.ics", shown))

    assert CalendarFeed.objects.get().token_digest == digest(address)
    assert address not in client.get(page).content.decode()


def test_looking_at_the_page_makes_nothing(cast, signed_in):
    signed_in(cast.student).get(f"/schools/{cast.school.slug}/bookings/feed/")
    assert CalendarFeed.objects.count() == 0


def test_the_secret_address_is_not_in_the_log(cast, client, caplog):
    token = open_feed(by=cast.student.membership, at=NOW)
    client.get(f"/calendar/{token}.ics")
    assert "request_started" in caplog.text
    assert token not in caplog.text
