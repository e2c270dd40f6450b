"""How the page of a lesson tells what became of it, to each who reads it."""

import html

import pytest
import time_machine
from django.urls import reverse

from bookings import services
from bookings.enums import SelfBooking
from bookings.models import Booking, LessonType, WaitingListOffer
from bookings.services import Attendance
from tests.factories import NOW, MembershipFactory, StudentFactory, UserFactory

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
    assert page.context["pill"]["text"] == "Declined"


def test_a_request_that_the_student_withdraws_was_not_declined(
    cast, signed_in, address, request_of_the_student
):
    services.cancel_booking(
        booking_id=request_of_the_student.pk, by=cast.student.membership, at=NOW
    )
    page = signed_in(cast.student).get(address("detail", request_of_the_student.pk))

    assert titles(page)[0] == "Cancelled"
    assert page.context["pill"]["text"] == "Cancelled"


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


# Who was there


@pytest.fixture
def class_of_three(cast, book):
    """A lesson that is over: one student came, one did not, one is excused, one had left before."""
    LessonType.objects.update(capacity=4)
    lesson = book(student_ids=(cast.student.pk, cast.other_student.pk))
    ill, gone = (
        services.join_booking(booking_id=lesson.pk, student_id=one.pk, by=cast.office, at=NOW)
        for one in (named_student(cast, "Ida Ill"), named_student(cast, "Gry Gone"))
    )
    services.cancel_place(participation_id=gone.pk, by=cast.office, at=NOW)
    came, absent = lesson.participations.order_by("pk")[:2]
    services.complete_booking(
        booking_id=lesson.pk,
        by=cast.teacher.membership,
        at=lesson.ends_at,
        attendance={
            came.pk: Attendance(attended=True),
            absent.pk: Attendance(attended=False),
            ill.pk: Attendance(attended=False, excused=True),
        },
    )
    return lesson


def named_student(cast, name):
    member = MembershipFactory(school=cast.school, user=UserFactory(full_name=name))
    return StudentFactory(school=cast.school, department=cast.department, membership=member)


def test_staff_read_of_each_student_whether_they_were_there(
    cast, signed_in, address, class_of_three
):
    page = signed_in(cast.office).get(address("detail", class_of_three.pk))

    shown = {str(one.student): one.label for one in page.context["presence"].values()}
    assert shown == {"Åse Lind": "Attended", "Noah Berg": "Absent", "Ida Ill": "Excused"}
    for name in shown:
        assert words(page).count(f">{name}</a>") == 1


@pytest.mark.parametrize(
    ("place", "pill"), ((0, "Completed"), (1, "Absent"), (2, "Excused"), (3, "Cancelled"))
)
def test_a_student_reads_how_it_stands_for_them_and_nobody_else(
    cast, signed_in, address, class_of_three, place, pill
):
    places = list(class_of_three.participations.order_by("pk"))
    page = signed_in(places[place].student).get(address("detail", class_of_three.pk))

    assert page.context["pill"]["text"] == pill
    for other in (one for one in places if one != places[place]):
        assert str(other.student) not in words(page)


def test_the_teachers_day_names_who_was_not_there(cast, signed_in, class_of_three):
    client = signed_in(cast.teacher)
    with time_machine.travel(class_of_three.ends_at, tick=False):
        page = client.get(reverse("home:home", args=[cast.school.slug]))

    (card,) = page.context["timeline"]
    assert [one.named for one in card.missing] == ["Noah Berg: Absent", "Ida Ill: Excused"]
    assert "Noah Berg: Absent" in words(page)


# A request that nobody answered


@pytest.fixture
def run_out(request_of_the_student):
    """Its hold is over, and the system has not come by yet."""
    Booking.objects.update(held_until=NOW)
    return request_of_the_student


@pytest.mark.parametrize(("who", "again"), (("student", "book"), ("office", "new")))
def test_a_request_that_ran_out_is_only_booked_again(cast, signed_in, address, run_out, who, again):
    page = signed_in(getattr(cast, who)).get(address("detail", run_out.pk))

    assert page.context["pill"]["text"] == "Expired"
    assert page.context["actions"] is None
    assert page.context["book_again"].startswith(address(again))
    assert "Not answered in time" in words(page)
    assert signed_in(getattr(cast, who)).get(page.context["book_again"]).status_code == 200


@pytest.mark.parametrize("is_swept", (False, True))
def test_confirming_too_late_leads_to_what_became_of_the_request(
    cast, signed_in, address, run_out, is_swept
):
    if is_swept:
        services.expire_holds(at=NOW)
    client = signed_in(cast.office)
    asked = client.get(address("confirm", run_out.pk))
    answer = client.post(address("confirm", run_out.pk), follow=True)

    assert asked["Location"] == address("detail", run_out.pk)
    assert "Book again" in words(answer)
    assert "The lesson is confirmed." not in words(answer)
    run_out.refresh_from_db()
    assert run_out.status != "confirmed"


def test_the_teachers_day_does_not_ask_for_a_late_answer(cast, signed_in, address, run_out):
    client = signed_in(cast.teacher)
    page = client.get(reverse("home:home", args=[cast.school.slug]), {"date": "2026-03-05"})
    panel = client.get(address("panel", run_out.pk))

    (card,) = page.context["timeline"]
    assert not card.can_answer
    assert card.flags[0].text == "Not answered in time"
    assert panel.context["actions"] == {}
