import datetime as dt

import pytest

from bookings import services
from bookings.enums import BookingChange, Party
from bookings.models import (
    Booking,
    BookingSettings,
    BookingTransition,
    DailyCap,
    LessonType,
    ResourceOutage,
    StudentGroup,
)
from bookings.services import Exchange, GiveResource, GiveTeacher, Manner, MoveDay, Swap
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from notifications.content import compose
from notifications.models import Message
from tests.bookings.test_services.words import DAY, TOMORROW, codes, taken
from tests.factories import NOON, NOW, VehicleFactory

AFTERNOON = NOON + dt.timedelta(hours=2)


@pytest.fixture
def pair(cast, book):
    """Two lessons on one day: Åse with Mette at noon, Noah with Søren at two."""
    return book(), book(
        teacher_id=cast.other_teacher.pk,
        student_ids=(cast.other_student.pk,),
        resource_ids=(cast.other_vehicle.pk,),
        starts_at=AFTERNOON,
    )


@pytest.fixture
def day(cast, book):
    """Mette's two lessons on Thursday, back to back, in one car."""
    return book(), book(
        student_ids=(cast.other_student.pk,), starts_at=NOON + dt.timedelta(minutes=90)
    )


def rearranged(plan, cast, by=None, **manner):
    return services.rearrange_bookings(
        plan=plan, by=by or cast.office, at=NOW, manner=Manner(**manner)
    )


def refused(plan, cast, **changes):
    with pytest.raises(Refused) as found:
        rearranged(plan, cast, **changes)
    return codes(found)


def standing(*bookings):
    """(start, teacher, things) of each."""
    rows = []
    for booking in bookings:
        booking.refresh_from_db()
        things = [row.resource for row in booking.booking_resources.order_by("pk")]
        rows.append((booking.starts_at, booking.teacher, things))
    return rows


def faults() -> list[str]:
    """What the doctor finds in the calendar; these lessons lie in the past of the real clock."""
    found = [one.code for one in examine() if one.code.startswith("bookings.")]
    return [code for code in found if code != "bookings.resolved_in_two_weeks"]


def test_two_lessons_exchange_their_times(cast, pair):
    first, second = pair

    written = rearranged(Swap(first.pk, second.pk, Exchange.TIMES), cast, reason="Car pool")

    assert standing(*pair) == [
        (AFTERNOON, cast.teacher, [cast.vehicle]),
        (NOON, cast.other_teacher, [cast.other_vehicle]),
    ]
    assert {row.change for row in written} == {BookingChange.MOVED}
    assert len({row.batch for row in written}) == 1
    assert None not in {row.batch for row in written}
    assert faults() == []


def test_two_lessons_exchange_their_teachers(cast, pair):
    first, second = pair

    written = rearranged(Swap(first.pk, second.pk, Exchange.TEACHERS), cast)

    assert standing(*pair) == [
        (NOON, cast.other_teacher, [cast.vehicle]),
        (AFTERNOON, cast.teacher, [cast.other_vehicle]),
    ]
    assert [(row.from_teacher, row.to_teacher) for row in written] == [
        (cast.teacher, cast.other_teacher),
        (cast.other_teacher, cast.teacher),
    ]
    assert faults() == []


def test_lessons_of_one_teacher_and_car_back_to_back_exchange_their_times(cast, day):
    first, second = day

    rearranged(Swap(first.pk, second.pk, Exchange.BOTH), cast)

    assert standing(*day) == [
        (NOON + dt.timedelta(minutes=90), cast.teacher, [cast.vehicle]),
        (NOON, cast.teacher, [cast.vehicle]),
    ]
    assert len(taken()) == 6
    assert faults() == []


def test_a_swap_that_one_lesson_refuses_changes_neither(cast, pair, book):
    first, second = pair
    book(starts_at=AFTERNOON, student_ids=(), by=cast.office) if False else None
    book(
        starts_at=AFTERNOON, student_ids=(cast.other_student.pk,), overrides={"student-booked": "x"}
    )

    assert refused(Swap(first.pk, second.pk, Exchange.TIMES), cast) == ["teacher-booked"]
    assert [row[0] for row in standing(*pair)] == [NOON, AFTERNOON]


