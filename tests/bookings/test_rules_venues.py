"""How often somebody else lets the school come: in a day and in a week of the school's clock."""

import datetime as dt

import pytest

from bookings import services
from bookings.enums import BookingStatus
from bookings.models import Booking, BookingTransition, LessonType, Occupancy
from bookings.queries import free_times, why_not
from bookings.queries.series import Choice, Thing, preview_template
from bookings.services import Exchange, GiveResource, Manner, MoveDay, Swap
from bookings.services.sessions import draft_template
from justdriving.kernel.policy import Refused
from justdriving.kernel.tenancy import school_scope
from tests.bookings.sessions import plan, room, theory, values
from tests.bookings.venues import confirm, make_venue, needed, there, venue
from tests.factories import NOON, NOW, BookingFactory, VehicleFactory

__all__ = [
    "confirm", "make_venue", "needed", "plan", "room", "theory", "there", "values", "venue",
]  # fmt: skip

pytestmark = pytest.mark.usefixtures("in_english")

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
MORNING = NOON - 3 * HOUR
MONDAY = NOON - 3 * DAY


@pytest.fixture
def visit(cast):
    """A function: somebody else of the school is at a venue, without the rules."""

    def make(venue, starts=MORNING, **values):
        common = {
            "school": cast.school,
            "department": cast.department,
            "lesson_type": cast.lesson_type,
            "teacher": cast.other_teacher,
            "students": [cast.other_student],
            "resources": [venue],
        }
        return BookingFactory(starts=starts, **common | values)

    return make


@pytest.fixture
def at_the_venue(cast, against):
    return lambda venue, **changes: against(resource_ids=(cast.vehicle.pk, venue.pk), **changes)


def codes(found) -> list[str]:
    return [one.code for one in found.value.refusals]


@pytest.mark.parametrize(
    ("day", "words"),
    (
        (1, "Closed track: FDM Sjællandsringen allows 1 booking a day, and Thu 5 Mar there are 1."),
        (2, None),
    ),
)
def test_a_venue_takes_so_many_bookings_a_day(make_venue, visit, at_the_venue, day, words):
    venue = make_venue(day=day)
    visit(venue)

    assert at_the_venue(venue) == ([("venue-quota-day", words)] if words else [])


def test_a_week_goes_from_monday_to_sunday(make_venue, visit, at_the_venue):
    venue = make_venue(week=2)
    visit(venue, MONDAY)
    visit(venue, MONDAY - DAY)
    assert at_the_venue(venue) == []

    visit(venue, MONDAY + 6 * DAY)
    words = (
        "Closed track: FDM Sjællandsringen allows 2 bookings a week, and in the week from "
        "Mon 2 Mar there are 2."
    )
    assert at_the_venue(venue) == [("venue-quota-week", words)]


def test_a_day_begins_at_midnight_of_the_schools_clock(venue, visit, at_the_venue):
    just_before = dt.datetime(2026, 3, 4, 22, 30, tzinfo=dt.UTC)
    visit(venue, just_before, minutes=90)
    assert at_the_venue(venue) == []

    visit(venue, just_before + HOUR + HOUR, minutes=60)
    assert [code for code, _words in at_the_venue(venue)] == ["venue-quota-day"]


@pytest.mark.parametrize(
    ("status", "is_full"),
    (
        (BookingStatus.PENDING, True),
        (BookingStatus.COMPLETED, True),
        (BookingStatus.NO_SHOW, True),
        (BookingStatus.CANCELLED, False),
        (BookingStatus.DRAFT, False),
    ),
)
def test_what_takes_the_venues_time_counts(venue, visit, at_the_venue, status, is_full):
    made = visit(venue)
    values = {"held_until": NOON} if status == BookingStatus.PENDING else {}
    Booking.objects.filter(pk=made.pk).update(status=status, **values)
    if not is_full:
        Occupancy.objects.filter(booking=made).delete()

    assert bool(at_the_venue(venue)) is is_full


def test_a_venue_without_a_quota_and_other_venues_do_not_count(
    make_venue, visit, at_the_venue, other_school
):
    free, full = make_venue(), make_venue(day=1, name="Other track")
    visit(free)
    visit(full, MORNING - 2 * HOUR)
    assert at_the_venue(free) == []
    assert len(at_the_venue(full)) == 1


