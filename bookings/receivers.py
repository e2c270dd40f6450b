"""What the calendar itself does when it changes: one service call each."""

from typing import Any

from django.dispatch import receiver

from bookings import services
from bookings.models import BookingTransition
from bookings.signals import booking_changed


@receiver(booking_changed, dispatch_uid="bookings.keep_waiting_list")
def keep_waiting_list(*, transition: BookingTransition, **_kwargs: Any) -> None:
    services.follow_change(transition)
