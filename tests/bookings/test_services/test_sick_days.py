import datetime as dt

import pytest

from administration.models import User
from bookings import services
from bookings.enums import (
    BookingStatus,
    OfferStatus,
    Party,
    ReasonCategory,
    SickDayOutcome,
    WaitingStatus,
)
from bookings.models import (
    Absence,
    Booking,
    BookingResource,
    BookingSettings,
    CancellationStep,
    LessonType,
    OpeningHours,
    ResourceOutage,
    SickDay,
    SickDayLesson,
    Vacancy,
    WaitingListEntry,
    WaitingListOffer,
    WeeklyAvailability,
)
from bookings.services import Loss, Lost
from bookings.services import places as places_
from finance.models import LedgerEntry
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from notifications.content import compose
from notifications.models import Message
from tests.bookings.test_services.words import attendance, codes
from tests.cast import make_teacher
from tests.factories import (
    NOON,
    NOW,
    GuardianFactory,
    StudentFactory,
    VehicleFactory,
)

MIDNIGHT = dt.datetime(2026, 3, 4, 23, tzinfo=dt.UTC)
NEXT_MIDNIGHT = MIDNIGHT + dt.timedelta(days=1)
MORNING = NOON - dt.timedelta(hours=4)
SOON = MORNING + dt.timedelta(minutes=5)
TOO_LATE = MORNING + dt.timedelta(minutes=10)
SECOND = NOON + dt.timedelta(minutes=90)


@pytest.fixture
def day(cast, book):
    """Mette's Thursday: Åse at noon, Noah after her."""
    return book(), book(student_ids=(cast.other_student.pk,), starts_at=SECOND)


@pytest.fixture
def report(cast):
    """A function: Mette is ill on Thursday; the office says so early that morning."""

    def make(choices, *, by=None, at=MORNING, teacher=None, **said):
        return services.report_sick_day(
            teacher_id=(teacher or cast.teacher).pk,
            starts_at=MIDNIGHT,
            ends_at=NEXT_MIDNIGHT,
            choices={getattr(key, "pk", key): value for key, value in choices.items()},
            by=by or cast.office,
            at=at,
            **said,
        )

    return make


@pytest.fixture
def settled(cast, day, report):
    """Søren takes the first lesson, the second is cancelled."""
    return report({day[0]: cast.other_teacher.pk, day[1]: None})


def undo(sick_day, by, at=SOON):
    return services.undo_sick_day(sick_day_id=sick_day.pk, by=by, at=at)


def faults() -> list[str]:
    """What the doctor finds, apart from what only the real clock makes late."""
    found = [one.code for one in examine() if one.code.startswith(("bookings.", "finance."))]
    return [code for code in found if not code.endswith(("two_weeks", "_are_gone"))]


def told() -> list[Message]:
    return list(Message.objects.filter(event="sick_day").order_by("pk"))


def test_the_plan_names_every_lesson_and_who_is_free_for_it(cast, day, book):
    book(
        teacher_id=cast.other_teacher.pk,
        student_ids=(cast.other_student.pk,),
        resource_ids=(cast.other_vehicle.pk,),
    )

    plan = services.sick_day_plan(
        teacher_id=cast.teacher.pk,
        starts_at=MIDNIGHT,
        ends_at=NEXT_MIDNIGHT,
        by=cast.teacher.membership,
        at=MORNING,
    )

    assert [(one.booking, one.substitutes, one.chosen) for one in plan] == [
        (day[0], (), None),
        (day[1], (cast.other_teacher,), cast.other_teacher),
    ]


def test_the_plan_puts_nobody_in_two_places(cast, day):
    first, second = day
    services.move_booking(
        booking_id=second.pk,
        by=cast.office,
        at=NOW,
        starts_at=NOON + dt.timedelta(hours=1),
        teacher_id=cast.other_teacher.pk,
        resource_ids=(cast.other_vehicle.pk,),
    )

    plan = services.sick_day_plan(
        teacher_id=cast.teacher.pk,
        starts_at=MIDNIGHT,
        ends_at=NEXT_MIDNIGHT,
        by=cast.office,
        at=MORNING,
        choices={first.pk: cast.other_teacher.pk},
    )

    assert [refusal.code for one in plan for refusal in one.judged.refusals] == ["teacher-booked"]


