"""What people owe and have paid: always summed from the ledger, never stored."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid4

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from administration.models import Membership, School, Student
from finance.enums import (
    EntryKind,
    InvoiceFilter,
    InvoiceStatus,
    ProductFilter,
    ProductKind,
    VatTreatment,
)
from finance.models import (
    FinanceSettings,
    Invoice,
    LedgerEntry,
    Payment,
    PaymentAllocation,
    Product,
)
from finance.models.catalogue import ProductQuerySet
from finance.models.invoices import InvoiceQuerySet
from finance.reminder_queries import with_holding
from justdriving.kernel.money import Money
from justdriving.kernel.tenancy import active_school_id

FEES = (EntryKind.CANCELLATION_FEE, EntryKind.NO_SHOW_FEE)


def fees_standing(booking_id: int) -> dict[int, LedgerEntry]:
    """By participation, the fee for missing or cancelling a lesson that nobody has waived."""
    of_the_booking = LedgerEntry.objects.filter(
        participation_transition__participation__booking=booking_id
    )
    waived = of_the_booking.filter(kind=EntryKind.CORRECTION).values("participation_transition")
    fees = (
        of_the_booking.filter(kind__in=FEES)
        .exclude(participation_transition__in=waived)
        .alias(credited=Coalesce(Sum("invoice_line__credit_lines__total_minor"), 0))
        .filter(credited__lt=F("amount_minor"))
    )
    return {
        fee.participation_transition.participation_id: fee
        for fee in fees.select_related("participation_transition")
        if fee.participation_transition
    }


def settings_of(school: School) -> FinanceSettings:
    """How this school bills; the defaults, unsaved, when it never said."""
    chosen = FinanceSettings.objects.select_related("signup_fee__vat_code").first()
    return chosen or FinanceSettings(school=school)


def balances_of(student_ids: Iterable[int]) -> dict[int, Money]:
    """What each of these students owes: the sum of their ledger. Below zero is credit.

    Two queries, however many students.
    """
    wanted = set(student_ids)
    currency = School.objects.values_list("currency", flat=True).get(pk=active_school_id())
    sums = (
        LedgerEntry.objects.filter(student__in=wanted)
        .order_by()
        .values_list("student")
        .annotate(total=Sum("amount_minor"))
    )
    return dict.fromkeys(wanted, Money(0, currency)) | {
        student: Money(total, currency) for student, total in sums
    }


def balance_of(student: Student) -> Money:
    """What this student owes; below zero is credit."""
    return balances_of([student.pk])[student.pk]


def open_amount(student: Student) -> Money:
    """What remains to be paid on this student's issued invoices."""
    return student.school.money(_due_in_all(Invoice.objects.filter(student=student)))


def _due_in_all(invoices: InvoiceQuerySet) -> int:
    open_ = invoices.open().with_paid().order_by()
    left = Sum(F("total_minor") - F("paid_minor") - F("credited_minor"))
    return open_.aggregate(left=left)["left"] or 0


def unpaid_invoices(member: Membership) -> InvoiceQuerySet:
    """The open invoices this person can see, the oldest first, with their ``due`` amount."""
    unpaid: InvoiceQuerySet = Invoice.objects.visible_to(member).open().with_paid()
    return unpaid.order_by("due_on", "pk")


def credit_of(student: Student) -> Money:
    """Money received from this student that covers no invoice yet."""
    received = Payment.objects.received().filter(student=student).with_free()
    return student.school.money(received.aggregate(total=Sum("free_minor"))["total"] or 0)


def dues_of(invoices: Iterable[Invoice]) -> dict[int, int]:
    """Minor units that each of these issued invoices still asks for."""
    seen = Invoice.objects.filter(pk__in=[invoice.pk for invoice in invoices]).with_paid()
    left = F("total_minor") - F("paid_minor") - F("credited_minor")
    return dict(seen.order_by().values_list("pk", left))


def free_of(payments: Iterable[Payment]) -> dict[int, int]:
    """Minor units of each of these payments that cover no invoice."""
    seen = Payment.objects.filter(pk__in=[payment.pk for payment in payments]).with_free()
    return dict(seen.order_by().values_list("pk", F("free_minor")))


@dataclass(frozen=True, slots=True)
class Share:
    """So much of one payment covers one invoice, all rows together."""

    payment: Payment
    invoice_id: int
    invoice_number: str
    amount: Money
    request_key: UUID = field(default_factory=uuid4)


def shares_of(student: Student) -> list[Share]:
    """What the payments of a student cover now, the newest first. Two queries."""
    sums = (
        PaymentAllocation.objects.filter(payment__student=student)
        .order_by("-payment_id", "invoice_id")
        .values_list("payment_id", "invoice_id", "invoice__number")
        .annotate(total=Sum("amount_minor"))
    )
    rows = [row for row in sums if row[3]]
    payments = Payment.objects.in_bulk({row[0] for row in rows})
    return [
        Share(payments[pk], invoice, number, student.school.money(total))
        for pk, invoice, number, total in rows
    ]


