"""A fee is waived: the charge stays in the ledger, and a credit of the same amount beside it."""

from datetime import datetime

from django.utils.translation import gettext as _

from administration.models import Membership, Student, User
from bookings.models import BookingTransition, ParticipationTransition
from bookings.services import Grounds, note_waiver
from finance.enums import CreditCause, EntryKind
from finance.models import LedgerEntry
from finance.queries import fees_standing
from finance.services import crediting
from finance.services.allocation import hold_money
from finance.services.numbering import hold_numbers
from justdriving.kernel.policy import Refusal, Refused
from justdriving.kernel.transactions import refusing, use_case

REASON_LENGTH = 200


@use_case
def waive_fee(
    *, participation_id: int, by: Membership, at: datetime, grounds: Grounds
) -> LedgerEntry:
    """Credit what is left of the fee of a missed or late cancelled place, on a credit note.

    ``at`` is now, UTC. What was paid of it already becomes credit of the student. Returns the
    ledger entry of the credit. Raises Refused: ``not-found``, ``not-allowed``, ``reason-missing``,
    ``document-missing``, ``nothing-to-waive``.
    """
    change = note_waiver(participation_id=participation_id, by=by, at=at, grounds=grounds)
    hold_numbers(by.school)
    hold_money(Student.objects.values_list("pk", flat=True).get(participations=participation_id))
    fee = fees_standing(change.booking_id).get(participation_id)
    if fee is None:
        raise Refused(Refusal("nothing-to-waive", _("There is no fee to waive.")))
    line = fee.invoice_line
    note = crediting.credit(
        line.invoice,
        [crediting.Part(line.pk)],
        crediting.Grounds(CreditCause.WAIVER, _reason(change)[:REASON_LENGTH], _cause(fee)),
        by=by.user,
        at=at,
    )
    return note.ledger_entry


def _cause(fee: LedgerEntry) -> ParticipationTransition | None:
    """What the fee was for; a second credit for the same lesson names only its person."""
    transition = fee.participation_transition
    return None if transition is None or hasattr(transition, "credit_note") else transition


def credit_waived(
    fee: LedgerEntry,
    transition: ParticipationTransition,
    waived_by: BookingTransition,
    *,
    by: User | None,
    at: datetime,
) -> LedgerEntry:
    """Take a posted fee back that no invoice asks for; ``waived_by`` is the row that says so."""
    again = Refusal("nothing-to-waive", _("There is no fee to waive."))
    with refusing({"entry_posted_once_per_transition": lambda: again}):
        return LedgerEntry.objects.create(
            school_id=fee.school_id,
            student_id=fee.student_id,
            kind=EntryKind.CORRECTION,
            amount_minor=-fee.amount_minor,
            currency=fee.currency,
            participation_transition=transition,
            reason=_reason(waived_by)[:REASON_LENGTH],
            made_by=by,
            posted_at=at,
        )


def _reason(waived_by: BookingTransition) -> str:
    chosen = waived_by.cancellation_reason
    said = [chosen.name if chosen else "", waived_by.reason]
    return ": ".join(filter(None, said)) or _("Fee waived")