def test_the_plan_asks_as_much_for_two_lessons_as_for_one(cast, day, count_queries):
    def plan():
        services.sick_day_plan(
            teacher_id=cast.teacher.pk,
            starts_at=MIDNIGHT,
            ends_at=NEXT_MIDNIGHT,
            by=cast.office,
            at=MORNING,
        )

    plan()
    for_two = count_queries(plan)
    services.cancel_booking(booking_id=day[1].pk, by=cast.office, at=NOW, category="other")
    assert count_queries(plan) == for_two


def test_every_lesson_is_settled_in_one_step_and_nobody_is_told_yet(cast, day, settled):
    first, second = Booking.objects.order_by("pk")
    given, cancelled = settled.lessons.order_by("booking")

    assert (first.teacher, first.status) == (cast.other_teacher, BookingStatus.CONFIRMED)
    assert (second.status, second.cancelled_by, second.reason_category) == (
        BookingStatus.CANCELLED,
        Party.TEACHER,
        ReasonCategory.ILLNESS,
    )
    assert (given.outcome, cancelled.outcome) == (
        SickDayOutcome.REASSIGNED,
        SickDayOutcome.CANCELLED,
    )
    assert given.transition.batch == cancelled.transition.batch
    assert given.transition.batch is not None
    assert (given.transition.is_muted, cancelled.transition.is_muted) == (True, True)
    assert Absence.objects.get() == settled.absence
    assert settled.undo_until == TOO_LATE
    assert not Message.objects.filter(created_at=MORNING).exists()
    assert faults() == []


def test_a_lesson_that_the_school_cancels_costs_nothing_whatever_the_terms(cast, day, report):
    CancellationStep.objects.create(
        school=cast.school,
        terms=day[0].cancellation_terms,
        party=Party.TEACHER,
        deadline="hours_before",
        amount=240,
        percent=50,
    )

    report({day[0]: None, day[1]: None})

    owed = LedgerEntry.objects.filter(student=cast.student).values_list("amount_minor", flat=True)
    assert sum(owed) == 0


def test_a_teacher_reports_themselves_but_nobody_else(cast, day, report):
    with pytest.raises(Refused) as refused:
        report({day[0]: None, day[1]: None}, by=cast.other_teacher.membership)
    assert codes(refused) == ["not-found"]

    assert report({day[0]: None, day[1]: None}, by=cast.teacher.membership).pk


def test_a_report_that_does_not_name_every_lesson_is_refused(cast, day, report):
    with pytest.raises(Refused) as refused:
        report({day[0]: None})

    assert codes(refused) == ["lessons-changed"]
    assert not SickDay.objects.exists()


def test_a_substitute_who_is_busy_refuses_all_of_it(cast, day, report, book):
    book(
        teacher_id=cast.other_teacher.pk,
        student_ids=(cast.other_student.pk,),
        resource_ids=(cast.other_vehicle.pk,),
    )

    with pytest.raises(Refused) as refused:
        report({day[0]: cast.other_teacher.pk, day[1]: None})

    assert codes(refused) == ["teacher-booked"]
    assert Booking.objects.filter(status=BookingStatus.CANCELLED).count() == 0
    assert not Absence.objects.exists()


def test_the_same_report_again_is_the_first_one(cast, day, report, settled):
    assert report({day[0]: cast.other_teacher.pk, day[1]: None}) == settled
    assert SickDay.objects.count() == 1


def test_a_day_without_lessons_is_an_absence(cast, report):
    sick_day = report({})

    assert Absence.objects.get().period == sick_day.period
    undo(sick_day, cast.office)
    assert not Absence.objects.exists()


def test_undoing_brings_back_who_was_given_away_and_books_again_what_was_cancelled(
    cast, day, settled
):
    undo(settled, cast.teacher.membership)

    first, second, again = Booking.objects.order_by("pk")
    assert (first.teacher, first.status) == (cast.teacher, BookingStatus.CONFIRMED)
    assert second.status == BookingStatus.CANCELLED
    assert (again.replaces, again.status, again.teacher) == (second, "confirmed", cast.teacher)
    assert (again.period, again.place, again.cancellation_terms) == (
        second.period,
        second.place,
        second.cancellation_terms,
    )
    place = again.participations.get()
    assert (place.student, place.price, place.status) == (
        cast.other_student,
        second.participations.get().price,
        "booked",
    )
    assert [row.resource for row in again.booking_resources.all()] == [cast.vehicle]
    assert settled.lessons.get(booking=second).restored == again
    assert not Absence.objects.exists()
    assert faults() == []


