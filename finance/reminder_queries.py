"""Which invoices are to be reminded of, which are paused, and whom an unpaid one holds."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from administration.models import Membership, School
from finance.enums import EntryKind, FollowUpKind, ReminderAction
from finance.models import FollowUp, Invoice, InvoiceLine, ReminderStep
from finance.models.invoices import InvoiceQuerySet
from finance.reminder_policies import DEFAULT_LADDER, Rung, Taken

PAUSES = (FollowUpKind.PAUSED, FollowUpKind.RESUMED)


def rung_of(step: ReminderStep) -> Rung:
    return Rung(step.days, ReminderAction(step.action), step.fee_minor, step.blocks_booking)


def ladder_of(school: School) -> list[ReminderStep]:
    """The steps of the school, the first one leading; the default ones, unsaved, without any."""
    steps = list(ReminderStep.objects.select_related("school").order_by("days"))
    return steps or [
        ReminderStep(
            school=school,
            days=rung.days,
            action=rung.action,
            fee_minor=rung.fee_minor,
            blocks_booking=rung.blocks_booking,
        )
        for rung in DEFAULT_LADDER
    ]


def pauses_on(day: date) -> QuerySet[FollowUp]:
    """For each invoice the pause that holds on this day of the school's calendar, if any."""
    later = FollowUp.objects.filter(
        invoice=OuterRef("invoice"), kind__in=PAUSES, pk__gt=OuterRef("pk")
    )
    paused = FollowUp.objects.filter(Q(until=None) | Q(until__gte=day), kind=FollowUpKind.PAUSED)
    return paused.filter(~Exists(later))


def not_paused(invoices: InvoiceQuerySet, *, today: date) -> InvoiceQuerySet:
    return invoices.filter(~Exists(pauses_on(today).filter(invoice=OuterRef("pk"))))


def to_be_followed_up(invoices: InvoiceQuerySet, *, today: date) -> InvoiceQuerySet:
    """Those that somebody owes and nobody paused; a fee for reminding is not reminded of."""
    fees = InvoiceLine.objects.filter(invoice=OuterRef("pk"), entry__kind=EntryKind.REMINDER_FEE)
    return not_paused(invoices.open(), today=today).filter(~Exists(fees))


def may_take_a_step(*, today: date) -> InvoiceQuerySet:
    """The invoices of the school in scope that are due, or so soon that a step may come before."""
    days = ReminderStep.objects.order_by("days").values_list("days", flat=True).first() or 0
    soon = today - timedelta(days=days)
    every: InvoiceQuerySet = Invoice.objects.filter(due_on__lte=soon)
    return to_be_followed_up(every, today=today).order_by("pk")


def steps_taken(invoice: Invoice) -> list[Taken]:
    """The steps an invoice took, with the day of each in the school's calendar."""
    zone = invoice.school.zone
    steps = FollowUp.objects.filter(invoice=invoice, kind=FollowUpKind.STEP)
    return [
        Taken(step.days or 0, timezone.localdate(step.happened_at, zone), step.fee_minor)
        for step in steps.order_by("days")
    ]


def holding(*, today: date) -> InvoiceQuerySet:
    """Open invoices that took a step which blocks bookings, but for those that are paused."""
    blocks = FollowUp.objects.filter(invoice=OuterRef("pk"), blocks_booking=True)
    every: InvoiceQuerySet = Invoice.objects.open().filter(Exists(blocks))
    return not_paused(every, today=today)


def with_holding(invoices: InvoiceQuerySet, *, today: date) -> InvoiceQuerySet:
    """Annotate ``is_holding``: the student books nothing until it is paid."""
    return invoices.annotate(is_holding=Exists(holding(today=today).filter(pk=OuterRef("pk"))))


def held_by(student_ids: Iterable[int], *, today: date) -> dict[int, Invoice]:
    """By student, the oldest invoice to pay before the next booking, with its ``due``."""
    rows = holding(today=today).filter(student__in=list(student_ids)).with_paid()
    return {row.student_id: row for row in rows.order_by("-due_on", "-pk")}


def follow_ups_of(invoice: Invoice) -> list[FollowUp]:
    """The log of an invoice, the newest line first, with the fees it charged. Three queries."""
    return list(
        FollowUp.objects.filter(invoice=invoice)
        .select_related("made_by", "school")
        .prefetch_related("ledger_entries__invoice_line__invoice")
        .order_by("-pk")
    )


def pause_of(invoice: Invoice, *, today: date) -> FollowUp | None:
    return pauses_on(today).filter(invoice=invoice).select_related("made_by").first()


def invoice_seen(member: Membership, pk: int) -> Invoice:
    """Raises Invoice.DoesNotExist for one the member may not see."""
    found: Invoice = Invoice.objects.visible_to(member).issued().get(pk=pk)
    return found
