"""Who owes what, and since when: summed from the open invoices, next to what the ledger says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import F

from administration.models import Membership, School
from finance.enums import AgeBucket, AgeingOrder
from finance.models import Invoice
from finance.queries import balances_of
from justdriving.kernel.money import Money

LIMITS = (
    (0, AgeBucket.NOT_DUE),
    (30, AgeBucket.TO_30),
    (60, AgeBucket.TO_60),
    (90, AgeBucket.TO_90),
)
"""Up to so many days after the due date an amount is in this bucket."""


def bucket_of(due_on: date, *, today: date) -> AgeBucket:
    late = (today - due_on).days
    return next((bucket for most, bucket in LIMITS if late <= most), AgeBucket.OVER_90)


def _named(amounts: Sequence[Money]) -> list[tuple[str, Money]]:
    return list(zip(map(str, AgeBucket.labels), amounts, strict=True))


@dataclass(slots=True)
class Payer:
    """What one student owes, by age in minor units. ``balance`` is the sum of the ledger."""

    student_id: int
    name: str
    balance: Money
    oldest: date
    minor: dict[AgeBucket, int] = field(default_factory=lambda: dict.fromkeys(AgeBucket, 0))

    @property
    def amounts(self) -> list[Money]:
        """One for each bucket, the youngest first."""
        return [Money(minor, self.balance.currency) for minor in self.minor.values()]

    @property
    def by_age(self) -> list[tuple[str, Money]]:
        """Each amount with the name of its bucket."""
        return _named(self.amounts)

    @property
    def open(self) -> Money:
        """What the open invoices ask for."""
        return Money(sum(self.minor.values()), self.balance.currency)

    @property
    def beside(self) -> Money:
        """What the ledger holds besides open invoices: below zero it is credit."""
        return self.balance - self.open


def payers_of(
    member: Membership,
    *,
    today: date,
    search: str = "",
    department_id: int | None = None,
    order: str = AgeingOrder.MOST,
) -> list[Payer]:
    """Everybody the member sees who has something to pay; ``today`` is in the school's zone.

    Three queries, however many they are.
    """
    seen = Invoice.objects.visible_to(member).open().with_paid()
    if department_id is not None:
        seen = seen.filter(student__department=department_id)
    for word in search.split():
        seen = seen.filter(student__membership__user__full_name__icontains=word)
    rows = seen.order_by("due_on", "pk").values_list(
        "student_id",
        "student__membership__user__full_name",
        "due_on",
        F("total_minor") - F("paid_minor") - F("credited_minor"),
    )
    return _ordered(_added_up(list(rows), today), order)


def _added_up(rows: Sequence[tuple[int, str, date, int]], today: date) -> list[Payer]:
    """The rows come with the earliest due date first."""
    balances = balances_of(row[0] for row in rows)
    payers: dict[int, Payer] = {}
    for pk, name, due_on, left in rows:
        payer = payers.setdefault(pk, Payer(pk, name, balances[pk], due_on))
        payer.minor[bucket_of(due_on, today=today)] += left
    return list(payers.values())


def _ordered(payers: list[Payer], order: str) -> list[Payer]:
    payers.sort(key=lambda payer: (payer.name.casefold(), payer.student_id))
    match order:
        case AgeingOrder.NAME:
            pass
        case AgeingOrder.OLDEST:
            payers.sort(key=lambda payer: payer.oldest)
        case _:
            payers.sort(key=lambda payer: -payer.open.minor)
    return payers


@dataclass(frozen=True, slots=True)
class AgeingSums:
    """What all of them come to together; ``amounts`` has one for each bucket."""

    amounts: list[Money]
    open: Money
    balance: Money

    @property
    def by_age(self) -> list[tuple[str, Money]]:
        """Each amount with the name of its bucket."""
        return _named(self.amounts)

    @property
    def overdue(self) -> Money:
        return self.open - self.amounts[0]


def sums_of_payers(payers: Iterable[Payer], school: School) -> AgeingSums:
    found, nothing = list(payers), school.money(0)
    by_bucket = [school.money(sum(payer.minor[bucket] for payer in found)) for bucket in AgeBucket]
    balance = sum((payer.balance for payer in found), nothing)
    return AgeingSums(by_bucket, sum(by_bucket, nothing), balance)
