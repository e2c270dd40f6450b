"""From what happened to an invoice: the charge enters the ledger, the invoice gets its number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from administration.enums import StudentChange
from administration.models import Student, StudentEvent, User
from bookings.enums import ParticipationStatus
from bookings.models import LessonType, Participation, ParticipationTransition
from bookings.ports import PricePart
from finance.enums import Document, EntryKind, InvoiceStatus
from finance.models import (
    FollowUp,
    Invoice,
    InvoiceEvent,
    InvoiceLine,
    LedgerEntry,
    VatCode,
)
from finance.policies import line_sums
from finance.pricing import cancellation_charge, no_show_charge, product_quote
from finance.queries import lesson_product, settings_of
from finance.services.allocation import hold_money, spend_credit
from finance.services.catalogue import standard_vat_code
from finance.services.lesson_credits import charged_before, credit_lesson
from finance.services.line_parts import explain_lines
from finance.services.numbering import take_number
from finance.services.waiving import credit_waived
from finance.signals import invoice_changed
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal, Refused
from justdriving.kernel.transactions import refusing, use_case
from justdriving.templatetags.formats import when


@dataclass(frozen=True, slots=True)
class Charge:
    """One thing a student owes and why. ``amount`` includes VAT; exactly one cause is given."""

    kind: EntryKind
    amount: Money
    description: str
    vat_code: VatCode
    participation_transition: ParticipationTransition | None = None
    student_event: StudentEvent | None = None
    follow_up: FollowUp | None = None
    parts: Sequence[PricePart] = ()
    """The steps that add up to the amount, where they are known."""


@use_case
def bill_participation(transition: ParticipationTransition) -> Invoice | None:
    """Charge what an attended, missed or cancelled place costs, and issue the invoice.

    Returns the invoice, or None when nothing more is owed. Called again for the same transition it
    returns the invoice of the first time. A fee that was waived with the cancellation is charged
    and credited in the ledger; nobody is sent an invoice for it. A lesson that was invoiced before
    is not billed again: when it does not come off, it is credited but for the fee. A place that was
    just taken owes nothing yet: nothing is read.
    """
    if transition.to_status == ParticipationStatus.BOOKED:
        return None
    charge = _charge_of(transition)
    before = charged_before(transition)
    if before:
        if transition.to_status in {ParticipationStatus.ABSENT, ParticipationStatus.CANCELLED}:
            waived = transition.booking_transition.fee_waived
            owed = charge.amount if charge and not waived else Money(0, before.currency)
            credit_lesson(before, transition, owed)
        return None
    if not charge:
        return None
    student = transition.participation.student
    if transition.booking_transition.fee_waived:
        _charge_and_credit(charge, student, transition)
        return None
    return _once(
        "entry_posted_once_per_transition",
        lambda: issue_invoice(
            student=student, charges=[charge], by=transition.made_by, at=transition.happened_at
        ),
        lambda: Invoice.objects.get(lines__entry__participation_transition=transition),
    )


def _charge_and_credit(
    charge: Charge, student: Student, transition: ParticipationTransition
) -> None:
    again = Refusal("already-billed", _("Already billed."))
    by, at = transition.made_by, transition.happened_at
    try:
        with refusing({"entry_posted_once_per_transition": lambda: again}):
            fee = _post(charge, student, by, at)
    except Refused:
        return
    credit_waived(fee, transition, transition.booking_transition, by=by, at=at)


@use_case
def bill_registration(event: StudentEvent) -> Invoice | None:
    """Charge the sign-up fee of a new student, when the school has one. Idempotent."""
    fee = settings_of(event.school).signup_fee
    if event.change != StudentChange.REGISTERED or fee is None:
        return None
    quote = product_quote(fee, event.student, at=event.happened_at)
    if not quote.amount:
        return None
    charge = Charge(
        EntryKind.SIGNUP_FEE,
        quote.amount,
        fee.name,
        fee.vat_code,
        student_event=event,
        parts=quote.parts,
    )
    return _once(
        "entry_posted_once_per_student_event",
        lambda: issue_invoice(
            student=event.student, charges=[charge], by=event.made_by, at=event.happened_at
        ),
        lambda: Invoice.objects.get(lines__entry__student_event=event),
    )


def _once(
    constraint: str, issue: Callable[[], Invoice], issued_before: Callable[[], Invoice]
) -> Invoice:
    try:
        with refusing({constraint: lambda: Refusal("already-billed", _("Already billed."))}):
            return issue()
    except Refused as refused:
        if refused.refusal.code != "already-billed":
            raise
        return issued_before()


@use_case
def issue_invoice(
    *,
    student: Student,
    charges: Sequence[Charge],
    by: User | None,
    at: datetime,
    request_key: UUID | None = None,
) -> Invoice:
    """Post the charges, issue one invoice for them and cover it with credit the student has.

    ``charges`` are not empty and each is above zero. The number is the next of the school's
    series; a transaction that fails gives it back, so there are no gaps.
    """
    school = student.school
    number = take_number(school, Document.INVOICE)
    hold_money(student.pk)
    today = timezone.localdate(at, school.zone)
    invoice = Invoice.objects.create(
        school=school,
        student=student,
        currency=school.currency,
        seller=_seller(student),
        buyer=_buyer(student),
        request_key=request_key,
        created_at=at,
    )
    lines = [
        _line(invoice, charge, _post(charge, student, by, at), position)
        for position, charge in enumerate(charges, start=1)
    ]
    InvoiceLine.objects.bulk_create(lines)
    explain_lines(lines, [charge.parts for charge in charges], student)
    invoice.total_minor = sum(line.total_minor for line in lines)
    invoice.vat_minor = sum(line.vat_minor for line in lines)
    invoice.issued_on = today
    invoice.due_on = today + timedelta(days=settings_of(school).payment_days)
    invoice.status = InvoiceStatus.ISSUED
    invoice.series, invoice.sequence, invoice.number = number.series, number.sequence, str(number)
    invoice.save()
    event = InvoiceEvent.objects.create(
        school=school,
        invoice=invoice,
        from_status=InvoiceStatus.DRAFT,
        to_status=InvoiceStatus.ISSUED,
        happened_at=at,
        made_by=by,
    )
    invoice_changed.send(sender=Invoice, event=event)
    spend_credit(invoice, at=at)
    return invoice


def _post(charge: Charge, student: Student, by: User | None, at: datetime) -> LedgerEntry:
    return LedgerEntry.objects.create(
        school_id=student.school_id,
        student=student,
        kind=charge.kind,
        amount_minor=charge.amount.minor,
        currency=charge.amount.currency,
        participation_transition=charge.participation_transition,
        student_event=charge.student_event,
        follow_up=charge.follow_up,
        made_by=by,
        posted_at=at,
    )


def _line(invoice: Invoice, charge: Charge, entry: LedgerEntry, position: int) -> InvoiceLine:
    rate = charge.vat_code.rate_basis_points
    sums = line_sums(charge.amount, quantity=1, rate_basis_points=rate)
    return InvoiceLine(
        school_id=invoice.school_id,
        invoice=invoice,
        entry=entry,
        position=position,
        description=charge.description[:200],
        unit_price_minor=charge.amount.minor,
        vat_code=charge.vat_code,
        vat_rate_basis_points=rate,
        net_minor=sums.net.minor,
        vat_minor=sums.vat.minor,
        total_minor=sums.total.minor,
    )


def _seller(student: Student) -> dict[str, str]:
    school = student.school
    return {
        "name": school.name,
        "address": school.address,
        "registration_number": school.registration_number,
        "email": school.email,
        "phone": str(school.phone),
    }


def _buyer(student: Student) -> dict[str, str]:
    user = student.membership.user
    return {"name": user.full_name, "address": student.address, "email": user.email}


def _charge_of(transition: ParticipationTransition) -> Charge | None:
    """What this transition costs, worded in the student's language; None when it is free."""
    participation = transition.participation
    match transition.to_status:
        case ParticipationStatus.ATTENDED:
            kind, amount = EntryKind.LESSON_CHARGE, participation.price
        case ParticipationStatus.ABSENT:
            kind, amount = EntryKind.NO_SHOW_FEE, no_show_charge(participation).amount
        case ParticipationStatus.CANCELLED:
            kind, amount = EntryKind.CANCELLATION_FEE, cancellation_charge(transition).amount
        case _:
            return None
    if not amount:
        return None
    lesson_type = participation.booking.lesson_type
    return Charge(
        kind=kind,
        amount=amount,
        description=_description(transition, kind),
        vat_code=_vat_code_of(lesson_type),
        participation_transition=transition,
        parts=_steps(participation) if kind == EntryKind.LESSON_CHARGE else (),
    )


def _steps(participation: Participation) -> list[PricePart]:
    return [PricePart(**part) for part in participation.price_parts]


def _vat_code_of(lesson_type: LessonType) -> VatCode:
    """A fee for a missed lesson is payment for the lesson and carries its VAT (CJEU C-250/14)."""
    product = lesson_product(lesson_type.pk)
    return product.vat_code if product else standard_vat_code(lesson_type.school)


def _description(transition: ParticipationTransition, kind: EntryKind) -> str:
    participation = transition.participation
    booking = participation.booking
    language = participation.student.membership.user.language
    with translation.override(language), timezone.override(booking.timezone):
        facts = {"lesson": booking.lesson_type.name, "when": when(booking.period)}
        match kind:
            case EntryKind.NO_SHOW_FEE:
                return _("No-show: %(lesson)s, %(when)s") % facts
            case EntryKind.CANCELLATION_FEE:
                return _("Late cancellation: %(lesson)s, %(when)s") % facts
            case _:
                return _("%(lesson)s, %(when)s") % facts
