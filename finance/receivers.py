"""Money follows the calendar and the register, in their own transaction."""

from django.dispatch import receiver

from administration.models import StudentEvent
from administration.signals import student_changed
from bookings.models import ParticipationTransition
from bookings.signals import participation_changed
from finance import services


@receiver(participation_changed, dispatch_uid="finance.charge")
def charge(*, transition: ParticipationTransition, **_kwargs: object) -> None:
    services.bill_participation(transition)


@receiver(student_changed, dispatch_uid="finance.charge_signup")
def charge_signup(*, event: StudentEvent, **_kwargs: object) -> None:
    services.bill_registration(event)
