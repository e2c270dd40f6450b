"""The pages on which a lesson is confirmed, ended and looked back on."""

import datetime as dt
import html
import uuid

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse

from bookings import services
from bookings.enums import BookingStatus, LessonKind
from bookings.models import Booking, BookingSettings, CancellationReason, LessonType, Participation
from finance.models import LedgerEntry
from tests.factories import NOON, NOW, BookingFactory

END = NOON + dt.timedelta(minutes=90)
LATE = NOON - dt.timedelta(hours=1)
SHOWN = {"expected_status": BookingStatus.CONFIRMED}

pytestmark = pytest.mark.usefixtures("in_english")


@pytest.fixture(autouse=True)
def on_monday_at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def address(cast):
    def find(name, *args):
        route = name if ":" in name else f"bookings:{name}"
        return reverse(route, args=[cast.school.slug, *args])

    return find


def words(answer) -> str:
    return html.unescape(answer.text).replace("\xa0", " ")


@pytest.fixture
def reasons(cast):
    """One reason for students that asks for a document, and one for the school."""
    make = CancellationReason.objects.create
    ill = make(
        school=cast.school,
        name="Ill",
        category="illness",
        party="student",
        waives_fee=True,
        needs_document=True,
    )
    return ill, make(school=cast.school, name="Snow", category="weather", party="school")


# Cancelling


def test_each_side_chooses_from_its_own_reasons(cast, signed_in, address, book, reasons):
    page = address("cancel", book().pk)

    student = words(signed_in(cast.student).get(page))
    office = words(signed_in(cast.office).get(page))
    for_student = words(signed_in(cast.office).get(page + "?party=student"))

    assert "Ill (needs a document)" in student
    assert "Snow" not in student
    assert "Snow" in office
    assert "Ill (" not in office
    assert "Ill (the fee may be waived, needs a document)" in for_student


def test_the_office_sees_the_students_fee_before_passing_on_the_cancellation(
    cast, signed_in, address, book, reasons
):
    booking = book()
    ill, _snow = reasons
    with time_machine.travel(LATE, tick=False):
        client = signed_in(cast.office)
        assert "Free: the school cancels." in words(client.get(address("cancel", booking.pk)))
        page = words(client.get(address("cancel", booking.pk) + "?party=student"))
        assert "Cancel the lesson for DKK 550.00" in page
        sent = {"party": "student", "reason_id": ill.pk, "expected_fee": 55000} | SHOWN
        client.post(address("cancel", booking.pk), sent)

    assert [entry.amount_minor for entry in LedgerEntry.objects.all()] == [550_00]
    assert "for the student" in words(signed_in(cast.office).get(address("detail", booking.pk)))


def test_a_waiver_without_its_document_is_asked_for_it(cast, signed_in, address, book, reasons):
    booking = book()
    ill, _snow = reasons
    sent = {
        "party": "student",
        "reason_id": ill.pk,
        "expected_fee": 55000,
        "waive_fee": "on",
    } | SHOWN
    with time_machine.travel(LATE, tick=False):
        client = signed_in(cast.office)
        answer = client.post(address("cancel", booking.pk), sent)
        assert answer.status_code == 422
        assert "needs a document" in words(answer)
        client.post(address("cancel", booking.pk), sent | {"document_seen": "on"})

    assert sum(entry.amount_minor for entry in LedgerEntry.objects.all()) == 0
    history = words(signed_in(cast.office).get(address("detail", booking.pk)))
    assert "The fee was waived." in history
    assert "The document was seen." in history


def test_each_of_the_schools_reasons_waits_to_be_chosen(cast, signed_in, address, book, reasons):
    booking = book()
    client = signed_in(cast.student)
    assert " checked" not in client.get(address("cancel", booking.pk)).text
    answer = client.post(address("cancel", booking.pk), {"expected_fee": 0, "reason": "Snow"})

    assert answer.status_code == 422
    assert "Why?: Choose a reason." in words(answer)
    booking.refresh_from_db()
    assert booking.status == BookingStatus.CONFIRMED


@pytest.mark.parametrize("who", ("student", "teacher"))
def test_who_may_not_waive_is_not_offered_it(cast, signed_in, address, book, who):
    booking = book()
    with time_machine.travel(LATE, tick=False):
        page = signed_in(getattr(cast, who)).get(address("cancel", booking.pk) + "?party=student")

    assert "waive_fee" not in page.text


def test_a_student_does_not_cancel_in_the_name_of_the_school(cast, signed_in, address, book):
    booking = book()
    with time_machine.travel(LATE, tick=False):
        client = signed_in(cast.student)
        sent = {"party": "school", "category": "personal", "expected_fee": 55000} | SHOWN
        client.post(address("cancel", booking.pk), sent)

    booking.refresh_from_db()
    assert booking.cancelled_by == "student"
    assert LedgerEntry.objects.get().amount_minor == 550_00


