"""The calendar's dialogs: the side panel, the question before a move, and "why not?"."""

import datetime as dt
import json

import pytest
import time_machine
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.enums import BookingStatus
from bookings.models import Booking, BookingTransition
from bookings.services import move_booking, preview_move
from justdriving.kernel.policy import Refused
from tests.factories import NOON, NOW, BookingFactory, WeeklyAvailabilityFactory

HOUR = dt.timedelta(hours=1)
DIALOG = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def on_monday_at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def address(cast):
    return lambda name, *args: reverse(f"bookings:{name}", args=[cast.school.slug, *args])


@pytest.fixture
def people(cast, signed_in):
    """A function: a client signed in as one of the cast."""
    return lambda who: signed_in(getattr(cast, who))


@pytest.fixture
def lesson(cast):
    """A function: a confirmed lesson on Thursday at noon, changed as told."""

    def make(**changes):
        values = {
            "school": cast.school,
            "department": cast.department,
            "teacher": cast.teacher,
            "lesson_type": cast.lesson_type,
            "students": [cast.student],
            "resources": [cast.vehicle],
        }
        return BookingFactory(**values | changes)

    return make


def move_form(cast, **changes):
    """Two hours later, same teacher, changed as told."""
    form = {"day": "2026-03-05", "time": "14:00", "teacher": cast.teacher.pk, "resource": ""}
    return form | changes


def codes(page) -> list[str]:
    return [one.code for one in page.context["final"]] + [one.code for one in page.context["rules"]]


# The side panel


def test_the_panel_tells_who_when_and_how_to_reach_them(cast, signed_in, address, lesson):
    cast.student.membership.user.phone = "+4530000003"
    cast.student.membership.user.save()
    page = signed_in(cast.office).get(address("panel", lesson().pk)).content.decode()
    for words in ("Åse Lind", "Thu 5 Mar 12:00–13:30", "tel:+4530000003", "VW ID.3", "Confirmed"):
        assert words in page


@pytest.mark.parametrize(
    ("who", "case", "actions"),
    (
        ("office", (BookingStatus.PENDING, NOON), {"confirm", "move", "cancel"}),
        ("office", (BookingStatus.CONFIRMED, NOON), {"move", "cancel"}),
        ("teacher", (BookingStatus.CONFIRMED, NOON), {"move", "cancel"}),
        (
            "teacher",
            (BookingStatus.CONFIRMED, NOW - 3 * HOUR),
            {"move", "cancel", "complete", "no_show"},
        ),
        ("office", (BookingStatus.COMPLETED, NOW - 3 * HOUR), set()),
        ("office", (BookingStatus.CANCELLED, NOON), set()),
    ),
)
def test_the_panel_offers_what_can_be_done_now(people, address, lesson, who, case, actions):
    status, starts = case
    held = NOW + HOUR if status == BookingStatus.PENDING else None
    booking = lesson(status=status, starts=starts, held_until=held)
    page = people(who).get(address("panel", booking.pk))
    assert set(page.context["actions"]) == actions


def test_a_teacher_reads_but_cannot_change_what_others_teach(cast, signed_in, address, lesson):
    cast.school.teachers_see_whole_calendar = True
    cast.school.save()
    client = signed_in(cast.other_teacher)
    booking = lesson()
    assert client.get(address("panel", booking.pk)).context["actions"] == {}
    assert client.get(address("move_check", booking.pk)).status_code == 404


@pytest.mark.parametrize("name", ("panel", "move_check"))
def test_what_is_out_of_sight_is_not_found(cast, other_school, signed_in, address, lesson, name):
    theirs = BookingFactory(school=other_school.school, teacher=other_school.teacher)
    assert signed_in(cast.office).get(address(name, theirs.pk)).status_code == 404
    others = lesson(teacher=cast.other_teacher)
    assert signed_in(cast.teacher).get(address(name, others.pk)).status_code == 404


def test_students_have_no_dialogs(cast, signed_in, address, lesson):
    booking, client = lesson(), signed_in(cast.student)
    assert client.get(address("panel", booking.pk)).status_code == 403
    assert client.get(address("move_check", booking.pk)).status_code == 404
    assert client.get(address("why_not")).status_code == 404


