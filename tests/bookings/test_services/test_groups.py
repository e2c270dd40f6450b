"""Classes: in and out of their sessions together, all or none unless somebody chooses."""

import datetime as dt
import uuid

import pytest

from bookings.models import Booking, GroupMember, Participation, SessionTemplate, StudentGroup
from bookings.services import groups, join_booking
from justdriving.kernel.policy import Refused
from notifications.models import Message
from tests.bookings.test_services.words import codes, unsound
from tests.factories import NOW, StudentFactory

CLASH = dt.datetime(2026, 3, 12, 14, tzinfo=dt.UTC)


@pytest.fixture
def template(plan):
    saved, _generated = plan(weeks_ahead=3)
    return saved


@pytest.fixture
def ids(template):
    return list(Booking.objects.order_by("pk").values_list("pk", flat=True))


def seats():
    return Participation.objects.exclude(status="cancelled").count()


def attach(cast, group, ids, **changes):
    return groups.attach_group(
        group_id=group.pk, booking_ids=ids, by=cast.office, at=NOW, **changes
    )


def test_a_whole_class_takes_its_seats_in_one_action(cast, group, ids):
    seating = attach(cast, group, ids)

    assert (len(seating.seated), seating.refused) == (6, [])
    assert {booking.group_id for booking in Booking.objects.all()} == {group.pk}
    assert attach(cast, group, ids).seated == []
    assert unsound() == []


def test_one_who_is_booked_elsewhere_keeps_all_out(cast, group, ids, book):
    book(teacher_id=cast.other_teacher.pk, starts_at=CLASH)

    with pytest.raises(Refused) as refused:
        attach(cast, group, ids)

    assert codes(refused) == ["student-booked"]
    assert "Åse Lind" in str(refused.value)
    assert Participation.objects.filter(booking__in=ids).count() == 0


def test_unless_somebody_chooses_to_leave_them_out(cast, group, ids, book):
    book(teacher_id=cast.other_teacher.pk, starts_at=CLASH)
    shown = groups.preview_attach(group_id=group.pk, booking_ids=ids, by=cast.office, at=NOW)
    assert Participation.objects.filter(booking__in=ids).count() == 0

    seating = attach(cast, group, ids, leaves_out=True)

    assert [(one.booking.pk, one.student.pk) for one in seating.refused] == [
        (one.booking.pk, one.student.pk) for one in shown.refused
    ]
    assert len(seating.seated) == 5


def test_or_overrules_the_double_booking_by_name(cast, group, ids, book):
    book(teacher_id=cast.other_teacher.pk, starts_at=CLASH)

    seating = attach(cast, group, ids, overrides={"student-booked": "Leaves early"})

    assert len(seating.seated) == 6
    assert unsound() == []


def test_seats_run_out(cast, group, ids):
    Booking.objects.filter(pk=ids[0]).update(capacity=1)

    with pytest.raises(Refused) as refused:
        attach(cast, group, ids)

    assert codes(refused) == ["no-seat-left"]


def test_a_session_has_one_class(cast, group, ids):
    attach(cast, group, ids)
    other = StudentGroup.objects.create(
        school=cast.school, department=cast.department, name="Autumn"
    )

    with pytest.raises(Refused) as refused:
        attach(cast, other, ids)

    assert codes(refused) == ["has-a-class"]


def test_a_template_gets_a_class_for_all_its_sessions(cast, group, template):
    seating = groups.attach_group_to_template(
        group_id=group.pk, template_id=template.pk, by=cast.office, at=NOW
    )

    assert len(seating.seated) == 6
    assert SessionTemplate.objects.get().group == group


def test_who_joins_later_is_in_the_sessions_to_come(cast, group, ids):
    attach(cast, group, ids)
    late = StudentFactory(school=cast.school, department=cast.department)

    shown = groups.preview_members(group_id=group.pk, student_ids=[late.pk], by=cast.office, at=NOW)
    assert not GroupMember.objects.filter(student=late).exists()
    groups.add_members(
        group_id=group.pk,
        student_ids=[late.pk],
        by=cast.office,
        at=NOW + dt.timedelta(weeks=1),
    )

    assert len(shown.seated) == 3
    assert late.participations.count() == 2


def test_who_leaves_is_out_of_them_for_nothing(cast, group, ids):
    attach(cast, group, ids)
    later = NOW + dt.timedelta(weeks=1)

    out_of = groups.remove_member(
        group_id=group.pk, student_id=cast.student.pk, by=cast.office, at=later
    )

    assert out_of == 2
    places = cast.student.participations.order_by("pk")
    assert [place.status for place in places] == ["booked", "cancelled", "cancelled"]
    assert GroupMember.objects.get(student=cast.student).left_at == later
    assert unsound() == []


