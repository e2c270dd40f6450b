"""The pages on which lessons are booked, moved and cancelled, as each person meets them."""

import datetime as dt
import uuid
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.urls import reverse

from administration.enums import Role
from administration.models import TeacherDepartment
from bookings.enums import BookingStatus, ReasonCategory, SelfBooking
from bookings.models import Booking, BookingTransition, LessonType
from finance.models import Product
from tests.cast import make_catalogue
from tests.factories import (
    NOON,
    NOW,
    BookingFactory,
    DepartmentFactory,
    GuardianFactory,
    LessonTypeFactory,
    MembershipFactory,
    TeacherDepartmentFactory,
    WeeklyAvailabilityFactory,
)

NOON_SLOT = "20260305T1100Z"


@pytest.fixture(autouse=True)
def on_monday_at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def address(cast):
    return lambda name, *args: reverse(f"bookings:{name}", args=[cast.school.slug, *args])


@pytest.fixture
def booking_form(cast):
    """What the student's page sends for Thursday at noon, changed as told."""

    def make(**changes):
        form = {
            "type": cast.lesson_type.pk,
            "from": "2026-03-02",
            "slot": f"{NOON_SLOT}-{cast.teacher.pk}",
            "place": "Station",
            "expected_price": 55000,
            "request_key": uuid.uuid4(),
        }
        return form | changes

    return make


@pytest.fixture
def desk_form(cast):
    """What the staff's page sends for Thursday at noon, changed as told."""

    def make(**changes):
        form = {
            "student": cast.student.pk,
            "lesson_type": cast.lesson_type.pk,
            "teacher": cast.teacher.pk,
            "day": "2026-03-05",
            "time": "12:00",
            "resource": "",
            "place": "Station",
            "request_key": uuid.uuid4(),
        }
        return form | changes

    return make


def words(response) -> str:
    return " ".join(response.content.decode().split())


# --- the student's page


def test_a_student_sees_only_times_that_can_be_booked(cast, signed_in, address):
    BookingFactory(
        school=cast.school,
        department=cast.department,
        teacher=cast.teacher,
        lesson_type=cast.lesson_type,
        students=[cast.other_student],
    )
    page = signed_in(cast.student).get(address("book"), {"day": "2026-03-05"})
    own, others = page.context["picker"].groups
    assert own.title == "With Mette Holm"
    assert [slot["title"] for slot in own.slots] == [
        "08:00–09:30",
        "08:30–10:00",
        "09:00–10:30",
        "09:30–11:00",
        "10:00–11:30",
        "10:30–12:00",
        "13:30–15:00",
        "14:00–15:30",
        "14:30–16:00",
        "15:00–16:30",
        "15:30–17:00",
        "16:00–17:30",
        "16:30–18:00",
    ]
    assert others.title == "With another teacher"
    assert {(slot["teacher_name"], slot["price"]) for slot in others.slots} == {
        ("Søren Bæk", "DKK\xa0550.00")
    }


def test_a_taken_time_says_why_when_it_is_asked_for(cast, signed_in, address):
    BookingFactory(
        school=cast.school,
        department=cast.department,
        teacher=cast.teacher,
        lesson_type=cast.lesson_type,
        students=[cast.other_student],
    )
    client = signed_in(cast.student)
    plain = client.get(address("book"), {"day": "2026-03-05"})
    asked = client.get(address("book"), {"day": "2026-03-05", "taken": "1"})
    assert "Show times that are taken" in words(plain)
    assert "slot--off" not in words(plain)
    own = asked.context["picker"].groups[0]
    noon = next(slot for slot in own.slots if slot["title"] == "12:00–13:30")
    assert "Mette Holm" in noon["why_not"]