def test_a_request_is_confirmed_without_leaving_the_calendar(cast, signed_in, address, lesson):
    booking = lesson(status=BookingStatus.PENDING, held_until=NOW + HOUR)
    answer = signed_in(cast.office).post(address("panel_confirm", booking.pk), **DIALOG)
    heard = json.loads(answer["HX-Trigger"])
    assert (answer.status_code, "calendar:changed" in heard) == (204, True)
    assert heard["toast"]["text"] == "The lesson is confirmed."
    booking.refresh_from_db()
    assert booking.status == BookingStatus.CONFIRMED


def test_a_refused_confirmation_says_why(cast, signed_in, address, lesson):
    booking = lesson(status=BookingStatus.CANCELLED)
    answer = signed_in(cast.office).post(address("panel_confirm", booking.pk), **DIALOG)
    assert answer.status_code == 422
    assert "already cancelled" in answer.content.decode()


# The question before a move


def test_a_drop_is_asked_about_before_anything_happens(cast, signed_in, address, lesson):
    booking = lesson()
    page = signed_in(cast.office).get(
        address("move_check", booking.pk),
        {"start": "2026-03-05T14:00:00", "teacher": cast.other_teacher.pk},
    )
    after = page.context["after"]
    assert (after["starts_at"], after["teacher"]) == (NOON + 2 * HOUR, cast.other_teacher)
    assert (after["is_other_time"], after["is_other_teacher"]) == (True, True)
    assert after["are_other_resources"] is False
    assert codes(page) == []
    assert "Nothing stands in the way." in page.content.decode()
    booking.refresh_from_db()
    assert (booking.starts_at, booking.teacher) == (NOON, cast.teacher)
    assert BookingTransition.objects.count() == 0


def test_a_drop_on_another_vehicle_changes_the_vehicle(cast, signed_in, address, lesson):
    booking = lesson()
    client = signed_in(cast.office)
    asked = {"start": "2026-03-05T12:00:00", "resource": cast.other_vehicle.pk}
    after = client.get(address("move_check", booking.pk), asked).context["after"]
    assert (after["is_other_time"], after["are_other_resources"]) == (False, True)
    form = move_form(cast, time="12:00", resource=cast.other_vehicle.pk)
    assert client.post(address("move_check", booking.pk), form, **DIALOG).status_code == 204
    (used,) = booking.booking_resources.all()
    assert used.resource == cast.other_vehicle


def test_what_stands_in_the_way_is_said_in_words(cast, signed_in, address, lesson):
    booking = lesson()
    lesson(starts=NOON + 2 * HOUR, students=[cast.other_student], resources=[])
    page = signed_in(cast.office).get(
        address("move_check", booking.pk), {"start": "2026-03-05T14:00:00"}
    )
    assert codes(page) == ["teacher-booked"]
    words = page.content.decode()
    assert "Nobody can overrule this." in words
    assert "disabled" in words


def test_nothing_changed_is_no_reproach(cast, signed_in, address, lesson):
    page = signed_in(cast.office).get(address("move_check", lesson().pk))
    assert "Choose another time, teacher or vehicle." in page.content.decode()


def test_a_move_tells_the_calendar(cast, signed_in, address, lesson):
    booking = lesson()
    url = address("move_check", booking.pk)
    answer = signed_in(cast.office).post(url, move_form(cast, is_muted="on"), **DIALOG)
    assert (answer.status_code, "calendar:changed" in answer["HX-Trigger"]) == (204, True)
    booking.refresh_from_db()
    assert booking.starts_at == NOON + 2 * HOUR
    assert BookingTransition.objects.get().is_muted


def test_a_move_works_without_scripts(cast, signed_in, address, lesson):
    booking = lesson()
    answer = signed_in(cast.teacher).post(address("move_check", booking.pk), move_form(cast))
    assert (answer.status_code, answer["Location"]) == (302, address("detail", booking.pk))


def test_a_refused_move_changes_nothing_and_keeps_what_was_typed(cast, signed_in, address, lesson):
    booking = lesson()
    form = move_form(cast, time="20:00", reason="Held up")
    answer = signed_in(cast.office).post(address("move_check", booking.pk), form, **DIALOG)
    assert (answer.status_code, codes(answer)) == (422, ["teacher-not-available"])
    assert "Held up" in answer.content.decode()
    booking.refresh_from_db()
    assert booking.starts_at == NOON