def test_a_charged_fee_is_waived_from_the_lesson(cast, signed_in, address, book, reasons):
    booking = book()
    services.cancel_booking(booking_id=booking.pk, by=cast.student.membership, at=LATE)
    place = booking.participations.get().pk
    client = signed_in(cast.office)
    assert "was charged DKK 550.00" in words(client.get(address("detail", booking.pk)))
    assert "DKK 550.00 is credited" in words(client.get(address("finance:waive", place)))

    sent = {"reason_id": reasons[0].pk, "reason": "", "document_seen": "on"}
    client.post(address("finance:waive", place), sent)

    assert sum(entry.amount_minor for entry in LedgerEntry.objects.all()) == 0
    after = words(client.get(address("detail", booking.pk)))
    assert "Fee waived" in after
    assert "was charged" not in after


def test_a_teacher_reaches_no_waiver(cast, signed_in, address, book):
    place = book().participations.get().pk

    assert signed_in(cast.teacher).get(address("finance:waive", place)).status_code == 403


def test_another_school_has_no_such_fee(cast, signed_in, address, book, other_school):
    place = book().participations.get().pk
    slug = other_school.school.slug

    answer = signed_in(other_school.office).get(reverse("finance:waive", args=[slug, place]))

    assert answer.status_code == 404


# Drafts


def test_a_draft_is_saved_found_and_confirmed(cast, signed_in, address):
    client = signed_in(cast.office)
    form = {
        "student": cast.student.pk,
        "lesson_type": cast.lesson_type.pk,
        "teacher": cast.teacher.pk,
        "resource": cast.vehicle.pk,
        "day": "2026-03-05",
        "time": "12:00",
        "request_key": uuid.uuid4(),
        "draft": "1",
    }
    client.post(address("new"), form)
    booking = Booking.objects.get()
    assert booking.status == BookingStatus.DRAFT
    assert str(cast.student) in words(client.get(address("list") + "?show=drafts"))
    assert str(cast.student) not in words(client.get(address("list") + "?show=past"))
    assert "takes nobody's time" in words(client.get(address("submit", booking.pk)))

    client.post(address("submit", booking.pk))

    booking.refresh_from_db()
    assert booking.status == BookingStatus.CONFIRMED


def test_a_draft_is_changed_and_what_is_refused_stays_typed(cast, signed_in, address, book):
    booking = book(draft=True)
    client, page = signed_in(cast.office), address("draft_edit", booking.pk)
    assert page in words(client.get(address("detail", booking.pk)))
    shown = client.get(page).context["form"]
    typed = {name: shown[name].value() for name in shown.fields} | {"note": "By the harbour"}
    typed = {name: "" if value is None else value for name, value in typed.items()}

    refused = client.post(page, typed | {"time": "20:00"})
    assert refused.status_code == 422
    assert (refused.context["form"]["time"].value(), "By the harbour" in words(refused)) == (
        "20:00",
        True,
    )
    answer = client.post(page, typed | {"time": "13:00"})

    booking.refresh_from_db()
    assert answer.url == address("detail", booking.pk)
    assert (booking.status, f"{booking.wall_time:%H:%M}", booking.note) == (
        BookingStatus.DRAFT,
        "13:00",
        "By the harbour",
    )


def test_a_lesson_has_no_page_to_change_a_draft(cast, signed_in, address, book):
    booking = book()
    page = address("draft_edit", booking.pk)

    assert signed_in(cast.office).get(page).url == address("detail", booking.pk)
    assert signed_in(cast.student).get(page).status_code == 404


def test_a_student_never_meets_a_draft(cast, signed_in, address, book):
    booking = book(draft=True)
    client = signed_in(cast.student)

    assert client.get(address("detail", booking.pk)).status_code == 404
    assert client.get(address("submit", booking.pk)).status_code == 404
    assert "Drafts" not in words(client.get(address("list") + "?show=drafts"))


def test_a_rule_in_the_way_of_a_draft_is_overruled_on_the_page(cast, signed_in, address, book):
    booking = book(draft=True)
    with time_machine.travel(END, tick=False):
        client = signed_in(cast.office)
        refused = client.post(address("submit", booking.pk))
        assert refused.status_code == 422
        assert "That time has passed." in words(refused)
        sent = {"override_in-the-past": "1", "why_in-the-past": "Was not entered"}
        client.post(address("submit", booking.pk), sent)

    booking.refresh_from_db()
    assert (booking.status, booking.entered_afterwards) == (BookingStatus.CONFIRMED, True)
    page = words(client.get(address("detail", booking.pk)))
    assert "entered afterwards" in page
    assert "Overruled: That time has passed. (Was not entered)" in page


