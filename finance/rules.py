"""The rule that finance adds to the calendar: who owes too much, or too long, pays first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.db.models import BigIntegerField, Exists, F, OuterRef, QuerySet, Subquery, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from administration.models import Student
from bookings.enums import Party
from bookings.ports import Overridable, Overrides, Proposal, Search
from bookings.queries.diary import diary_of
from finance.models import Invoice, LedgerEntry
from finance.reminder_queries import held_by, holding
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal
from justdriving.kernel.reads import Reading


@dataclass(frozen=True, slots=True)
class Debts:
    """What the students (by id) owe who owe ``most`` minor units or more, and the invoices that
    hold somebody whatever they owe.
    """

    most: int
    owed: Mapping[int, Money]
    held: Mapping[int, Invoice]


class WithinDebtLimit:
    """A student whose ledger says they owe the school's limit or more books nothing; neither does
    one with an invoice at a step of the reminders that blocks bookings.

    Teachers read that something must be paid, not how much.
    """

    code = "in-debt"
    hold = "payment-hold"
    overridable: ClassVar[Overrides] = {
        code: Overridable(gettext_lazy("Debt"), is_personal=True),
        hold: Overridable(gettext_lazy("Invoice long overdue"), is_personal=True),
    }

    def load(self, search: Search) -> Debts | None:
        """One query for all students, and one more when somebody is held."""
        if not search.students:
            return None
        today = timezone.localdate(search.at, search.zone)
        most = diary_of(search).limits.max_debt_minor
        found = _standing(tuple(one.pk for one in search.students), today)
        owed = {
            one["pk"]: Money(one["total"], one["currency"])
            for one in found
            if most is not None and one["total"] and one["total"] >= max(most, 1)
        }
        held_ids = [one["pk"] for one in found if one["is_held"]]
        held = held_by(held_ids, today=today) if held_ids else {}
        return Debts(most or 0, owed, held) if owed or held else None

    def refuse(self, proposal: Proposal, facts: Debts) -> Iterable[Refusal]:
        yield from self._refuse_debt(proposal, facts)
        yield from self._refuse_held(proposal, facts)

    def _refuse_debt(self, proposal: Proposal, facts: Debts) -> Iterable[Refusal]:
        owing = [(one, facts.owed[one.pk]) for one in proposal.students if one.pk in facts.owed]
        if not owing:
            return
        message = " ".join(
            self._template(proposal.party)
            % {
                "student": student,
                "owed": owed.localized(),
                "most": Money(facts.most, owed.currency).localized(),
            }
            for student, owed in owing
        )
        told = {} if proposal.party == Party.TEACHER else {"owed_minor": owing[0][1].minor}
        yield Refusal(self.code, message, {"most_minor": facts.most, **told}, overridable=True)

    def _refuse_held(self, proposal: Proposal, facts: Debts) -> Iterable[Refusal]:
        held = [(one, facts.held[one.pk]) for one in proposal.students if one.pk in facts.held]
        if not held:
            return
        message = " ".join(
            self._held_template(proposal.party)
            % {"student": student, "number": invoice.number, "due": invoice.due.localized()}
            for student, invoice in held
        )
        told = {} if proposal.party == Party.TEACHER else {"invoice": held[0][1].pk}
        yield Refusal(self.hold, message, told, overridable=True)

    def _template(self, party: Party) -> str:
        match party:
            case Party.STUDENT:
                return _("You owe %(owed)s. Please pay before you book: the limit is %(most)s.")
            case Party.TEACHER:
                return _("%(student)s must pay the school before the next booking.")
            case _:
                return _("%(student)s owes %(owed)s; the limit is %(most)s.")

    def _held_template(self, party: Party) -> str:
        match party:
            case Party.STUDENT:
                return _(
                    "Invoice %(number)s is long overdue. Pay %(due)s under Money, and you can book "
                    "again."
                )
            case Party.TEACHER:
                return _("%(student)s must pay the school before the next booking.")
            case _:
                return _("%(student)s: invoice %(number)s is long overdue, %(due)s is missing.")


@Reading
def _standing(student_ids: tuple[int, ...], today: date) -> QuerySet[Student, dict[str, Any]]:
    """What the ledger says that each student owes (``total``), and whether an invoice holds them.

    Asked for every booking.
    """
    sums = (
        LedgerEntry.objects.filter(student=OuterRef("pk"))
        .order_by()
        .values("student")
        .annotate(total=Sum("amount_minor"))
        .values("total")
    )
    parts = {
        "currency": F("school__currency"),
        "total": Subquery(sums, output_field=BigIntegerField()),
        "is_held": Exists(holding(today=today).filter(student=OuterRef("pk"))),
    }
    students = Student.objects.filter(pk__in=student_ids).order_by().annotate(**parts)
    found: QuerySet[Student, dict[str, Any]] = students.values("pk", *parts)
    return found
