"""The reminder ladder: what it may say, which step comes when, and what stops it."""

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from administration.models import SettingChange
from bookings.models import BookingSettings
from bookings.queries import LessonRequest, why_not
from finance.enums import ReminderAction
from finance.models import FinanceSettings, FollowUp, Invoice, LedgerEntry, ReminderStep
from finance.queries import balance_of
from finance.reminder_policies import (
    DEFAULT_LADDER,
    LAWS,
    Rung,
    Taken,
    next_step,
    refuse_ladder,
)
from finance.rules import _standing
from finance.services import (
    note_follow_up,
    open_books,
    pause_reminders,
    remind,
    remind_all,
    remove_step,
    resume_reminders,
    save_step,
    send_reminders,
)
from finance.tasks import remind_overdue
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from justdriving.kernel.tenancy import school_scope
from notifications.content import NoLongerTrue, compose
from notifications.models import Message
from tests.factories import NOON
from tests.finance.factories import OVER, PRICE, credit_all, drive, kroner, pay_by_hand

A = ReminderAction
DUE = dt.date(2026, 3, 20)
DENMARK = LAWS["DK"]


def days(count: int) -> dt.timedelta:
    return dt.timedelta(days=count)


@pytest.fixture
def reminding(cast):
    return send_reminders(on=True, by=cast.owner, at=OVER)


@pytest.fixture
def invoice(cast, reminding):
    """550 kr., driven on Thursday, due eight days later."""
    return drive(cast)


def on(invoice, day: int) -> dt.datetime:
    """Noon so many days after the due date."""
    return OVER + days((invoice.due_on - OVER.date()).days + day)


def steps(invoice) -> list[int]:
    return list(
        invoice.follow_ups.filter(kind="step").order_by("days").values_list("days", flat=True)
    )


def fee(day: int, minor: int = 100_00) -> Rung:
    return Rung(day, A.FEE, fee_minor=minor)


@pytest.mark.parametrize(
    ("ladder", "code"),
    (
        (DEFAULT_LADDER, None),
        ([], None),
        ([fee(1), fee(11), fee(21)], None),
        ([fee(1), fee(11), fee(21), fee(31)], "too-many-fees"),
        ([fee(1, 100_01)], "fee-too-high"),
        ([fee(1), fee(10)], "too-close"),
        ([Rung(1, A.REMINDER), fee(10)], "too-close"),
        ([Rung(1, A.REMINDER), fee(11)], None),
        ([Rung(-3, A.FRIENDLY), fee(1)], None),
        ([fee(1), Rung(2, A.FINAL)], None),
    ),
)
def test_the_danish_law_bounds_what_a_ladder_says(ladder, code):
    refusal = refuse_ladder(ladder, DENMARK, currency="DKK")

    assert (refusal and refusal.code) == code


def test_without_a_law_a_school_decides_itself():
    assert refuse_ladder([fee(1, 500_00), fee(2, 500_00)], None, currency="SEK") is None


@pytest.mark.parametrize(
    ("day", "taken", "expected"),
    (
        (-4, [], None),
        (-3, [], -3),
        (0, [], -3),
        (1, [], None),
        (2, [], None),
        (3, [], 3),
        (3, [(-3, -3)], 3),
        (5, [(-3, 0)], None),
        (6, [(-3, 0)], 3),
        (60, [], 3),
        (60, [(3, 60)], None),
        (70, [(3, 60)], None),
        (71, [(3, 60)], 14),
        (13, [(3, 3)], None),
        (14, [(3, 3)], 14),
        (42, [(28, 28)], 42),
        (99, [(42, 42)], None),
    ),
)
def test_a_step_comes_in_order_and_at_its_distance(day, taken, expected):
    done = [Taken(step, DUE + days(when)) for step, when in taken]

    rung = next_step(DEFAULT_LADDER, done, due_on=DUE, today=DUE + days(day), law=DENMARK)

    assert (rung and rung.days) == expected


def test_the_law_holds_for_one_invoice_although_the_ladder_was_changed():
    three = [Taken(day, DUE + days(day), 100_00) for day in (1, 11, 21)]
    ladder = [fee(31), Rung(40, A.FINAL, blocks_booking=True)]

    rung = next_step(ladder, three, due_on=DUE, today=DUE + days(90), law=DENMARK)

    assert rung == ladder[1]


