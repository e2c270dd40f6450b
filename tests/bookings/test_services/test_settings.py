"""Limits, caps, hours, closed days, terms: edited, kept in history, what is booked stays."""

import datetime as dt

import pytest

from administration.models import SettingChange
from bookings.enums import DeadlineKind, DueDateKind, LessonKind
from bookings.models import (
    AvailabilityException,
    BookingResource,
    BookingSettings,
    CancellationTerms,
    ClosedDay,
    DailyCap,
    OpeningHours,
    Resource,
    ResourceOutage,
)
from bookings.queries.upkeep import due_dates, lessons_with
from bookings.queries.working_week import working_week
from bookings.services.availability import DayPlan, plan_days, unplan_day
from bookings.services.closed_days import (
    close_days,
    import_holidays,
    open_days,
    public_holidays,
    rename_closed_days,
)
from bookings.services.places import set_place_out_of_service
from bookings.services.settings import save_limits, set_opening_hours, use_danish_rules
from bookings.services.terms import DANISH, HOURS_24, Draft, Step, apply_preset, save_terms
from bookings.services.upkeep import Due, add_outage, remove_outage, set_due_dates
from justdriving.kernel.policy import Refused
from tests.factories import NOON, NOW, BookingFactory, DepartmentFactory

DAY = dt.timedelta(days=1)
SUMMER = dt.date(2026, 7, 13)


@pytest.fixture
def asked(cast):
    return {"by": cast.owner, "at": NOW}


@pytest.fixture
def lesson(cast):
    return BookingFactory(
        school=cast.school,
        department=cast.department,
        lesson_type=cast.lesson_type,
        teacher=cast.teacher,
        students=[cast.student],
        resources=[cast.vehicle],
    )


def refused(call, **given):
    with pytest.raises(Refused) as caught:
        call(**given)
    return caught.value.refusal.code


def history(**about):
    rows = SettingChange.objects.filter(**about).order_by("pk")
    return list(rows.values_list("field", "old", "new"))


HALF = Step(DeadlineKind.HOURS_BEFORE, 24, percent=50)
WHOLE = Step(DeadlineKind.HOURS_BEFORE, 4, percent=100)


def test_saved_terms_are_a_new_version_and_a_booking_keeps_its_own(cast, asked, lesson):
    agreed = cast.lesson_type.cancellation_terms
    draft = Draft(agreed.name, [HALF, WHOLE])

    saved = save_terms(draft=draft, version=1, **asked)

    cast.lesson_type.refresh_from_db()
    lesson.refresh_from_db()
    assert (saved.version, saved.steps.count()) == (2, 2)
    assert cast.lesson_type.cancellation_terms == saved
    assert lesson.cancellation_terms == agreed
    assert agreed.steps.count() == 2
    assert ("cancellation_terms", str(agreed), str(saved)) in history(subject="Driving lesson")


def test_saving_the_same_terms_again_writes_no_version(asked):
    first = save_terms(draft=Draft("Short", [HALF]), version=0, **asked)
    again = save_terms(draft=Draft("Short", [HALF]), version=1, **asked)
    assert again == first
    assert CancellationTerms.objects.filter(name="Short").count() == 1


def test_terms_somebody_changed_meanwhile_are_not_overwritten(asked):
    save_terms(draft=Draft("Short", [HALF]), version=0, **asked)
    save_terms(draft=Draft("Short", [WHOLE]), version=1, **asked)
    code = refused(save_terms, draft=Draft("Short", []), version=1, **asked)
    assert code == "changed-meanwhile"
    assert refused(save_terms, draft=Draft("Short", []), version=0, **asked) == "name_taken"


def test_a_lesson_type_is_never_left_without_terms(cast, asked):
    name = cast.lesson_type.cancellation_terms.name
    draft = Draft(name, [HALF])
    code = refused(save_terms, draft=draft, version=1, lesson_type_ids=[], **asked)
    assert code == "no-terms-left"
    assert CancellationTerms.objects.filter(name=name).count() == 1