def test_the_chosen_time_shows_its_price_and_what_cancelling_would_cost(cast, signed_in, address):
    slot = f"{NOON_SLOT}-{cast.teacher.pk}"
    page = words(signed_in(cast.student).get(address("book"), {"slot": slot}))
    assert "Thursday 5 March<br>12:00–13:30" in page
    assert "Free until Wed 4 Mar 12:00, then 50 % = DKK 275.00;" in page
    assert "from Thu 5 Mar 07:00 the whole price" in page
    summary = page[page.index('aria-labelledby="summary-title"') :]
    assert (summary.count("DKK 550.00"), summary.count("275.00")) == (1, 1)
    assert "550.00" not in page[page.index('id="book-head"') : page.index('id="picker"')]


def test_the_pick_up_place_is_the_students_usual_one(cast, signed_in, address):
    cast.student.pickup_place = "Nørrebrogade 44"
    cast.student.save()
    slot = f"{NOON_SLOT}-{cast.teacher.pk}"
    page = words(signed_in(cast.student).get(address("book"), {"slot": slot}))
    assert 'value="Nørrebrogade 44"' in page


def test_a_student_books_and_lands_on_the_lesson(cast, signed_in, address, booking_form):
    answer = signed_in(cast.student).post(address("book"), booking_form())
    booking = Booking.objects.get()
    assert (answer.status_code, answer.url) == (302, address("detail", booking.pk))
    assert (booking.status, booking.starts_at, booking.place) == (
        BookingStatus.CONFIRMED,
        NOON,
        "Station",
    )


def test_the_same_form_sent_twice_books_once(cast, signed_in, address, booking_form):
    client, form = signed_in(cast.student), booking_form()
    first, second = (client.post(address("book"), form) for _ in range(2))
    assert first.url == second.url
    assert Booking.objects.count() == 1


def test_a_request_waits_for_the_school(cast, signed_in, address, booking_form):
    cast.lesson_type.self_booking = SelfBooking.REQUEST
    cast.lesson_type.save()
    client = signed_in(cast.student)
    page = client.get(address("book"), {"slot": f"{NOON_SLOT}-{cast.teacher.pk}"})
    assert "Ask for this time" in words(page)
    client.post(address("book"), booking_form())
    assert Booking.objects.get().status == BookingStatus.PENDING


def test_a_time_taken_meanwhile_is_refused_and_nothing_typed_is_lost(
    cast, signed_in, address, booking_form
):
    BookingFactory(
        school=cast.school,
        department=cast.department,
        teacher=cast.teacher,
        lesson_type=cast.lesson_type,
        students=[cast.other_student],
    )
    answer = signed_in(cast.student).post(address("book"), booking_form(place="By the lake"))
    assert answer.status_code == 422
    assert "Mette Holm" in str(answer.context["form"].non_field_errors())
    assert 'value="By the lake"' in words(answer)
    assert "12:00–13:30" not in [slot["title"] for slot in answer.context["picker"].groups[0].slots]
    assert Booking.objects.count() == 1


def test_a_price_that_changed_meanwhile_is_asked_about_again(
    cast, signed_in, address, booking_form
):
    answer = signed_in(cast.student).post(address("book"), booking_form(expected_price=50000))
    assert answer.status_code == 422
    assert "The price has changed to DKK 550.00" in words(answer)
    assert '<span class="money">DKK 550.00</span>' in words(answer)
    assert not Booking.objects.exists()


def test_a_student_cannot_book_where_the_school_books(cast, signed_in, address):
    cast.school.students_book_themselves = False
    cast.school.save()
    assert signed_in(cast.student).get(address("book")).status_code == 403


def test_a_lesson_without_a_price_is_not_offered(cast, signed_in, address):
    Product.objects.update(is_active=False)
    page = signed_in(cast.student).get(address("book"))
    assert "Nothing can be booked online yet" in words(page)


@pytest.mark.parametrize(
    "query",
    (
        "slot=nonsense",
        "slot=20260305T1100Z",
        "day=2026-13-01",
        "type=x",
        "type=0",
        "from=2026-02-30",
        "day=9999-12-31",
        "from=9999-12-31",
        "slot=99991231T2359Z-1",
        "slot=00010101T0000Z-1",
        f"type={'9' * 2000}",
    ),
)
def test_an_address_that_makes_no_sense_is_not_found(cast, signed_in, address, query):
    assert signed_in(cast.student).get(f"{address('book')}?{query}").status_code == 404