def test_a_lesson_booked_again_is_charged_once(cast, day, settled):
    undo(settled, cast.office)
    again = Booking.objects.get(replaces=day[1])

    services.complete_booking(
        booking_id=again.pk,
        by=cast.teacher.membership,
        at=again.ends_at,
        attendance=attendance(again, services.Attendance(attended=True)),
    )

    entries = LedgerEntry.objects.filter(student=cast.other_student)
    assert [(entry.kind, entry.amount_minor) for entry in entries] == [("lesson_charge", 550_00)]


def test_after_undoing_nobody_is_told_anything(cast, settled):
    undo(settled, cast.office)

    assert services.announce_due_sick_days(at=TOO_LATE) == 0
    assert told() == []


@pytest.mark.parametrize(("at", "refused"), ((SOON, False), (TOO_LATE, True)))
def test_it_can_be_undone_for_ten_minutes(cast, settled, at, refused):
    if not refused:
        assert undo(settled, cast.office, at).undone_at == at
        return
    with pytest.raises(Refused) as found:
        undo(settled, cast.office, at)
    assert codes(found) == ["undo-over"]


def test_it_is_undone_once(cast, settled):
    undo(settled, cast.office)

    with pytest.raises(Refused) as refused:
        undo(settled, cast.office)

    assert codes(refused) == ["undo-over"]


def test_another_teacher_does_not_undo_it(cast, settled):
    with pytest.raises(Refused) as refused:
        undo(settled, cast.other_teacher.membership)

    assert codes(refused) == ["not-found"]


def test_what_became_impossible_is_said_and_nothing_is_undone(cast, day, settled, book):
    book(
        student_ids=(cast.other_student.pk,),
        teacher_id=cast.other_teacher.pk,
        resource_ids=(cast.other_vehicle.pk,),
        starts_at=SECOND,
    )

    with pytest.raises(Refused) as refused:
        undo(settled, cast.office)

    assert codes(refused) == ["student-booked"]
    assert day[1].number in str(refused.value)
    day[0].refresh_from_db()
    assert day[0].teacher == cast.other_teacher
    assert Absence.objects.exists()


def test_a_lesson_changed_since_is_not_taken_back(cast, day, settled):
    services.move_booking(
        booking_id=day[0].pk, by=cast.office, at=SOON, starts_at=NOON - dt.timedelta(hours=1)
    )

    with pytest.raises(Refused) as refused:
        undo(settled, cast.office)

    assert codes(refused) == ["lesson-changed"]


def test_a_class_is_booked_again_with_everybody_in_it(cast, book, report):
    LessonType.objects.update(capacity=2)
    class_ = book(student_ids=(cast.student.pk, cast.other_student.pk))

    undo(report({class_: None}), cast.office)

    again = Booking.objects.get(replaces=class_)
    students = {place.student for place in again.participations.all()}
    assert students == {cast.student, cast.other_student}
    assert again.capacity == 2


def test_when_the_time_to_undo_is_over_everybody_is_told_once(cast, day, settled):
    assert services.announce_due_sick_days(at=TOO_LATE - dt.timedelta(seconds=1)) == 0
    assert services.announce_due_sick_days(at=TOO_LATE) == 1
    assert services.announce_due_sick_days(at=TOO_LATE) == 0

    emails = [message for message in told() if message.channel == "email"]
    assert [message.recipient for message in emails] == [
        cast.student.membership.user,
        cast.other_student.membership.user,
        cast.other_teacher.membership.user,
    ]


def test_it_can_be_told_at_once(cast, settled):
    services.announce_sick_day(sick_day_id=settled.pk, by=cast.office, at=SOON)

    assert {message.due_at for message in told()} == {SOON}
    with pytest.raises(Refused) as refused:
        undo(settled, cast.office)
    assert codes(refused) == ["undo-over"]


