"""The owner's ladder on a page, and the log of an invoice as the office keeps it."""

import datetime as dt
import uuid

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from finance.models import FinanceSettings, FollowUp, ReminderStep
from finance.services import note_follow_up, pause_reminders, remind_all, send_reminders
from justdriving.kernel.tenancy import school_scope
from tests.finance.factories import OVER, drive, pay_by_hand
from tests.finance.test_views import text, url

LATE = OVER + dt.timedelta(days=8 + 43)


@pytest.fixture(autouse=True)
def today():
    """Forty-three days after the due date."""
    with time_machine.travel(LATE, tick=False):
        yield


@pytest.fixture
def held(cast):
    """An invoice that took every step but the friendly one."""
    send_reminders(on=True, by=cast.owner, at=OVER)
    invoice = drive(cast)
    for day in (3, 14, 28, 42):
        remind_all(at=OVER + dt.timedelta(days=8 + day))
    return invoice


def pause(cast, invoice):
    pause_reminders(
        invoice_id=invoice.pk,
        note="Pays on payday",
        until=None,
        by=cast.office,
        at=LATE,
        request_key=uuid.uuid4(),
    )


def test_the_owner_sees_the_default_ladder_before_anything_is_sent(cast, signed_in):
    page = text(signed_in(cast.owner).get(url(cast, "reminders")))

    assert "Reminders are not sent" in page
    assert "14 days after the due date Reminder with a fee, fee DKK 100.00" in page
    assert "3 days before the due date Friendly reminder" in page
    assert not ReminderStep.objects.exists()


def test_the_owner_switches_the_reminders_on_and_off(cast, signed_in):
    client = signed_in(cast.owner)

    page = text(client.post(url(cast, "reminders_switch"), {"on": "1"}, follow=True))
    assert "Reminders are sent" in page
    assert "overdue invoices are followed up" in page
    assert (ReminderStep.objects.count(), FinanceSettings.objects.get().sends_reminders) == (
        5,
        True,
    )

    client.post(url(cast, "reminders_switch"), {"on": "0"})
    assert not FinanceSettings.objects.get().sends_reminders


@pytest.mark.parametrize("who", ("office", "teacher", "student"))
@pytest.mark.parametrize("route", ("reminders", "reminder_step_new"))
def test_only_the_owner_changes_the_ladder(cast, signed_in, who, route):
    assert signed_in(getattr(cast, who)).get(url(cast, route)).status_code == 403


def step(**changes):
    return {"action": "reminder", "days": "60", "fee": "", "blocks_booking": "on"} | changes


def test_a_step_is_added_changed_and_taken_off(cast, signed_in):
    client = signed_in(cast.owner)

    assert client.post(url(cast, "reminder_step_new"), step()).status_code == 302
    added = ReminderStep.objects.get(days=60)
    assert added.blocks_booking
    client.post(
        url(cast, "reminder_step", added.pk), step(action="friendly", days="5", blocks_booking="")
    )
    added.refresh_from_db()
    assert (added.days, added.action) == (-5, "friendly")
    assert 'value="5"' in client.get(url(cast, "reminder_step", added.pk)).content.decode()
    page = client.post(url(cast, "reminder_step_remove", added.pk), follow=True)
    assert not ReminderStep.objects.filter(pk=added.pk).exists()
    assert "5 days before the due date" in text(page)


@pytest.mark.parametrize(
    ("changes", "words"),
    (
        ({"days": "0"}, "Write at least one day after the due date."),
        ({"days": "x"}, "Enter a whole number."),
        ({"days": "14"}, "There is a step on that day already."),
        ({"action": "fee"}, "Write the fee."),
        ({"fee": "50"}, "Only a reminder with a fee has one."),
        ({"action": "fee", "fee": "100,01"}, "The law allows at most DKK 100.00 for one reminder."),
        ({"action": "fee", "fee": "1", "days": "51"}, "comes at least 10 days after"),
        ({"action": "friendly", "days": "31", "blocks_booking": ""}, "at most 30 days before"),
        ({"action": "friendly", "days": "5"}, "What is not overdue yet blocks no bookings."),
        ({"action": "nonsense"}, "nonsense is not one of the available choices"),
    ),
)
def test_a_step_that_may_not_be_is_refused_and_keeps_what_was_typed(
    cast, signed_in, changes, words
):
    answer = signed_in(cast.owner).post(url(cast, "reminder_step_new"), step(**changes))

    assert answer.status_code == 422
    assert words in text(answer)
    assert not ReminderStep.objects.filter(days__in=[60, 51, -5]).exists()
    if "days" in changes:
        assert f'value="{changes["days"]}"' in answer.content.decode()


