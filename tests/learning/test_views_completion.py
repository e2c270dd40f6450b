"""The screen on which a teacher completes a lesson."""

import datetime as dt

import pytest
import time_machine
from django.utils import translation

from bookings.enums import BookingStatus, LessonKind
from bookings.models import Booking
from learning.enums import Side
from learning.models import LessonRecord, Signature
from tests.factories import (
    NOON,
    LessonTypeFactory,
    StudentFactory,
)
from tests.learning.factories import (
    ENDED,
    complete,
    follow,
    lesson,
    steps,
)
from tests.learning.pages import LATER, queries_of, sheet, url


@pytest.fixture(autouse=True)
def _an_hour_after_the_lesson():
    with time_machine.travel(LATER, tick=False), translation.override("en"):
        yield


def test_the_teacher_sees_who_what_and_what_it_costs(cast, signed_in):
    plan = follow(cast)
    booking = lesson(cast)

    page = signed_in(cast.teacher).get(url(cast, "complete", booking.pk))

    assert page.status_code == 200
    for words in ("Åse Lind", "550.00", "7.1", "Moving off and stopping", "Sign now"):
        assert words in page.text
    assert "Straight roads and lanes – theory" not in page.text
    assert f'name="plan{plan.pk}-covered"' in page.text
    assert Booking.objects.get().status == BookingStatus.CONFIRMED


def test_the_teacher_completes_and_signs_in_one_act(cast, signed_in):
    plan = follow(cast)
    booking = lesson(cast)
    data = sheet(
        booking,
        plan,
        covered=steps(plan, 6, "7.1", "7.2"),
        repeat=steps(plan, 6, "7.2"),
        **{f"plan{plan.pk}-note_shared": "Well done"},
    )

    answer = signed_in(cast.teacher).post(url(cast, "complete", booking.pk), data)

    assert answer.status_code == 302
    record = LessonRecord.objects.get()
    recorded = record.steps.order_by("step__code").values_list("step__code", "outcome")
    assert list(recorded) == [("7.1", "covered"), ("7.2", "repeat")]
    assert (record.note_shared, record.minutes) == ("Well done", 90)
    signature = Signature.objects.get()
    assert (signature.signed_as, signature.signed_at, signature.ip) == (
        Side.TEACHER,
        LATER,
        "127.0.0.1",
    )


def test_completing_twice_changes_nothing_and_shows_the_record(cast, signed_in):
    plan = follow(cast)
    booking = lesson(cast)
    client = signed_in(cast.teacher)
    data = sheet(booking, plan, covered=steps(plan, 6, "7.1"))
    client.post(url(cast, "complete", booking.pk), data)

    again = client.post(url(cast, "complete", booking.pk), data | {"sign": "on"})

    record = LessonRecord.objects.get()
    assert (again.status_code, again.url) == (302, url(cast, "record", record.pk))
    assert Signature.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    (
        pytest.param({"minutes": ""}, "How many minutes", id="no minutes"),
        pytest.param({"minutes": "0"}, "greater than or equal to 1", id="no time"),
        pytest.param({"minutes": "500"}, "between 1 and 180", id="the calendar refuses"),
        pytest.param({"covered": ["999999"]}, "not one of the available", id="unknown step"),
    ),
)
def test_a_refused_sheet_keeps_what_was_filled_in(cast, signed_in, change, words):
    plan = follow(cast)
    booking = lesson(cast)
    place = booking.participations.get()
    ticked, again = steps(plan, 6, "7.1", "7.3")
    data = sheet(
        booking,
        plan,
        covered=[ticked],
        repeat=[again],
        **{f"plan{plan.pk}-note_internal": "Kept words"},
    )
    if "minutes" in change:
        data[f"seat{place.pk}-minutes"] = change["minutes"]
    data[f"plan{plan.pk}-covered"] += change.get("covered", [])

    page = signed_in(cast.teacher).post(url(cast, "complete", booking.pk), data)

    assert page.status_code == 422
    for kept in (words, "Kept words", f'value="{ticked}" checked', f'value="{again}" checked'):
        assert kept in page.text
    assert not LessonRecord.objects.exists()


def test_a_lesson_that_is_not_over_is_not_completed(cast, signed_in):
    follow(cast)
    booking = lesson(cast)
    client = signed_in(cast.teacher)

    with time_machine.travel(ENDED - dt.timedelta(seconds=1), tick=False):
        page = client.get(url(cast, "complete", booking.pk))
        answer = client.post(url(cast, "complete", booking.pk), sheet(booking, sign=False))

    assert "The lesson ends at 13:30" in page.text
    assert answer.status_code == 422
    assert Booking.objects.get().status == BookingStatus.CONFIRMED


def test_signing_without_a_step_is_refused_with_a_way_out(cast, signed_in):
    plan = follow(cast)
    booking = lesson(cast)

    page = signed_in(cast.teacher).post(url(cast, "complete", booking.pk), sheet(booking, plan))

    assert page.status_code == 422
    assert "Tick what was taught before you sign" in page.text


def test_a_student_without_a_plan_can_be_taught(cast, signed_in):
    booking = lesson(cast)
    client = signed_in(cast.teacher)

    page = client.get(url(cast, "complete", booking.pk))
    client.post(
        url(cast, "complete", booking.pk), sheet(booking, **{"plan0-note_shared": "Mirrors"})
    )

    assert "No lesson plan yet" in page.text
    assert LessonRecord.objects.get().note_shared == "Mirrors"