def test_the_danish_preset_serves_its_kinds_and_is_made_once(cast, asked):
    for _twice in range(2):
        lessons, track, theory = apply_preset(code=DANISH, **asked)
    cast.lesson_type.refresh_from_db()
    assert cast.lesson_type.cancellation_terms == lessons
    assert [terms.version for terms in (lessons, track, theory)] == [1, 1, 1]
    assert [step.percent for step in lessons.steps.order_by("pk")] == [50, 100]
    assert track.steps.get().fixed_minor == 1_000_00
    assert (theory.steps.count(), theory.no_show_percent) == (0, 0)


def test_an_hour_preset_moves_no_lesson_type(cast, asked):
    (terms,) = apply_preset(code=HOURS_24, **asked)
    cast.lesson_type.refresh_from_db()
    assert cast.lesson_type.cancellation_terms != terms


def test_limits_are_kept_with_their_history_and_their_version(cast, asked):
    save_limits(values={"max_moves": 3}, version=0, **asked)
    save_limits(values={"max_moves": 2}, version=1, **asked)

    stored = BookingSettings.objects.get()
    assert (stored.max_moves, stored.version) == (2, 2)
    assert history(topic="bookings.BookingSettings") == [
        ("max_moves", "", "3"),
        ("max_moves", "3", "2"),
    ]
    stale = {"values": {"max_moves": 9}, "version": 1, **asked}
    assert refused(save_limits, **stale) == "changed-meanwhile"


def test_a_department_has_its_own_limits(cast, asked):
    save_limits(values={"max_moves": 3}, version=0, **asked)
    here = cast.department.pk
    save_limits(values={"max_moves": 1}, version=0, department_id=here, **asked)
    kept = BookingSettings.objects.order_by("pk").values_list("department", "max_moves")
    assert list(kept) == [(None, 3), (here, 1)]
    assert history(subject=cast.department.name) == [("max_moves", "", "1")]


def test_the_danish_caps_are_those_of_the_law(cast, asked):
    DailyCap.objects.create(school=cast.school, kind=LessonKind.EXAM, most=1)
    for _twice in range(2):
        use_danish_rules(**asked)
    caps = DailyCap.objects.order_by("kind").values_list("kind", "most", "most_together")
    assert set(caps) == {
        ("theory", 4, 6),
        ("practical", 2, 6),
        ("closed_track", 4, 8),
        ("skid_pad", 5, 9),
        ("exam", 1, None),
    }
    assert BookingSettings.objects.get().lesson_minutes == 45
    assert len(history(topic="bookings.DailyCap")) == 4


def test_opening_hours_are_replaced_and_noted_once(cast, asked):
    spans = [(0, dt.time(8), dt.time(12)), (0, dt.time(13), dt.time(17))]
    for _twice in range(2):
        set_opening_hours(spans=spans, **asked)
    assert OpeningHours.objects.count() == 2
    assert history(topic="bookings.OpeningHours") == [
        ("hours", "", "Monday 08:00–12:00; Monday 13:00–17:00")
    ]
    set_opening_hours(spans=[], department_id=cast.department.pk, **asked)
    set_opening_hours(spans=[], **asked)
    assert not OpeningHours.objects.exists()


def test_a_closed_period_is_a_day_each_and_never_twice(cast, asked, lesson):
    last = SUMMER + 4 * DAY
    assert close_days(first_day=SUMMER, last_day=last, name="Summer", **asked) == 5
    assert close_days(first_day=SUMMER, last_day=last + DAY, name="Again", **asked) == 1
    ids = ClosedDay.objects.filter(name="Summer").values_list("pk", flat=True)
    rename_closed_days(closed_day_ids=list(ids), name="Holiday", **asked)
    assert ClosedDay.objects.filter(name="Holiday").count() == 5
    open_days(closed_day_ids=list(ids), **asked)
    assert ClosedDay.objects.get().name == "Again"
    assert len(history(topic="bookings.ClosedDay")) == 4
    code = refused(close_days, first_day=SUMMER, last_day=SUMMER + 366 * DAY, name="Long", **asked)
    assert code == "period-too-long"


