"""The rule that finance adds to the calendar: who owes too much pays before they book."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.enums import Party
from bookings.ports import Overridable, Overrides, Proposal, Search
from bookings.queries.diary import diary_of
from finance.models import LedgerEntry
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal


@dataclass(frozen=True, slots=True)
class Debts:
    """What the students (by id) owe who owe ``most`` minor units or more."""

    most: int
    owed: Mapping[int, Money]


class WithinDebtLimit:
    """A student whose ledger says they owe the school's limit or more books nothing.

    Teachers read that something must be paid, not how much.
    """

    code = "in-debt"
    overridable: ClassVar[Overrides] = {code: Overridable(gettext_lazy("Debt"), is_personal=True)}

    def load(self, search: Search) -> Debts | None:
        """One query for all students, none for a school without a limit."""
        most = diary_of(search).limits.max_debt_minor
        if most is None or not search.students:
            return None
        sums = (
            LedgerEntry.objects.filter(student__in=[one.pk for one in search.students])
            .order_by()
            .values_list("student", "currency")
            .annotate(total=Sum("amount_minor"))
            .filter(total__gt=0, total__gte=most)
        )
        owed = {student: Money(total, currency) for student, currency, total in sums}
        return Debts(most, owed) if owed else None

    def refuse(self, proposal: Proposal, facts: Debts) -> Iterable[Refusal]:
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

    def _template(self, party: Party) -> str:
        match party:
            case Party.STUDENT:
                return _("You owe %(owed)s. Please pay before you book: the limit is %(most)s.")
            case Party.TEACHER:
                return _("%(student)s must pay the school before the next booking.")
            case _:
                return _("%(student)s owes %(owed)s; the limit is %(most)s.")
