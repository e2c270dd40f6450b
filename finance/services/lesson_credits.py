"""A lesson that was invoiced beforehand did not come off: what is not owed is credited."""

from django.utils.translation import gettext as _

from bookings.models import ParticipationTransition
from finance.enums import CreditCause, EntryKind
from finance.models import CreditNote, LedgerEntry
from finance.services import crediting
from finance.services.allocation import hold_money
from finance.services.numbering import hold_numbers
from justdriving.kernel.money import Money


def charged_before(transition: ParticipationTransition) -> LedgerEntry | None:
    """The invoiced charge for this place that an earlier change of it caused."""
    charges = LedgerEntry.objects.filter(
        kind=EntryKind.LESSON_CHARGE,
        participation_transition__participation=transition.participation_id,
        invoice_line__isnull=False,
    )
    earlier = charges.exclude(participation_transition=transition)
    return earlier.select_related("invoice_line__invoice__school").first()


def credit_lesson(charge: LedgerEntry, transition: ParticipationTransition, fee: Money) -> None:
    """Credit an invoiced lesson but for the ``fee``, which stays as a line of its own. Once."""
    line = charge.invoice_line
    hold_numbers(line.invoice.school)
    hold_money(charge.student_id)
    if CreditNote.objects.filter(participation_transition=transition).exists():
        return
    left = crediting.left_of(line)
    if fee.minor >= left.minor:
        return
    crediting.credit(
        line.invoice,
        [crediting.Part(line.pk, keep=fee or None)],
        crediting.Grounds(CreditCause.CANCELLATION, _("The lesson was cancelled"), transition),
        by=transition.made_by,
        at=transition.happened_at,
    )
