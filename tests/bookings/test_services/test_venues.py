"""Whose a track is, and the numbers its owner confirms bookings with."""

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from administration.models import SettingChange
from bookings import services
from bookings.enums import VenueChange
from bookings.models import BookingResource, VenueConfirmation
from bookings.queries.series import Thing
from bookings.services import Exchange, GiveResource, GiveTeacher, Swap, set_venue
from bookings.services.occurrences import Scope, SessionEdit
from bookings.services.series import change_sessions
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from tests.bookings.test_services.words import codes
from tests.bookings.venues import confirm, make_venue, said, there, venue
from tests.factories import NOON, NOW

__all__ = ["confirm", "make_venue", "there", "venue"]

HOUR = dt.timedelta(hours=1)
OWNED = {
    "owner": "FDM Sjællandsringen",
    "contact_name": "Jens",
    "contact_email": "jens@fdm.example",
    "contact_phone": "+4544112233",
    "directions": "Gate 3",
    "max_bookings_per_day": 2,
    "max_bookings_per_week": None,
}


def number(booking, venue) -> str:
    return BookingResource.objects.get(booking=booking, resource=venue).standing_number


def sound() -> bool:
    return [one for one in examine() if one.code.startswith("bookings.venue")] == []


def test_a_venue_gets_an_owner_a_contact_and_a_quota_and_it_is_noted(cast):
    set_venue(resource_id=cast.vehicle.pk, values=OWNED, by=cast.office, at=NOW)

    cast.vehicle.refresh_from_db()
    assert cast.vehicle.is_external
    assert (cast.vehicle.max_bookings_per_day, cast.vehicle.quota_since) == (2, NOW)
    noted = SettingChange.objects.filter(subject_id=cast.vehicle.pk, field="owner")
    assert list(noted.values_list("old", "new")) == [("", "FDM Sjællandsringen")]


def test_a_new_telephone_number_does_not_begin_a_new_quota(cast):
    set_venue(resource_id=cast.vehicle.pk, values=OWNED, by=cast.office, at=NOW)
    later = OWNED | {"contact_phone": "+4544112244"}
    set_venue(resource_id=cast.vehicle.pk, values=later, by=cast.office, at=NOW + HOUR)

    cast.vehicle.refresh_from_db()
    assert cast.vehicle.quota_since == NOW


@pytest.mark.parametrize(
    "values",
    ({"owner": "", "max_bookings_per_day": 2}, {"owner": "FDM", "max_bookings_per_day": 0}),
)
def test_the_database_itself_refuses_a_quota_that_makes_no_sense(cast, values):
    with pytest.raises(IntegrityError), transaction.atomic():
        type(cast.vehicle).objects.filter(pk=cast.vehicle.pk).update(**values)


def test_a_number_is_written_down_with_who_and_when(cast, venue, there, confirm):
    booking = there(venue)
    confirm(booking, venue, " 4711 ")

    assert number(booking, venue) == "4711"
    row = VenueConfirmation.objects.get()
    assert (row.change, row.number, row.made_by, row.happened_at, row.period) == (
        VenueChange.CONFIRMED,
        "4711",
        cast.office.user,
        NOW,
        booking.period,
    )
    assert sound()


def test_the_same_number_again_changes_nothing_another_one_is_one_more_line(venue, there, confirm):
    booking = there(venue)
    confirm(booking, venue)
    confirm(booking, venue)
    confirm(booking, venue, "4712")

    assert said(booking) == [("confirmed", "4711"), ("confirmed", "4712")]
    assert number(booking, venue) == "4712"


def test_a_number_is_taken_back(venue, there, confirm):
    booking = there(venue)
    confirm(booking, venue, "")
    confirm(booking, venue)
    confirm(booking, venue, "")

    assert said(booking) == [("confirmed", "4711"), ("withdrawn", "4711")]
    assert number(booking, venue) == ""
    assert sound()


def test_history_is_never_rewritten(venue, there, confirm):
    confirm(there(venue), venue)

    for act in (lambda rows: rows.update(number="1"), lambda rows: rows.delete()):
        with pytest.raises(ProgrammingError), transaction.atomic():
            act(VenueConfirmation.objects.all())


def test_the_teacher_of_the_lesson_writes_it_down_another_teacher_does_not(
    cast, venue, there, confirm
):
    booking = there(venue)
    confirm(booking, venue, by=cast.teacher.membership)
    assert number(booking, venue) == "4711"

    with pytest.raises(Refused) as refused:
        confirm(booking, venue, "1", by=cast.other_teacher.membership)
    assert codes(refused) == ["not-found"]


def test_the_schools_own_things_have_no_number(cast, venue, there, confirm):
    booking = there(venue)
    for thing in (cast.vehicle, cast.other_vehicle):
        with pytest.raises(Refused) as refused:
            confirm(booking, thing)
        assert codes(refused) == ["not-found"]


