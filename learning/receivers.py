"""What sets learning in motion: one service call each."""

from typing import Any

from django.dispatch import receiver

from bookings.models import ParticipationTransition
from bookings.signals import participation_changed
from learning import services


@receiver(participation_changed, dispatch_uid="learning.record_lesson")
def record_lesson(*, transition: ParticipationTransition, **_: Any) -> None:
    services.open_record(transition=transition)