def test_closing_a_day_leaves_its_lessons(cast, asked, lesson):
    close_days(first_day=lesson.wall_date, last_day=lesson.wall_date, name="Shut", **asked)
    lesson.refresh_from_db()
    assert lesson.status == "confirmed"


def test_holidays_come_in_the_schools_language_and_only_once(cast, asked):
    found = public_holidays(country="DK", year=2026, language="da")
    names = {holiday.on: holiday.name for holiday in found}
    assert names[dt.date(2026, 4, 3)] == "Langfredag"
    assert public_holidays(country="XX", year=2026, language="da") == []
    assert import_holidays(names=names, **asked) == len(names)
    assert import_holidays(names=names, **asked) == 0


def test_due_dates_count_the_lessons_after_them(cast, asked, lesson):
    due = {DueDateKind.INSPECTION: Due(lesson.wall_date - DAY)}
    set_due_dates(resource_id=cast.vehicle.pk, due=due, **asked)
    today = NOW.date()
    (found,) = due_dates([cast.vehicle], today=today)[cast.vehicle.pk]
    assert (found.days, found.lessons, found.is_overdue) == (2, 1, False)
    later = {DueDateKind.INSPECTION: Due(lesson.wall_date, blocks=False)}
    set_due_dates(resource_id=cast.vehicle.pk, due=later, **asked)
    assert due_dates([cast.vehicle], today=today)[cast.vehicle.pk][0].lessons == 0
    assert [change[0] for change in history(subject="VW ID.3")] == ["inspection", "inspection"]
    set_due_dates(resource_id=cast.vehicle.pk, due={}, **asked)
    assert due_dates([cast.vehicle], today=today) == {}


@pytest.mark.parametrize(
    ("read", "shown"),
    (
        (13_999, None),
        (14_000, (1_000, False, 0)),
        (15_000, (0, False, 0)),
        (15_001, (-1, True, 1)),
    ),
)
def test_a_reading_comes_up_and_passes_like_a_day(cast, asked, lesson, read, shown):
    due = {DueDateKind.SERVICE: Due(lesson.wall_date + 100 * DAY, km=15_000)}
    set_due_dates(resource_id=cast.vehicle.pk, due=due, odometer_km=read, **asked)

    found = due_dates([cast.vehicle], today=NOW.date()).get(cast.vehicle.pk, [])

    assert [(one.km_left, one.is_overdue, one.lessons) for one in found] == [shown][: bool(shown)]
    assert all(one.is_by_km for one in found)


def test_a_reading_is_dated_and_written_down_and_an_empty_one_changes_nothing(cast, asked):
    for reading in (12_000, None, 12_000, 13_500):
        due = {DueDateKind.SERVICE: Due(NOW.date(), km=15_000)}
        set_due_dates(resource_id=cast.vehicle.pk, due=due, odometer_km=reading, **asked)

    cast.vehicle.refresh_from_db()
    assert (cast.vehicle.odometer_km, cast.vehicle.odometer_read_on) == (13_500, NOW.date())
    noted = [change for change in history(subject="VW ID.3") if change[0] == "odometer_km"]
    assert [change[1:3] for change in noted] == [("", "12000"), ("12000", "13500")]


