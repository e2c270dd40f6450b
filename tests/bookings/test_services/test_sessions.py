"""Weekly sessions: what is planned, what is left out, and that a day is planned once."""

import datetime as dt

import pytest

from bookings import services
from bookings.enums import BookingResourceStatus
from bookings.models import (
    Absence,
    Booking,
    BookingResource,
    BookingTransition,
    ClosedDay,
    Occupancy,
    Participation,
    ResourceOutage,
    SessionTemplate,
    SkippedSession,
)
from bookings.queries.seats import seats_left
from bookings.queries.series import Choice, Seen, Thing, preview_template, things_of
from bookings.services.sessions import draft_template
from justdriving.kernel.policy import Refused
from notifications.models import Message
from tests.bookings.test_services.words import codes, unsound
from tests.factories import COPENHAGEN, NOW, VehicleFactory

THURSDAYS = [dt.date(2026, 3, 5) + dt.timedelta(weeks=week) for week in range(8)]
EASTER = dt.date(2026, 4, 2)


def days_of(template):
    return list(
        Booking.objects.filter(template=template)
        .order_by("template_day")
        .values_list("template_day", flat=True)
    )


def test_a_template_gives_a_session_a_week(plan, room, cast):
    template, generated = plan()

    assert days_of(template) == THURSDAYS
    assert generated.left_out == []
    first = generated.made[0]
    assert (first.capacity, first.status, first.wall_time) == (12, "confirmed", dt.time(15))
    assert list(first.booking_resources.values_list("resource", "is_place", "status")) == [
        (room.pk, False, "reserved")
    ]
    assert set(Occupancy.objects.filter(booking=first).values_list("user", "resource")) == {
        (cast.teacher.membership.user_id, None),
        (None, room.pk),
    }
    assert unsound() == []


def test_nobody_gets_a_message_for_a_planned_session(plan):
    plan()

    assert Message.objects.count() == 0
    assert set(BookingTransition.objects.values_list("is_muted", flat=True)) == {True}


def test_the_clock_on_the_wall_stays_when_summer_time_begins(plan):
    template, _generated = plan()

    hours = {
        booking.template_day: booking.period.lower.hour
        for booking in Booking.objects.filter(template=template)
    }
    assert {hours[day] for day in THURSDAYS[:4]} == {14}
    assert {hours[day] for day in THURSDAYS[4:]} == {13}


def test_and_when_it_ends(plan):
    october = dt.datetime(2026, 10, 19, 9, tzinfo=dt.UTC)
    template, _generated = plan(at=october, first_day=dt.date(2026, 10, 19), weeks_ahead=2)

    walls = [
        booking.period.lower.astimezone(COPENHAGEN).time()
        for booking in Booking.objects.filter(template=template)
    ]
    assert walls == [dt.time(15)] * 2
    assert len({booking.period.lower.hour for booking in Booking.objects.all()}) == 2


def test_a_wall_time_the_clock_skips_is_refused_and_the_others_are_not(plan):
    template, generated = plan(
        weekday=6,
        starts_at=dt.time(2, 30),
        minutes=30,
        overrides={"teacher-not-available": "Night theory"},
    )

    assert [(day.day, day.code) for day in generated.left_out] == [
        (dt.date(2026, 3, 29), "no-such-time")
    ]
    assert len(days_of(template)) == 7


def test_closed_days_absences_and_conflicts_are_left_out_and_said(cast, plan, book, values, room):
    ClosedDay.objects.create(school=cast.school, on=EASTER, name="Maundy Thursday")
    Absence.objects.create(
        school=cast.school,
        teacher=cast.teacher,
        period=(dt.datetime(2026, 3, 12, tzinfo=dt.UTC), dt.datetime(2026, 3, 13, tzinfo=dt.UTC)),
    )
    book(starts_at=dt.datetime(2026, 3, 19, 14, tzinfo=dt.UTC))

    template, generated = plan()

    assert [(day.day, day.code) for day in generated.left_out] == [
        (dt.date(2026, 3, 12), "teacher-not-available"),
        (dt.date(2026, 3, 19), "teacher-booked"),
        (EASTER, "school-closed"),
    ]
    assert days_of(template) == [
        day for day in THURSDAYS if day not in {one.day for one in generated.left_out}
    ]
    assert SkippedSession.objects.get(on=EASTER).message.endswith("Maundy Thursday.")


