"""Credit notes: an issued invoice is never changed, something is taken off it instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from administration.models import Membership, User
from bookings.models import ParticipationTransition
from finance.enums import NEVER_ISSUED, CreditCause, Document, EntryKind
from finance.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, LedgerEntry
from finance.queries import dues_of
from finance.services.allocation import follow, hold_money, lock_invoices, release
from finance.services.numbering import hold_numbers, take_number
from finance.services.requests import fingerprint, replayed
from finance.signals import credit_note_issued
from justdriving.kernel.money import Money, rounded_share
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.transactions import use_case

REASON_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Part:
    """What is taken off one invoice line: so many pieces of it, an amount, or all that is left.

    ``keep`` is a fee that the school keeps of it; it stands on the credit note as its own line.
    Amounts include VAT and are above zero.
    """

    line_id: int
    quantity: int | None = None
    amount: Money | None = None
    keep: Money | None = None
    keep_words: str = ""


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why something is credited. ``transition`` is the history row of the lesson behind it."""

    cause: CreditCause
    reason: str
    transition: ParticipationTransition | None = None
    request_key: UUID | None = None
    asked: str = ""


@use_case
def issue_credit_note(
    *,
    invoice_id: int,
    parts: Sequence[Part],
    reason: str,
    by: Membership,
    at: datetime,
    request_key: UUID,
) -> CreditNote:
    """Take ``parts`` off an issued invoice, on a numbered document with its reason.

    What was paid of it already is released and becomes credit of the student. The same
    ``request_key`` gives the same credit note. Raises Refused: ``reason-missing``,
    ``not-issued``, ``nothing-to-credit``, ``not-its-line``, ``more-than-left``,
    ``kept-more-than-credited``, ``request-reused``; Invoice.DoesNotExist when ``by`` cannot see it.
    """
    invoice = Invoice.objects.visible_to(by).select_related("school").get(pk=invoice_id)
    why = " ".join(reason.split())[:REASON_LENGTH]
    asked = fingerprint(invoice_id, [*parts], why)
    hold_numbers(invoice.school)
    hold_money(invoice.student_id)
    before = replayed(CreditNote.objects.filter(request_key=request_key).first(), asked)
    if before is not None:
        return before
    enforce(None if why else Refusal("reason-missing", _("Write why.")))
    grounds = Grounds(CreditCause.OFFICE, why, request_key=request_key, asked=asked)
    return credit(invoice, parts, grounds, by=by.user, at=at)


def whole(invoice: Invoice) -> list[Part]:
    """Everything that is left of an invoice."""
    return [Part(line.pk) for line in invoice.lines.all()]


def credit(
    invoice: Invoice, parts: Sequence[Part], grounds: Grounds, *, by: User | None, at: datetime
) -> CreditNote:
    """Write the credit note and its ledger entry, and let go what was paid too much.

    The numbers of the school and then the money of the student are held. Raises Refused as
    ``issue_credit_note`` does.
    """
    (held,) = lock_invoices([invoice.pk])
    enforce(_refuse_status(held))
    note = CreditNote.objects.create(
        school_id=held.school_id,
        invoice=held,
        student_id=held.student_id,
        seller=held.seller,
        buyer=held.buyer,
        currency=held.currency,
        cause=grounds.cause,
        reason=grounds.reason,
        participation_transition=grounds.transition,
        made_by=by,
        request_key=grounds.request_key,
        fingerprint=grounds.asked,
        created_at=at,
    )
    lines = _lines(note, _left(held), parts)
    CreditNoteLine.objects.bulk_create(lines)
    _issue(note, lines, due=dues_of([held])[held.pk], by=by, at=at)
    follow(held, by=by, at=at, credit_note=note)
    credit_note_issued.send(sender=CreditNote, credit_note=note)
    return note


def _refuse_status(invoice: Invoice) -> Refusal | None:
    if invoice.status in NEVER_ISSUED:
        return Refusal("not-issued", _("Only an issued invoice is credited."))
    return None


def _left(invoice: Invoice) -> dict[int, InvoiceLine]:
    """The lines of an invoice, with ``gone_minor``: what is credited of each."""
    return {line.pk: line for line in lines_left(invoice)}


def lines_left(invoice: Invoice) -> list[InvoiceLine]:
    """The lines of an invoice in their order, with ``gone_minor``: what is credited of each."""
    gone = Coalesce(Sum("credit_lines__total_minor"), 0)
    lines: list[InvoiceLine] = list(invoice.lines.annotate(gone_minor=gone).order_by("position"))
    for line in lines:
        line.invoice = invoice
    return lines


