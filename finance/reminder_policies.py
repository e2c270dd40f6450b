"""Decisions about reminders: what a ladder may say, and which step an invoice takes next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from django.utils.translation import gettext as _

from finance.enums import ReminderAction
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal


@dataclass(frozen=True, slots=True)
class ReminderLaw:
    """What a country lets a creditor charge for reminding; ``most_fee_minor`` for one letter."""

    most_fee_minor: int
    most_fees: int
    days_between: int


LAWS = {"DK": ReminderLaw(most_fee_minor=100_00, most_fees=3, days_between=10)}
"""Denmark: renteloven § 9 b, 2. A letter with a fee comes ten days after the
overdue letter before it; a friendly word before the due date is none."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder, ``days`` after the due date; ``fee_minor`` in minor units."""

    days: int
    action: ReminderAction
    fee_minor: int = 0
    blocks_booking: bool = False


DEFAULT_LADDER = (
    Rung(-3, ReminderAction.FRIENDLY),
    Rung(3, ReminderAction.REMINDER),
    Rung(14, ReminderAction.FEE, fee_minor=100_00),
    Rung(28, ReminderAction.FEE, fee_minor=100_00),
    Rung(42, ReminderAction.FINAL, blocks_booking=True),
)
"""What a school begins with; every step keeps within the Danish law."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that an invoice took on a day of the school's calendar."""

    days: int
    on: date
    fee_minor: int = 0


def refuse_ladder(
    ladder: Iterable[Rung], law: ReminderLaw | None, *, currency: str
) -> Refusal | None:
    """Whether the law of the country lets a school remind like this; None when it does."""
    if law is None:
        return None
    steps = sorted(ladder, key=lambda rung: rung.days)
    if any(rung.fee_minor > law.most_fee_minor for rung in steps):
        most = Money(law.most_fee_minor, currency).localized()
        text = _("The law allows at most %(most)s for one reminder.") % {"most": most}
        return Refusal("fee-too-high", text, {"most_minor": law.most_fee_minor})
    if sum(rung.fee_minor > 0 for rung in steps) > law.most_fees:
        text = _("The law allows at most %(count)d reminders with a fee.") % {
            "count": law.most_fees
        }
        return Refusal("too-many-fees", text, {"most": law.most_fees})
    overdue = [rung for rung in steps if rung.days > 0]
    for before, rung in pairwise(overdue):
        if rung.fee_minor and rung.days - before.days < law.days_between:
            text = _(
                "A reminder with a fee comes at least %(days)d days after the reminder before it."
            ) % {"days": law.days_between}
            return Refusal("too-close", text, {"days": rung.days, "before": before.days})
    return None


def next_step(
    ladder: Iterable[Rung],
    taken: Sequence[Taken],
    *,
    due_on: date,
    today: date,
    law: ReminderLaw | None = None,
) -> Rung | None:
    """The step to take today, None while there is none. Days are of the school's calendar.

    Steps keep their order and at least their distance, also when the first came late; one that
    comes before the due date is left out once that has passed.
    """
    last = max(taken, key=lambda step: step.days, default=None)
    fees = sum(step.fee_minor > 0 for step in taken)
    for rung in sorted(ladder, key=lambda rung: rung.days):
        if last and rung.days <= last.days:
            continue
        if rung.action == ReminderAction.FRIENDLY and today > due_on:
            continue
        if law and rung.fee_minor and fees >= law.most_fees:
            continue
        return rung if today >= _earliest(rung, last, due_on, law) else None
    return None


def _earliest(rung: Rung, last: Taken | None, due_on: date, law: ReminderLaw | None) -> date:
    day = due_on + timedelta(days=rung.days)
    if last is None:
        return day
    wait = rung.days - last.days
    if law and rung.fee_minor and last.days > 0:
        wait = max(wait, law.days_between)
    return max(day, last.on + timedelta(days=wait))