def test_two_weeks_later_and_back_again(cast, signed_in, address):
    client = signed_in(cast.student)
    picker = client.get(address("book")).context["picker"]
    assert (picker.previous_url, picker.first_day) == ("", dt.date(2026, 3, 2))
    later = client.get(address("book") + picker.next_url).context["picker"]
    assert later.first_day == dt.date(2026, 3, 16)
    assert parse_qs(urlsplit(later.previous_url).query)["from"] == ["2026-03-02"]


def test_every_lesson_type_is_priced_by_one_question(cast, signed_in, address, count_queries):
    client = signed_in(cast.student)
    client.get(address("book"))
    asked = {"type": cast.lesson_type.pk}
    before = count_queries(lambda: client.get(address("book"), asked))
    for number in range(4):
        make_catalogue(LessonTypeFactory(school=cast.school, name=f"Lesson {number}"))

    assert count_queries(lambda: client.get(address("book"), asked)) == before
    assert len(client.get(address("book"), asked).context["types"]) == 5


def test_the_page_of_free_times_asks_the_same_number_of_questions_on_full_and_empty_days(
    cast, signed_in, address, django_assert_num_queries, count_queries
):
    client = signed_in(cast.student)
    client.get(address("book"))
    before = count_queries(lambda: client.get(address("book"), {"day": "2026-03-05"}))
    for hour in range(4):
        BookingFactory(
            school=cast.school,
            department=cast.department,
            teacher=cast.other_teacher,
            lesson_type=cast.lesson_type,
            starts=NOON + dt.timedelta(days=hour),
            students=[cast.other_student],
        )
    assert count_queries(lambda: client.get(address("book"), {"day": "2026-03-05"})) == before


# --- the staff's page


def test_staff_and_students_are_led_to_their_own_page(cast, signed_in, address):
    assert signed_in(cast.office).get(address("book")).url == address("new")
    assert signed_in(cast.student).get(address("new")).url == address("book")


def test_booking_at_the_desk_reads_everyone_concerned_once(
    cast, signed_in, address, desk_form, django_assert_max_num_queries
):
    client = signed_in(cast.office)
    with django_assert_max_num_queries(30) as asked:
        client.post(address("new"), desk_form(resource=cast.vehicle.pk))

    assert Booking.objects.count() == 1
    begun = [one["sql"].partition('", ')[0] for one in asked.captured_queries]
    for table in (
        "administration_user",
        "administration_membership",
        "administration_student",
        "administration_teacher",
        "bookings_lessontype",
        "bookings_resource",
    ):
        assert begun.count(f'SELECT "{table}"."id') == 1, table


def test_the_desk_form_comes_filled_with_what_the_address_knows(cast, signed_in, address):
    page = signed_in(cast.office).get(
        address("new"),
        {"student": cast.student.pk, "teacher": cast.other_teacher.pk, "start": "2026-03-05T12:00"},
    )
    initial = page.context["form"].initial
    assert (initial["student"], initial["teacher"], initial["lesson_type"]) == (
        cast.student,
        cast.other_teacher,
        cast.lesson_type,
    )
    assert (initial["day"], initial["time"]) == (dt.date(2026, 3, 5), dt.time(12))
    assert "Free times for Åse Lind" in words(page)


def finder_of(cast, page):
    return page.context["finder"] | {
        "teachers": {
            slot["teacher_name"]
            for group in page.context["finder"]["picker"].groups
            for slot in group.slots
        }
    }


