"""The ladder of a school: its steps, and whether it is followed."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from administration.models import Membership
from administration.services.noting import note_changes, set_and_note
from finance.models import FinanceSettings, ReminderStep
from finance.reminder_policies import LAWS, refuse_ladder
from finance.reminder_queries import ladder_of, rung_of
from finance.reminder_words import day_in_words, step_in_words
from finance.services.catalogue import open_books
from justdriving.kernel.policy import Refusal, enforce
from justdriving.kernel.transactions import refusing, use_case


@use_case
def send_reminders(*, on: bool, by: Membership, at: datetime) -> FinanceSettings:
    """Begin to follow overdue invoices up, or stop; a school without a ladder gets the default."""
    books = _hold(by)
    if on:
        _keep_ladder(by)
    set_and_note(books, {"sends_reminders": on}, by=by, at=at, name="")
    return books


@use_case
def save_step(
    *, step: ReminderStep | None, values: dict[str, Any], by: Membership, at: datetime
) -> ReminderStep:
    """Add a step to the ladder or change one; what an invoice went through stays as it was.

    ``values`` are the fields of ReminderStep. Raises Refused: ``day-taken``, and what
    ``refuse_ladder`` finds against the law of the country: ``fee-too-high``, ``too-many-fees``,
    ``too-close``.
    """
    _hold(by)
    _keep_ladder(by)
    step = step or ReminderStep(school=by.school)
    taken = Refusal("day-taken", _("There is a step on that day already."))
    name = day_in_words(values["days"])
    with refusing({"one_reminder_step_a_day": lambda: taken}):
        set_and_note(step, values, by=by, at=at, name=name)
    ladder = [rung_of(one) for one in ReminderStep.objects.all()]
    law = LAWS.get(by.school.country)
    enforce(refuse_ladder(ladder, law, currency=by.school.currency))
    return step


@use_case
def remove_step(*, step: ReminderStep, by: Membership, at: datetime) -> None:
    """Take a step off the ladder; invoices that took it keep it in their log."""
    _hold(by)
    was = {"step": (step_in_words(step), "")}
    note_changes(step, was, by=by, at=at, name=day_in_words(step.days))
    step.delete()


def _hold(by: Membership) -> FinanceSettings:
    """Whoever changes the ladder waits here, so that two changes are judged together."""
    open_books(school=by.school)
    return FinanceSettings.objects.select_for_update().get()


def _keep_ladder(by: Membership) -> None:
    if not ReminderStep.objects.exists():
        ReminderStep.objects.bulk_create(ladder_of(by.school))
