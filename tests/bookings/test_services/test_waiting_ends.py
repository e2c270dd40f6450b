"""However people answer, the offers come to an end, and nobody is asked twice for one thing."""

import datetime as dt
import re

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings import services
from bookings.enums import OfferStatus, WaitingStatus
from bookings.models import LessonType, Occupancy, Vacancy, WaitingListEntry, WaitingListOffer
from tests.factories import NOW, StudentFactory

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
ANSWERS = st.lists(st.sampled_from(("yes", "no", "late", "leave")), max_size=12)
WAITING = 4


def answer(offer, what, at):
    who = offer.entry.student.membership
    match what:
        case "yes":
            services.accept_offer(offer_id=offer.pk, by=who, at=at, accepts_late_terms=True)
        case "no":
            services.decline_offer(offer_id=offer.pk, by=who, at=at)
        case "leave":
            services.leave_waiting_list(entry_id=offer.entry_id, by=who, at=at)
        case _:
            services.expire_offers(at=offer.expires_at)


def play(answers):
    """Fill and answer until nothing is on offer; returns how many rounds that took."""
    at, left = NOW, iter(answers)
    for rounds in range(50):
        services.fill_vacancies(at=at)
        open_ = list(WaitingListOffer.objects.filter(status=OfferStatus.OPEN).order_by("pk"))
        if not open_:
            return rounds
        for offer in open_:
            answer(offer, next(left, "no"), at)
        at += dt.timedelta(minutes=1)
    return 50


@settings(max_examples=25, deadline=None, suppress_health_check=QUIET)
@given(answers=ANSWERS)
def test_every_story_of_answers_ends(cast, book, answers):
    mark = transaction.savepoint()
    lesson = book()
    for _ in range(WAITING):
        student = StudentFactory(school=cast.school, department=cast.department)
        services.add_wish(
            student_id=student.pk,
            lesson_type_id=cast.lesson_type.pk,
            by=student.membership,
            at=NOW,
        )
    services.cancel_booking(booking_id=lesson.pk, by=cast.office, at=NOW)

    rounds = play(answers)

    offers = WaitingListOffer.objects.values_list("entry", "freed_by")
    assert rounds <= WAITING
    assert len(set(offers)) == offers.count() <= WAITING
    assert not Vacancy.objects.filter(settled_at=None).exists()
    accepted = WaitingListOffer.objects.filter(status=OfferStatus.ACCEPTED).count()
    assert WaitingListEntry.objects.filter(status=WaitingStatus.SERVED).count() == accepted <= 1
    assert Occupancy.objects.exists() is bool(accepted)
    transaction.savepoint_rollback(mark)


def locked_first(captured):
    """Whether entries are locked in the order of their ids before any is written."""
    asked = [one["sql"] for one in captured if "bookings_waitinglistentry" in one["sql"]]
    first = next(sql for sql in asked if "FOR UPDATE" in sql or sql.startswith("UPDATE"))
    return re.search(r'ORDER BY (1|"bookings_waitinglistentry"."id") ASC FOR UPDATE', first)


def waiting(cast, **about):
    return WaitingListEntry.objects.create(
        school=cast.school,
        student=StudentFactory(school=cast.school, department=cast.department),
        lesson_type=cast.lesson_type,
        created_at=NOW,
        created_by=cast.office.user,
        **about,
    )


def test_entries_lapse_in_one_order(cast):
    yesterday = NOW.date() - dt.timedelta(days=1)
    entries = [waiting(cast, last_day=yesterday) for _ in range(2)]

    with CaptureQueriesContext(connection) as captured:
        assert services.lapse_entries(at=NOW) == 2

    assert locked_first(captured)
    assert {WaitingListEntry.objects.get(pk=one.pk).status for one in entries} == {"lapsed"}


def test_whoever_waits_for_a_session_that_is_off_is_let_go_in_one_order(cast, book):
    LessonType.objects.update(capacity=3)
    session = book()
    entries = [waiting(cast, booking=session) for _ in range(2)]
    services.offer_seat(entry_id=entries[1].pk, booking_id=session.pk, by=cast.office, at=NOW)

    with CaptureQueriesContext(connection) as captured:
        services.cancel_booking(booking_id=session.pk, by=cast.office, at=NOW, category="other")

    assert locked_first(captured)
    assert {WaitingListEntry.objects.get(pk=one.pk).status for one in entries} == {"lapsed"}