def test_the_desk_searches_the_teachers_of_another_department(cast, signed_in, address):
    client, asked = signed_in(cast.office), {"student": cast.student.pk, "day": "2026-03-05"}
    assert finder_of(cast, client.get(address("new"), asked))["where"] == []

    south = DepartmentFactory(school=cast.school, name="South")
    TeacherDepartment.across_schools.filter(teacher=cast.other_teacher).delete()
    TeacherDepartmentFactory(teacher=cast.other_teacher, department=south)
    page = client.get(address("new"), asked)
    there = client.get(address("new"), asked | {"department": south.pk})

    where = finder_of(cast, page)["where"]
    assert [(str(one["department"]), one["is_chosen"]) for one in where] == [
        ("Centre", True),
        ("South", False),
    ]
    assert finder_of(cast, page)["teachers"] == {"Mette Holm"}
    assert finder_of(cast, there)["teachers"] == {"Mette Holm", "Søren Bæk"}
    assert f"department={south.pk}" in there.context["finder"]["picker"].next_url


def test_another_schools_department_is_no_choice(cast, other_school, signed_in, address):
    asked = {"student": cast.student.pk, "department": other_school.department.pk}

    assert signed_in(cast.office).get(address("new"), asked).status_code == 404


def test_the_desk_offers_only_the_lengths_of_the_chosen_type(cast, signed_in, address):
    cast.lesson_type.other_durations = [45]
    cast.lesson_type.save()
    other = LessonTypeFactory(school=cast.school, name="Refresher", other_durations=[120])
    client = signed_in(cast.office)

    page = client.get(address("new"), {"type": cast.lesson_type.pk})
    there = client.get(address("new"), {"type": other.pk})

    def offered(page):
        return [value for value, _words in page.context["form"].fields["minutes"].choices]

    assert (offered(page), offered(there)) == (["", 45], ["", 120])


def test_a_length_of_another_type_is_refused_beside_it(cast, signed_in, address, desk_form):
    LessonTypeFactory(school=cast.school, name="Refresher", other_durations=[120])

    answer = signed_in(cast.office).post(address("new"), desk_form(minutes="120"))

    assert answer.status_code == 422
    assert answer.context["form"].errors["minutes"] == ["This lesson type has no such length."]
    assert not Booking.objects.exists()


def test_the_office_books_for_a_student(cast, signed_in, address, desk_form):
    answer = signed_in(cast.office).post(address("new"), desk_form(resource=cast.vehicle.pk))
    booking = Booking.objects.get()
    assert answer.url == address("detail", booking.pk)
    assert [used.resource for used in booking.booking_resources.all()] == [cast.vehicle]


def test_a_teacher_books_only_their_own_lessons(cast, signed_in, address, desk_form):
    client = signed_in(cast.teacher)
    answer = client.post(address("new"), desk_form(teacher=cast.other_teacher.pk))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["teacher"]
    assert client.post(address("new"), desk_form()).status_code == 302


@pytest.mark.parametrize("who", ("office", "teacher"))
def test_a_rule_in_the_way_is_named_and_only_the_office_may_overrule_it(
    cast, signed_in, address, desk_form, who
):
    client = signed_in(getattr(cast, who))
    refused = client.post(address("new"), desk_form(time="20:00"))
    form = refused.context["form"]
    assert refused.status_code == 422
    rule = next(iter(form.broken_rules), None)
    assert (rule is not None) == (who == "office")
    assert not Booking.objects.exists()
    if rule is None:
        return
    assert rule.message in words(refused)
    again = client.post(
        address("new"),
        desk_form(time="20:00") | {rule.field: "1", rule.reason_field: "Exam tomorrow"},
    )
    assert again.status_code == 302
    overruled = BookingTransition.objects.get().overridden_rules
    assert [(one["code"], one["reason"]) for one in overruled] == [(rule.code, "Exam tomorrow")]


def test_overruling_needs_a_reason(cast, signed_in, address, desk_form):
    client = signed_in(cast.office)
    refused = client.post(address("new"), desk_form(time="20:00"))
    (rule,) = refused.context["form"].broken_rules
    answer = client.post(address("new"), desk_form(time="20:00") | {rule.field: "1"})
    assert answer.status_code == 422
    assert "Write a reason to do it anyway." in words(answer)