def covered_by(payment: Payment) -> list[tuple[str, Money]]:
    """The numbers of the invoices this payment covers, and how much of each."""
    sums = (
        PaymentAllocation.objects.filter(payment=payment)
        .order_by("invoice__number")
        .values_list("invoice__number")
        .annotate(total=Sum("amount_minor"))
    )
    return [(number, Money(total, payment.currency)) for number, total in sums if total]


def lesson_product(lesson_type_id: int) -> Product | None:
    """The price of a lesson type: the one in use, else the last one that was."""
    products = Product.objects.filter(kind=ProductKind.LESSON, lesson_type=lesson_type_id)
    return products.select_related("vat_code").order_by("-is_active", "-pk").first()


def products_found(member: Membership, *, search: str, show: str) -> ProductQuerySet:
    """The price list as this member sees it, narrowed by words and by kind, by name."""
    seen: ProductQuerySet = Product.objects.visible_to(member)
    outlay = Q(vat_code__treatment=VatTreatment.OUTLAY)
    match show:
        case ProductFilter.LESSON:
            seen = seen.sold().filter(kind=ProductKind.LESSON)
        case ProductFilter.FEE:
            seen = seen.sold().exclude(kind=ProductKind.LESSON).exclude(outlay)
        case ProductFilter.OUTLAY:
            seen = seen.sold().filter(outlay)
        case ProductFilter.PUT_AWAY:
            seen = seen.filter(is_active=False)
        case _:
            seen = seen.sold()
    for word in search.split():
        seen = seen.filter(Q(name__icontains=word) | Q(account_code__icontains=word))
    return seen.select_related("vat_code", "lesson_type", "school").order_by("kind", "name")


@dataclass(frozen=True, slots=True)
class Account:
    """Everything a person sees about one student's money. ``balance`` below zero is credit."""

    student: Student
    balance: Money
    due: Money
    open_invoices: list[Invoice]
    settled_invoices: list[Invoice]
    payments: list[Payment]

    @property
    def unspent(self) -> list[Payment]:
        """The payments of which something covers no invoice."""
        return [one for one in self.payments if one.status == "received" and one.free]

    @property
    def is_held(self) -> bool:
        """Whether one of the invoices blocks new bookings."""
        return any(one.is_holding for one in self.open_invoices)  # type: ignore[attr-defined]  # annotated

    @property
    def credit(self) -> Money | None:
        return -self.balance if self.balance.minor < 0 else None


def account_of(student: Student, member: Membership, *, today: date) -> Account:
    """The student's money as ``member`` may see it; ``today`` is a day in the school's zone.

    A fixed number of queries, however many invoices and payments there are.
    """
    theirs = Invoice.objects.visible_to(member).filter(student=student).issued()
    invoices = list(
        with_holding(theirs.with_paid().with_overdue(today=today), today=today)
        .prefetch_related("lines")
        .order_by("-issued_on", "-pk")
    )
    open_ = [invoice for invoice in reversed(invoices) if invoice.is_open]
    nothing = student.school.money(0)
    return Account(
        student=student,
        balance=balance_of(student),
        due=sum((invoice.due for invoice in open_), nothing),
        open_invoices=open_,
        settled_invoices=[invoice for invoice in invoices if not invoice.is_open],
        payments=list(Payment.objects.visible_to(member).filter(student=student).with_free()),
    )


@dataclass(frozen=True, slots=True)
class InvoiceSums:
    """What a list of invoices comes to."""

    count: int
    total: Money
    due: Money


def sums_of(invoices: InvoiceQuerySet, school: School) -> InvoiceSums:
    """Three queries over the whole list, not only the page that is shown."""
    found = invoices.order_by()
    total = found.aggregate(total=Sum("total_minor"))["total"] or 0
    return InvoiceSums(found.count(), school.money(total), school.money(_due_in_all(found)))


def invoices_found(member: Membership, *, search: str, show: str, today: date) -> InvoiceQuerySet:
    """The issued invoices this member sees, narrowed by words and by state, newest first."""
    seen: InvoiceQuerySet = Invoice.objects.visible_to(member).issued()
    match show:
        case InvoiceFilter.OPEN:
            seen = seen.open()
        case InvoiceFilter.OVERDUE:
            seen = seen.overdue(today=today)
        case InvoiceFilter.PAID:
            seen = seen.filter(status=InvoiceStatus.PAID)
    for word in search.split():
        named = Q(number__icontains=word) | Q(student__membership__user__full_name__icontains=word)
        seen = seen.filter(named)
    return seen.order_by("-issued_on", "-pk")