def test_a_fee_waits_ten_days_although_the_ladder_was_drawn_together():
    done = [Taken(10, DUE + days(10))]

    rungs = [
        next_step([fee(12)], done, due_on=DUE, today=DUE + days(day), law=DENMARK)
        for day in (19, 20)
    ]

    assert rungs == [None, fee(12)]


def test_a_school_begins_with_the_default_ladder_and_only_when_it_says_so(cast):
    drive(cast)
    assert remind_all(at=OVER + days(60)) == 0

    send_reminders(on=True, by=cast.owner, at=OVER)

    assert [step.days for step in ReminderStep.objects.all()] == [-3, 3, 14, 28, 42]
    assert remind_all(at=OVER + days(60)) == 1
    change = SettingChange.objects.get(field="sends_reminders")
    assert (change.old, change.new, change.made_by) == ("False", "True", cast.owner.user)


def test_an_invoice_climbs_the_ladder_one_step_a_run(cast, invoice):
    for day in (-4, -3, -3, 3, 3, 14, 28, 42, 99):
        remind_all(at=on(invoice, day))

    assert steps(invoice) == [-3, 3, 14, 28, 42]
    fees = LedgerEntry.objects.filter(kind="reminder_fee")
    assert [entry.amount_minor for entry in fees] == [100_00, 100_00]
    assert balance_of(cast.student) == kroner(PRICE + 200_00)
    assert [one.code for one in examine() if one.code.startswith("finance")] == []


def test_a_fee_is_an_invoice_of_its_own_without_vat_that_is_not_reminded_of(cast, invoice):
    for day in (3, 14):
        remind_all(at=on(invoice, day))

    charged = Invoice.objects.exclude(pk=invoice.pk).get()
    line = charged.lines.get()
    assert (charged.total_minor, charged.vat_minor) == (100_00, 0)
    assert line.vat_code.code == "EXEMPT"
    assert invoice.number in line.description
    assert line.entry.follow_up.invoice == invoice
    remind_all(at=on(invoice, 300))
    assert steps(charged) == []


def test_the_payer_is_told_of_each_step_once(cast, invoice):
    for day in (3, 3, 14):
        remind_all(at=on(invoice, day))

    told = Message.objects.filter(event="reminder").order_by("pk")
    parcels = [compose(message) for message in told]
    assert len(parcels) == 2
    assert invoice.number in parcels[0].subject
    assert "100" not in parcels[0].text
    assert "100" in parcels[1].text


@pytest.mark.parametrize("language", ("da", "en"))
@pytest.mark.parametrize("rung", DEFAULT_LADDER, ids=lambda rung: f"day{rung.days}")
def test_every_step_has_its_words(cast, invoice, rung, language):
    cast.student.membership.user.language = language
    cast.student.membership.user.save()
    ReminderStep.objects.exclude(days=rung.days).delete()

    remind_all(at=on(invoice, rung.days))

    parcel = compose(Message.objects.get(event="reminder"))
    assert invoice.number in parcel.subject
    assert "550" in parcel.text
    assert parcel.attachments[0].name == f"{invoice.number}.pdf"


def test_a_reminder_that_was_overtaken_does_not_leave(cast, invoice):
    remind_all(at=on(invoice, 3))
    pay_by_hand(cast, PRICE, invoice)

    with pytest.raises(NoLongerTrue):
        compose(Message.objects.get(event="reminder"))


def test_a_reminder_does_not_leave_once_the_office_paused_it(cast, invoice):
    remind_all(at=on(invoice, 3))
    pause(cast, invoice, at=on(invoice, 3))

    with pytest.raises(NoLongerTrue):
        compose(Message.objects.get(event="reminder"))


@pytest.mark.parametrize("end", ("paid", "credited", "paused", "off", "no step"))
def test_nothing_happens_to_an_invoice_that_is_settled_or_rests(cast, invoice, end):
    match end:
        case "paid":
            pay_by_hand(cast, PRICE, invoice)
        case "credited":
            credit_all(cast, invoice)
        case "paused":
            pause(cast, invoice)
        case "off":
            send_reminders(on=False, by=cast.owner, at=OVER)
        case _:
            ReminderStep.objects.all().delete()

    assert remind(invoice_id=invoice.pk, at=on(invoice, 60)) is None
    assert (remind_all(at=on(invoice, 60)), FollowUp.objects.filter(kind="step").count()) == (0, 0)


