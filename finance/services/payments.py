"""Money comes in: one row, one ledger entry, the invoices it covers, one announcement."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from administration.models import Membership, Student, User
from finance.enums import EntryKind, PaymentChange, PaymentFlag, PaymentMethod, PaymentStatus
from finance.models import Invoice, LedgerEntry, Payment, PaymentEvent
from finance.services.allocation import allocate, hold_money, lock_invoices
from finance.services.requests import fingerprint, replayed
from finance.signals import payment_changed
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.transactions import use_case


@use_case
def register_manual_payment(  # noqa: PLR0913 -- what a receipt says, each by name
    *,
    student_id: int,
    invoice_ids: Sequence[int],
    amount: Money,
    method: PaymentMethod,
    received_on: date,
    by: Membership,
    at: datetime,
    request_key: UUID,
    even_if_double: bool = False,
) -> Payment:
    """Write down money that a member of staff received, and put it against the invoices.

    ``received_on`` is a day in the school's zone. The invoices are covered in the order they fall
    due; what is left over stays the student's credit. The same ``request_key`` gives the same
    payment; used for another one it is refused (``request-reused``). Raises Refused:
    ``amount-not-positive``, ``wrong-currency``, ``payment-in-future``, ``not-their-invoice``, and
    ``payment-looks-double`` (overridden by ``even_if_double``) when the same amount was already
    received from this student on that day.
    """
    student = Student.objects.visible_to(by).select_related("school").get(pk=student_id)
    hold_money(student_id)
    asked = fingerprint(student_id, sorted(invoice_ids), amount, str(method), received_on)
    before = replayed(Payment.objects.filter(request_key=request_key).first(), asked)
    if before is not None:
        return before
    enforce(_refuse_amount(amount, student))
    enforce(_refuse_day(received_on, timezone.localdate(at, student.school.zone)))
    payment = Payment(
        school=student.school,
        student=student,
        amount_minor=amount.minor,
        currency=amount.currency,
        method=method,
        received_on=received_on,
        created_at=at,
        registered_by=by.user,
        request_key=request_key,
        fingerprint=asked,
    )
    if not even_if_double:
        enforce(_refuse_double(payment))
    return receive(payment, _invoices_of(student, invoice_ids, by), by=by.user, at=at)


def _invoices_of(student: Student, invoice_ids: Sequence[int], by: Membership) -> list[Invoice]:
    theirs = Invoice.objects.visible_to(by).filter(student=student, pk__in=invoice_ids)
    if theirs.count() != len(set(invoice_ids)):
        raise Refused(Refusal("not-their-invoice", _("That invoice is not this student’s.")))
    return lock_invoices(invoice_ids)


def _refuse_amount(amount: Money, student: Student) -> Refusal | None:
    if amount.currency != student.school.currency:
        text = _("This school is paid in %(currency)s.") % {"currency": student.school.currency}
        return Refusal("wrong-currency", text)
    if amount.minor <= 0:
        return Refusal("amount-not-positive", _("Write an amount above zero."))
    return None


def _refuse_day(received_on: date, today: date) -> Refusal | None:
    if received_on > today:
        return Refusal("payment-in-future", _("That day has not come yet."))
    return None


def _refuse_double(payment: Payment) -> Refusal | None:
    twin = Payment.objects.filter(
        student=payment.student_id,
        amount_minor=payment.amount_minor,
        received_on=payment.received_on,
    ).first()
    if twin is None:
        return None
    text = _(
        "%(amount)s was already received from %(student)s that day (%(number)s). "
        "Tick the box below if this is another payment."
    ) % {"amount": twin.amount, "student": payment.student, "number": twin.number}
    return Refusal("payment-looks-double", text, {"payment": twin.pk}, overridable=True)


def receive(
    payment: Payment, invoices: Sequence[Invoice], *, by: User | None, at: datetime
) -> Payment:
    """Save a payment with everything that follows from it; ``invoices`` are locked.

    Money of a foreign currency is kept for review: it enters no ledger and covers nothing.
    """
    if payment.flag == PaymentFlag.CURRENCY:
        payment.status = PaymentStatus.IN_REVIEW
    payment.save()
    if payment.status == PaymentStatus.RECEIVED:
        _post(payment, by=by, at=at)
        allocate(payment, invoices, by=by, at=at)
        _announce(payment, PaymentChange.RECEIVED, by=by, at=at)
    if payment.flag:
        _announce(payment, PaymentChange.FLAGGED, by=by, at=at)
    return payment


def _post(payment: Payment, *, by: User | None, at: datetime) -> None:
    LedgerEntry.objects.create(
        school_id=payment.school_id,
        student_id=payment.student_id,
        kind=EntryKind.PAYMENT,
        amount_minor=-payment.amount_minor,
        currency=payment.currency,
        payment=payment,
        made_by=by,
        posted_at=at,
    )


def _announce(payment: Payment, change: PaymentChange, *, by: User | None, at: datetime) -> None:
    event = PaymentEvent.objects.create(
        school_id=payment.school_id, payment=payment, change=change, happened_at=at, made_by=by
    )
    payment_changed.send(sender=Payment, event=event)
