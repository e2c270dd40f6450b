"""Changing weekly sessions: one, this and the following, all; what was edited stays edited."""

import datetime as dt

import pytest

from bookings import services
from bookings.models import (
    Booking,
    ClosedDay,
    Participation,
    SessionTemplate,
    SkippedSession,
)
from bookings.queries.series import Choice
from bookings.services.occurrences import Fate, Scope, SessionEdit
from bookings.services.series import change_sessions, end_template, preview_change
from justdriving.kernel.policy import Refused
from notifications.models import Message
from tests.bookings.test_services.words import codes, unsound
from tests.factories import NOW

WEEK = dt.timedelta(weeks=1)
FIRST = dt.date(2026, 3, 5)
FOUR = dt.time(16)


@pytest.fixture
def template(plan):
    saved, _generated = plan(weeks_ahead=4)
    return saved


@pytest.fixture
def change(cast):
    def make(booking, scope, *, by=None, at=NOW, overrides=None, **edit):
        return change_sessions(
            booking_id=booking.pk,
            scope=scope,
            edit=SessionEdit(**edit),
            by=by or cast.office,
            at=at,
            overrides=overrides or {},
        )

    return make


def sessions():
    return list(Booking.objects.order_by("period"))


def walls():
    return [(one.wall_date, one.wall_time.hour) for one in sessions() if one.status != "cancelled"]


def test_only_this_one_changes_and_its_edit_is_noted(template, change):
    _first, second, *_rest = sessions()

    (outcome,) = change(second, Scope.ONE, starts_at=FOUR, day=FIRST + WEEK + dt.timedelta(days=1))

    second.refresh_from_db()
    assert (second.wall_date.day, second.wall_time, second.template_day.day) == (13, FOUR, 12)
    assert second.edited_fields == ["day", "starts_at"]
    assert outcome.fate == Fate.CHANGED
    template.refresh_from_db()
    assert template.starts_at == dt.time(15)
    assert services.generate_all(at=NOW) == 0
    assert unsound() == []


def test_this_and_the_following_split_the_template(template, change):
    second = sessions()[1]

    change(second, Scope.FOLLOWING, starts_at=FOUR)

    assert [hour for _day, hour in walls()] == [15, 16, 16, 16]
    old, new = SessionTemplate.objects.order_by("pk")
    assert (old.last_day, new.first_day) == (dt.date(2026, 3, 11), dt.date(2026, 3, 12))
    assert (new.continues, new.starts_at, old.starts_at) == (old, FOUR, dt.time(15))
    assert Booking.objects.filter(template=new).count() == 3
    assert services.generate_all(at=NOW) == 0
    assert services.generate_all(at=NOW + WEEK) == 1
    assert walls()[-1] == (dt.date(2026, 4, 2), 16)


def test_all_that_are_to_come_change(template, change, cast):
    later = NOW + WEEK

    change(sessions()[2], Scope.ALL, at=later, teacher_id=cast.other_teacher.pk, capacity=5)

    teachers = [one.teacher_id for one in sessions()]
    assert teachers == [cast.teacher.pk, *[cast.other_teacher.pk] * 3]
    assert [one.capacity for one in sessions()] == [12, 5, 5, 5]
    assert SessionTemplate.objects.get().teacher == cast.other_teacher
    assert unsound() == []


def test_another_weekday_moves_each_session_within_its_week(template, change):
    change(sessions()[0], Scope.ALL, day=dt.date(2026, 3, 6))

    assert [day for day, _hour in walls()] == [
        dt.date(2026, 3, 6) + WEEK * number for number in range(4)
    ]
    assert SessionTemplate.objects.get().weekday == 4
    assert services.generate_all(at=NOW) == 0
    assert services.generate_all(at=NOW + WEEK) == 1


@pytest.mark.parametrize("days", (-1, 4, 7, 15))
def test_the_sessions_move_by_as_many_days_as_the_one_it_was_typed_for(template, change, days):
    third = sessions()[2]
    shift = dt.timedelta(days=days)

    outcomes = change(third, Scope.FOLLOWING, day=third.wall_date + shift)

    moved = [FIRST + WEEK * number + shift for number in (2, 3)]
    assert [one.after.day for one in outcomes] == moved
    assert [day for day, _hour in walls()] == sorted([FIRST, FIRST + WEEK, *moved])
    assert list(Booking.objects.order_by("pk").values_list("template_day", flat=True))[2:] == moved
    assert unsound() == []


def test_days_left_out_move_along(plan, change):
    left_out = {FIRST + WEEK * number: Choice(is_skipped=True) for number in (1, 2)}
    plan(weeks_ahead=4, choices=left_out)

    change(sessions()[0], Scope.ALL, day=FIRST + WEEK)

    assert [day for day, _hour in walls()] == [FIRST + WEEK * number for number in (1, 4)]
    skipped = SkippedSession.objects.order_by("on").values_list("on", flat=True)
    assert list(skipped) == [FIRST + WEEK * number for number in (2, 3)]
    assert services.generate_all(at=NOW) == 0