def test_a_part_paid_invoice_is_still_reminded_of(cast, invoice):
    pay_by_hand(cast, 100_00, invoice)

    assert remind_all(at=on(invoice, 3)) == 1


def test_a_step_is_taken_once_in_the_database(cast, invoice):
    taken = remind(invoice_id=invoice.pk, at=on(invoice, 3))
    taken.pk = None

    with pytest.raises(IntegrityError, match="taken_once"), transaction.atomic():
        FollowUp(
            **{
                name: getattr(taken, name)
                for name in ("school", "invoice", "kind", "days", "action", "happened_at")
            }
        ).save(force_insert=True)


@pytest.mark.parametrize(
    "sql", ("UPDATE finance_followup SET note = 'x'", "DELETE FROM finance_followup")
)
def test_the_log_is_never_changed(cast, invoice, sql):
    note(cast, invoice)

    with pytest.raises(ProgrammingError, match="Cannot"), connection.cursor() as cursor:
        cursor.execute(sql)


def test_every_school_that_reminds_is_visited_and_no_other(cast, other_school, reminding):
    drive(cast)
    with school_scope(other_school.school.pk):
        drive(other_school)
    assert FinanceSettings.across_schools.filter(sends_reminders=True).count() == 1

    remind_overdue()

    assert set(FollowUp.across_schools.values_list("school", flat=True)) == {cast.school.pk}


def pause(cast, invoice, *, until=None, at=OVER, by=None, text="Called; pays on payday"):
    return pause_reminders(
        invoice_id=invoice.pk,
        note=text,
        until=until,
        by=by or cast.office,
        at=at,
        request_key=uuid.uuid4(),
    )


def resume(cast, invoice, *, at=OVER):
    return resume_reminders(
        invoice_id=invoice.pk, note="", by=cast.office, at=at, request_key=uuid.uuid4()
    )


def note(cast, invoice, text="Called, no answer", by=None, key=None):
    return note_follow_up(
        invoice_id=invoice.pk,
        note=text,
        by=by or cast.office,
        at=OVER,
        request_key=key or uuid.uuid4(),
    )


def code_of(act) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.refusal.code


def test_a_pause_holds_to_the_end_of_its_last_day(cast, invoice):
    pause(cast, invoice, until=invoice.due_on + days(10))

    assert remind_all(at=on(invoice, 10)) == 0
    assert remind_all(at=on(invoice, 11)) == 1


def test_a_pause_without_an_end_lasts_until_somebody_ends_it(cast, invoice):
    pause(cast, invoice)
    assert remind_all(at=on(invoice, 60)) == 0

    resume(cast, invoice, at=on(invoice, 60))

    assert remind_all(at=on(invoice, 60)) == 1
    assert code_of(lambda: resume(cast, invoice)) == "not-paused"


def test_a_later_pause_takes_the_place_of_an_earlier_one(cast, invoice):
    pause(cast, invoice)
    pause(cast, invoice, until=invoice.due_on)

    assert remind_all(at=on(invoice, 3)) == 1


def test_what_the_office_writes_down_needs_words_and_a_day_to_come(cast, invoice):
    assert code_of(lambda: note(cast, invoice, text="  ")) == "note-missing"
    assert code_of(lambda: pause(cast, invoice, text="")) == "note-missing"
    yesterday = OVER.date() - days(1)
    assert code_of(lambda: pause(cast, invoice, until=yesterday)) == "until-past"
    pay_by_hand(cast, PRICE, invoice)
    assert code_of(lambda: pause(cast, invoice)) == "not-open"
    assert not FollowUp.objects.exists()


def test_the_same_request_writes_once(cast, invoice):
    key = uuid.uuid4()

    assert note(cast, invoice, key=key) == note(cast, invoice, key=key)


def test_nobody_writes_about_an_invoice_they_cannot_see(cast, invoice, other_school):
    with pytest.raises(Invoice.DoesNotExist):
        note(cast, invoice, by=cast.other_student.membership)
    with school_scope(other_school.school.pk), pytest.raises(Invoice.DoesNotExist):
        note(cast, invoice, by=other_school.owner)


