"""What a student was charged, credited, paid and given back, with the balance after each line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Sum
from django.utils import timezone

from administration.models import Student
from finance.enums import EntryKind
from finance.models import LedgerEntry
from justdriving.kernel.money import Money


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One entry of the ledger. ``amount`` above zero is owed, below zero it is paid or credited."""

    day: date
    what: str
    document: str
    amount: Money
    balance: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """Some days of a student's ledger, both ends included."""

    student: Student
    first: date
    last: date
    opening: Money
    lines: list[StatementLine]

    @property
    def closing(self) -> Money:
        return self.lines[-1].balance if self.lines else self.opening

    @property
    def owed(self) -> Money:
        """What was charged or given back in these days."""
        return self._sum(line.amount for line in self.lines if line.amount.minor > 0)

    @property
    def settled(self) -> Money:
        """What was paid or credited in these days."""
        return -self._sum(line.amount for line in self.lines if line.amount.minor < 0)

    def _sum(self, amounts: Iterator[Money]) -> Money:
        return sum(amounts, Money(0, self.opening.currency))


def statement_of(student: Student, first: date, last: date) -> Statement:
    """The ledger of these days, which are days in the school's zone. Two queries."""
    zone = student.school.zone
    since = datetime.combine(first, time(), zone)
    until = datetime.combine(last + timedelta(days=1), time(), zone)
    entries = LedgerEntry.objects.filter(student=student)
    before = entries.filter(posted_at__lt=since).aggregate(total=Sum("amount_minor"))["total"]
    opening = balance = student.school.money(before or 0)
    found = (
        entries.filter(posted_at__gte=since, posted_at__lt=until)
        .select_related("payment", "credit_note__invoice", "refund", "invoice_line__invoice")
        .order_by("posted_at", "pk")
    )
    lines = []
    for entry in found:
        balance += entry.amount
        day = timezone.localdate(entry.posted_at, zone)
        what, document = _words(entry)
        lines.append(StatementLine(day, what, document, entry.amount, balance))
    return Statement(student, first, last, opening, lines)


def _words(entry: LedgerEntry) -> tuple[str, str]:
    """What it was for, and the number of its paper."""
    kind = str(EntryKind(entry.kind).label)
    if entry.payment:
        return f"{kind}: {entry.payment.get_method_display()}", entry.payment.number
    if entry.credit_note:
        return f"{kind}: {entry.reason}", entry.credit_note.number
    if entry.refund:
        return f"{kind}: {entry.reason}", entry.refund.number
    line = getattr(entry, "invoice_line", None)
    if line is not None:
        return line.description, line.invoice.number
    return f"{kind}: {entry.reason}" if entry.reason else kind, ""