def test_each_message_lists_the_readers_lessons_and_what_became_of_them(cast, day, settled):
    services.announce_due_sick_days(at=TOO_LATE)

    first, second, substitute = (m for m in told() if m.channel == "email")
    said = {message.pk: compose(message).text for message in (first, second, substitute)}
    assert "Søren Bæk instead" in said[first.pk]
    assert "Noah" not in said[first.pk]
    assert "Cancelled, costs nothing" in said[second.pk]
    assert "Åse Lind" in said[substitute.pk]
    assert [one.name for one in compose(first).attachments] == [f"invite-{day[0].pk}.ics"]
    assert [one.name for one in compose(second).attachments] == [f"cancel-{day[1].pk}.ics"]


def test_one_message_however_many_lessons(cast, book, report):
    lessons = (book(), book(starts_at=SECOND))

    report({lessons[0]: cast.other_teacher.pk, lessons[1]: None})
    services.announce_due_sick_days(at=TOO_LATE)

    mine = [m for m in told() if m.recipient == cast.student.membership.user]
    assert [message.channel for message in mine if message.channel == "email"] == ["email"]
    text = compose(next(m for m in mine if m.channel == "email")).text
    assert "Søren Bæk instead" in text
    assert "Cancelled, costs nothing" in text


def test_the_guardian_of_a_minor_is_told_too(cast, day, report):
    cast.student.born_on = dt.date(2010, 1, 1)
    cast.student.save()
    guardian = GuardianFactory(student=cast.student)

    report({day[0]: None, day[1]: None})
    services.announce_due_sick_days(at=TOO_LATE)

    assert [m.address for m in told() if m.context["audience"] == "guardian"] == [guardian.email]


@pytest.fixture
def look(cast):
    """A function: the office looks at Mette's Thursday early that morning."""

    def ask(*, by=None, **asked):
        return services.sick_day_plan(
            teacher_id=cast.teacher.pk,
            starts_at=MIDNIGHT,
            ends_at=NEXT_MIDNIGHT,
            by=by or cast.office,
            at=MORNING,
            **asked,
        )

    return ask


@pytest.fixture
def off_on_thursdays(cast):
    """Søren does not work on Thursdays: he is free, but it is not in his hours."""
    WeeklyAvailability.objects.filter(teacher=cast.other_teacher, weekday=3).delete()


def hindering(plan) -> list[tuple]:
    return [
        (one.teacher, [refusal.code for refusal in one.refusals], one.may_be_overruled)
        for one in plan[0].hindered
    ]


AGREED = {"teacher-not-available": "He said yes"}


def test_what_hinders_each_colleague_is_told(cast, day, look, off_on_thursdays):
    plan = look()

    assert plan[0].substitutes == ()
    assert hindering(plan) == [(cast.other_teacher, ["teacher-not-available"], True)]
    assert "does not work" in plan[0].hindered[0].refusals[0].message


def test_who_may_overrule_nothing_is_offered_nothing_to_overrule(cast, day, look, off_on_thursdays):
    plan = look(by=cast.teacher.membership)

    assert hindering(plan) == [(cast.other_teacher, ["teacher-not-available"], False)]


def test_what_nobody_may_overrule_is_not_offered(cast, day, look, book, off_on_thursdays):
    book(
        teacher_id=cast.other_teacher.pk,
        student_ids=(cast.other_student.pk,),
        resource_ids=(cast.other_vehicle.pk,),
        overrides=AGREED,
    )

    assert hindering(look()) == [
        (cast.other_teacher, ["teacher-not-available", "teacher-booked"], False)
    ]


def close_the_school_at_noon(cast):
    OpeningHours.objects.create(
        school=cast.school, weekday=3, opens_at=dt.time(8), closes_at=dt.time(11)
    )


def test_what_the_lesson_has_against_it_already_hinders_no_colleague(cast, day, look, report):
    close_the_school_at_noon(cast)

    assert [one.substitutes for one in look()] == [(cast.other_teacher,)] * 2
    report({day[0]: cast.other_teacher.pk, day[1]: None})
    day[0].refresh_from_db()
    assert day[0].teacher == cast.other_teacher


def test_what_speaks_against_the_ill_teacher_alone_is_not_passed_over(
    cast, day, look, off_on_thursdays
):
    """Even of a colleague of the same name."""
    WeeklyAvailability.objects.filter(teacher=cast.teacher, weekday=3).delete()
    User.objects.filter(pk=cast.other_teacher.membership.user_id).update(full_name="Mette Holm")

    assert hindering(look()) == [(cast.other_teacher, ["teacher-not-available"], True)]