def refusals(cast, at, by=None):
    wanted = LessonRequest(
        lesson_type_id=cast.lesson_type.pk,
        teacher_id=cast.teacher.pk,
        student_ids=(cast.student.pk,),
        resource_ids=None,
        starts_at=NOON + days(7 * 12),
    )
    found = why_not(wanted=wanted, by=by or cast.office, at=at)
    return [one for one in found if one.code in {"payment-hold", "in-debt"}]


@pytest.fixture
def held(cast, invoice):
    """The invoice has gone all the way; the school has no limit for debts."""
    for day in (3, 14, 28, 42):
        remind_all(at=on(invoice, day))
    return invoice


def test_an_invoice_at_the_last_step_blocks_the_next_booking_below_any_limit(cast, held):
    BookingSettings.objects.create(school=cast.school, max_debt_minor=5000_00)
    at = on(held, 43)

    (office,) = refusals(cast, at)
    (teacher,) = refusals(cast, at, by=cast.teacher.membership)
    (student,) = refusals(cast, at, by=cast.student.membership)

    assert office.code == student.code == "payment-hold"
    assert office.overridable
    assert held.number in student.message
    assert "550" in student.message
    assert held.number not in teacher.message
    assert "invoice" not in teacher.facts


@pytest.mark.parametrize("end", ("paid", "credited", "paused"))
def test_who_pays_or_agrees_books_again(cast, held, end):
    match end:
        case "paid":
            pay_by_hand(cast, PRICE, held, at=on(held, 42))
        case "credited":
            credit_all(cast, held, at=on(held, 42))
        case _:
            pause(cast, held, at=on(held, 42), until=held.due_on + days(60))

    assert refusals(cast, on(held, 43)) == []


def test_an_invoice_that_is_only_late_blocks_nothing(cast, invoice):
    remind_all(at=on(invoice, 3))

    assert refusals(cast, on(invoice, 4)) == []


def test_somebody_elses_invoice_blocks_nothing(cast, reminding):
    other = drive(cast, student=cast.other_student)
    for day in (3, 14, 28, 42):
        remind_all(at=on(other, day))

    assert refusals(cast, on(other, 43)) == []


def test_who_owes_and_is_held_is_found_as_the_orm_finds(cast, other_school, held):
    pause(cast, held, at=on(held, 42), until=held.due_on + days(60))
    students = (cast.student.pk, cast.other_student.pk, other_school.student.pk)
    every_day = [held.due_on + days(count) for count in (59, 60, 61)]

    fees = sum(held.follow_ups.values_list("fee_minor", flat=True))

    found = [_standing(students, day) for day in every_day]

    assert found == [list(_standing._query(students, day)) for day in every_day]
    assert [sum(one["is_held"] for one in rows) for rows in found] == [0, 0, 1]
    assert [sum(one["total"] or 0 for one in rows) for rows in found] == [PRICE + fees] * 3
    assert all(len(rows) == 2 for rows in found)


def values(**changes):
    return {"days": 50, "action": A.REMINDER, "fee_minor": 0, "blocks_booking": False} | changes


def test_the_owner_changes_the_ladder_and_history_keeps_it(cast, reminding):
    added = save_step(step=None, values=values(), by=cast.owner, at=OVER)
    save_step(step=added, values=values(blocks_booking=True), by=cast.owner, at=OVER)
    remove_step(step=added, by=cast.owner, at=OVER)

    kept = SettingChange.objects.filter(topic="finance.ReminderStep").order_by("pk")
    assert [change.field for change in kept] == ["created", "blocks_booking", "step"]
    assert ReminderStep.objects.count() == 5


@pytest.mark.parametrize(
    ("changes", "code"),
    (
        ({"days": 14}, "day-taken"),
        ({"action": A.FEE, "fee_minor": 100_01}, "fee-too-high"),
        ({"action": A.FEE, "fee_minor": 100_00, "days": 45}, "too-close"),
    ),
)
def test_a_ladder_against_the_law_is_refused_whole(cast, reminding, changes, code):
    before = list(ReminderStep.objects.values_list())

    assert (
        code_of(lambda: save_step(step=None, values=values(**changes), by=cast.owner, at=OVER))
        == code
    )
    assert list(ReminderStep.objects.values_list()) == before


def test_a_step_before_anything_was_started_keeps_the_default_ladder_too(cast):
    open_books(school=cast.school)

    save_step(step=None, values=values(), by=cast.owner, at=OVER)

    assert ReminderStep.objects.count() == 6
    assert not FinanceSettings.objects.get().sends_reminders
