"""The pages about sessions, weekly plans and classes."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from bookings.enums import ResourceKind
from bookings.models import (
    Booking,
    ClosedDay,
    GroupMember,
    LessonTypeNeed,
    Participation,
    Resource,
    ResourceOutage,
    SessionTemplate,
    StudentGroup,
)
from bookings.queries.series import Thing
from bookings.services import groups, join_booking
from tests.bookings.sessions import group, plan, room, theory, track, typed, values
from tests.factories import NOW, StudentFactory

__all__ = ["group", "plan", "room", "theory", "track", "typed", "values"]

THURSDAY = dt.date(2026, 3, 5)


@pytest.fixture(autouse=True)
def on_monday_at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def address(cast):
    return lambda name, *args: reverse(f"bookings:{name}", args=[cast.school.slug, *args])


@pytest.fixture
def office(cast, signed_in):
    return signed_in(cast.office)


def test_the_days_are_shown_first_and_saved_as_shown(cast, office, address, typed):
    ClosedDay.objects.create(school=cast.school, on=THURSDAY, name="Inventory")

    shown = office.post(address("weekly_new"), typed | {"step": "show"})
    assert (shown.status_code, shown.context["planned"], shown.context["left_out"]) == (200, 7, 1)
    assert "Inventory" in shown.content.decode()
    assert SessionTemplate.objects.count() == 0

    saved = office.post(
        address("weekly_new"), typed | {"step": "save", "expected": shown.context["expected"]}
    )
    template = SessionTemplate.objects.get()
    assert saved["Location"] == address("weekly_plan", template.pk)
    assert Booking.objects.count() == 7
    assert "Inventory" in office.get(saved["Location"]).content.decode()


def test_choices_for_single_days_are_kept(cast, office, address, typed):
    ClosedDay.objects.create(school=cast.school, on=THURSDAY, name="Inventory")
    said = {
        "do_2026-03-05": "another",
        "day_2026-03-05": "2026-03-06",
        "time_2026-03-05": "14:00",
        "do_2026-03-12": "skip",
    }
    shown = office.post(address("weekly_new"), typed | said | {"step": "show"})
    assert shown.context["planned"] == 7

    office.post(
        address("weekly_new"),
        typed | said | {"step": "save", "expected": shown.context["expected"]},
    )

    first = Booking.objects.order_by("period").first()
    assert (first.wall_date, first.wall_time) == (dt.date(2026, 3, 6), dt.time(14))
    assert Booking.objects.count() == 7


def test_a_closed_day_can_be_overruled_with_a_reason(cast, office, address, typed):
    ClosedDay.objects.create(school=cast.school, on=THURSDAY, name="Inventory")
    said = {
        "do_2026-03-05": "anyway",
        "why_2026-03-05": "Everybody agreed",
        "rules_2026-03-05": "school-closed",
    }

    shown = office.post(address("weekly_new"), typed | said | {"step": "show"})

    assert shown.context["planned"] == 8


def test_a_stale_preview_is_shown_again(cast, office, address, typed):
    answer = office.post(
        address("weekly_new"), typed | {"step": "save", "expected": "2026-03-05:ok"}
    )

    assert answer.status_code == 422
    assert SessionTemplate.objects.count() == 0
    assert answer.context["planned"] == 8


def test_what_was_typed_wrong_is_said_beside_it(office, address, typed):
    answer = office.post(address("weekly_new"), typed | {"last_day": "2026-03-01", "step": "show"})

    assert answer.status_code == 422
    assert "It ends before it begins." in answer.content.decode()


@pytest.mark.parametrize("name", ("sessions", "weekly", "session_work", "classes"))
def test_a_list_asks_the_same_number_of_questions_for_one_and_for_many(
    office, address, plan, group, count_queries, name
):
    plan(group=group, weeks_ahead=1)
    office.get(address(name))
    one = count_queries(lambda: office.get(address(name)))
    school, department = group.school, group.department
    for number in range(3):
        plan(name=f"More {number}", things=[], weekday=number + 4, weeks_ahead=1)
        StudentGroup.objects.create(school=school, department=department, name=f"Class {number}")

    assert count_queries(lambda: office.get(address(name))) == one


def test_the_page_of_a_session_asks_the_same_for_one_student_and_for_many(
    cast, office, address, plan, count_queries
):
    _template, generated = plan()
    booking = generated.made[0]

    def seat(count):
        for student in StudentFactory.create_batch(
            count, school=cast.school, department=cast.department
        ):
            join_booking(booking_id=booking.pk, student_id=student.pk, by=cast.office, at=NOW)

    seat(1)
    office.get(address("session", booking.pk))
    one = count_queries(lambda: office.get(address("session", booking.pk)))
    seat(4)

    assert count_queries(lambda: office.get(address("session", booking.pk))) == one


@pytest.mark.parametrize("name", ("sessions", "weekly", "weekly_new", "classes", "class_new"))
@pytest.mark.parametrize("person", ("student", "teacher"))
def test_others_have_no_business_here(cast, signed_in, address, name, person):
    assert signed_in(getattr(cast, person)).get(address(name)).status_code == 403


def test_another_schools_pages_do_not_exist(cast, office, other_school, address, plan):
    template, generated = plan()
    theirs = StudentGroup.across_schools.create(
        school=other_school.school, department=other_school.department, name="Theirs"
    )
    stranger = office
    assert stranger.get(address("class", theirs.pk)).status_code == 404
    slug = other_school.school.slug
    for name, pk in (("session", generated.made[0].pk), ("weekly_plan", template.pk)):
        assert stranger.get(reverse(f"bookings:{name}", args=[slug, pk])).status_code == 404


def session_values(cast):
    """The form of the first session, as it is."""
    return {
        "day": "2026-03-05",
        "starts_at": "15:00",
        "minutes": 120,
        "teacher": cast.teacher.pk,
        "capacity": 12,
        "place": "Room 1",
    }


def test_a_session_is_changed_after_a_look_at_what_happens(cast, office, address, plan):
    _template, generated = plan(weeks_ahead=3)
    page = address("session_change", generated.made[0].pk)
    said = session_values(cast) | {"scope": "all", "starts_at": "16:00"}

    shown = office.post(page, said | {"step": "show"})
    assert [one.fate for one in shown.context["outcomes"]] == ["changed"] * 3
    assert {one.wall_time for one in Booking.objects.all()} == {dt.time(15)}
    done = office.post(page, said | {"step": "save"})

    assert done.status_code == 302
    assert {one.wall_time for one in Booking.objects.all()} == {dt.time(16)}
    assert "3 sessions are changed." in office.get(done["Location"]).content.decode()


def test_who_changes_sessions_hears_how_many_stayed(cast, office, address, plan):
    _template, generated = plan(weeks_ahead=3)
    friday = THURSDAY + dt.timedelta(days=1)
    ClosedDay.objects.create(
        school=cast.school, on=friday + dt.timedelta(weeks=1), name="Inventory"
    )
    page = address("session_change", generated.made[0].pk)
    said = session_values(cast) | {"scope": "all", "day": friday.isoformat()}

    done = office.post(page, said | {"step": "save"})

    shown = office.get(done["Location"]).content.decode()
    assert "2 sessions are changed. 1 stays as it is." in shown


def test_no_button_changes_sessions_that_all_stay(cast, office, address, plan):
    _template, generated = plan(weeks_ahead=2)
    friday = THURSDAY + dt.timedelta(days=1)
    for week in range(2):
        on = friday + dt.timedelta(weeks=week)
        ClosedDay.objects.create(school=cast.school, on=on, name="Inventory")
    page = address("session_change", generated.made[0].pk)
    said = session_values(cast) | {"scope": "all", "day": friday.isoformat()}

    shown = office.post(page, said | {"step": "show"})
    assert [one.fate for one in shown.context["outcomes"]] == ["refused"] * 2
    assert "This changes no session" in shown.content.decode()
    assert 'value="save"' not in shown.content.decode()
    refused = office.post(page, said | {"step": "save"})

    assert refused.status_code == 422
    assert "This changes no session" in refused.content.decode()
    assert SessionTemplate.objects.get().weekday == 3


def test_a_class_takes_its_seats_and_who_cannot_is_named_first(
    cast, office, address, plan, group, book
):
    _template, generated = plan()
    booking = generated.made[0]
    book(teacher_id=cast.other_teacher.pk, starts_at=booking.period.lower)
    page = address("session_class", booking.pk)

    asked = office.post(page, {"group": group.pk})
    assert asked.status_code == 422
    assert "Åse Lind" in asked.content.decode()
    assert not Participation.objects.filter(booking=booking).exists()

    assert office.post(page, {"group": group.pk, "leaves_out": "1"}).status_code == 302
    assert Participation.objects.filter(booking=booking).count() == 1
    assert "Åse Lind" in office.get(address("session", booking.pk)).content.decode()


def test_places_are_given_from_the_page(cast, office, address, plan, track):
    cars = (cast.vehicle, cast.other_vehicle)
    _template, generated = plan(
        lesson_type=track, things=[Thing(car, is_place=True) for car in cars]
    )
    booking = generated.made[0]
    office.post(address("session_join", booking.pk), {"student": cast.student.pk})
    assert booking.pk in [
        line.booking.pk for line in office.get(address("session_work")).context["lines"]
    ]

    office.post(address("session_assign", booking.pk))
    seat = Participation.objects.get()
    assert seat.place is not None
    office.post(address("session_place", booking.pk, seat.place_id), {"state": "broken"})
    seat.refresh_from_db()
    assert seat.place is None
    free = booking.booking_resources.get(status="available")
    office.post(address("session_seat", booking.pk), {"seat": seat.pk, "place": free.pk})
    seat.refresh_from_db()

    assert seat.place == free
    assert (
        cast.other_vehicle.name
        in office.get(address("session_roster", booking.pk)).content.decode()
    )


def test_nothing_is_chosen_beforehand_on_the_page_of_a_session(
    cast, office, address, plan, track, group
):
    _template, generated = plan(lesson_type=track, things=[Thing(cast.vehicle, is_place=True)])
    page, booking = address("session", generated.made[0].pk), generated.made[0]

    shown = office.get(page).content.decode()
    for words in ("Choose a student", "Choose a class", "Choose what to add"):
        assert f'><option value="">{words}</option>' in shown
    empty = (
        office.post(address("session_join", booking.pk), {"student": ""}),
        office.post(address("session_add_place", booking.pk), {"resource": ""}),
    )

    assert [one.status_code for one in empty] == [422, 422]
    assert "Choose a student." in empty[0].content.decode()
    assert "Choose what to add." in empty[1].content.decode()
    assert not Participation.objects.exists()
    assert booking.booking_resources.count() == 1


@pytest.mark.parametrize("by", ("hand", "outage"))
def test_who_loses_their_place_is_named_and_gets_the_free_ones(
    cast, office, address, plan, track, by
):
    cars = [Thing(car, is_place=True) for car in (cast.vehicle, cast.other_vehicle)]
    _template, generated = plan(lesson_type=track, things=cars)
    booking = generated.made[0]
    page = address("session", booking.pk)
    office.post(address("session_join", booking.pk), {"student": cast.student.pk})
    office.post(address("session_assign", booking.pk))
    seat = Participation.objects.select_related("place__resource").get()
    assert "has no place now" not in office.get(page).content.decode()

    if by == "hand":
        done = office.post(
            address("session_place", booking.pk, seat.place_id), {"state": "broken"}, follow=True
        )
        shown = done.content.decode()
        assert "The place is out of service, and Åse Lind has none now." in shown
    else:
        ResourceOutage.objects.create(
            school=cast.school, resource=seat.place.resource, period=booking.period
        )
        shown = office.get(page).content.decode()

    assert "1 student has no place now" in shown
    free = booking.booking_resources.exclude(pk=seat.place_id).get()
    assert f'<a href="#place-{seat.pk}">Åse Lind</a>' in shown
    assert f"Free places: {free.resource}<" in shown
    office.post(address("session_seat", booking.pk), {"seat": seat.pk, "place": free.pk})
    assert "has no place now" not in office.get(page).content.decode()


def test_a_class_is_told_apart_from_the_seats_before_the_click(cast, office, address, plan, group):
    _template, generated = plan(capacity=2)
    booking = generated.made[0]
    page = address("session", booking.pk)
    assert "Spring, 2 students" in (shown := office.get(page).content.decode())
    assert "2 seats are free." in shown

    others = StudentFactory.create_batch(2, school=cast.school, department=cast.department)
    for student in others:
        join_booking(booking_id=booking.pk, student_id=student.pk, by=cast.office, at=NOW)
    full = office.get(page).content.decode()

    assert "No seat is free for a class" in full
    assert "Spring: 2 students" in full
    assert address("session_change", booking.pk) in full
    assert address("session_class", booking.pk) not in full
    sent = office.post(address("session_class", booking.pk), {"group": group.pk})
    assert sent.status_code == 422
    assert "Seat the other" not in sent.content.decode()


def test_a_session_short_of_cars_asks_for_a_car(cast, office, address, plan, track, group):
    _template, generated = plan(lesson_type=track, things=[Thing(cast.vehicle, is_place=True)])
    booking = generated.made[0]
    join_booking(booking_id=booking.pk, student_id=cast.student.pk, by=cast.office, at=NOW)

    shown = office.get(address("session", booking.pk)).content.decode()

    assert "The places are the limit" in shown
    assert "Spring: 1 student." in shown


def test_a_session_gives_places_to_its_own_seats_alone(cast, office, address, plan, track):
    cars = [Thing(car, is_place=True) for car in (cast.vehicle, cast.other_vehicle)]
    _template, generated = plan(lesson_type=track, things=cars)
    mine, other = generated.made[:2]
    office.post(address("session_join", other.pk), {"student": cast.student.pk})
    seat, place = Participation.objects.get(), other.booking_resources.order_by("pk")[0]

    seated = office.post(address("session_seat", mine.pk), {"seat": seat.pk, "place": place.pk})
    broken = office.post(address("session_place", mine.pk, place.pk), {"state": "broken"})

    seat.refresh_from_db()
    place.refresh_from_db()
    assert (seated.status_code, broken.status_code) == (404, 404)
    assert (seat.place, place.status) == (None, "available")


def test_a_weekly_plan_ends_after_its_consequences_were_shown(cast, office, address, plan):
    template, _generated = plan(weeks_ahead=3)
    page = address("weekly_end", template.pk)

    assert len(office.get(page).context["empty"]) == 3
    office.post(page, {"last_day": "2026-03-05", "step": "end"})

    template.refresh_from_db()
    assert template.last_day == THURSDAY
    assert Booking.objects.filter(status="cancelled").count() == 2


def test_a_class_is_made_filled_and_left(cast, office, address, plan):
    made = office.post(
        address("class_new"),
        {"name": "Spring", "department": cast.department.pk, "max_students": 20, "is_active": "on"},
    )
    group = StudentGroup.objects.get()
    assert made["Location"] == address("class", group.pk)
    _template, _generated = plan(group=group, weeks_ahead=2)

    found = office.get(address("class", group.pk), {"q": "åse"})
    assert [one.pk for one in found.context["found"]] == [cast.student.pk]
    office.post(address("class_add", group.pk), {"student": [cast.student.pk]})
    assert cast.student.participations.count() == 2

    office.post(address("class_leave", group.pk, cast.student.pk), {"group": ""})
    assert not cast.student.participations.exclude(status="cancelled").exists()
    assert GroupMember.objects.get().left_at is not None


def test_a_class_is_attached_to_a_whole_plan(cast, office, address, plan, group):
    template, _generated = plan(weeks_ahead=2)

    page, chosen = address("weekly_class", template.pk), {"group": group.pk}
    shown = office.post(page, chosen)
    assert [len(line["coming"]) for line in shown.context["lines"]] == [2, 2]
    assert not Participation.objects.exists()
    office.post(page, chosen | {"step": "save"})

    assert Participation.objects.count() == 4
    assert groups.StudentGroup.objects.count() == 1


def test_who_falls_out_of_a_plan_is_shown_by_date_before_it_is_saved(
    cast, office, address, plan, group, book
):
    template, generated = plan(weeks_ahead=2)
    book(teacher_id=cast.other_teacher.pk, starts_at=generated.made[1].starts_at)
    page, chosen = address("weekly_class", template.pk), {"group": group.pk}

    shown = office.post(page, chosen)
    lines = shown.context["lines"]
    assert [[str(one.student) for one in line["refused"]] for line in lines] == [[], ["Åse Lind"]]
    assert 'name="leaves_out"' in shown.content.decode()

    refused = office.post(page, chosen | {"step": "save"})
    assert refused.status_code == 422
    assert not Participation.objects.filter(booking__template=template).exists()
    office.post(page, chosen | {"step": "save", "leaves_out": "1"})
    assert Participation.objects.filter(booking__template=template).count() == 3


def test_a_class_is_attached_to_the_sessions_that_were_ticked(cast, office, address, plan, group):
    _template, generated = plan(weeks_ahead=3)
    ticked = [generated.made[0].pk, generated.made[2].pk]
    page, sent = address("sessions_class"), {"group": group.pk, "booking": ticked}
    for route, args in (("sessions", ()), ("class", (group.pk,))):
        seen = office.get(address(route, *args), {"day": "2026-03-05"})
        assert ticked[0] in seen.context["tickable"]
        assert page in seen.content.decode()

    assert office.post(page, sent).status_code == 200
    assert not Participation.objects.exists()
    office.post(page, sent | {"step": "save"})

    assert set(Participation.objects.values_list("booking", flat=True)) == set(ticked)
    seen = office.get(address("class", group.pk))
    assert seen.context["tickable"] == {generated.made[1].pk}


@pytest.mark.parametrize("missing", ("group", "booking"))
def test_without_a_tick_or_a_class_nothing_is_attached(office, address, plan, group, missing):
    _template, generated = plan(weeks_ahead=2)
    sent = {"group": group.pk, "booking": [generated.made[0].pk], "step": "save"}
    sent.pop(missing)

    assert office.post(address("sessions_class"), sent).status_code == 302
    assert not Participation.objects.exists()


def test_another_schools_sessions_cannot_be_ticked(
    office, address, other_school, group, plan, signed_in
):
    _template, generated = plan(weeks_ahead=2)
    theirs = reverse("bookings:sessions_class", args=[other_school.school.slug])
    sent = {"group": group.pk, "booking": [generated.made[0].pk], "step": "save"}

    signed_in(other_school.office).post(theirs, sent)

    assert not Participation.objects.exists()


@pytest.mark.parametrize(("status", "count"), (("confirmed", 1), ("cancelled", 1), ("draft", 2)))
def test_the_week_is_narrowed_by_status(cast, office, address, plan, status, count):
    plan(weeks_ahead=1)
    _template, second = plan(weeks_ahead=1, name="Second", starts_at=dt.time(9), things=[])
    Booking.objects.filter(pk=second.made[0].pk).update(
        status="cancelled", cancelled_by="school", reason_category="other"
    )

    page = office.get(address("sessions"), {"day": "2026-03-05", "status": status})

    assert len(page.context["lines"]) == count


def test_the_lesson_type_says_how_long_and_for_how_many(office, address, typed, theory):
    said = {name: value for name, value in typed.items() if name not in {"minutes", "capacity"}}

    page = office.post(address("weekly_new"), said | {"step": "show"})

    form = page.context["form"]
    filled_in = (str(theory.duration_minutes), str(theory.capacity))
    assert (form["minutes"].value(), form["capacity"].value()) == filled_in
    assert form.cleaned_data["minutes"] == theory.duration_minutes


@pytest.mark.parametrize(("others", "ticked"), (((), 1), (("Room 2",), 0)))
def test_the_only_room_that_fits_is_ticked(cast, office, address, typed, others, ticked):
    LessonTypeNeed.objects.create(
        school=cast.school, lesson_type_id=typed["lesson_type"], kind=ResourceKind.ROOM
    )
    for name in others:
        Resource.objects.create(
            school=cast.school, department=cast.department, kind="room", name=name
        )
    said = {name: value for name, value in typed.items() if name != "shared"}

    page = office.post(address("weekly_new"), said | {"step": "show"})

    form = page.context["form"]
    assert form["shared"].value() == [str(pk) for pk in typed["shared"][:ticked]]
    assert len(form.cleaned_data["shared"]) == ticked