@pytest.mark.parametrize(
    ("given", "missing"),
    (
        ({}, "Tick the rule and write a reason to do it anyway."),
        ({"override_teacher-not-available": "1"}, "Write a reason to do it anyway."),
        ({"why_teacher-not-available": "Agreed"}, "Tick the rule to do it anyway."),
    ),
)
def test_what_a_rule_still_asks_for_is_said_above_and_at_the_rule(
    cast, signed_in, address, lesson, given, missing
):
    url = address("move_check", lesson().pk)
    answer = signed_in(cast.office).post(url, move_form(cast, time="20:00") | given, **DIALOG)

    (rule,) = answer.context["rules"]
    assert answer.status_code == 422
    assert rule.missing == missing
    assert f"<span>{missing}</span>" in answer.text
    assert [one.startswith(rule.message) for one in answer.context["complaints"]] == [True]
    assert answer.context["after"]["starts_at"] == NOON + 8 * HOUR
    assert "Nothing stands in the way." not in answer.text


def test_what_nobody_may_overrule_is_said_once(cast, signed_in, address, lesson):
    booking = lesson()
    lesson(starts=NOON + 2 * HOUR, students=[cast.other_student], resources=[])
    answer = signed_in(cast.office).post(
        address("move_check", booking.pk), move_form(cast), **DIALOG
    )
    assert (answer.status_code, codes(answer)) == (422, ["teacher-booked"])
    assert answer.context["complaints"] == []


def test_a_move_that_was_typed_wrong_names_the_field(cast, signed_in, address, lesson):
    url = address("move_check", lesson().pk)
    answer = signed_in(cast.office).post(url, move_form(cast, day="soon"), **DIALOG)
    assert (answer.status_code, answer.context["after"]) == (422, None)
    assert answer.context["complaints"] == ["Date: Enter a valid date."]


def test_the_office_overrules_by_name_and_a_teacher_cannot(cast, signed_in, address, lesson):
    booking = lesson()
    code = "teacher-not-available"
    form = move_form(cast, time="20:00")
    form |= {f"override_{code}": "1", f"why_{code}": "Asked for it"}
    url = address("move_check", booking.pk)
    assert signed_in(cast.teacher).post(url, form, **DIALOG).status_code == 422
    assert signed_in(cast.office).post(url, form, **DIALOG).status_code == 204
    (overridden,) = BookingTransition.objects.get().overridden_rules
    assert (overridden["code"], overridden["reason"]) == (code, "Asked for it")


def test_a_teacher_reads_who_may_overrule(cast, signed_in, address, lesson):
    page = signed_in(cast.teacher).get(
        address("move_check", lesson().pk), {"start": "2026-03-05T20:00"}
    )
    words = page.content.decode()
    assert "The office and the owner may overrule this, with a reason." in words
    assert "override_" not in words


def test_a_time_the_clock_skips_is_said_to_be_so(cast, signed_in, address, lesson):
    page = signed_in(cast.office).get(
        address("move_check", lesson().pk), {"start": "2026-03-29T02:30"}
    )
    assert page.context["preview"] is None
    assert "The clock skips this time on that night." in page.content.decode()


def test_an_hour_that_comes_twice_says_which_it_is_to_page_and_rules(
    cast, signed_in, address, lesson
):
    page = signed_in(cast.office).get(
        address("move_check", lesson().pk), {"start": "2026-10-25T02:30"}
    )
    said = "02:30 (summer time) – 03:00"
    assert page.text.count(said) > 1
    assert any(said in rule.message for rule in page.context["rules"])


@pytest.mark.parametrize("start", ("2026-02-31T12:00", "2026-03-05T25:00"))
@pytest.mark.parametrize("name", ("move_check", "why_not"))
def test_a_time_that_is_none_is_not_found(cast, signed_in, address, lesson, name, start):
    where = [lesson().pk] if name == "move_check" else []
    answer = signed_in(cast.office).get(address(name, *where), {"start": start})
    assert answer.status_code == 404