def test_a_moved_day_keeps_the_time_on_the_clock(cast, day):
    plan = MoveDay([one.pk for one in day], to_day=dt.date(2026, 3, 30))

    rearranged(plan, cast)

    walls = [(one.wall_date, one.wall_time) for one in Booking.objects.order_by("pk")]
    assert walls == [
        (dt.date(2026, 3, 30), dt.time(12)),
        (dt.date(2026, 3, 30), dt.time(13, 30)),
    ]
    assert faults() == []


FRIDAY = dt.date(2026, 3, 6)
MONDAY = dt.date(2026, 3, 9)


@pytest.fixture
def two(cast, book):
    """Åse's own two lessons of 90 minutes on Thursday."""
    return book(), book(starts_at=AFTERNOON)


@pytest.fixture
def cap(cast):
    def make(most):
        DailyCap.objects.create(school=cast.school, kind="practical", most=most, most_together=9)

    return make


@pytest.mark.parametrize(
    ("limit", "to_day", "code"),
    (
        ("max_bookings_per_day", FRIDAY, "too-many-bookings-that-day"),
        ("max_bookings_per_week", MONDAY, "too-many-bookings-that-week"),
    ),
)
def test_lessons_moved_together_add_up_in_a_students_limits(cast, two, limit, to_day, code):
    plan = MoveDay([one.pk for one in two], to_day=to_day)
    BookingSettings.objects.create(school=cast.school, **{limit: 1})

    assert refused(plan, cast) == [code]
    BookingSettings.objects.update(**{limit: 2})
    rearranged(plan, cast)

    assert {one.wall_date for one in Booking.objects.all()} == {to_day}


def test_lessons_moved_together_add_up_in_the_caps_of_a_day(cast, two, cap):
    plan = MoveDay([one.pk for one in two], to_day=FRIDAY)
    cap(3)

    assert refused(plan, cast) == ["daily-cap"]
    DailyCap.objects.update(most=4)
    rearranged(plan, cast)

    assert {one.wall_date for one in Booking.objects.all()} == {FRIDAY}


def test_a_lesson_that_stays_on_the_day_counts_beside_one_that_comes(cast, book):
    first, second = book(starts_at=NOON + DAY), book(starts_at=AFTERNOON)
    plan = MoveDay([first.pk, second.pk], to_day=FRIDAY, shift_minutes=30)
    BookingSettings.objects.create(school=cast.school, max_bookings_per_day=1)

    assert refused(plan, cast) == ["too-many-bookings-that-day"]
    BookingSettings.objects.update(max_bookings_per_day=2)
    assert len(rearranged(plan, cast)) == 2


def test_what_adds_no_lesson_to_a_day_passes_no_limit(cast, two, cap):
    BookingSettings.objects.create(
        school=cast.school, max_bookings_per_day=1, max_bookings_per_week=0, max_active_bookings=0
    )
    cap(1)

    assert len(rearranged(GiveTeacher([one.pk for one in two], cast.other_teacher.pk), cast)) == 2
    assert len(rearranged(Swap(*(one.pk for one in two), Exchange.TIMES), cast)) == 2


def test_two_days_exchange_a_lesson_each_under_a_limit_of_one(cast, book):
    first, second = book(), book(starts_at=NOON + DAY)
    BookingSettings.objects.create(school=cast.school, max_bookings_per_day=1)

    rearranged(Swap(first.pk, second.pk, Exchange.TIMES), cast)

    assert [row[0] for row in standing(first, second)] == [NOON + DAY, NOON]


def test_the_lessons_of_a_class_count_towards_no_limit(cast, two):
    group = StudentGroup.objects.create(
        school=cast.school, department=cast.department, name="Spring", max_students=9
    )
    Booking.objects.filter(pk=two[0].pk).update(group=group)
    BookingSettings.objects.create(school=cast.school, max_bookings_per_day=1)

    assert len(rearranged(MoveDay([one.pk for one in two], to_day=FRIDAY), cast)) == 2