def test_a_car_out_of_order_stays_with_the_lesson_and_hinders_no_colleague(cast, day, look, report):
    for car in (cast.vehicle, cast.other_vehicle):
        ResourceOutage.objects.create(
            school=cast.school, resource=car, period=(MIDNIGHT, NEXT_MIDNIGHT), reason="Brakes"
        )

    assert look()[0].substitutes == (cast.other_teacher,)
    report({day[0]: cast.other_teacher.pk, day[1]: None})

    assert [row.resource for row in day[0].booking_resources.all()] == [cast.vehicle]


def test_a_rule_is_overruled_by_name_with_a_reason(cast, day, look, report, off_on_thursdays):
    choices = {day[0].pk: cast.other_teacher.pk, day[1].pk: None}

    refused, allowed = (look(choices=choices, overrides=given)[0].judged for given in ({}, AGREED))
    assert [one.code for one in refused.refusals] == ["teacher-not-available"]
    assert allowed.refusals == ()

    with pytest.raises(Refused) as error:
        report(choices)
    assert codes(error) == ["teacher-not-available"]
    sick_day = report(choices, overrides=AGREED)

    given = sick_day.lessons.get(booking=day[0]).transition
    assert [(one["code"], one["reason"]) for one in given.overridden_rules] == [
        ("teacher-not-available", "He said yes")
    ]
    assert given.to_teacher == cast.other_teacher


def test_a_teacher_overrules_nothing(cast, day, report, off_on_thursdays):
    with pytest.raises(Refused) as refused:
        report(
            {day[0]: cast.other_teacher.pk, day[1]: None},
            by=cast.teacher.membership,
            overrides=AGREED,
        )

    assert codes(refused) == ["teacher-not-available"]


@pytest.fixture
def session(cast, book):
    """A session in two cars: Åse has the Polo, Noah the VW."""
    LessonType.objects.update(capacity=3)
    made = book(
        student_ids=(cast.student.pk, cast.other_student.pk),
        resource_ids=(cast.vehicle.pk, cast.other_vehicle.pk),
    )
    places = BookingResource.objects.filter(booking=made)
    places.update(is_place=True, status="available")
    for student, car in ((cast.student, cast.other_vehicle), (cast.other_student, cast.vehicle)):
        places_.assign_place(
            participation_id=made.participations.get(student=student).pk,
            place_id=places.get(resource=car).pk,
            by=cast.office,
            at=NOW,
        )
    return made


def seated(booking) -> dict:
    return {
        seat.student: seat.place and seat.place.resource
        for seat in booking.participations.select_related("place__resource")
    }


def lost(sick_day) -> list[dict]:
    return [each for one in sick_day.lessons.order_by("pk") for each in one.lost]


def test_everybody_has_their_place_again(cast, session, report):
    sick_day = report({session: None})
    assert set(seated(session).values()) == {None}

    preview = services.preview_undo(sick_day_id=sick_day.pk, by=cast.office, at=SOON)
    undo(sick_day, cast.office)

    again = Booking.objects.get(replaces=session)
    assert seated(again) == {
        cast.student: cast.other_vehicle,
        cast.other_student: cast.vehicle,
    }
    assert (preview.refusals, preview.lost, lost(sick_day)) == ((), [], [])
    assert faults() == []


@pytest.fixture
def polo_is_taken(cast, book, session, report):
    """The session is cancelled, and somebody else books the Polo for that time."""
    sick_day = report({session: None})
    book(
        at=MORNING,
        teacher_id=cast.other_teacher.pk,
        student_ids=(make_student(cast).pk,),
        resource_ids=(cast.other_vehicle.pk,),
    )
    return sick_day


def test_a_place_that_somebody_else_has_is_told_before_and_after(cast, session, polo_is_taken):
    preview = services.preview_undo(sick_day_id=polo_is_taken.pk, by=cast.office, at=SOON)
    undo(polo_is_taken, cast.office)

    again = Booking.objects.get(replaces=session)
    assert seated(again) == {cast.student: None, cast.other_student: cast.vehicle}
    polo = again.booking_resources.get(resource=cast.other_vehicle)
    assert (polo.is_place, polo.status) == (True, "out_of_service")
    gone = Lost(Loss.TAKEN, cast.student.pk, cast.other_vehicle.pk)
    assert preview.lost == [(session, gone)]
    assert [Lost.of(one) for one in lost(polo_is_taken)] == [gone]
    assert faults() == []