def refusal_of(wish) -> set[str]:
    """The codes that the move itself is refused with."""
    try:
        move_booking(**wish)
    except Refused as refused:
        return {one.code for one in refused.refusals}
    return set()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    quarter=st.integers(0, 4 * 24 * 3),
    teacher=st.sampled_from((None, "teacher", "other_teacher")),
    vehicle=st.sampled_from((None, "vehicle", "other_vehicle")),
    by=st.sampled_from(("office", "teacher", "student")),
)
def test_the_question_says_exactly_what_the_move_does(cast, lesson, quarter, teacher, vehicle, by):
    booking = Booking.objects.filter(participations__student=cast.student).first() or lesson()
    if not Booking.objects.filter(participations__student=cast.other_student).exists():
        lesson(starts=NOON + 3 * HOUR, students=[cast.other_student])
        lesson(
            teacher=cast.other_teacher,
            starts=NOON - 3 * HOUR,
            students=[cast.other_student],
            resources=[cast.other_vehicle],
        )
    wish = {
        "booking_id": booking.pk,
        "by": getattr(getattr(cast, by), "membership", getattr(cast, by)),
        "at": NOW,
        "starts_at": NOW + quarter * dt.timedelta(minutes=15),
        "teacher_id": getattr(cast, teacher).pk if teacher else None,
        "resource_ids": (getattr(cast, vehicle).pk,) if vehicle else None,
    }
    preview = preview_move(**wish)
    refused = refusal_of(wish)
    assert bool(refused) == bool(preview.refusals)
    assert refused <= {one.code for one in preview.refusals}
    if not refused:
        booking.refresh_from_db()
        assert booking.starts_at == preview.proposal.starts_at
        assert booking.teacher_id == preview.proposal.teacher.pk
        used = set(booking.booking_resources.values_list("resource", flat=True))
        assert used == {one.pk for one in preview.proposal.resources}


# Why not?


def question(cast, **changes):
    asked = {
        "lesson_type": cast.lesson_type.pk,
        "student": cast.student.pk,
        "teacher": cast.teacher.pk,
        "resource": "",
        "day": "2026-03-05",
        "time": "12:00",
    }
    return asked | changes


def reasons(page) -> list[str]:
    answer = page.context["answer"]
    return [one.code for one in answer.final] + [one.code for one in answer.overridable]


def test_every_rule_in_the_way_is_named(cast, signed_in, address, lesson):
    lesson(students=[cast.student])
    WeeklyAvailabilityFactory._meta.model.objects.all().delete()
    page = signed_in(cast.office).get(address("why_not"), question(cast))
    assert {"teacher-booked", "student-booked", "teacher-not-available"} <= set(reasons(page))


def test_a_free_time_leads_straight_to_the_booking(cast, signed_in, address):
    page = signed_in(cast.office).get(address("why_not"), question(cast))
    assert reasons(page) == []
    assert "start=2026-03-05T12%3A00" in page.context["new_url"]
    assert f"student={cast.student.pk}" in page.context["new_url"]


def test_without_a_student_only_the_time_is_judged(cast, signed_in, address, lesson):
    lesson()
    page = signed_in(cast.office).get(address("why_not"), question(cast, student=""))
    assert "teacher-booked" in reasons(page)
    assert not {"student-needed", "student-booked"} & set(reasons(page))


def test_a_click_in_the_calendar_fills_in_what_it_knows(cast, signed_in, address):
    page = signed_in(cast.office).get(
        address("why_not"), {"start": "2026-03-05T12:15", "teacher": cast.teacher.pk}
    )
    assert page.context["answer"] is None
    assert page.context["clicked"] == "Thursday 5 March 12:15"
    assert page.context["teacher"] == cast.teacher
    assert "start=2026-03-05T12%3A15" in page.context["new_url"]


def test_a_question_without_a_lesson_type_is_asked_again(cast, signed_in, address):
    page = signed_in(cast.office).get(address("why_not"), question(cast, lesson_type=""))
    assert page.context["answer"] is None
    assert "lesson_type" in page.context["form"].errors


@pytest.mark.parametrize("name", ("panel", "move_check", "why_not"))
def test_on_a_page_of_its_own_a_dialog_has_a_title_and_sends_its_form_itself(
    cast, signed_in, address, lesson, name
):
    """Scripts or not: the boxes that htmx would fill stand on the calendar only."""
    booking = lesson(status=BookingStatus.PENDING, held_until=NOON)
    url = address(name) if name == "why_not" else address(name, booking.pk)
    client = signed_in(cast.office)

    page, dialog = client.get(url).text, client.get(url, **DIALOG).text

    body = "#calendar-panel-body" if name == "panel" else "#calendar-question-body"
    assert page.count("<h1") == 1
    assert f'hx-target="{body}"' not in page
    assert f'hx-target="{body}"' in dialog
