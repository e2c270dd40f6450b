"""The events other apps may build on. Each *is* a saved history row.

Receivers run inside the transaction that made the change, so they either all happen or none do.
A receiver may only write to this database; anything that leaves the building is queued as a row.
Every receiver is listed in tests/architecture/test_wiring.py.
"""

from django.dispatch import Signal

booking_changed = Signal()
"""A booking was created, moved, or changed status. Receivers get ``transition``, a saved
BookingTransition, and ``places``, the participations that it gave or took: their transitions were
saved and announced before it."""

participation_changed = Signal()
"""A student's place was booked, attended, missed or cancelled. Receivers get ``transition``, a
saved ParticipationTransition."""

offer_made = Signal()
"""Somebody who waits was offered a seat or a time. Receivers get ``offer``, a saved
WaitingListOffer."""

seats_given = Signal()
"""Students got seats in the sessions of a series or a class, in one action. Receivers get
``places``, the new participations, and ``at``, a UTC instant; their own transitions were muted."""

sick_day_settled = Signal()
"""What became of a teacher's lessons on a sick day is final. Receivers get ``sick_day``, a saved
SickDay with its lessons; their own transitions were muted."""