def test_the_office_registers_attendance_and_no_teaching(cast, signed_in):
    plan = follow(cast)
    booking = lesson(cast)
    client = signed_in(cast.office)

    page = client.get(url(cast, "complete", booking.pk))
    client.post(
        url(cast, "complete", booking.pk), sheet(booking, plan, covered=steps(plan, 6, "7.1"))
    )

    assert "What was taught" not in page.text
    assert "Sign now" not in page.text
    record = LessonRecord.objects.get()
    assert (record.steps.count(), record.signatures.count()) == (0, 0)


def test_a_class_is_completed_at_once_with_its_exceptions(cast, signed_in):
    theory = LessonTypeFactory(school=cast.school, kind=LessonKind.THEORY, capacity=20)
    plan = follow(cast, cast.student, cast.other_student)
    booking = lesson(cast, cast.student, cast.other_student, lesson_type=theory)
    client = signed_in(cast.teacher)

    data = sheet(booking, plan, covered=steps(plan, 1), absent=(cast.other_student,))
    client.post(url(cast, "complete", booking.pk), data)

    assert [record.student for record in LessonRecord.objects.all()] == [cast.student]


def test_a_completed_class_lists_the_record_of_each(cast, signed_in):
    theory = LessonTypeFactory(school=cast.school, kind=LessonKind.THEORY, capacity=20)
    booking = lesson(cast, cast.student, cast.other_student, lesson_type=theory)
    complete(cast, booking)

    page = signed_in(cast.teacher).get(url(cast, "complete", booking.pk))

    for record in LessonRecord.objects.all():
        assert url(cast, "record", record.pk) in page.text


@pytest.mark.parametrize("who", ("other_teacher", "student"))
def test_others_cannot_complete_a_lesson(cast, signed_in, who):
    booking = lesson(cast)

    answer = signed_in(getattr(cast, who)).get(url(cast, "complete", booking.pk))

    assert answer.status_code == (404 if who == "other_teacher" else 403)


def test_the_number_of_queries_does_not_grow_with_the_class(cast, signed_in):
    theory = LessonTypeFactory(school=cast.school, kind=LessonKind.THEORY, capacity=20)
    many = [StudentFactory(school=cast.school, department=cast.department) for _ in range(6)]
    follow(cast, cast.student, *many)
    one = lesson(cast, cast.student, lesson_type=theory, starts=NOON - dt.timedelta(days=1))
    seven = lesson(cast, cast.student, *many, lesson_type=theory)
    client = signed_in(cast.teacher)
    client.get(url(cast, "complete", one.pk))

    few = queries_of(client, url(cast, "complete", one.pk))

    assert queries_of(client, url(cast, "complete", seven.pk)) == few


# The roster of a class


@pytest.fixture
def class_of_two(cast):
    theory = LessonTypeFactory(school=cast.school, kind=LessonKind.THEORY, capacity=8, needs=[])
    booking = lesson(cast, cast.student, cast.other_student, lesson_type=theory)
    booking.capacity = 8
    booking.save()
    return booking


def test_nobody_in_a_class_is_present_until_somebody_says_so(cast, signed_in, class_of_two):
    client = signed_in(cast.teacher)
    address = url(cast, "complete", class_of_two.pk)

    assert client.get(address).text.count("checked data-attended") == 0
    assert client.get(address + "?all=1").text.count("checked data-attended") == 2


def test_a_class_is_completed_with_its_exceptions(cast, signed_in, class_of_two):
    first, second = class_of_two.participations.order_by("pk")
    data = sheet(class_of_two) | {
        f"seat{first.pk}-minutes": 60,
        f"seat{second.pk}-presence": "excused",
    }

    signed_in(cast.teacher).post(url(cast, "complete", class_of_two.pk), data)

    places = class_of_two.participations.order_by("pk").values_list("status", "minutes_used")
    assert list(places) == [("attended", 60), ("cancelled", None)]
    assert Booking.objects.get().status == BookingStatus.COMPLETED


def test_a_student_nobody_spoke_of_is_asked_about(cast, signed_in, class_of_two):
    first = class_of_two.participations.first()
    data = sheet(class_of_two)
    del data[f"seat{first.pk}-presence"]

    answer = signed_in(cast.teacher).post(url(cast, "complete", class_of_two.pk), data)

    assert answer.status_code == 422
    assert f"{first.student}, Attendance: Say whether the student came." in answer.text
    assert Booking.objects.get().status == BookingStatus.CONFIRMED


def test_what_is_wrong_names_the_student_and_the_field(cast, signed_in, class_of_two):
    first, second = class_of_two.participations.order_by("pk")
    client, address = signed_in(cast.teacher), url(cast, "complete", class_of_two.pk)
    data = sheet(class_of_two)

    answer = client.post(address, data | {f"seat{second.pk}-minutes": "half"})
    too_many = client.post(address, data | {f"seat{first.pk}-minutes": 720})

    assert answer.status_code == too_many.status_code == 422
    assert f"{second.student}, Minutes: Enter a whole number." in answer.text
    assert f'href="#id_seat{second.pk}-minutes"' in answer.text
    assert f"Minutes of {first.student}: write between 1 and 180." in too_many.text
    assert 'value="half"' in answer.text


def test_the_page_says_that_minutes_do_not_change_the_price(cast, signed_in, class_of_two):
    client, address = signed_in(cast.teacher), url(cast, "complete", class_of_two.pk)
    page = client.get(address)
    first = class_of_two.participations.first()

    client.post(address, sheet(class_of_two) | {f"seat{first.pk}-minutes": 45})

    assert "The minutes really used do not change the price." in page.text
    first.refresh_from_db()
    assert first.minutes_used == 45
    assert first.price_minor == 550_00
