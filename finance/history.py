"""Everything that happened to an invoice, as one line of time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from finance.enums import FollowUpKind, InvoiceStatus, PaymentMethod
from finance.models import CreditNote, FollowUp, Invoice, InvoiceEvent, PaymentAllocation
from finance.ports import letters
from finance.reminder_queries import follow_ups_of
from finance.reminder_words import step_in_words
from justdriving.templatetags.formats import clock, day


@dataclass(frozen=True, slots=True)
class Happening:
    """One line; ``note`` may be empty, ``url`` leads to its paper."""

    at: datetime
    title: str
    note: str
    icon: str
    tone: str = "neutral"
    url: str = ""
    by: str = ""

    @property
    def meta(self) -> str:
        when = f"{day(self.at)}, {clock(self.at)}"
        return f"{when} · {self.by}" if self.by else when


def history_of(invoice: Invoice, *, for_staff: bool) -> list[Happening]:
    """From the draft to the last øre. Staff also read who did it and
    which letters left. Five queries.
    """
    notes = list(invoice.credit_notes.select_related("made_by").order_by("pk"))
    happened = [
        *_events(invoice),
        *_allocations(invoice),
        *(_credit(note, invoice) for note in notes),
        *(_letters(invoice, notes) if for_staff else ()),
    ]
    happened.sort(key=lambda line: line.at)
    return happened if for_staff else [_anonymous(line) for line in happened]


def _letters(invoice: Invoice, notes: list[CreditNote]) -> Iterator[Happening]:
    steps = invoice.follow_ups.filter(kind=FollowUpKind.STEP).values_list("pk", flat=True)
    names = [
        f"invoice:{invoice.pk}",
        *(f"credit_note:{note.pk}" for note in notes),
        *(f"reminder:{pk}" for pk in steps),
    ]
    copies = [f"{name}:{invoice.student_id}" for name in names]
    for letter in letters().about([*names, *copies]):
        tone = "ok" if letter.arrived else "neutral"
        title = _("%(what)s to %(address)s") % {"what": letter.what, "address": letter.address}
        yield Happening(letter.at, title, letter.state, "envelope", tone)


def _anonymous(line: Happening) -> Happening:
    return Happening(line.at, line.title, line.note, line.icon, line.tone, line.url)


def _events(invoice: Invoice) -> Iterator[Happening]:
    icons = {
        InvoiceStatus.ISSUED: ("receipt", "neutral"),
        InvoiceStatus.PAID: ("check-circle", "ok"),
        InvoiceStatus.DISCARDED: ("trash", "neutral"),
    }
    for event in invoice.events.select_related("made_by"):
        icon, tone = icons.get(InvoiceStatus(event.to_status), ("receipt", "neutral"))
        by = str(event.made_by) if event.made_by else ""
        yield Happening(event.happened_at, _title(event), event.reason, icon, tone, by=by)


def _title(event: InvoiceEvent) -> str:
    if event.from_status == InvoiceStatus.DRAFT and event.to_status == InvoiceStatus.ISSUED:
        return _("Issued")
    if event.to_status == InvoiceStatus.ISSUED:
        return _("To be paid again")
    return str(InvoiceStatus(event.to_status).label)


def _allocations(invoice: Invoice) -> Iterator[Happening]:
    rows: list[PaymentAllocation] = list(
        invoice.allocations.select_related("payment", "made_by", "credit_note").order_by("pk")
    )
    for row in rows:
        by = str(row.made_by) if row.made_by else ""
        if row.amount_minor > 0:
            facts = {"amount": row.amount, "number": row.payment.number}
            title = _("%(amount)s paid with %(number)s") % facts
            method = str(PaymentMethod(row.payment.method).label)
            yield Happening(row.created_at, title, method, "cash-coin", "ok", by=by)
        else:
            facts = {"amount": -row.amount, "number": row.payment.number}
            title = _("%(amount)s of %(number)s given back as credit") % facts
            why = row.credit_note.number if row.credit_note else row.reason
            yield Happening(row.created_at, title, why, "arrow-counterclockwise", "info", by=by)


def _credit(note: CreditNote, invoice: Invoice) -> Happening:
    title = _("Credit note %(number)s: %(amount)s") % {"number": note.number, "amount": note.total}
    url = reverse("finance:credit_note_pdf", args=[invoice.school.slug, note.pk])
    by = str(note.made_by) if note.made_by else ""
    return Happening(note.created_at, title, note.reason, "file-earmark-text", "info", url, by)


def follow_up_lines(invoice: Invoice) -> list[Happening]:
    """What was done to get an invoice paid, the latest first. Three queries."""
    return [_follow_up(line, invoice.school.slug) for line in follow_ups_of(invoice)]


FOLLOW_UP_ICONS = {
    FollowUpKind.STEP: ("envelope", "warn"),
    FollowUpKind.NOTE: ("pencil", "neutral"),
    FollowUpKind.PAUSED: ("pause-circle", "info"),
    FollowUpKind.RESUMED: ("play-circle", "info"),
}


def _follow_up(line: FollowUp, slug: str) -> Happening:
    icon, tone = FOLLOW_UP_ICONS[FollowUpKind(line.kind)]
    by = str(line.made_by) if line.made_by else ""
    if line.kind != FollowUpKind.STEP:
        title = str(FollowUpKind(line.kind).label)
        if line.until:
            title = _("%(what)s to the end of %(day)s") % {"what": title, "day": day(line.until)}
        return Happening(line.happened_at, title, line.note, icon, tone, by=by)
    fee = next((entry.invoice_line.invoice for entry in line.ledger_entries.all()), None)
    note = _("Fee on invoice %(number)s") % {"number": fee.number} if fee else ""
    url = reverse("finance:invoice", args=[slug, fee.pk]) if fee else ""
    return Happening(line.happened_at, step_in_words(line), note, icon, tone, url)
