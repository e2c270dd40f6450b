"""An invoice takes its next step; the office writes down what it agreed, and pauses the ladder."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from administration.models import Membership
from finance.enums import EntryKind, FollowUpKind
from finance.models import FinanceSettings, FollowUp, Invoice, ReminderStep
from finance.queries import settings_of
from finance.reminder_policies import LAWS, Rung, next_step
from finance.reminder_queries import (
    invoice_seen,
    may_take_a_step,
    pause_of,
    rung_of,
    steps_taken,
    to_be_followed_up,
)
from finance.services.allocation import hold_money, lock_invoices
from finance.services.billing import Charge, issue_invoice
from finance.services.catalogue import exempt_vat_code
from finance.services.numbering import hold_numbers
from finance.signals import reminder_due
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.transactions import refusing, use_case

NOTE_LENGTH = 500


def remind_all(*, at: datetime) -> int:
    """Take every invoice of the school in scope one step further, each in its own transaction.

    ``at`` is now, UTC. One that is busy is left to the next run. Returns how many took a step.
    """
    books = FinanceSettings.objects.select_related("school").first()
    if books is None or not books.sends_reminders:
        return 0
    today = timezone.localdate(at, books.school.zone)
    taken = 0
    for invoice_id in list(may_take_a_step(today=today).values_list("pk", flat=True)):
        with suppress(Refused):
            taken += remind(invoice_id=invoice_id, at=at) is not None
    return taken


@use_case
def remind(*, invoice_id: int, at: datetime) -> FollowUp | None:
    """Take one invoice to its next step, if it has one today: at most one, and none twice.

    ``at`` is now, UTC. The fee is an invoice of its own without VAT. Returns what was written
    down, or None when nothing is to be done: paid, credited, paused, not due, reminders off.
    """
    invoice = Invoice.objects.select_related("school", "student__membership__user").get(
        pk=invoice_id
    )
    hold_numbers(invoice.school)
    hold_money(invoice.student_id)
    lock_invoices([invoice_id])
    rung = _step_today(invoice, at)
    if rung is None:
        return None
    taken = Refusal("step-taken", _("This step was taken already."))
    with refusing({"reminder_step_taken_once_per_invoice": lambda: taken}):
        follow_up = FollowUp.objects.create(
            school=invoice.school,
            invoice=invoice,
            kind=FollowUpKind.STEP,
            days=rung.days,
            action=rung.action,
            fee_minor=rung.fee_minor,
            blocks_booking=rung.blocks_booking,
            happened_at=at,
        )
    if rung.fee_minor:
        _charge(follow_up, invoice, at)
    reminder_due.send(sender=FollowUp, follow_up=follow_up)
    return follow_up


def _step_today(invoice: Invoice, at: datetime) -> Rung | None:
    today = timezone.localdate(at, invoice.school.zone)
    owed = to_be_followed_up(Invoice.objects.filter(pk=invoice.pk), today=today)
    due_on = invoice.due_on
    if due_on is None or not settings_of(invoice.school).sends_reminders or not owed.exists():
        return None
    return next_step(
        [rung_of(step) for step in ReminderStep.objects.all()],
        steps_taken(invoice),
        due_on=due_on,
        today=today,
        law=LAWS.get(invoice.school.country),
    )


def _charge(follow_up: FollowUp, invoice: Invoice, at: datetime) -> None:
    school, student = invoice.school, invoice.student
    with translation.override(student.membership.user.language):
        words = _("Reminder fee, invoice %(number)s") % {"number": invoice.number}
    charge = Charge(
        EntryKind.REMINDER_FEE,
        Money(follow_up.fee_minor, school.currency),
        words,
        exempt_vat_code(school),
        follow_up=follow_up,
    )
    issue_invoice(student=student, charges=[charge], by=None, at=at)


@use_case
def note_follow_up(
    *, invoice_id: int, note: str, by: Membership, at: datetime, request_key: UUID
) -> FollowUp:
    """Write down what the office did about an invoice. The same ``request_key`` does it once.

    Raises Refused: ``note-missing``; Invoice.DoesNotExist when ``by`` cannot see it.
    """
    return _write(invoice_id, FollowUpKind.NOTE, note, by, at, request_key)


@use_case
def pause_reminders(
    *,
    invoice_id: int,
    note: str,
    until: date | None,
    by: Membership,
    at: datetime,
    request_key: UUID,
) -> FollowUp:
    """Let an invoice rest to the end of ``until``, a day in the school's zone; None is no end.

    While it rests it takes no step and blocks no booking. Raises Refused: ``note-missing``,
    ``until-past``, ``not-open``; Invoice.DoesNotExist when ``by`` cannot see it.
    """

    def check(invoice: Invoice, today: date) -> Refusal | None:
        if not invoice.is_open:
            return Refusal("not-open", _("Nothing is owed on this invoice."))
        if until is not None and until < today:
            return Refusal("until-past", _("That day has passed."))
        return None

    return _write(
        invoice_id, FollowUpKind.PAUSED, note, by, at, request_key, check=check, until=until
    )


@use_case
def resume_reminders(
    *, invoice_id: int, note: str, by: Membership, at: datetime, request_key: UUID
) -> FollowUp:
    """End the pause of an invoice: its next step comes when the ladder says so.

    Raises Refused: ``not-paused``; Invoice.DoesNotExist when ``by`` cannot see it.
    """

    def check(invoice: Invoice, today: date) -> Refusal | None:
        if pause_of(invoice, today=today) is None:
            return Refusal("not-paused", _("The reminders are not paused."))
        return None

    return _write(invoice_id, FollowUpKind.RESUMED, note, by, at, request_key, check=check)


Check = Callable[[Invoice, date], Refusal | None]


def _write(  # noqa: PLR0913 -- one line of the log, and who wants it
    invoice_id: int,
    kind: FollowUpKind,
    note: str,
    by: Membership,
    at: datetime,
    request_key: UUID,
    *,
    check: Check | None = None,
    **fields: Any,
) -> FollowUp:
    invoice = invoice_seen(by, invoice_id)
    lock_invoices([invoice_id])
    before = FollowUp.objects.filter(request_key=request_key, invoice=invoice, kind=kind).first()
    if before is not None:
        return before
    said = " ".join(note.split())[:NOTE_LENGTH]
    if not said and kind != FollowUpKind.RESUMED:
        raise Refused(Refusal("note-missing", _("Write what was agreed.")))
    if check is not None:
        invoice.refresh_from_db(fields=["status"])
        enforce(check(invoice, timezone.localdate(at, by.school.zone)))
    return FollowUp.objects.create(
        school=by.school,
        invoice=invoice,
        kind=kind,
        note=said,
        request_key=request_key,
        made_by=by.user,
        happened_at=at,
        **fields,
    )
