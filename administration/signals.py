"""What administration announces; other apps may build on it.

Receivers run inside the transaction that made the change, so they either all happen or none do.
A receiver may only write to this database; anything that leaves the building is queued as a row.
Every receiver is listed in tests/architecture/test_wiring.py.
"""

from django.dispatch import Signal

student_changed = Signal()
"""A student registered, or their record changed. Receivers get ``event``, a saved StudentEvent."""

membership_changed = Signal()
"""Somebody was invited, accepted, changed role, was deactivated or came back. Receivers get
``event``, a saved MembershipEvent; the link to accept is administration.services.accept_link."""

registration_repeated = Signal()
"""Somebody registered at a school with the e-mail of a person who is already known. Receivers get
``school``, ``user`` and ``at``. The visitor was told nothing; the person must be told by mail that
they can sign in and, when they are not at this school yet, join it
(administration.services.join_link)."""