def test_a_car_that_stands_in_for_another_is_told(cast, day, settled, book):
    book(
        at=SOON,
        teacher_id=cast.other_teacher.pk,
        student_ids=(cast.student.pk,),
        resource_ids=(cast.vehicle.pk,),
        starts_at=SECOND,
    )

    undo(settled, cast.office)

    again = Booking.objects.get(replaces=day[1])
    assert [row.resource for row in again.booking_resources.all()] == [cast.other_vehicle]
    assert [Lost.of(one) for one in lost(settled)] == [
        Lost(Loss.TAKEN, None, cast.vehicle.pk, cast.other_vehicle.pk)
    ]


@pytest.fixture
def offer(cast):
    """Noah is offered Thursday at noon with Mette: the time is held for him."""
    entry = services.add_wish(
        student_id=cast.other_student.pk,
        lesson_type_id=cast.lesson_type.pk,
        by=cast.office,
        at=NOW,
    )
    BookingSettings.objects.update_or_create(
        school=cast.school, department=None, defaults={"offer_minutes": 60 * 24 * 7}
    )
    return services.offer_time(
        entry_id=entry.pk, starts_at=NOON, teacher_id=cast.teacher.pk, by=cast.office, at=NOW
    )


def test_a_time_held_for_an_offer_is_held_again(cast, offer, report):
    sick_day = report({offer.booking: None})
    offer.refresh_from_db()
    assert offer.status == OfferStatus.VOID
    old = offer.booking

    undo(sick_day, cast.office)

    offer.refresh_from_db()
    assert (offer.status, offer.booking.replaces, offer.booking.status) == ("open", old, "pending")
    assert (offer.booking.held_until, offer.booking.period) == (offer.expires_at, old.period)
    assert offer.entry.status == WaitingStatus.OFFERED
    assert lost(sick_day) == []
    assert faults() == []
    services.accept_offer(
        offer_id=offer.pk, by=cast.other_student.membership, at=SOON, accepts_late_terms=True
    )
    assert Booking.objects.get(pk=offer.booking_id).status == BookingStatus.CONFIRMED
    assert faults() == []


def test_a_time_held_for_an_offer_that_a_colleague_took_over_comes_back(cast, offer, report):
    sick_day = report({offer.booking: cast.other_teacher.pk})

    undo(sick_day, cast.office)

    offer.refresh_from_db()
    assert (offer.status, offer.booking.teacher) == ("open", cast.teacher)


def withdraw(cast, offer, book):
    services.leave_waiting_list(
        entry_id=offer.entry_id, by=cast.other_student.membership, at=MORNING
    )


def take_the_cars(cast, offer, book):
    for car, student, teacher in (
        (cast.vehicle, cast.student, cast.other_teacher),
        (cast.other_vehicle, make_student(cast), make_teacher(cast.school, cast.department, "Ib")),
    ):
        book(
            at=MORNING,
            teacher_id=teacher.pk,
            student_ids=(student.pk,),
            resource_ids=(car.pk,),
        )


def make_student(cast):
    return StudentFactory(school=cast.school, department=cast.department)


def run_out(cast, offer, book):
    WaitingListOffer.objects.update(expires_at=SOON)


@pytest.mark.parametrize(
    ("meanwhile", "loss"),
    (
        (withdraw, Loss.NOT_WAITING),
        (take_the_cars, Loss.HOLD_TAKEN),
        (run_out, Loss.HOLD_OVER),
    ),
)
def test_a_time_that_can_not_be_held_again_is_told(cast, offer, report, book, meanwhile, loss):
    sick_day = report({offer.booking: None})
    meanwhile(cast, offer, book)

    preview = services.preview_undo(sick_day_id=sick_day.pk, by=cast.office, at=SOON)
    undo(sick_day, cast.office)

    offer.refresh_from_db()
    gone = Lost(loss, cast.other_student.pk)
    assert preview.lost == [(offer.booking, gone)]
    assert [Lost.of(one) for one in lost(sick_day)] == [gone]
    assert offer.status == OfferStatus.VOID
    assert sick_day.lessons.get().restored is None
    assert faults() == []


