"""The event of learning that notifications builds on."""

from django.dispatch import Signal

signature_changed = Signal()
"""A lesson record was signed by its teacher, or by its student as well.

Receivers get ``event`` (a saved SignatureEvent) and run inside the transaction that made it, so
they either all happen or none do. ``event.change`` is ``teacher_signed`` (the student is to be
asked) or ``verified``. A receiver may only write to this database; anything that leaves the
building is queued as a row. Every receiver is listed in tests/architecture/test_wiring.py.
"""