def test_a_change_of_class_moves_what_is_to_come(cast, group, ids, plan):
    attach(cast, group, ids)
    autumn = StudentGroup.objects.create(
        school=cast.school, department=cast.department, name="Autumn"
    )
    plan(teacher=cast.other_teacher, things=[], group=autumn, weeks_ahead=3, weekday=4)

    groups.move_member(
        group_id=group.pk,
        to_group_id=autumn.pk,
        student_id=cast.student.pk,
        by=cast.office,
        at=NOW + dt.timedelta(weeks=1),
    )

    standing = cast.student.participations.exclude(status="cancelled")
    assert [place.booking.group for place in standing.order_by("pk")] == [group, autumn, autumn]


def test_a_class_has_only_so_many_seats(cast, group):
    StudentGroup.objects.update(max_students=2)
    third = StudentFactory(school=cast.school, department=cast.department)

    with pytest.raises(Refused) as refused:
        groups.add_members(group_id=group.pk, student_ids=[third.pk], by=cast.office, at=NOW)

    assert codes(refused) == ["class-full"]


def test_attaching_asks_as_often_for_few_students_as_for_many_apart_from_prices(
    cast, group, ids, count_queries
):
    few = count_queries(lambda: attach(cast, group, ids[:1]))
    for student in StudentFactory.create_batch(6, school=cast.school, department=cast.department):
        GroupMember.objects.create(school=cast.school, group=group, student=student, joined_at=NOW)
    many = count_queries(lambda: attach(cast, group, ids[1:2]))

    assert many - few <= 20 * 6


def test_joining_by_hand_leaves_the_class_alone(cast, group, ids):
    third = StudentFactory(school=cast.school, department=cast.department)
    attach(cast, group, ids)

    join_booking(booking_id=ids[0], student_id=third.pk, by=cast.office, at=NOW)

    assert seats() == 7


def told():
    """To whom, by which channel, about how many sessions; the outbox is emptied."""
    rows = Message.objects.order_by("pk").values_list("event", "to_name", "channel", "context")
    found = [
        (event, name, channel, len(said.get("places", ()))) for event, name, channel, said in rows
    ]
    Message.objects.update(about=uuid.uuid4().hex, school=None)
    return found


SEATS = "seats_given"
BOTH_READ_OF_THREE = [(SEATS, "Åse Lind", "email", 3), (SEATS, "Noah Berg", "email", 3)]


def test_a_class_in_several_sessions_is_one_message_to_each_student(cast, group, ids):
    told()

    attach(cast, group, ids)

    assert told() == BOTH_READ_OF_THREE


def test_by_text_as_well_for_whom_there_is_a_number(cast, group, ids):
    user = cast.student.membership.user
    user.phone = "+4520304050"
    user.save()
    told()

    attach(cast, group, ids)

    assert (SEATS, "Åse Lind", "sms", 3) in told()


def test_a_class_in_one_session_is_told_as_a_lesson(cast, group, ids):
    told()

    attach(cast, group, ids[:1])

    assert {event for event, *_ in told()} == {"booking_confirmed", "booking_changed"}


def test_a_preview_and_a_muted_change_tell_nobody(cast, group, ids):
    told()

    groups.preview_attach(group_id=group.pk, booking_ids=ids, by=cast.office, at=NOW)
    attach(cast, group, ids, muted=True)

    assert told() == []


def test_a_class_for_a_whole_plan_is_one_message_to_each_student(cast, group, template):
    told()

    groups.attach_group_to_template(
        group_id=group.pk, template_id=template.pk, by=cast.office, at=NOW
    )

    assert told() == BOTH_READ_OF_THREE


def test_a_plan_made_for_a_class_is_one_message_to_each_student(group, plan):
    told()

    plan(weeks_ahead=3, group=group)

    assert told() == BOTH_READ_OF_THREE


def test_who_joins_a_class_reads_of_its_sessions_to_come(cast, group, ids):
    attach(cast, group, ids)
    late = StudentFactory(school=cast.school, department=cast.department)
    told()

    groups.add_members(
        group_id=group.pk, student_ids=[late.pk], by=cast.office, at=NOW + dt.timedelta(weeks=1)
    )

    assert told() == [(SEATS, late.membership.user.full_name, "email", 2)]


def test_a_message_about_seats_goes_with_the_seats(cast, group, ids, book):
    book(teacher_id=cast.other_teacher.pk, starts_at=CLASH)
    told()

    with pytest.raises(Refused):
        attach(cast, group, ids)

    assert told() == []