def test_foreign_people_and_things_are_no_choice_at_the_desk(
    cast, other_school, signed_in, address, desk_form
):
    answer = signed_in(cast.office).post(
        address("new"),
        desk_form(
            student=other_school.student.pk,
            teacher=other_school.teacher.pk,
            lesson_type=other_school.lesson_type.pk,
            resource=other_school.vehicle.pk,
        ),
    )
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"student", "teacher", "lesson_type", "resource"}
    page = signed_in(cast.office).get(address("new"), {"student": other_school.student.pk})
    assert page.status_code == 404


def test_a_day_out_of_every_calendar_is_refused(cast, signed_in, address, desk_form):
    form = desk_form(day="9999-12-31", time="23:59")

    answer = signed_in(cast.office).post(address("new"), form)

    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"day"})


def test_a_wall_time_that_the_clock_skips_is_explained(cast, signed_in, address, desk_form):
    answer = signed_in(cast.office).post(address("new"), desk_form(day="2026-03-29", time="02:30"))
    assert answer.status_code == 422
    assert "The clock skips this time on that night." in words(answer)


# --- cancelling


@pytest.fixture
def lesson(cast):
    """The student's confirmed lesson on Thursday at noon."""
    return BookingFactory(
        school=cast.school,
        department=cast.department,
        teacher=cast.teacher,
        lesson_type=cast.lesson_type,
        students=[cast.student],
        resources=[cast.vehicle],
    )


CANCEL = {
    "category": ReasonCategory.PERSONAL,
    "reason": "Exam at school",
    "expected_status": BookingStatus.CONFIRMED,
}


@pytest.mark.parametrize(
    ("at", "shown", "fee"),
    (
        (NOON - dt.timedelta(days=2), ("Free until", "Cancel the lesson free of charge"), 0),
        (NOON - dt.timedelta(hours=20), ("50 %", "Cancel the lesson for DKK 275.00"), 27500),
        (NOON - dt.timedelta(hours=1), ("100 %", "Cancel the lesson for DKK 550.00"), 55000),
    ),
)
def test_the_fee_stands_above_the_button_before_the_click(
    signed_in, address, lesson, at, shown, fee
):
    with time_machine.travel(at, tick=False):
        client = signed_in(lesson.participations.get().student)
        page = words(client.get(address("cancel", lesson.pk)))
        assert [words for words in shown if words not in page] == []
        client.post(address("cancel", lesson.pk), CANCEL | {"expected_fee": fee})
    lesson.refresh_from_db()
    assert lesson.status == BookingStatus.CANCELLED


def test_a_fee_that_changed_meanwhile_is_shown_before_anything_happens(
    cast, signed_in, address, lesson
):
    with time_machine.travel(NOON - dt.timedelta(hours=20), tick=False):
        answer = signed_in(cast.student).post(
            address("cancel", lesson.pk), CANCEL | {"expected_fee": 0}
        )
    assert answer.status_code == 422
    assert "Cancelling now costs DKK 275.00" in words(answer)
    assert 'name="expected_fee" value="27500"' in words(answer)
    assert "Exam at school" in words(answer)
    lesson.refresh_from_db()
    assert lesson.status == BookingStatus.CONFIRMED


def test_declining_a_request_does_not_cancel_the_lesson_it_has_become(
    cast, signed_in, address, booking_form
):
    LessonType.objects.update(self_booking=SelfBooking.REQUEST)
    signed_in(cast.student).post(address("book"), booking_form())
    booking, client = Booking.objects.get(), signed_in(cast.office)
    shown = client.get(address("cancel", booking.pk))
    seen = {"expected_status": booking.status, "expected_fee": 0}
    client.post(address("confirm", booking.pk))

    answer = client.post(address("cancel", booking.pk), CANCEL | seen)

    booking.refresh_from_db()
    assert "Decline the request" in words(shown)
    assert f'name="expected_status" value="{BookingStatus.PENDING}"' in words(shown)
    assert (answer.status_code, booking.status) == (422, BookingStatus.CONFIRMED)
    assert "It has been confirmed meanwhile." in words(answer)
    assert "Decline the request" not in words(answer)
    again = client.post(
        address("cancel", booking.pk), CANCEL | seen | {"expected_status": booking.status}
    )
    assert again.status_code == 302