@pytest.fixture
def full(cast, session):
    """Two seats taken, Ida was offered the third, Ole waits for one."""
    ida, ole = make_student(cast), make_student(cast)
    entries = [
        WaitingListEntry.objects.create(
            school=cast.school,
            student=one,
            lesson_type=cast.lesson_type,
            booking=session,
            created_at=NOW,
            created_by=cast.office.user,
        )
        for one in (ida, ole)
    ]
    BookingResource.objects.create(
        school=cast.school,
        booking=session,
        resource=VehicleFactory(school=cast.school, department=cast.department),
        status="available",
        is_place=True,
    )
    services.offer_seat(entry_id=entries[0].pk, booking_id=session.pk, by=cast.office, at=NOW)
    WaitingListOffer.objects.update(expires_at=TOO_LATE)
    return entries


def test_whoever_waited_for_a_session_waits_for_it_again(cast, session, full, report):
    sick_day = report({session: None})
    assert {one.status for one in WaitingListEntry.objects.all()} == {WaitingStatus.LAPSED}

    undo(sick_day, cast.office)

    again = Booking.objects.get(replaces=session)
    entries = WaitingListEntry.objects.order_by("pk")
    assert [(one.booking, one.status) for one in entries] == [
        (again, WaitingStatus.OFFERED),
        (again, WaitingStatus.WAITING),
    ]
    offer = WaitingListOffer.objects.get()
    assert (offer.booking, offer.status) == (again, OfferStatus.OPEN)
    assert faults() == []


def test_an_offered_seat_whose_time_ran_out_leaves_its_student_in_line(cast, session, full, report):
    sick_day = report({session: None})
    WaitingListOffer.objects.update(expires_at=SOON)

    undo(sick_day, cast.office)

    assert [one.status for one in WaitingListEntry.objects.all()] == [WaitingStatus.WAITING] * 2
    assert [Lost.of(one) for one in lost(sick_day)] == [Lost(Loss.HOLD_OVER, full[0].student_id)]
    assert faults() == []


def test_an_offered_seat_without_a_place_leaves_its_student_in_line(cast, session, full, report):
    sick_day = report({session: None})
    third = BookingResource.objects.exclude(resource__in=(cast.vehicle, cast.other_vehicle)).get()
    ResourceOutage.objects.create(
        school=cast.school, resource=third.resource, period=(MIDNIGHT, NEXT_MIDNIGHT)
    )

    undo(sick_day, cast.office)

    assert [one.status for one in WaitingListEntry.objects.all()] == [WaitingStatus.WAITING] * 2
    assert [Lost.of(one).loss for one in lost(sick_day)] == [Loss.BROKEN, Loss.HOLD_TAKEN]
    assert faults() == []


def test_what_was_against_a_lesson_before_does_not_stop_the_undo(cast, day, settled):
    close_the_school_at_noon(cast)
    for car in (cast.vehicle, cast.other_vehicle):
        ResourceOutage.objects.create(
            school=cast.school, resource=car, period=(MIDNIGHT, NEXT_MIDNIGHT), reason="Brakes"
        )

    undo(settled, cast.office)

    again = Booking.objects.get(replaces=day[1])
    assert [row.resource for row in again.booking_resources.all()] == [cast.vehicle]


def test_what_came_free_by_the_sick_day_is_free_no_more(cast, settled):
    assert Vacancy.objects.filter(settled_at=None).count() == 2

    undo(settled, cast.office)

    of_mette = Vacancy.objects.filter(teacher=cast.teacher)
    assert list(of_mette.filter(settled_at=None)) == []


def test_the_preview_says_what_refuses_the_undo(cast, day, settled, book):
    book(
        student_ids=(cast.other_student.pk,),
        teacher_id=cast.other_teacher.pk,
        resource_ids=(cast.other_vehicle.pk,),
        starts_at=SECOND,
    )

    preview = services.preview_undo(sick_day_id=settled.pk, by=cast.office, at=SOON)

    assert [one.code for one in preview.refusals] == ["student-booked"]
    assert SickDay.objects.get().undone_at is None


def test_the_preview_asks_as_much_for_two_lessons_as_for_one(
    cast, book, day, report, count_queries
):
    def look(sick_day):
        return lambda: services.preview_undo(sick_day_id=sick_day.pk, by=cast.office, at=SOON)

    both = report(dict.fromkeys(day))
    for_two = count_queries(look(both))
    SickDayLesson.objects.filter(booking=day[1]).delete()
    assert count_queries(look(both)) == for_two