def test_a_number_for_a_time_the_lesson_no_longer_has_is_refused(cast, venue, there, confirm):
    booking = there(venue)
    services.move_booking(booking_id=booking.pk, by=cast.office, at=NOW, starts_at=NOON + HOUR)

    with pytest.raises(Refused) as refused:
        confirm(booking, venue)
    assert codes(refused) == ["lesson-moved"]
    assert said(booking) == []


@pytest.mark.parametrize("state", ("draft", "cancelled"))
def test_only_a_booked_lesson_is_confirmed(cast, venue, there, confirm, state):
    booking = there(venue, draft=state == "draft")
    if state == "cancelled":
        services.cancel_booking(booking_id=booking.pk, by=cast.office, at=NOW)

    with pytest.raises(Refused) as refused:
        confirm(booking, venue)
    assert codes(refused) == ["illegal-move"]


def test_a_lesson_that_moves_needs_a_new_confirmation(cast, venue, there, confirm):
    booking = there(venue)
    confirm(booking, venue)
    services.move_booking(
        booking_id=booking.pk, by=cast.teacher.membership, at=NOW + HOUR, starts_at=NOON + HOUR
    )

    row = BookingResource.objects.get(booking=booking, resource=venue)
    assert (row.standing_number, row.venue_number, row.is_number_lapsed) == ("", "4711", True)
    lapsed = VenueConfirmation.objects.get(change="lapsed")
    assert (lapsed.made_by, lapsed.happened_at, lapsed.period) == (
        cast.teacher.membership.user,
        NOW + HOUR,
        booking.period,
    )
    assert sound()
    booking.refresh_from_db()
    confirm(booking, venue, "4720")
    assert number(booking, venue) == "4720"
    assert sound()


def test_moving_back_later_is_no_confirmation(cast, venue, there, confirm):
    booking = there(venue)
    confirm(booking, venue)
    for starts_at in (NOON + HOUR, NOON):
        services.move_booking(booking_id=booking.pk, by=cast.office, at=NOW, starts_at=starts_at)

    assert number(booking, venue) == ""
    assert said(booking) == [("confirmed", "4711"), ("lapsed", "4711")]
    assert sound()


@pytest.fixture
def undo(cast, venue):
    def take_back(booking, at=NOW):
        services.undo_move(
            booking_id=booking.pk,
            by=cast.office,
            at=at,
            starts_at=NOON,
            teacher_id=cast.teacher.pk,
            resource_ids=(cast.vehicle.pk, venue.pk),
        )

    return take_back


def test_a_move_taken_back_brings_its_number_back(cast, venue, there, confirm, undo):
    booking = there(venue)
    confirm(booking, venue)
    services.move_booking(booking_id=booking.pk, by=cast.office, at=NOW, starts_at=NOON + HOUR)
    undo(booking)

    assert number(booking, venue) == "4711"
    assert said(booking) == [("confirmed", "4711"), ("lapsed", "4711"), ("confirmed", "4711")]
    assert sound()


def test_but_not_when_the_venue_was_asked_in_between(cast, venue, there, confirm, undo):
    booking = there(venue)
    confirm(booking, venue)
    services.move_booking(booking_id=booking.pk, by=cast.office, at=NOW, starts_at=NOON + HOUR)
    booking.refresh_from_db()
    confirm(booking, venue, "4720")
    undo(booking)

    assert number(booking, venue) == ""
    assert sound()


def test_another_venue_must_confirm_for_itself(cast, venue, make_venue, there, confirm):
    booking, other = there(venue), make_venue(name="Other track")
    confirm(booking, venue)

    services.rearrange_bookings(
        plan=GiveResource([booking.pk], venue.pk, other.pk), by=cast.office, at=NOW
    )

    assert BookingResource.objects.get(booking=booking, resource=other).awaits_venue
    assert said(booking) == [("confirmed", "4711"), ("lapsed", "4711")]
    assert VenueConfirmation.objects.get(change="lapsed").resource == venue
    assert sound()


def test_a_venue_that_is_given_up_takes_its_number_along(cast, venue, there, confirm):
    booking = there(venue)
    confirm(booking, venue)
    for things in ((cast.vehicle.pk,), (cast.vehicle.pk, venue.pk)):
        services.move_booking(
            booking_id=booking.pk, by=cast.office, at=NOW, starts_at=NOON, resource_ids=things
        )

    assert number(booking, venue) == ""
    assert said(booking) == [("confirmed", "4711"), ("lapsed", "4711")]
    assert sound()


def test_another_teacher_or_car_is_nothing_to_the_venue(cast, venue, there, confirm):
    booking = there(venue)
    confirm(booking, venue)
    for plan in (
        GiveTeacher([booking.pk], cast.other_teacher.pk),
        GiveResource([booking.pk], cast.vehicle.pk, cast.other_vehicle.pk),
    ):
        services.rearrange_bookings(plan=plan, by=cast.office, at=NOW)

    assert number(booking, venue) == "4711"
    assert sound()