def test_edited_sessions_keep_their_edits_field_by_field(template, change, cast):
    second = sessions()[1]
    change(second, Scope.ONE, starts_at=FOUR)

    outcomes = change(
        sessions()[0],
        Scope.ALL,
        starts_at=dt.time(10),
        teacher_id=cast.other_teacher.pk,
    )

    assert [hour for _day, hour in walls()] == [10, 16, 10, 10]
    assert {one.teacher_id for one in sessions()} == {cast.other_teacher.pk}
    assert [one.keeps for one in outcomes] == [(), ("starts_at",), (), ()]


def test_a_session_moved_like_any_lesson_counts_as_edited(template, change, cast):
    second = sessions()[1]
    services.move_booking(
        booking_id=second.pk,
        by=cast.office,
        at=NOW,
        starts_at=second.period.lower + dt.timedelta(hours=1),
    )
    change(sessions()[0], Scope.ALL, starts_at=FOUR)
    change(sessions()[0], Scope.ALL, starts_at=dt.time(10))

    assert [hour for _day, hour in walls()] == [10, 16, 10, 10]


def test_a_cancelled_session_stays_cancelled(template, change, cast):
    second = sessions()[1]
    services.cancel_booking(booking_id=second.pk, by=cast.office, at=NOW)

    outcomes = change(sessions()[0], Scope.ALL, starts_at=FOUR)

    assert outcomes[1].fate == Fate.CANCELLED
    assert len(walls()) == 3
    assert services.generate_all(at=NOW) == 0


def test_one_that_is_refused_stays_and_the_others_go_on(template, change, cast):
    ClosedDay.objects.create(school=cast.school, on=dt.date(2026, 3, 13), name="Inventory")

    outcomes = change(sessions()[0], Scope.ALL, day=dt.date(2026, 3, 6))

    assert [one.fate for one in outcomes] == ["changed", "refused", "changed", "changed"]
    assert outcomes[1].refusals[0].code == "school-closed"
    assert walls()[1] == (dt.date(2026, 3, 12), 15)
    assert services.generate_all(at=NOW) == 0
    assert unsound() == []


def test_only_this_one_refused_is_refused(template, change, cast):
    ClosedDay.objects.create(school=cast.school, on=dt.date(2026, 3, 13), name="Inventory")

    with pytest.raises(Refused) as refused:
        change(sessions()[1], Scope.ONE, day=dt.date(2026, 3, 13))

    assert codes(refused) == ["school-closed"]


@pytest.mark.parametrize("scope", (Scope.FOLLOWING, Scope.ALL))
def test_a_plan_that_none_of_its_sessions_can_follow_is_not_written(template, change, cast, scope):
    for number in range(4):
        on = FIRST + WEEK * number + dt.timedelta(days=1)
        ClosedDay.objects.create(school=cast.school, on=on, name="Inventory")

    with pytest.raises(Refused) as refused:
        change(sessions()[1], scope, day=FIRST + WEEK + dt.timedelta(days=1))

    assert codes(refused) == ["nothing-changes"]
    plan = SessionTemplate.objects.get()
    assert (plan.weekday, plan.version) == (3, template.version)


def test_a_change_of_nothing_splits_no_plan(template, change):
    with pytest.raises(Refused) as refused:
        change(sessions()[1], Scope.FOLLOWING)

    assert codes(refused) == ["nothing-changes"]
    assert SessionTemplate.objects.count() == 1


def test_a_plan_changes_although_its_sessions_keep_what_was_edited(template, change):
    for session in sessions():
        change(session, Scope.ONE, capacity=5)

    outcomes = change(sessions()[0], Scope.ALL, capacity=6)

    assert {one.fate for one in outcomes} == {Fate.KEPT}
    assert SessionTemplate.objects.get().capacity == 6


def test_students_stay_in_a_moved_session_and_are_told_once(template, change, cast):
    second = sessions()[1]
    services.join_booking(
        booking_id=second.pk, student_id=cast.student.pk, by=cast.office, at=NOW, muted=True
    )
    Message.objects.all().delete()

    change(sessions()[0], Scope.ALL, starts_at=FOUR)

    assert Participation.objects.get().booking_id == second.pk
    told = set(Message.objects.values_list("event", "recipient"))
    assert ("booking_moved", cast.student.membership.user_id) in told
    assert {event for event, _recipient in told} == {"booking_moved"}


def test_the_preview_writes_nothing_and_says_the_same(template, change, cast):
    ClosedDay.objects.create(school=cast.school, on=dt.date(2026, 3, 13), name="Inventory")
    said = {
        "booking_id": sessions()[0].pk,
        "scope": Scope.ALL,
        "edit": SessionEdit(day=dt.date(2026, 3, 6)),
        "by": cast.office,
        "at": NOW,
    }

    shown = preview_change(**said)
    assert {day.weekday() for day, _hour in walls()} == {3}
    done = change_sessions(**said)

    assert [(one.fate, one.after, one.keeps) for one in shown] == [
        (one.fate, one.after, one.keeps) for one in done
    ]