def test_students_are_told_too_and_may_not_overrule_it(cast, venue, visit, needed, book, against):
    visit(venue)
    mine = {"by": cast.student.membership, "resource_ids": None}

    assert [code for code, _words in against(**mine)] == ["venue-quota-day"]
    with pytest.raises(Refused) as refused:
        book(**mine, overrides={"venue-quota-day": "Please"})
    assert codes(refused) == ["venue-quota-day"]


def test_the_office_overrules_it_with_a_reason_that_is_kept(cast, venue, visit, there):
    visit(venue)
    with pytest.raises(Refused) as refused:
        there(venue)
    assert codes(refused) == ["venue-quota-day"]

    booking = there(venue, overrides={"venue-quota-day": "They agreed on the phone"})

    (rule,) = BookingTransition.objects.get(booking=booking).overridden_rules
    assert (rule["code"], rule["reason"]) == ("venue-quota-day", "They agreed on the phone")


def test_a_draft_takes_no_room_and_is_asked_again(cast, venue, visit, there):
    draft = there(venue, draft=True)
    visit(venue)

    with pytest.raises(Refused) as refused:
        services.submit_booking(booking_id=draft.pk, by=cast.office, at=NOW)
    assert codes(refused) == ["venue-quota-day"]


def test_a_request_is_asked_again_when_it_is_confirmed(cast, make_venue, visit, needed, book):
    venue = make_venue(day=2)
    LessonType.objects.filter(pk=cast.lesson_type.pk).update(self_booking="request")
    asked = book(by=cast.student.membership, resource_ids=None)
    visit(venue)
    venue.max_bookings_per_day = 1
    venue.save()

    with pytest.raises(Refused) as refused:
        services.confirm_booking(booking_id=asked.pk, by=cast.office, at=NOW)
    assert codes(refused) == ["venue-quota-day"]
    reason = {"venue-quota-day": "Agreed"}
    services.confirm_booking(booking_id=asked.pk, by=cast.office, at=NOW, overrides=reason)


def test_a_move_within_the_day_adds_nothing_a_move_to_a_full_day_does(
    cast, make_venue, visit, there
):
    venue = make_venue(day=1)
    mine = there(venue)
    visit(venue, NOON - DAY)

    def move(starts_at):
        services.move_booking(booking_id=mine.pk, by=cast.office, at=NOW, starts_at=starts_at)

    move(NOON + HOUR)
    with pytest.raises(Refused) as refused:
        move(NOON - DAY + 2 * HOUR)
    assert codes(refused) == ["venue-quota-day"]


def test_a_booking_beyond_a_quota_that_was_lowered_can_still_move_that_day(
    cast, make_venue, visit, there
):
    venue = make_venue(day=2, week=2)
    mine = there(venue)
    visit(venue)
    venue.max_bookings_per_day = venue.max_bookings_per_week = 1
    venue.save()

    services.move_booking(booking_id=mine.pk, by=cast.office, at=NOW, starts_at=NOON + HOUR)


def test_swaps_and_moved_days_are_judged_together(cast, make_venue, needed, there):
    venue = make_venue(day=1)
    first = there(venue)
    second = there(
        venue,
        teacher_id=cast.other_teacher.pk,
        student_ids=(cast.other_student.pk,),
        resource_ids=(cast.other_vehicle.pk, venue.pk),
        starts_at=NOON + DAY,
    )

    def rearrange(plan, **manner):
        services.rearrange_bookings(plan=plan, by=cast.office, at=NOW, manner=Manner(**manner))

    rearrange(Swap(first.pk, second.pk, Exchange.TIMES))
    services.move_booking(booking_id=second.pk, by=cast.office, at=NOW, starts_at=NOON + 3 * HOUR)
    with pytest.raises(Refused) as refused:
        rearrange(MoveDay([first.pk, second.pk], to_day=dt.date(2026, 3, 10)))
    assert codes(refused) == ["venue-quota-day"]
    reason = {"venue-quota-day": "Agreed"}
    rearrange(MoveDay([first.pk, second.pk], to_day=dt.date(2026, 3, 10)), overrides=reason)