def test_a_swap_of_times_costs_both_their_numbers(cast, make_venue, there, confirm):
    venue = make_venue()
    first, second = (
        there(venue),
        there(
            venue,
            teacher_id=cast.other_teacher.pk,
            student_ids=(cast.other_student.pk,),
            resource_ids=(cast.other_vehicle.pk, venue.pk),
            starts_at=NOON + 2 * HOUR,
        ),
    )
    for booking, text in ((first, "1"), (second, "2")):
        confirm(booking, venue, text)

    services.rearrange_bookings(
        plan=Swap(first.pk, second.pk, Exchange.TIMES), by=cast.office, at=NOW
    )

    assert [number(one, venue) for one in (first, second)] == ["", ""]
    assert sound()


def test_a_session_that_changes_its_time_needs_a_new_number(cast, venue, plan, confirm):
    _template, generated = plan(things=[Thing(venue, is_place=False)])
    first, second = generated.made[:2]
    for booking in (first, second):
        confirm(booking, venue, str(booking.pk))

    change_sessions(
        booking_id=first.pk,
        scope=Scope.ONE,
        edit=SessionEdit(starts_at=dt.time(14)),
        by=cast.office,
        at=NOW,
    )
    change_sessions(
        booking_id=second.pk,
        scope=Scope.ONE,
        edit=SessionEdit(capacity=15),
        by=cast.office,
        at=NOW,
    )

    assert number(first, venue) == ""
    assert number(second, venue) == str(second.pk)
    assert sound()


def test_a_sick_day_taken_back_brings_the_number_of_a_cancelled_lesson_back(
    cast, venue, there, confirm
):
    booking = there(venue)
    confirm(booking, venue)
    ill = services.report_sick_day(
        teacher_id=cast.teacher.pk,
        starts_at=NOON - 4 * HOUR,
        ends_at=NOON + 4 * HOUR,
        choices={booking.pk: None},
        by=cast.office,
        at=NOW,
    )
    services.undo_sick_day(sick_day_id=ill.pk, by=cast.office, at=NOW)

    again = booking.replaced_by.get()
    assert number(again, venue) == "4711"
    assert said(again) == [("confirmed", "4711")]
    assert sound()


def test_a_sick_day_is_not_taken_back_into_a_venue_that_is_full_by_now(cast, venue, there):
    booking = there(venue)
    ill = services.report_sick_day(
        teacher_id=cast.teacher.pk,
        starts_at=NOON - 4 * HOUR,
        ends_at=NOON + 4 * HOUR,
        choices={booking.pk: None},
        by=cast.office,
        at=NOW,
    )
    there(
        venue,
        teacher_id=cast.other_teacher.pk,
        student_ids=(cast.other_student.pk,),
        resource_ids=(cast.other_vehicle.pk, venue.pk),
        starts_at=NOON + 3 * HOUR,
    )

    with pytest.raises(Refused) as refused:
        services.undo_sick_day(sick_day_id=ill.pk, by=cast.office, at=NOW)

    assert codes(refused) == ["venue-quota-day"]
    assert sound()


@pytest.fixture
def tell(cast, venue):
    """A function: the venue was told that nobody comes at noon."""

    def note(booking):
        return services.note_venue_told(
            booking_id=booking.pk,
            resource_id=venue.pk,
            number="4711",
            starts_at=NOON,
            by=cast.office,
            at=NOW,
        )

    return note


def test_what_a_venue_was_told_changes_no_number_that_holds(cast, venue, there, confirm, tell):
    booking = there(venue)
    confirm(booking, venue)
    services.move_booking(booking_id=booking.pk, by=cast.office, at=NOW, starts_at=NOON + HOUR)
    booking.refresh_from_db()
    confirm(booking, venue, "4720")
    for _again in range(2):
        tell(booking)

    assert number(booking, venue) == "4720"
    assert said(booking)[1:] == [("lapsed", "4711"), ("confirmed", "4720"), ("told", "4711")]
    assert sound()


def test_the_database_itself_notes_once_that_a_venue_was_told(cast, venue, there, confirm, tell):
    booking = there(venue)
    confirm(booking, venue)
    services.cancel_booking(booking_id=booking.pk, by=cast.office, at=NOW)
    tell(booking)
    row = VenueConfirmation.objects.get(change=VenueChange.TOLD)
    row.pk = None

    with pytest.raises(IntegrityError, match="venue_told_once"), transaction.atomic():
        row.save(force_insert=True)
    assert sound()


def test_a_number_that_was_given_back_is_not_carried_on(cast, venue, there, confirm, tell):
    booking = there(venue)
    confirm(booking, venue)
    ill = services.report_sick_day(
        teacher_id=cast.teacher.pk,
        starts_at=NOON - 4 * HOUR,
        ends_at=NOON + 4 * HOUR,
        choices={booking.pk: None},
        by=cast.office,
        at=NOW,
    )
    tell(booking)
    services.undo_sick_day(sick_day_id=ill.pk, by=cast.office, at=NOW)

    assert number(booking.replaced_by.get(), venue) == ""
    assert sound()


def test_booking_again_with_the_same_key_keeps_the_number(cast, venue, there, confirm):
    key = uuid.uuid4()
    booking = there(venue, request_key=key)
    confirm(booking, venue)

    assert there(venue, request_key=key) == booking
    assert number(booking, venue) == "4711"