def test_an_outage_names_its_lessons_and_leaves_them(cast, asked, lesson):
    span = {"starts_at": NOON - DAY, "ends_at": NOON + DAY, "reason": "Clutch"}
    for _twice in range(2):
        outage = add_outage(resource_id=cast.vehicle.pk, **span, **asked)
    assert ResourceOutage.objects.count() == 1
    assert list(lessons_with(cast.vehicle, NOON - DAY, NOON + DAY)) == [lesson]
    assert list(lessons_with(cast.other_vehicle, NOON - DAY, NOON + DAY)) == []
    for _twice in range(2):
        remove_outage(resource_id=cast.vehicle.pk, outage_id=outage.pk, **asked)
    assert len(history(field="outage")) == 2
    over = span | {"starts_at": NOW - 2 * DAY, "ends_at": NOW}
    assert refused(add_outage, resource_id=cast.vehicle.pk, **over, **asked) == "outage-over"


def test_many_days_are_planned_at_once(cast):
    teacher, days = cast.teacher, [NOW.date() + n * DAY for n in (1, 2)]
    given = {"teacher_id": teacher.pk, "by": cast.teacher.membership, "at": NOW}
    assert plan_days(days=days, plan=DayPlan(), **given) == 2
    hours = DayPlan(((dt.time(10), dt.time(12)),), cast.department.pk)
    plan_days(days=days[1:], plan=hours, **given)
    week = working_week(teacher, NOW.date())
    assert [len(day.hours) for day in week[:3]] == [1, 0, 1]
    assert week[2].hours[0].department == cast.department.name
    assert [day.is_exception for day in week[:3]] == [False, True, True]
    unplan_day(teacher_id=teacher.pk, day=days[0], by=cast.teacher.membership)
    assert AvailabilityException.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "days", "code"),
    (
        ("other_teacher", [NOW.date()], "not_yours"),
        ("teacher", [], "no-days"),
        ("teacher", [NOW.date() - DAY], "day_over"),
    ),
)
def test_days_that_cannot_be_planned(cast, who, days, code):
    by = getattr(cast, who).membership
    given = {"teacher_id": cast.teacher.pk, "days": days, "plan": DayPlan(), "by": by, "at": NOW}
    assert refused(plan_days, **given) == code


def test_another_department_is_closed_alone(cast, asked):
    here, there = cast.department, DepartmentFactory(school=cast.school)
    for place in (here, there):
        close_days(first_day=SUMMER, last_day=SUMMER, name="Move", department_id=place.pk, **asked)
    assert ClosedDay.objects.count() == 2


@pytest.mark.parametrize(
    ("minutes", "affected"), ((-16, False), (-15, False), (-14, True), (99, True), (100, False))
)
def test_an_outage_counts_the_lessons_a_car_is_kept_free_for(cast, book, minutes, affected):
    """The car rests a quarter of an hour before and ten minutes after its lesson of 90."""
    Resource.objects.filter(pk=cast.vehicle.pk).update(
        buffer_before_minutes=15, buffer_after_minutes=10
    )
    booked = book()
    minute = NOON + dt.timedelta(minutes=minutes)
    span = (minute - dt.timedelta(hours=1), minute) if minutes < 0 else (minute, minute + DAY)

    assert list(lessons_with(cast.vehicle, *span)) == [booked][: int(affected)]


def test_a_place_out_of_service_is_not_counted(cast, book):
    booking = book()
    BookingResource.objects.filter(booking=booking).update(is_place=True, status="available")
    place = booking.booking_resources.get()
    set_place_out_of_service(place_id=place.pk, by=cast.office, at=NOW)

    assert list(lessons_with(cast.vehicle, NOON - DAY, NOON + DAY)) == []


def test_an_odometer_goes_backwards_only_as_a_correction(cast, asked):
    def read(km, **said):
        return {"resource_id": cast.vehicle.pk, "due": {}, "odometer_km": km, **said, **asked}

    set_due_dates(**read(12_000))
    set_due_dates(**read(12_000))
    assert refused(set_due_dates, **read(11_999)) == "odometer-backwards"
    cast.vehicle.refresh_from_db()
    assert cast.vehicle.odometer_km == 12_000

    set_due_dates(**read(15, corrects=True))

    cast.vehicle.refresh_from_db()
    assert cast.vehicle.odometer_km == 15