@pytest.fixture
def shared(cast):
    """The desk's form for two students in one car."""
    LessonType.objects.update(capacity=2, other_durations=[120])
    return {
        "student": cast.student.pk,
        "own_minutes": 30,
        "other_student": cast.other_student.pk,
        "other_minutes": 90,
        "lesson_type": cast.lesson_type.pk,
        "teacher": cast.teacher.pk,
        "resource": cast.vehicle.pk,
        "minutes": 120,
        "day": "2026-03-05",
        "time": "12:00",
        "request_key": uuid.uuid4(),
    }


def test_two_students_share_a_car_at_the_desk(cast, signed_in, address, shared):
    signed_in(cast.office).post(address("new"), shared)

    planned = Participation.objects.order_by("pk").values_list("planned_minutes", "price_minor")
    assert Booking.objects.get().minutes == 120
    assert list(planned) == [(30, 183_33), (90, 550_00)]


def test_nobody_is_twice_in_the_car_for_a_fraction_of_the_price(cast, signed_in, address, shared):
    shared |= {"other_student": cast.student.pk, "own_minutes": "", "other_minutes": 5}
    answer = signed_in(cast.office).post(address("new"), shared)

    assert answer.status_code == 422
    assert "Second student: Choose somebody else: the student is in the lesson" in words(answer)
    offered = [pk for pk, _name in answer.context["form"].fields["other_student"].choices]
    assert cast.student.pk not in [getattr(pk, "value", pk) for pk in offered]
    assert cast.other_student.pk in [getattr(pk, "value", pk) for pk in offered]
    assert not Booking.objects.exists()


def test_minutes_that_do_not_fill_the_lesson_are_asked_for(cast, signed_in, address, shared):
    answer = signed_in(cast.office).post(address("new"), shared | {"own_minutes": 20})

    assert answer.status_code == 422
    assert "The minutes come to 110, and the lesson lasts 120." in words(answer)
    assert not Booking.objects.exists()


# Booking late


def test_a_student_who_books_late_is_told_and_agrees(cast, signed_in, address):
    LessonType.objects.update(min_notice_hours=0)
    form = {
        "type": cast.lesson_type.pk,
        "from": "2026-03-05",
        "slot": f"20260305T1100Z-{cast.teacher.pk}",
        "place": "Station",
        "expected_price": 55000,
        "request_key": uuid.uuid4(),
    }
    with time_machine.travel(LATE, tick=False):
        client = signed_in(cast.student)
        shown = client.get(address("book"), {name: form[name] for name in ("type", "slot")})
        assert "I know that cancelling this lesson costs money from now on" in words(shown)
        refused = client.post(address("book"), form)
        assert refused.status_code == 422
        assert "can no longer be cancelled free of charge" in words(refused)
        client.post(address("book"), form | {"accepts_late_terms": "on"})

    assert Participation.objects.get().late_terms_accepted_at == LATE


def test_who_books_in_time_has_nothing_to_agree_to(cast, signed_in, address):
    chosen = {"type": cast.lesson_type.pk, "slot": f"20260305T1100Z-{cast.teacher.pk}"}

    page = signed_in(cast.student).get(address("book"), chosen)

    assert "accepts_late_terms" not in page.text


# No-shows


def test_the_office_registers_that_the_teacher_did_not_come(cast, signed_in, address, book):
    booking = book()
    with time_machine.travel(END, tick=False):
        client = signed_in(cast.office)
        assert "It was the teacher" in words(client.get(address("no_show", booking.pk)))
        assert "Nobody pays" in words(client.get(address("teacher_no_show", booking.pk)))
        client.post(address("teacher_no_show", booking.pk), {"reason": "Overslept"})

    booking.refresh_from_db()
    assert (booking.status, booking.no_show_by) == (BookingStatus.NO_SHOW, "teacher")
    assert "The teacher did not come" in words(client.get(address("detail", booking.pk)))


def test_a_teacher_is_not_offered_to_blame_themselves(cast, signed_in, address, book):
    booking = book()
    with time_machine.travel(END, tick=False):
        client = signed_in(cast.teacher)
        assert "It was the teacher" not in words(client.get(address("no_show", booking.pk)))
        answer = client.post(address("teacher_no_show", booking.pk), {})

    assert answer.status_code == 422
    booking.refresh_from_db()
    assert booking.status == BookingStatus.CONFIRMED


# Looking back


def test_the_history_says_how_often_a_lesson_was_moved(cast, signed_in, address, book):
    BookingSettings.objects.create(school=cast.school, max_moves=3)
    booking = book()
    Booking.objects.update(moves=2)
    LessonType.objects.update(kind=LessonKind.EXAM)

    page = words(signed_in(cast.office).get(address("detail", booking.pk)))

    assert "2 of 3 times" in page
    assert "exam day" in page