def left_of(line: InvoiceLine) -> Money:
    """What of an invoice line is not credited yet."""
    gone = line.credit_lines.aggregate(total=Sum("total_minor"))["total"] or 0
    return Money(line.total_minor - gone, line.invoice.currency)


def _lines(
    note: CreditNote, left: dict[int, InvoiceLine], parts: Sequence[Part]
) -> list[CreditNoteLine]:
    lines: list[CreditNoteLine] = []
    for part in parts:
        line = left.get(part.line_id)
        if line is None:
            raise Refused(Refusal("not-its-line", _("That line is not on this invoice.")))
        _add(lines, note, line, part)
    if sum(line.total_minor for line in lines) <= 0:
        raise Refused(Refusal("nothing-to-credit", _("There is nothing to credit.")))
    return lines


def _add(lines: list[CreditNoteLine], note: CreditNote, line: InvoiceLine, part: Part) -> None:
    """The credit of one line, and the fee that is kept of it."""
    quantity, price = _wanted(line, part)
    if not quantity * price:
        return
    total = quantity * price
    enforce(_refuse_total(line, total))
    lines.append(_line(note, line, len(lines) + 1, line.description, quantity, price))
    line.gone_minor += total  # type: ignore[attr-defined]  # annotated by _left
    if part.keep:
        kept = part.keep.minor
        if not 0 < kept <= total:
            text = _("Keep no more than is credited.")
            raise Refused(Refusal("kept-more-than-credited", text))
        words = part.keep_words or _("Fee kept: %(line)s") % {"line": line.description}
        lines.append(_line(note, line, len(lines) + 1, words, 1, -kept))
        line.gone_minor -= kept  # type: ignore[attr-defined]  # annotated by _left


def _wanted(line: InvoiceLine, part: Part) -> tuple[int, int]:
    """Pieces and the price of each."""
    if part.amount is not None:
        return 1, part.amount.minor
    if part.quantity is not None:
        return part.quantity, line.unit_price_minor
    gone = line.gone_minor  # type: ignore[attr-defined]  # annotated by _left
    if not gone:
        return line.quantity, line.unit_price_minor
    return 1, line.total_minor - gone


def _refuse_total(line: InvoiceLine, total: int) -> Refusal | None:
    left = line.total_minor - line.gone_minor  # type: ignore[attr-defined]  # annotated by _left
    if (total > 0) == (line.total_minor > 0) and abs(total) <= abs(left):
        return None
    facts = {"line": line.description, "left": Money(left, line.invoice.currency)}
    text = _("Of “%(line)s” %(left)s is left to credit.") % facts
    return Refusal("more-than-left", text, {"line": line.pk, "left_minor": left})


def _line(
    note: CreditNote, line: InvoiceLine, position: int, words: str, quantity: int, price: int
) -> CreditNoteLine:
    """VAT goes with the running share of the line, so that the parts add up to the whole."""
    total = quantity * price
    gone = line.gone_minor  # type: ignore[attr-defined]  # annotated by _left
    after = rounded_share(line.vat_minor, abs(gone + total), abs(line.total_minor))
    vat = after - rounded_share(line.vat_minor, abs(gone), abs(line.total_minor))
    return CreditNoteLine(
        school_id=note.school_id,
        credit_note=note,
        invoice_line=line,
        position=position,
        description=words[:200],
        quantity=quantity,
        unit_price_minor=price,
        vat_rate_basis_points=line.vat_rate_basis_points,
        net_minor=total - vat,
        vat_minor=vat,
        total_minor=total,
    )


def _issue(
    note: CreditNote, lines: Sequence[CreditNoteLine], *, due: int, by: User | None, at: datetime
) -> None:
    """Give it its number. What was paid beyond what is then due is released first."""
    note.total_minor = sum(line.total_minor for line in lines)
    note.vat_minor = sum(line.vat_minor for line in lines)
    release(note.invoice, note.total_minor - due, by=by, at=at, credit_note=note)
    number = take_number(note.school, Document.CREDIT_NOTE)
    note.series, note.sequence, note.number = number.series, number.sequence, str(number)
    note.issued_on = timezone.localdate(at, note.school.zone)
    note.save()
    LedgerEntry.objects.create(
        school_id=note.school_id,
        student_id=note.student_id,
        kind=EntryKind.CREDIT_NOTE,
        amount_minor=-note.total_minor,
        currency=note.currency,
        credit_note=note,
        reason=note.reason,
        made_by=by,
        posted_at=at,
    )
