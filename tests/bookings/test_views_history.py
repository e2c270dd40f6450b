"""How the page of a lesson tells what became of it, to each who reads it."""

import datetime as dt
import html

import pytest
import time_machine
from django.urls import reverse

from administration.models import Department, School, User
from bookings import services
from bookings.enums import SelfBooking
from bookings.models import Booking, BookingSettings, LessonType, WaitingListOffer
from bookings.services import Attendance
from justdriving.kernel.policy import Refused
from tests.factories import NOON, NOW, MembershipFactory, StudentFactory, UserFactory

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
    assert "The request was declined. Weather: Black ice" in words(page)
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


# Giving up a seat


@pytest.fixture
def class_of_two(cast, book):
    LessonType.objects.update(capacity=4)
    return book(student_ids=(cast.student.pk, cast.other_student.pk))


def test_a_seat_that_was_given_up_in_another_tab_says_when(cast, signed_in, address, class_of_two):
    client, url = signed_in(cast.student), address("cancel", class_of_two.pk)
    sent = {"category": "personal", "expected_fee": 0, "expected_status": "confirmed"}
    client.post(url, sent)
    with time_machine.travel(NOW + dt.timedelta(hours=1), tick=False):
        again = client.post(url, sent)

    assert again.status_code == 422
    assert "The place was already cancelled Mon 2 Mar 10:00." in words(again)


def test_a_seat_that_the_office_cancels_twice_says_when(cast, class_of_two):
    place = class_of_two.participations.order_by("pk").first()
    services.cancel_place(participation_id=place.pk, by=cast.office, at=NOW)

    with pytest.raises(Refused) as refused:
        services.cancel_place(participation_id=place.pk, by=cast.office, at=NOW)

    assert refused.value.refusal.code == "already-cancelled"
    assert refused.value.refusal.facts == {"at": NOW}


def test_history_says_who_left_to_staff_and_to_nobody_elses_classmates(
    cast, signed_in, address, class_of_two
):
    services.cancel_booking(booking_id=class_of_two.pk, by=cast.student.membership, at=NOW)
    url = address("detail", class_of_two.pk)

    assert titles(signed_in(cast.office).get(url))[0] == "Åse Lind left"
    assert titles(signed_in(cast.student).get(url))[0] == "Åse Lind left"
    assert "Åse Lind" not in words(signed_in(cast.other_student).get(url))


# A move that is not to be made online


@pytest.mark.parametrize(
    ("own", "call"), (("", "tel:+45-33-12-12-12"), ("+4532101010", "tel:+45-32-10-10-10"))
)
def test_who_may_move_no_more_reaches_the_school(cast, signed_in, address, book, own, call):
    School.objects.update(phone="+4533121212")
    Department.objects.update(phone=own)
    BookingSettings.objects.create(school=cast.school, max_moves=1)
    booking = book()
    Booking.objects.update(moves=1)

    page = signed_in(cast.student).get(address("move", booking.pk))

    assert "It can not be moved online" in words(page)
    assert f'href="{call}"' in page.text
    assert f'href="mailto:{cast.school.email}"' in page.text
    assert address("cancel", booking.pk) in page.text
    assert "Cancelling: Free" in words(page)


# What came instead


def test_a_cancelled_lesson_leads_to_the_one_that_replaced_it(cast, book, signed_in, address):
    old = book()
    services.cancel_booking(booking_id=old.pk, by=cast.office, at=NOW)
    client = signed_in(cast.student)
    before = client.get(address("detail", old.pk))
    again = book()
    Booking.objects.filter(pk=again.pk).update(replaces=old)
    after = client.get(address("detail", old.pk))

    assert before.context["offered"]
    assert after.context["offered"] is None
    assert "The lesson takes place after all" in words(after)
    assert address("detail", again.pk) in after.text


def test_a_swap_says_with_which_lesson_but_no_student_reads_of_another(
    cast, book, signed_in, address
):
    mine = book()
    theirs = book(student_ids=(cast.other_student.pk,), starts_at=NOON + dt.timedelta(hours=3))
    swap = services.Swap(mine.pk, theirs.pk, services.Exchange.TIMES)
    services.rearrange_bookings(plan=swap, by=cast.office, at=NOW)
    url = address("detail", mine.pk)

    assert f"Swapped with Noah Berg ({theirs.number})" in words(signed_in(cast.office).get(url))
    student = words(signed_in(cast.student).get(url))
    assert "Moved from" in student
    assert "Noah Berg" not in student
    assert theirs.number not in student


def test_a_moved_day_is_no_swap(cast, book, signed_in, address):
    first = book()
    second = book(student_ids=(cast.other_student.pk,), starts_at=NOON + dt.timedelta(hours=3))
    plan = services.MoveDay([first.pk, second.pk], to_day=dt.date(2026, 3, 6))
    services.rearrange_bookings(plan=plan, by=cast.office, at=NOW)

    assert "Swapped" not in words(signed_in(cast.office).get(address("detail", first.pk)))


# Another vehicle


def moved_to_the_other_car(cast, lesson, **changes):
    wish = {"starts_at": lesson.starts_at, "resource_ids": [cast.other_vehicle.pk]} | changes
    return services.move_booking(booking_id=lesson.pk, by=cast.office, at=NOW, **wish)


@pytest.mark.parametrize("who", ("office", "teacher", "student"))
@pytest.mark.parametrize("language", ("en", "da"))
def test_another_car_is_named_with_the_one_before(cast, book, signed_in, address, who, language):
    lesson = book()
    moved_to_the_other_car(cast, lesson)
    cast.vehicle.name = "Sold since"
    cast.vehicle.save()
    client = signed_in(getattr(cast, who))
    User.objects.update(language=language)

    title = titles(client.get(address("detail", lesson.pk)))[0]
    said = {"en": "instead of", "da": "i stedet for"}[language]
    assert title == f"{cast.other_vehicle.name} {said} VW ID.3"


def test_another_time_and_car_are_both_told(cast, book, signed_in, address):
    lesson = book()
    row = moved_to_the_other_car(cast, lesson, starts_at=lesson.starts_at + dt.timedelta(hours=1))

    latest = signed_in(cast.student).get(address("detail", lesson.pk)).context["history"][0]
    assert latest["title"].startswith("Moved from")
    assert f"{cast.other_vehicle.name} instead of VW ID.3" in latest["note"]
    assert (row.from_things, row.to_things) == (["VW ID.3"], [cast.other_vehicle.name])


def test_a_car_that_came_or_went_is_said_with_another_teacher(cast, book, signed_in, address):
    cast.lesson_type.needs.all().delete()
    lesson = book(resource_ids=[])
    moved_to_the_other_car(
        cast, lesson, resource_ids=[cast.vehicle.pk], teacher_id=cast.other_teacher.pk
    )
    moved_to_the_other_car(cast, lesson, resource_ids=[])
    page = signed_in(cast.office).get(address("detail", lesson.pk))

    gone, came = page.context["history"][:2]
    assert gone["title"] == "Without VW ID.3"
    assert (came["title"], came["note"]) == (
        f"{cast.other_teacher} instead of {cast.teacher}",
        "With VW ID.3",
    )


def test_a_move_that_keeps_the_car_says_nothing_of_it(cast, book):
    lesson = book()
    row = moved_to_the_other_car(
        cast, lesson, starts_at=NOON + dt.timedelta(hours=1), resource_ids=None
    )
    assert (row.from_things, row.to_things) == (None, None)