def test_nobody_reads_when_or_why_another_student_left(cast, signed_in, address):
    shared = BookingFactory(
        school=cast.school,
        department=cast.department,
        lesson_type=cast.lesson_type,
        teacher=cast.teacher,
        students=(cast.student, cast.other_student),
        capacity=2,
    )
    services.cancel_booking(
        booking_id=shared.pk, by=cast.other_student.membership, at=NOW, reason="A broken leg"
    )

    def history(who):
        answer = signed_in(who).get(address("detail", shared.pk))
        return [f"{one['title']} {one['meta']} {one['note']}" for one in answer.context["history"]]

    for who in (cast.office, cast.other_student):
        assert any("A broken leg" in line for line in history(who))
    told = " ".join(history(cast.student))
    assert "A broken leg" not in told
    assert str(cast.other_student) not in told


@pytest.mark.parametrize(("capacity", "moves"), ((1, True), (2, False)))
def test_a_seat_in_a_class_is_not_offered_to_be_moved(
    cast, signed_in, address, book, capacity, moves
):
    booking = book()
    Booking.objects.update(capacity=capacity)

    shown = words(signed_in(cast.student).get(address("detail", booking.pk)))
    home = words(signed_in(cast.student).get(reverse("home:home", args=[cast.school.slug])))

    assert [address("move", booking.pk) in page for page in (shown, home)] == [moves, moves]
    assert address("move", booking.pk) in words(
        signed_in(cast.office).get(address("detail", booking.pk))
    )


def test_the_page_of_a_lesson_asks_as_often_whatever_its_history(
    cast, signed_in, address, book, count_queries
):
    booking = book()
    client = signed_in(cast.office)
    client.get(address("detail", booking.pk))
    short = count_queries(lambda: client.get(address("detail", booking.pk)))
    for _again in range(3):
        booking.transitions.create(
            school=cast.school,
            sequence=booking.transitions.count() + 1,
            change="changed",
            from_status="confirmed",
            to_status="confirmed",
            from_period=booking.period,
            to_period=booking.period,
            from_teacher=cast.teacher,
            to_teacher=cast.other_teacher,
            happened_at=NOW,
            made_by=cast.office.user,
            requested_by="school",
        )

    long = count_queries(lambda: client.get(address("detail", booking.pk)))

    assert long <= short + 2  # the teachers and the places of the changes, once for all of them
    assert "Søren Bæk instead of Mette Holm" in words(client.get(address("detail", booking.pk)))


# Attendance that does not fit


@pytest.fixture
def stale(cast):
    """A place that is still taken in a lesson that was cancelled."""
    return BookingFactory(
        school=cast.school,
        department=cast.department,
        teacher=cast.teacher,
        lesson_type=cast.lesson_type,
        students=[cast.student],
        status=BookingStatus.CANCELLED,
    )


def test_attendance_that_does_not_fit_is_listed_and_left_alone(cast, signed_in, address, stale):
    page = words(signed_in(cast.office).get(address("stale_attendance")))

    assert "Still has a place in a lesson that was cancelled" in page
    assert address("detail", stale.pk) in page
    assert stale.participations.get().status == "booked"


def test_a_healthy_school_has_nothing_to_show(cast, signed_in, address, book):
    book()

    assert "Everything fits" in words(signed_in(cast.teacher).get(address("stale_attendance")))


def test_nobody_sees_the_attendance_of_others(cast, signed_in, address, stale, other_school):
    slug = other_school.school.slug
    theirs = signed_in(other_school.office).get(reverse("bookings:stale_attendance", args=[slug]))

    assert "Everything fits" in words(theirs)
    assert "Everything fits" in words(
        signed_in(cast.other_teacher).get(address("stale_attendance"))
    )
    assert signed_in(cast.student).get(address("stale_attendance")).status_code == 403


def test_the_report_asks_as_often_for_one_as_for_many(
    cast, signed_in, address, stale, count_queries
):
    client = signed_in(cast.office)
    look = lambda: client.get(address("stale_attendance"))  # noqa: E731 -- asked twice
    look()
    one = count_queries(look)
    for days in (1, 2, 3):
        BookingFactory(
            school=cast.school,
            teacher=cast.teacher,
            lesson_type=cast.lesson_type,
            students=[cast.student],
            status=BookingStatus.CANCELLED,
            starts=NOON + dt.timedelta(days=days),
        )

    assert count_queries(look) == one


def test_the_command_says_the_same(cast, stale, capsys):
    call_command("report_stale_attendance", school=cast.school.slug)

    said = capsys.readouterr().out
    assert f"{cast.school.slug}\tlive-in-cancelled\t1\t" in said
    assert stale.number in said
