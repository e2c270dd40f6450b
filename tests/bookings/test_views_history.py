"""How the page of a lesson tells what became of it, to each who reads it."""

import html

import pytest
import time_machine
from django.urls import reverse

from bookings import services
from bookings.enums import SelfBooking
from bookings.models import LessonType, WaitingListOffer
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("in_english")


@pytest.fixture(autouse=True)
def on_monday_at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def address(cast):
    return lambda name, *args: reverse(f"bookings:{name}", args=[cast.school.slug, *args])


@pytest.fixture
def request_of_the_student(cast, book):
    LessonType.objects.update(self_booking=SelfBooking.REQUEST)
    return book(by=cast.student.membership, resource_ids=None)


def words(answer) -> str:
    return html.unescape(answer.text).replace("\xa0", " ")


def titles(answer) -> list[str]:
    return [line["title"] for line in answer.context["history"]]


@pytest.mark.parametrize("who", ("teacher", "office"))
def test_a_declined_request_reads_as_one_with_its_reason(
    cast, signed_in, address, request_of_the_student, who
):
    pk = request_of_the_student.pk
    sent = {
        "category": "weather",
        "reason": "Black ice",
        "expected_fee": 0,
        "expected_status": "pending",
    }
    said = signed_in(getattr(cast, who)).post(address("cancel", pk), sent, follow=True)
    page = signed_in(cast.student).get(address("detail", pk))

    assert "The request is declined." in words(said)
    assert titles(page)[0] == "The request was declined"
    assert "Black ice" in words(page)
    assert page.context["status_text"] == "Declined"


def test_a_request_that_the_student_withdraws_was_not_declined(
    cast, signed_in, address, request_of_the_student
):
    services.cancel_booking(
        booking_id=request_of_the_student.pk, by=cast.student.membership, at=NOW
    )
    page = signed_in(cast.student).get(address("detail", request_of_the_student.pk))

    assert titles(page)[0] == "Cancelled"
    assert page.context["status_text"] == "Cancelled"


def test_a_time_held_for_an_offer_was_no_request(cast, book, signed_in, address):
    lesson = book(student_ids=(cast.other_student.pk,))
    services.add_wish(
        student_id=cast.student.pk,
        lesson_type_id=cast.lesson_type.pk,
        by=cast.student.membership,
        at=NOW,
    )
    services.cancel_booking(booking_id=lesson.pk, by=cast.office, at=NOW)
    services.fill_vacancies(at=NOW)
    held = WaitingListOffer.objects.get().booking
    services.cancel_booking(booking_id=held.pk, by=cast.office, at=NOW)

    page = signed_in(cast.office).get(address("detail", held.pk))

    assert titles(page)[0] == "Cancelled"