def test_a_step_of_another_school_is_not_there(cast, other_school, signed_in):
    with school_scope(other_school.school.pk):
        send_reminders(on=True, by=other_school.owner, at=OVER)
    theirs = ReminderStep.across_schools.get(school=other_school.school, days=3)
    client = signed_in(cast.owner)

    assert client.get(url(cast, "reminder_step", theirs.pk)).status_code == 404
    assert client.post(url(cast, "reminder_step_remove", theirs.pk)).status_code == 404


def test_the_office_reads_every_step_and_the_fees(cast, signed_in, held):
    page = text(signed_in(cast.office).get(url(cast, "invoice", held.pk)))

    assert "Last notice before debt collection, no new bookings until it is paid" in page
    assert "Fee on invoice F-00002" in page
    assert "The student books nothing more until this is paid" in page


def test_the_student_reads_why_nothing_can_be_booked_but_not_the_log(cast, signed_in, held):
    note_follow_up(
        invoice_id=held.pk, note="Moody", by=cast.office, at=LATE, request_key=uuid.uuid4()
    )
    client = signed_in(cast.student)

    page = text(client.get(url(cast, "invoice", held.pk)))

    assert "You can book again as soon as this is paid." in page
    assert "Follow-up" not in page
    assert "Moody" not in page
    assert "You can book again as soon as it is paid." in text(client.get(url(cast, "account")))


def test_once_it_is_paid_nothing_is_said_of_it(cast, signed_in, held):
    pay_by_hand(cast, 550_00, held, at=LATE)

    assert "book again" not in text(signed_in(cast.student).get(url(cast, "account")))


def said(**changes):
    return {"kind": "note", "note": "Called", "until": "", "request_key": uuid.uuid4()} | changes


def test_the_office_writes_pauses_and_resumes(cast, signed_in, held):
    client = signed_in(cast.office)
    page = url(cast, "follow_up", held.pk)

    client.post(page, said())
    rests = client.post(page, said(kind="paused", note="Agreed", until="2026-05-01"), follow=True)
    resumed = client.post(page, said(kind="resumed", note=""), follow=True)

    assert "The reminders rest to the end of" in text(rests)
    assert "The reminders rest" not in text(resumed)
    by_hand = FollowUp.objects.exclude(kind="step").order_by("pk")
    assert [(one.kind, one.note, one.made_by) for one in by_hand] == [
        ("note", "Called", cast.office.user),
        ("paused", "Agreed", cast.office.user),
        ("resumed", "", cast.office.user),
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    (
        ({"note": " "}, "Write what was agreed."),
        ({"kind": "paused", "until": "2026-04-01"}, "That day has passed."),
        ({"kind": "paused", "until": "soon"}, "Enter a valid date."),
        ({"kind": "paused", "until": "0001-01-01"}, "Choose a day"),
        ({"until": "2026-05-01"}, "Only a pause has a last day."),
        ({"kind": "resumed"}, "resumed is not one of the available choices"),
    ),
)
def test_what_cannot_be_written_down_is_refused(cast, signed_in, held, changes, words):
    answer = signed_in(cast.office).post(url(cast, "follow_up", held.pk), said(**changes))

    assert answer.status_code == 422
    assert words in text(answer)
    assert not FollowUp.objects.exclude(kind="step").exists()


def test_a_form_sent_twice_is_written_once(cast, signed_in, held):
    client, values = signed_in(cast.office), said()

    for _ in range(2):
        assert client.post(url(cast, "follow_up", held.pk), values).status_code == 302

    assert FollowUp.objects.filter(kind="note").count() == 1


@pytest.mark.parametrize(("who", "status"), (("teacher", 403), ("student", 403), ("office", 404)))
def test_nobody_else_follows_up(cast, other_school, signed_in, held, who, status):
    member = other_school.office if who == "office" else getattr(cast, who)
    client = signed_in(member)
    path = url(other_school if who == "office" else cast, "follow_up", held.pk)

    assert client.get(path).status_code == status
    assert client.post(path, said()).status_code == status
    assert not FollowUp.objects.filter(kind="note").exists()


def test_the_log_takes_no_more_queries_the_longer_it_is(cast, signed_in, held):
    client = signed_in(cast.office)

    def asked():
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url(cast, "invoice", held.pk)).status_code == 200
        return len(seen)

    asked()
    before = asked()
    for _ in range(3):
        pause(cast, held)

    assert asked() == before