def test_a_student_is_not_offered_the_reasons_of_staff(cast, signed_in, address, lesson):
    student = signed_in(cast.student).get(address("cancel", lesson.pk)).context["form"]
    office = signed_in(cast.office).get(address("cancel", lesson.pk)).context["form"]
    assert [value for value, _ in student.fields["category"].choices] == [
        "personal",
        "illness",
        "other",
    ]
    assert "weather" in dict(office.fields["category"].choices)


def test_nobody_cancels_without_saying_why(cast, signed_in, address, lesson):
    client = signed_in(cast.office)
    assert " checked" not in client.get(address("cancel", lesson.pk)).text
    answer = client.post(address("cancel", lesson.pk), {"expected_fee": 0, "reason": ""})

    assert answer.status_code == 422
    assert "Why?: Choose a reason." in words(answer)
    lesson.refresh_from_db()
    assert lesson.status == BookingStatus.CONFIRMED


# --- moving


def test_a_student_moves_a_lesson_to_a_time_that_is_offered(cast, signed_in, address, lesson):
    client = signed_in(cast.student)
    slot = f"20260306T0700Z-{cast.teacher.pk}"
    page = client.get(address("move", lesson.pk), {"slot": slot})
    assert "Move the lesson here" in words(page)
    answer = client.post(address("move", lesson.pk), {"slot": slot, "reason": "Work"})
    assert answer.url == address("detail", lesson.pk)
    lesson.refresh_from_db()
    assert lesson.starts_at == dt.datetime(2026, 3, 6, 7, tzinfo=dt.UTC)


def test_the_time_a_lesson_has_is_not_offered_as_another(cast, signed_in, address, lesson):
    page = signed_in(cast.student).get(address("move", lesson.pk)).content.decode()

    assert f"-{cast.teacher.pk}" in page
    assert f"{lesson.starts_at:%Y%m%dT%H%MZ}-{cast.teacher.pk}" not in page


def test_a_lesson_that_costs_to_cancel_cannot_be_moved_online(cast, signed_in, address, lesson):
    with time_machine.travel(NOON - dt.timedelta(hours=20), tick=False):
        page = words(signed_in(cast.student).get(address("move", lesson.pk)))
    assert "It can not be moved online" in page


def test_the_office_moves_a_lesson_to_any_time(cast, signed_in, address, lesson):
    form = {"day": "2026-03-06", "time": "09:00", "teacher": cast.other_teacher.pk, "reason": ""}
    answer = signed_in(cast.office).post(address("move", lesson.pk), form)
    assert answer.status_code == 302
    lesson.refresh_from_db()
    assert (lesson.teacher, lesson.starts_at) == (
        cast.other_teacher,
        dt.datetime(2026, 3, 6, 8, tzinfo=dt.UTC),
    )


# --- one lesson


def test_everybody_sees_the_lesson_as_their_role_allows(cast, signed_in, address, lesson):
    guardian = MembershipFactory(school=cast.school, role=Role.GUARDIAN)
    GuardianFactory(student=cast.student, user=guardian.user)
    offered = {}
    for name, person in (
        ("office", cast.office),
        ("teacher", cast.teacher),
        ("student", cast.student),
        ("guardian", guardian),
    ):
        page = signed_in(person).get(address("detail", lesson.pk))
        actions = page.context["actions"]
        offered[name] = sorted(
            what for what in ("move", "cancel", "confirm") if actions and getattr(actions, what)
        )
    assert offered == {
        "office": ["cancel", "move"],
        "teacher": ["cancel", "move"],
        "student": ["cancel", "move"],
        "guardian": [],
    }