def test_the_preview_says_what_generating_does(cast, plan, values, room, book):
    ClosedDay.objects.create(school=cast.school, on=EASTER, name="Maundy Thursday")
    book(starts_at=dt.datetime(2026, 3, 19, 14, tzinfo=dt.UTC))
    draft = draft_template(by=cast.office, values=values, overrides={})

    shown = preview_template(template=draft, things=[Thing(room, is_place=False)], at=NOW)
    template, _generated = plan(expected={day.day: Seen(day.code, day.code) for day in shown})

    assert days_of(template) == [day.day for day in shown if day.code == "ok"]
    assert dict(SkippedSession.objects.values_list("on", "code")) == {
        day.day: day.code for day in shown if day.code != "ok"
    }


def test_a_calendar_that_changed_since_the_preview_saves_nothing(cast, plan):
    ClosedDay.objects.create(school=cast.school, on=EASTER, name="Maundy Thursday")

    with pytest.raises(Refused) as refused:
        plan(expected=dict.fromkeys(THURSDAYS, Seen("ok", "ok")))

    assert codes(refused) == ["plan-changed"]
    assert SessionTemplate.objects.count() == 0


def test_a_preview_asks_as_often_for_one_day_as_for_many(cast, values, room, count_queries):
    things = [Thing(room, is_place=False)]

    def ask(weeks):
        draft = draft_template(by=cast.office, values=values | {"weeks_ahead": weeks}, overrides={})
        return lambda: preview_template(template=draft, things=things, at=NOW)

    ask(1)()
    assert count_queries(ask(1)) == count_queries(ask(40))


def test_twice_is_once(cast, plan):
    template, _generated = plan()

    again = services.generate_sessions(template_id=template.pk, by=cast.office, at=NOW)

    assert (again.made, again.left_out) == ([], [])
    assert services.generate_all(at=NOW) == 0


def test_a_week_later_the_job_plans_one_more_and_tries_again_what_was_refused(cast, plan):
    closed = ClosedDay.objects.create(school=cast.school, on=EASTER, name="Maundy Thursday")
    template, _generated = plan()
    closed.delete()

    assert services.generate_all(at=NOW + dt.timedelta(weeks=1)) == 2
    assert days_of(template) == [*THURSDAYS, dt.date(2026, 4, 30)]
    assert SkippedSession.objects.count() == 0
    assert set(
        BookingTransition.objects.filter(booking__template_day=EASTER).values_list(
            "made_by", "requested_by"
        )
    ) == {(None, "system")}


def test_a_day_somebody_left_out_stays_so_until_they_want_it(cast, plan):
    day = THURSDAYS[2]
    template, _generated = plan(choices={day: Choice(is_skipped=True)})

    services.generate_all(at=NOW)
    assert day not in days_of(template)
    assert SkippedSession.objects.get().code == "chosen"

    services.generate_sessions(
        template_id=template.pk, by=cast.office, at=NOW, choices={day: Choice()}
    )
    assert day in days_of(template)
    assert SkippedSession.objects.count() == 0


def test_a_day_can_be_held_on_another_one_so_that_the_count_is_kept(cast, plan):
    ClosedDay.objects.create(school=cast.school, on=EASTER, name="Maundy Thursday")
    template, generated = plan(choices={EASTER: Choice(day=EASTER - dt.timedelta(days=1))})

    moved = Booking.objects.get(template=template, template_day=EASTER)
    assert (moved.wall_date, moved.edited_fields) == (dt.date(2026, 4, 1), ["day"])
    assert len(generated.made) == 8