def test_fewer_seats_than_students_is_refused(template, change, cast):
    first = sessions()[0]
    for student in (cast.student, cast.other_student):
        services.join_booking(booking_id=first.pk, student_id=student.pk, by=cast.office, at=NOW)

    outcomes = change(first, Scope.ALL, capacity=1)

    assert [one.fate for one in outcomes] == ["refused", "changed", "changed", "changed"]
    assert outcomes[0].refusals[0].code == "seats-taken"


@pytest.mark.parametrize(("capacity", "fate"), ((1, "refused"), (2, "changed"), (3, "changed")))
def test_a_seat_on_offer_stays_with_whom_it_was_offered_to(template, change, cast, capacity, fate):
    first = sessions()[0]
    services.join_booking(booking_id=first.pk, student_id=cast.student.pk, by=cast.office, at=NOW)
    entry = services.add_wish(
        student_id=cast.other_student.pk,
        lesson_type_id=first.lesson_type_id,
        by=cast.office,
        at=NOW,
    )
    services.offer_seat(entry_id=entry.pk, booking_id=first.pk, by=cast.office, at=NOW)

    outcomes = change(first, Scope.ALL, capacity=capacity)

    assert outcomes[0].fate == fate
    assert "bookings.offered_seats_are_there" not in unsound()


def test_what_has_begun_is_not_changed(template, change):
    with pytest.raises(Refused) as refused:
        change(sessions()[0], Scope.ALL, at=NOW + WEEK, starts_at=FOUR)

    assert codes(refused) == ["already-started"]


def test_ending_cancels_the_empty_ones_and_lists_the_others(template, cast):
    third = sessions()[2]
    services.join_booking(
        booking_id=third.pk, student_id=cast.student.pk, by=cast.office, at=NOW, muted=True
    )
    Message.objects.all().delete()

    ended, busy = end_template(template_id=template.pk, last_day=FIRST, by=cast.office, at=NOW)

    assert [one.template_day.day for one in ended] == [12, 26]
    assert busy == [third]
    assert [day.day for day, _hour in walls()] == [5, 19]
    assert Message.objects.count() == 0
    assert services.generate_all(at=NOW + WEEK) == 0


def test_all_that_are_to_come_are_those_of_the_plans_split_from_each_other_too(
    plan, template, change
):
    third = sessions()[2]
    plan(weeks_ahead=4, name="Another evening", starts_at=dt.time(9), things=[])
    change(third, Scope.FOLLOWING, starts_at=FOUR)
    first, other, second = SessionTemplate.objects.order_by("pk")
    mine = Booking.objects.filter(template__in=(first, second)).order_by("period")

    for booking, seats in ((mine[0], 5), (mine[3], 6)):
        outcomes = change(booking, Scope.ALL, capacity=seats)

        assert [one.booking.pk for one in outcomes] == [one.pk for one in mine]
        assert {one.capacity for one in mine.all()} == {seats}
        seats_of = SessionTemplate.objects.order_by("pk").values_list("capacity", flat=True)
        assert list(seats_of) == [seats, other.capacity, seats]
    assert [one.wall_time.hour for one in mine] == [15, 15, 16, 16]


def test_what_follows_goes_on_into_the_plan_that_continues_it(template, change):
    change(sessions()[2], Scope.FOLLOWING, starts_at=FOUR)

    outcomes = change(sessions()[1], Scope.FOLLOWING, capacity=5)

    assert len(outcomes) == 3
    assert [one.capacity for one in sessions()] == [12, 5, 5, 5]
    first, last, middle = SessionTemplate.objects.order_by("pk")
    assert (middle.continues, last.continues) == (first, middle)
    assert services.generate_all(at=NOW) == 0


@pytest.mark.parametrize("days", (-1, 1, 7))
@pytest.mark.parametrize("at", (NOW, NOW + WEEK))
def test_plans_split_from_each_other_move_together(template, change, days, at):
    change(sessions()[2], Scope.FOLLOWING, starts_at=FOUR)
    ahead = [one for one in sessions() if one.period.lower > at]
    shift = dt.timedelta(days=days)
    wanted = [one.wall_date + shift for one in ahead]

    change(ahead[0], Scope.ALL, at=at, day=ahead[0].wall_date + shift)

    assert [one.wall_date for one in sessions() if one.period.lower > at][-len(ahead) :] == wanted
    chain = SessionTemplate.objects.order_by("first_day")
    assert [one.continues for one in chain] == [None, *list(chain)[:-1]]
    services.generate_all(at=at + WEEK)
    held = [one.wall_date for one in sessions() if one.wall_date >= wanted[0]]
    assert held == [wanted[0] + WEEK * number for number in range(len(held))]
    assert unsound() == []


def test_an_ended_plan_is_split_where_its_last_students_sit(template, change, cast):
    third = sessions()[2]
    services.join_booking(booking_id=third.pk, student_id=cast.student.pk, by=cast.office, at=NOW)
    end_template(template_id=template.pk, last_day=FIRST, by=cast.office, at=NOW)

    change(third, Scope.FOLLOWING, starts_at=FOUR)

    old, new = SessionTemplate.objects.order_by("pk")
    assert (old.last_day, new.first_day, new.last_day) == (FIRST, third.wall_date, third.wall_date)
    assert Booking.objects.get(pk=third.pk).wall_time == FOUR