def test_a_lesson_of_others_is_not_found(cast, other_school, signed_in, address, lesson):
    for person in (cast.other_student, cast.other_teacher):
        for name in ("detail", "cancel", "move"):
            answer = signed_in(person).get(address(name, lesson.pk))
            assert (name, answer.status_code) == (name, 404)
    outsider = signed_in(other_school.office).get(address("detail", lesson.pk))
    assert outsider.status_code == 404


def test_a_teacher_who_sees_the_whole_calendar_still_changes_only_their_own(
    cast, signed_in, address, lesson
):
    cast.school.teachers_see_whole_calendar = True
    cast.school.save()
    client = signed_in(cast.other_teacher)
    page = client.get(address("detail", lesson.pk))
    assert (page.status_code, page.context["actions"]) == (200, None)
    assert client.get(address("cancel", lesson.pk)).status_code == 404
    assert client.post(address("confirm", lesson.pk)).status_code == 404
    assert client.get(address("no_show", lesson.pk)).status_code == 404


def test_history_tells_what_happened_and_hides_overruled_rules_from_students(
    cast, signed_in, address, desk_form
):
    client = signed_in(cast.office)
    (rule,) = client.post(address("new"), desk_form(time="20:00")).context["form"].broken_rules
    client.post(
        address("new"),
        desk_form(time="20:00") | {rule.field: "1", rule.reason_field: "Exam tomorrow"},
    )
    booking = Booking.objects.get()
    page = words(signed_in(cast.office).get(address("detail", booking.pk)))
    assert "Booked for Thu 5 Mar 20:00–21:30" in page
    assert "Exam tomorrow" in page
    assert "Exam tomorrow" not in words(signed_in(cast.student).get(address("detail", booking.pk)))


def test_the_teacher_answers_a_request(cast, signed_in, address, booking_form):
    cast.lesson_type.self_booking = SelfBooking.REQUEST
    cast.lesson_type.save()
    signed_in(cast.student).post(address("book"), booking_form())
    booking = Booking.objects.get()
    client = signed_in(cast.teacher)
    assert str(cast.student) in words(client.get(address("requests")))
    client.post(address("confirm", booking.pk))
    booking.refresh_from_db()
    assert booking.status == BookingStatus.CONFIRMED


def test_a_student_confirms_nothing(cast, signed_in, address, booking_form):
    cast.lesson_type.self_booking = SelfBooking.REQUEST
    cast.lesson_type.save()
    client = signed_in(cast.student)
    client.post(address("book"), booking_form())
    booking = Booking.objects.get()
    assert client.post(address("confirm", booking.pk)).status_code == 404


def test_the_no_show_fee_is_shown_before_it_is_registered(cast, signed_in, address, lesson):
    with time_machine.travel(NOON + dt.timedelta(hours=2), tick=False):
        client = signed_in(cast.teacher)
        page = words(client.get(address("no_show", lesson.pk)))
        assert "100 % = DKK 550.00" in page
        client.post(address("no_show", lesson.pk))
    lesson.refresh_from_db()
    assert lesson.status == BookingStatus.NO_SHOW


def test_a_no_show_before_the_lesson_is_over_is_refused(cast, signed_in, address, lesson):
    answer = signed_in(cast.teacher).post(address("no_show", lesson.pk))
    assert answer.status_code == 422


def test_a_teacher_without_hours_that_week_has_no_free_times(cast, signed_in, address):
    WeeklyAvailabilityFactory._meta.model.objects.all().delete()
    page = signed_in(cast.student).get(address("book"))
    assert "No free times in these two weeks" in words(page)


@pytest.mark.parametrize("digits", (18, 5000))
def test_a_sum_nobody_was_shown_is_another_price(cast, signed_in, address, digits):
    shared = BookingFactory(
        school=cast.school,
        department=cast.department,
        teacher=cast.teacher,
        lesson_type=cast.lesson_type,
        students=[cast.other_student],
        resources=[cast.vehicle],
        capacity=2,
    )

    answer = signed_in(cast.student).post(
        address("join", shared.pk), {"expected_price": "9" * digits}
    )

    assert answer.status_code == 422
    assert answer.context["refused"].code == "price-changed"