def test_a_day_can_be_held_against_a_named_rule_with_a_reason(cast, plan):
    ClosedDay.objects.create(school=cast.school, on=EASTER, name="Maundy Thursday")

    _template, generated = plan(choices={EASTER: Choice(overrides={"school-closed": "Wanted"})})

    held = next(one for one in generated.made if one.template_day == EASTER)
    assert held.transitions.get().overridden_rules[0]["reason"] == "Wanted"
    assert len(generated.made) == 8


def test_a_teacher_overrules_nothing(cast, plan):
    with pytest.raises(Refused) as refused:
        plan(by=cast.teacher.membership, overrides={"school-closed": "Wanted"})

    assert codes(refused) == ["not-allowed"]


def test_a_reason_given_once_holds_for_every_session(plan):
    template, generated = plan(
        starts_at=dt.time(19), overrides={"teacher-not-available": "Theory evening"}
    )

    assert len(generated.made) == 8
    assert services.generate_all(at=NOW + dt.timedelta(weeks=1)) == 1
    assert template.overridden_rules == {"teacher-not-available": "Theory evening"}


def test_the_class_is_in_every_session_and_who_cannot_come_is_named(cast, plan, book, group):
    book(teacher_id=cast.other_teacher.pk, starts_at=dt.datetime(2026, 3, 5, 14, tzinfo=dt.UTC))

    _template, generated = plan(group=group)

    assert Participation.objects.filter(booking__template__isnull=False).count() == 15
    first = generated.made[0]
    assert list(first.participations.values_list("student", flat=True)) == [cast.other_student.pk]
    told = Message.objects.exclude(event="booking_confirmed").order_by("pk")
    assert sorted((one.event, one.to_name, len(one.context["places"])) for one in told) == [
        ("seats_given", "Noah Berg", 8),
        ("seats_given", "Åse Lind", 7),
    ]
    assert unsound() == []


def test_a_broken_or_busy_car_makes_a_session_smaller_and_does_not_stop_it(
    cast, plan, track, room, book
):
    third = VehicleFactory(school=cast.school, department=cast.department, name="Yaris")
    ResourceOutage.objects.create(
        school=cast.school,
        resource=cast.vehicle,
        period=(dt.datetime(2026, 3, 5, tzinfo=dt.UTC), dt.datetime(2026, 3, 6, tzinfo=dt.UTC)),
    )
    book(
        teacher_id=cast.other_teacher.pk,
        resource_ids=(cast.other_vehicle.pk,),
        starts_at=dt.datetime(2026, 3, 5, 14, tzinfo=dt.UTC),
    )
    cars = (cast.vehicle, cast.other_vehicle, third)

    _template, generated = plan(
        lesson_type=track,
        capacity=6,
        things=[Thing(room, is_place=False), *(Thing(car, is_place=True) for car in cars)],
    )

    first, second = generated.made[:2]
    rows = BookingResource.objects.filter(booking=first, is_place=True)
    assert dict(rows.values_list("resource__name", "status")) == {
        "VW ID.3": BookingResourceStatus.OUT_OF_SERVICE,
        "Yaris": BookingResourceStatus.AVAILABLE,
    }
    assert BookingResource.objects.filter(booking=second, is_place=True).count() == 3
    assert seats_left([first, second]) == {first.pk: 1, second.pk: 3}
    assert unsound() == []


def test_an_ended_template_gives_nothing(cast, plan):
    template, _generated = plan(last_day=dt.date(2026, 3, 19))

    assert days_of(template) == THURSDAYS[:3]
    assert services.generate_all(at=NOW + dt.timedelta(weeks=4)) == 0


def test_every_second_week_keeps_its_rhythm(cast, plan):
    template, _generated = plan(every_weeks=2)
    services.generate_all(at=NOW + dt.timedelta(weeks=1))

    assert days_of(template) == [*THURSDAYS[::2], dt.date(2026, 4, 30)]
    assert things_of(template)[0].resource.name == "Room 1"