def test_lessons_that_shift_into_each_others_time_are_all_moved(cast, day):
    rearranged(MoveDay([one.pk for one in day], shift_minutes=30), cast)

    assert [row[0] - NOON for row in standing(*day)] == [
        dt.timedelta(minutes=30),
        dt.timedelta(minutes=120),
    ]
    assert faults() == []


def test_a_day_is_moved_whole_or_not_at_all(cast, day, book):
    book(starts_at=TOMORROW, student_ids=(cast.other_student.pk,))
    plan = MoveDay([one.pk for one in day], to_day=dt.date(2026, 3, 6))

    previewed = services.preview_rearrangement(plan=plan, by=cast.office, at=NOW)

    assert [[refusal.code for refusal in one.refusals] for one in previewed] == [
        ["teacher-booked"],
        [],
    ]
    assert refused(plan, cast) == ["teacher-booked"]
    assert [row[0] for row in standing(*day)] == [NOON, NOON + dt.timedelta(minutes=90)]

    rearranged(MoveDay([day[1].pk], to_day=dt.date(2026, 3, 6)), cast)

    assert standing(day[1])[0][0] == NOON + DAY + dt.timedelta(minutes=90)


def test_two_lessons_that_would_meet_in_the_plan_are_refused(cast, pair):
    plan = GiveTeacher([pair[0].pk, pair[1].pk], teacher_id=cast.teacher.pk)
    rearranged(MoveDay([pair[1].pk], shift_minutes=-90), cast)

    assert refused(plan, cast) == ["teacher-booked"]


def test_a_rule_is_overruled_by_name_and_stays_in_each_history(cast, day):
    plan = MoveDay([one.pk for one in day], shift_minutes=6 * 60)
    assert set(refused(plan, cast)) == {"teacher-not-available"}

    rearranged(plan, cast, overrides={"teacher-not-available": "Agreed by phone"})

    histories = BookingTransition.objects.filter(change="moved")
    said = [row.overridden_rules[0]["reason"] for row in histories]
    assert said == ["Agreed by phone", "Agreed by phone"]


def test_lessons_get_another_teacher(cast, day):
    written = rearranged(GiveTeacher([one.pk for one in day], cast.other_teacher.pk), cast)

    assert [row[1] for row in standing(*day)] == [cast.other_teacher] * 2
    assert {row.change for row in written} == {BookingChange.CHANGED}


def test_a_broken_car_is_replaced_by_the_least_used_that_suits(cast, day, book):
    book(
        starts_at=TOMORROW,
        teacher_id=cast.other_teacher.pk,
        student_ids=(cast.other_student.pk,),
        resource_ids=(cast.other_vehicle.pk,),
    )
    VehicleFactory(school=cast.school, department=cast.department, gearbox="automatic", name="A")
    fresh = VehicleFactory(school=cast.school, department=cast.department, name="Yaris")
    ResourceOutage.objects.create(
        school=cast.school, resource=cast.vehicle, period=(NOON - DAY, NOON + DAY)
    )

    rearranged(GiveResource([one.pk for one in day], without=cast.vehicle.pk), cast)

    assert [row[2] for row in standing(*day)] == [[fresh], [cast.other_vehicle]]
    assert faults() == []


def test_a_car_is_chosen_by_hand(cast, day):
    plan = GiveResource([day[0].pk], without=cast.vehicle.pk, instead=cast.other_vehicle.pk)

    rearranged(plan, cast)

    assert [row[2] for row in standing(*day)] == [[cast.other_vehicle], [cast.vehicle]]


def test_no_other_car_is_free(cast, pair):
    rearranged(MoveDay([pair[1].pk], shift_minutes=-120), cast)

    assert refused(GiveResource([pair[0].pk], without=cast.vehicle.pk), cast) == [
        "no-resource-free",
        "no-resource-free",
    ]


