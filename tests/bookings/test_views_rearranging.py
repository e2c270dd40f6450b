"""The pages on which lessons are rearranged, swapped, and a teacher is reported ill."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from bookings import services
from bookings.models import (
    Booking,
    BookingResource,
    BookingSettings,
    SickDay,
    WeeklyAvailability,
)
from bookings.services import Exchange
from bookings.services.places import assign_place
from justdriving.templatetags.formats import when


@pytest.fixture(autouse=True)
def _in_english(in_english):
    return in_english


@pytest.fixture
def noon():
    """Noon a week from now: the pages look at the real clock."""
    day = timezone.localdate() + dt.timedelta(days=7)
    return timezone.make_aware(dt.datetime.combine(day, dt.time(12))).astimezone(dt.UTC)


@pytest.fixture
def day(cast, book, noon):
    now = timezone.now()
    return (
        book(at=now, starts_at=noon),
        book(
            at=now,
            starts_at=noon + dt.timedelta(hours=2),
            student_ids=(cast.other_student.pk,),
        ),
    )


def address(cast, route, *arguments):
    return reverse(f"bookings:{route}", args=[cast.school.slug, *arguments])


def rearranging(day, **changes):
    return {
        "day": f"{timezone.localdate(day[0].starts_at)}",
        "lesson": [one.pk for one in day],
        "action": "shift",
        "shift": "30",
    } | changes


def previewed(client, page, wanted):
    """What the form under a preview carries along."""
    hidden = client.get(page, wanted).context["hidden"]
    return {name: [said for known, said in hidden if known == name] for name, _said in hidden}


def test_the_page_shows_the_lessons_of_a_day_and_changes_nothing(cast, day, signed_in):
    client = signed_in(cast.office)

    shown = client.get(address(cast, "rearrange"), rearranging(day))

    assert [one.booking for one in shown.context["outlook"].lines] == list(day)
    assert shown.context["outlook"].is_clear
    assert Booking.objects.get(pk=day[0].pk).starts_at == day[0].starts_at


def test_posting_the_same_moves_them(cast, day, signed_in):
    client, page = signed_in(cast.office), address(cast, "rearrange")

    answer = client.post(page, previewed(client, page, rearranging(day)))

    assert answer.status_code == 302
    moved = [one.starts_at for one in Booking.objects.order_by("pk")]
    assert moved == [one.starts_at + dt.timedelta(minutes=30) for one in day]


def test_the_same_preview_pressed_twice_moves_them_once(cast, day, signed_in):
    client, page = signed_in(cast.office), address(cast, "rearrange")
    tab = previewed(client, page, rearranging(day))
    client.post(page, tab)

    again = client.post(page, tab)

    assert again.status_code == 422
    assert "The lessons have changed meanwhile." in again.text
    moved = [one.starts_at for one in Booking.objects.order_by("pk")]
    assert moved == [one.starts_at + dt.timedelta(minutes=30) for one in day]
    shown_anew = [said for name, said in again.context["hidden"] if name == "seen"]
    assert client.post(page, tab | {"seen": shown_anew}).status_code == 302


def test_lessons_that_have_left_the_page_are_said_in_words(cast, day, signed_in):
    client, page = signed_in(cast.office), address(cast, "rearrange")
    tomorrow = timezone.localdate(day[0].starts_at) + dt.timedelta(days=1)
    tab = previewed(client, page, rearranging(day, action="day", to_day=f"{tomorrow}"))
    client.post(page, tab)

    again = client.post(page, tab)

    assert again.status_code == 422
    assert "One was moved or cancelled meanwhile." in again.text
    assert "valid choice" not in again.text


def test_a_refusal_keeps_what_was_typed_and_says_which_lesson(cast, day, signed_in):
    client, page = signed_in(cast.office), address(cast, "rearrange")
    wanted = previewed(client, page, rearranging(day, shift=str(5 * 60)))
    wanted |= {"reason": "Open house"}

    answer = client.post(page, wanted)

    assert answer.status_code == 422
    assert [bool(one.refusals) for one in answer.context["outlook"].lines] == [True, True]
    assert "Open house" in answer.text
    again = client.post(
        page,
        wanted | {"override_teacher-not-available": "1", "why_teacher-not-available": "Agreed"},
    )
    assert again.status_code == 302


def test_a_teacher_sees_and_moves_only_their_own_lessons(cast, day, signed_in):
    client = signed_in(cast.other_teacher)

    shown = client.get(address(cast, "rearrange"), {"day": rearranging(day)["day"]})
    answer = client.post(address(cast, "rearrange"), rearranging(day))

    assert shown.context["lessons"] == []
    assert answer.status_code == 422
    assert Booking.objects.get(pk=day[0].pk).starts_at == day[0].starts_at


@pytest.mark.parametrize("route", ("rearrange", "sick_day"))
def test_students_have_no_such_page(cast, signed_in, route):
    assert signed_in(cast.student).get(address(cast, route)).status_code == 404


def test_two_lessons_are_swapped_from_the_page_of_one(cast, day, signed_in):
    client, page = signed_in(cast.office), address(cast, "swap", day[0].pk)
    wanted = {
        "day": rearranging(day)["day"],
        "other": day[1].pk,
        "exchange": Exchange.TIMES,
    }

    shown = client.get(page, wanted)
    assert [one.booking for one in shown.context["outlook"].lines] == list(day)
    answer = client.post(page, tab := previewed(client, page, wanted))

    assert answer.status_code == 302
    assert Booking.objects.get(pk=day[0].pk).starts_at == day[1].starts_at
    again = client.post(page, tab)
    assert (again.status_code, "changed meanwhile" in again.text) == (422, True)
    assert Booking.objects.get(pk=day[0].pk).starts_at == day[1].starts_at


@pytest.mark.parametrize("seen", ([], ["nonsense"], ["1-"], ["-1"]))
def test_nothing_is_done_that_was_not_looked_at(cast, day, signed_in, seen):
    client, page = signed_in(cast.office), address(cast, "rearrange")

    answer = client.post(page, rearranging(day) | {"seen": seen})

    assert answer.status_code == 422
    assert Booking.objects.get(pk=day[0].pk).starts_at == day[0].starts_at


def test_a_swap_with_no_lesson_chosen_says_so(cast, day, signed_in):
    page = signed_in(cast.office).get(
        address(cast, "swap", day[0].pk), {"day": rearranging(day)["day"], "exchange": "times"}
    )

    assert page.context["form"].errors.keys() == {"other"}
    assert page.context["outlook"] is None


def test_nobody_swaps_the_lessons_of_another_teacher(cast, day, signed_in):
    client = signed_in(cast.other_teacher)

    assert client.get(address(cast, "swap", day[0].pk)).status_code == 404


def sick(day, **choices):
    date = f"{timezone.localdate(day[0].starts_at)}"
    lessons = {f"lesson_{one.pk}": "cancel" for one in day}
    return {"first_day": date, "last_day": date, "choices": "1"} | lessons | choices


def test_a_teacher_reports_ill_and_takes_it_back(cast, day, signed_in):
    client = signed_in(cast.teacher)
    first = f"lesson_{day[0].pk}"

    answer = client.post(
        address(cast, "sick_day"), sick(day, **{first: str(cast.other_teacher.pk)}), follow=True
    )

    reported = SickDay.objects.get()
    assert answer.context["can_undo"]
    assert Booking.objects.get(pk=day[0].pk).teacher == cast.other_teacher
    undone = client.post(address(cast, "sick_day_undo", reported.pk), follow=True)
    assert undone.context["sick_day"].undone_at is not None
    assert Booking.objects.filter(replaces=day[1]).count() == 1


def test_what_undoing_does_not_give_back_is_said_before_and_after(cast, day, signed_in, book, noon):
    client = signed_in(cast.office)
    places = BookingResource.objects.filter(booking=day[1])
    places.update(is_place=True, status="available")
    assign_place(
        participation_id=day[1].participations.get().pk,
        place_id=places.get().pk,
        by=cast.office,
        at=timezone.now(),
    )
    client.post(address(cast, "sick_day"), sick(day) | {"teacher": cast.teacher.pk})
    reported = SickDay.objects.get()
    page = address(cast, "sick_day_report", reported.pk)
    said = client.get(page).text
    assert "Undo does not give this back" not in said
    assert "gets a new number" in said

    book(
        at=timezone.now(),
        teacher_id=cast.other_teacher.pk,
        student_ids=(cast.student.pk,),
        starts_at=noon + dt.timedelta(hours=2),
    )
    said = client.get(page).text
    assert "Undo does not give this back" in said
    taken = "VW ID.3 is taken by now. Polo stands in for it. Noah Berg needs another place."
    assert f"{day[1].number}, {when(day[1].period)}: {taken}" in said

    undone = client.post(address(cast, "sick_day_undo", reported.pk), follow=True).text
    again = Booking.objects.get(replaces=day[1])
    assert "This was not given back" in undone
    assert f"{again.number}, {when(again.period)}: {taken}" in undone
    assert "What was cancelled has a new number" in undone
    assert reverse("bookings:session_work", args=[cast.school.slug]) in undone


def test_what_refuses_an_undo_is_said_before_it(cast, day, signed_in, book, noon):
    client = signed_in(cast.office)
    client.post(address(cast, "sick_day"), sick(day) | {"teacher": cast.teacher.pk})
    page = address(cast, "sick_day_report", SickDay.objects.get().pk)
    assert "can not be undone as things are" not in client.get(page).text

    book(
        at=timezone.now(),
        teacher_id=cast.other_teacher.pk,
        student_ids=(cast.other_student.pk,),
        starts_at=noon + dt.timedelta(hours=2),
    )

    said = client.get(page).text
    assert "can not be undone as things are" in said
    assert f"{cast.other_student} is already booked" in said


def test_where_nothing_was_cancelled_every_lesson_is_as_it_was(cast, day, signed_in):
    client = signed_in(cast.office)
    given = {f"lesson_{one.pk}": str(cast.other_teacher.pk) for one in day}
    client.post(address(cast, "sick_day"), sick(day, **given) | {"teacher": cast.teacher.pk})
    reported = SickDay.objects.get()
    assert "new number" not in client.get(address(cast, "sick_day_report", reported.pk)).text

    undone = client.post(address(cast, "sick_day_undo", reported.pk), follow=True).text

    assert "Every lesson is as it was" in undone
    assert "the lessons are as they were" in undone


def test_looking_at_other_choices_changes_nothing(cast, day, signed_in):
    answer = signed_in(cast.teacher).post(address(cast, "sick_day"), sick(day, look="1"))

    assert answer.status_code == 200
    assert answer.context["cancelled"] == 2
    assert not SickDay.objects.exists()


@pytest.fixture
def off(cast):
    """Søren works on no day: whoever wants him to take a lesson overrules that."""
    WeeklyAvailability.objects.filter(teacher=cast.other_teacher).delete()


def test_the_page_says_what_hinders_a_colleague_and_offers_to_overrule_it(
    cast, day, signed_in, off
):
    client, page = signed_in(cast.office), address(cast, "sick_day")
    typed = sick(day) | {"teacher": cast.teacher.pk}
    assert "takes it anyway" in client.get(page, typed).text

    chosen = typed | {f"lesson_{day[0].pk}": str(cast.other_teacher.pk)}
    shown = client.post(page, chosen | {"look": "1"})
    assert [rule.code for rule in shown.context["rules"]] == ["teacher-not-available"]
    assert ("Do it anyway" in shown.text, shown.context["stuck"]) == (True, 0)
    refused = client.post(page, chosen)
    assert (refused.status_code, "Nothing was changed" in refused.text) == (422, True)
    assert not SickDay.objects.exists()

    allowed = {"override_teacher-not-available": "1", "why_teacher-not-available": "He agreed"}
    assert client.post(page, chosen | allowed).status_code == 302
    assert Booking.objects.get(pk=day[0].pk).teacher == cast.other_teacher


def test_a_teacher_is_told_what_hinders_a_colleague_and_overrules_nothing(
    cast, day, signed_in, off
):
    client, page = signed_in(cast.teacher), address(cast, "sick_day")

    shown = client.get(page, sick(day)).text
    assert ("does not work" in shown, "takes it anyway" in shown) == (True, False)
    forced = client.post(
        page,
        sick(day)
        | {f"lesson_{day[0].pk}": str(cast.other_teacher.pk)}
        | {"override_teacher-not-available": "1", "why_teacher-not-available": "I say so"},
    )
    assert (forced.status_code, forced.context["stuck"]) == (422, 1)
    assert not SickDay.objects.exists()


def test_a_lesson_booked_meanwhile_is_said(cast, day, book, noon, signed_in):
    typed = sick(day)
    book(
        at=timezone.now(),
        starts_at=noon - dt.timedelta(hours=3),
        student_ids=(cast.other_student.pk,),
    )

    answer = signed_in(cast.office).post(
        address(cast, "sick_day"), typed | {"teacher": cast.teacher.pk}
    )

    assert answer.status_code == 422
    assert "have changed meanwhile" in answer.text


def test_another_teacher_sees_nothing_of_it(cast, day, signed_in):
    signed_in(cast.teacher).post(address(cast, "sick_day"), sick(day))
    reported = SickDay.objects.get()
    client = signed_in(cast.other_teacher)

    assert client.get(address(cast, "sick_day_report", reported.pk)).status_code == 404
    assert client.post(address(cast, "sick_day_undo", reported.pk)).status_code == 404
    assert client.post(address(cast, "sick_day_announce", reported.pk)).status_code == 404


def test_telling_at_once_ends_the_time_to_undo(cast, day, signed_in):
    client = signed_in(cast.office)
    client.post(address(cast, "sick_day"), sick(day) | {"teacher": cast.teacher.pk})
    reported = SickDay.objects.get()

    told = client.post(address(cast, "sick_day_announce", reported.pk), follow=True)

    assert not told.context["can_undo"]
    refused = client.post(address(cast, "sick_day_undo", reported.pk), follow=True)
    assert "can not be undone" in refused.text


def test_the_move_page_counts_the_moves(cast, day, signed_in, noon):
    BookingSettings.objects.create(school=cast.school, max_moves=1)
    services.move_booking(
        booking_id=day[0].pk,
        by=cast.student.membership,
        at=timezone.now(),
        starts_at=noon - dt.timedelta(hours=3),
    )

    shown = signed_in(cast.student).get(address(cast, "move", day[0].pk))

    assert "Moved 1× of 1 allowed" in shown.text
    assert "It can not be moved online" in shown.text


def test_each_page_asks_as_much_for_two_lessons_as_for_one(cast, day, signed_in, count_queries):
    client = signed_in(cast.office)
    pages = (
        (address(cast, "rearrange"), rearranging(day, lesson=[])),
        (address(cast, "swap", day[0].pk), {}),
        (
            address(cast, "sick_day"),
            {"teacher": cast.teacher.pk, "first_day": sick(day)["first_day"]},
        ),
    )

    def asked():
        return [count_queries(lambda page=page: client.get(*page)) for page in pages]

    asked()
    with_two = asked()
    services.cancel_booking(
        booking_id=day[1].pk, by=cast.office, at=timezone.now(), category="other"
    )
    with_one = asked()
    assert with_two[0] == with_one[0]
    assert with_two[2] == with_one[2]