def test_a_lesson_gets_the_venue_that_still_has_room(cast, make_venue, visit, needed, book):
    full, other = make_venue(day=1), make_venue(day=1, name="Other track")
    visit(full)

    booking = book(resource_ids=None)

    used = booking.booking_resources.values_list("resource", flat=True)
    assert set(used) - {cast.vehicle.pk, cast.other_vehicle.pk} == {other.pk}


def test_a_lesson_that_gives_up_a_venue_gets_one_with_room(cast, make_venue, visit, there):
    old, full, other = (make_venue(day=1, name=name) for name in ("Old", "Full", "Other"))
    visit(full)
    booking = there(old)

    services.rearrange_bookings(plan=GiveResource([booking.pk], old.pk), by=cast.office, at=NOW)

    assert booking.booking_resources.filter(resource=other).exists()


def days_offered(cast, **changes) -> set[dt.date]:
    values = {"lesson_type": cast.lesson_type, "students": [cast.student], "by": cast.office}
    values |= {"at": NOW, "teacher": cast.teacher, "first_day": NOON.date(), "days": 3}
    return {slot.starts_at.date() for slot in free_times(**values | changes) if slot.is_free}


def test_free_times_leave_full_days_out_and_say_why(cast, venue, visit, needed):
    visit(venue)

    assert days_offered(cast) == {NOON.date() + DAY, NOON.date() + 2 * DAY}
    refused = free_times(
        lesson_type=cast.lesson_type,
        students=[cast.student],
        by=cast.office,
        at=NOW,
        teacher=cast.teacher,
        first_day=NOON.date(),
        days=1,
        refused_too=True,
    )
    assert {one.code for slot in refused for one in slot.refusals} == {"venue-quota-day"}


def test_a_booking_at_the_venue_finds_free_times_on_its_own_day(cast, venue, needed, book):
    mine = book(resource_ids=None)

    assert NOON.date() in days_offered(cast, booking_id=mine.pk)
    assert NOON.date() not in days_offered(cast)


def test_free_times_ask_no_more_for_a_venue_with_a_quota(
    cast, make_venue, visit, needed, count_queries
):
    venue = make_venue()
    without = count_queries(lambda: days_offered(cast))
    venue.max_bookings_per_day, venue.max_bookings_per_week = 1, 3
    venue.save()
    for number in range(3):
        visit(venue, MORNING + number * DAY)

    assert count_queries(lambda: days_offered(cast)) == without


def test_a_series_leaves_out_the_day_that_is_full(cast, venue, plan, visit):
    visit(venue, NOON + 7 * DAY)

    _template, generated = plan(things=[Thing(venue, is_place=False)])

    assert {(one.day, one.code) for one in generated.left_out} == {
        (dt.date(2026, 3, 12), "venue-quota-day")
    }
    assert Booking.objects.filter(template__isnull=False).count() == 7


def test_days_of_one_series_count_for_each_other(cast, make_venue, values, room):
    venue = make_venue(week=1)
    template = draft_template(by=cast.office, values=values, overrides={})
    template.weeks_ahead = 3
    moved = {dt.date(2026, 3, 12): Choice(day=dt.date(2026, 3, 6))}

    plans = preview_template(
        template=template, things=[Thing(venue, is_place=False)], at=NOW, choices=moved
    )

    assert [one.code for one in plans] == ["ok", "venue-quota-week", "ok"]


def test_another_schools_bookings_are_nothing_to_this_quota(cast, other_school, venue, visit):
    visit(venue)
    with school_scope(other_school.school.pk):
        theirs = VehicleFactory(
            school=other_school.school,
            department=other_school.department,
            kind="track",
            owner="FDM Sjællandsringen",
            max_bookings_per_day=1,
        )
        wanted = services.LessonRequest(
            lesson_type_id=other_school.lesson_type.pk,
            teacher_id=other_school.teacher.pk,
            student_ids=(other_school.student.pk,),
            resource_ids=(other_school.vehicle.pk, theirs.pk),
            starts_at=NOON,
        )
        assert why_not(wanted=wanted, by=other_school.office, at=NOW) == []