def test_what_a_student_asks_for_counts_and_is_limited(cast, day):
    BookingSettings.objects.create(school=cast.school, max_moves=1)
    asked = {"requested_by": Party.STUDENT}

    written = rearranged(MoveDay([day[1].pk], shift_minutes=30), cast, **asked)

    assert (written[0].requested_by, written[0].made_by) == (Party.STUDENT, cast.office.user)
    plan = MoveDay([day[1].pk], shift_minutes=30)
    assert refused(plan, cast, **asked) == ["moved-too-often"]
    assert refused(plan, cast, by=cast.teacher.membership, **asked) == ["moved-too-often"]
    rearranged(plan, cast, overrides={"moved-too-often": "The last time"}, **asked)
    rearranged(plan, cast)
    day[1].refresh_from_db()
    assert day[1].moves == 2


def test_nothing_changes(cast, day):
    assert refused(GiveTeacher([day[0].pk], cast.teacher.pk), cast) == ["nothing-changed"]


@pytest.mark.parametrize("who", ("student", "other_teacher"))
def test_others_lessons_are_not_found(cast, day, who):
    by = getattr(cast, who).membership
    plan = MoveDay([one.pk for one in day], shift_minutes=30)

    if who == "student":
        assert refused(MoveDay([day[1].pk], shift_minutes=30), cast, by=by) == ["not-found"]
    assert refused(plan, cast, by=by) == ["not-found"]


def test_a_teacher_gives_their_lessons_to_nobody_else(cast, day):
    plan = GiveTeacher([day[0].pk], cast.other_teacher.pk)

    assert refused(plan, cast, by=cast.teacher.membership) == ["not-found"]


def test_the_preview_asks_as_much_of_the_database_for_many_lessons_as_for_one(
    cast, day, count_queries
):
    def preview(*bookings):
        plan = MoveDay([one.pk for one in bookings], to_day=dt.date(2026, 3, 6))
        return lambda: services.preview_rearrangement(plan=plan, by=cast.office, at=NOW)

    preview(*day)()
    assert count_queries(preview(*day)) == count_queries(preview(day[0]))


def test_a_finished_lesson_stays_where_it_is(cast, day):
    services.cancel_booking(booking_id=day[0].pk, by=cast.office, at=NOW, category="other")

    assert refused(MoveDay([one.pk for one in day], shift_minutes=30), cast) == ["illegal-move"]
    assert standing(day[1])[0][0] == NOON + dt.timedelta(minutes=90)


def test_the_former_and_the_new_teacher_are_both_told(cast, day):
    rearranged(GiveTeacher([day[0].pk], cast.other_teacher.pk), cast)

    told = Message.objects.filter(event="booking_changed", context__audience__endswith="_teacher")
    said = {message.recipient: compose(message) for message in told}
    assert set(said) == {cast.teacher.membership.user, cast.other_teacher.membership.user}
    former, new = said[cast.teacher.membership.user], said[cast.other_teacher.membership.user]
    assert "Søren Bæk now gives the lesson with Åse Lind" in former.text
    assert [one.name for one in former.attachments] == ["cancel.ics"]
    assert "is yours now" in new.text
    assert [one.name for one in new.attachments] == ["invite.ics"]


@pytest.mark.parametrize("at_once", (True, False))
def test_moving_a_class_counts_towards_nobodys_moves(cast, book, at_once):
    BookingSettings.objects.create(school=cast.school, max_moves=0)
    LessonType.objects.update(capacity=2)
    class_ = book(student_ids=(cast.student.pk, cast.other_student.pk))
    asked = {"requested_by": Party.STUDENT}

    if at_once:
        rearranged(MoveDay([class_.pk], shift_minutes=30), cast, **asked)
    else:
        later = NOON + dt.timedelta(minutes=30)
        asked |= {"booking_id": class_.pk, "by": cast.office, "at": NOW, "starts_at": later}
        assert services.preview_move(**asked).refusals == ()
        services.move_booking(**asked)

    class_.refresh_from_db()
    assert class_.moves == 0
