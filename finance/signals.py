"""What finance announces; notifications tells people about it.

Receivers run inside the transaction that made the change, so they either all happen or none do.
A receiver may only write to this database; anything that leaves the building is queued as a row.
Every receiver is listed in tests/architecture/test_wiring.py.
"""

from django.dispatch import Signal

invoice_changed = Signal()
"""An invoice was issued, part paid, paid or credited. Receivers get ``event``, a saved
InvoiceEvent: ``to_status`` says what happened, ``payment`` which money did it, if any."""

payment_changed = Signal()
"""Money was received, or differs from what was asked. Receivers get ``event``, a saved
PaymentEvent; its payment has been put against invoices before it is announced."""

credit_note_issued = Signal()
"""Something was taken off an invoice. Receivers get ``credit_note``, issued and final; what was
paid too much has been released."""

reminder_due = Signal()
"""An unpaid invoice took a step of the ladder. Receivers get ``follow_up``, a saved FollowUp of
kind step; the fee it carries is invoiced already."""
