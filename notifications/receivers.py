"""What people are told when something happens: one service call each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from administration.models import MembershipEvent, School, StudentEvent, User
from administration.signals import membership_changed, registration_repeated, student_changed
from bookings.models import BookingTransition, Participation, SickDay, WaitingListOffer
from bookings.signals import booking_changed, offer_made, seats_given, sick_day_settled
from finance.models import CreditNote, FollowUp, InvoiceEvent, PaymentEvent
from finance.signals import credit_note_issued, invoice_changed, payment_changed, reminder_due
from learning.models import SignatureEvent
from learning.signals import signature_changed
from notifications import services


@receiver(student_changed, dispatch_uid="notifications.welcome")
def welcome(*, event: StudentEvent, **_kwargs: Any) -> None:
    services.queue_welcome(event)


@receiver(registration_repeated, dispatch_uid="notifications.tell_known_already")
def tell_known_already(*, school: School, user: User, at: datetime, **_kwargs: Any) -> None:
    services.queue_known_already(school=school, user=user, at=at)


@receiver(membership_changed, dispatch_uid="notifications.invite")
def invite(*, event: MembershipEvent, **_kwargs: Any) -> None:
    services.queue_invitation(event)


@receiver(booking_changed, dispatch_uid="notifications.tell_of_booking")
def tell_of_booking(
    *, transition: BookingTransition, places: Sequence[Participation], **_kwargs: Any
) -> None:
    services.queue_booking_news(transition, places)


@receiver(offer_made, dispatch_uid="notifications.tell_of_offer")
def tell_of_offer(*, offer: WaitingListOffer, **_kwargs: Any) -> None:
    services.queue_offer(offer)


@receiver(seats_given, dispatch_uid="notifications.tell_of_seats")
def tell_of_seats(*, places: Sequence[Participation], at: datetime, **_kwargs: Any) -> None:
    services.queue_seats(places, at=at)


@receiver(sick_day_settled, dispatch_uid="notifications.tell_of_sick_day")
def tell_of_sick_day(*, sick_day: SickDay, **_kwargs: Any) -> None:
    services.queue_sick_day(sick_day)


@receiver(signature_changed, dispatch_uid="notifications.ask_for_signature")
def ask_for_signature(*, event: SignatureEvent, **_kwargs: Any) -> None:
    services.queue_signature_request(event)


@receiver(invoice_changed, dispatch_uid="notifications.send_invoice")
def send_invoice(*, event: InvoiceEvent, **_kwargs: Any) -> None:
    services.queue_invoice(event)


@receiver(credit_note_issued, dispatch_uid="notifications.send_credit_note")
def send_credit_note(*, credit_note: CreditNote, **_kwargs: Any) -> None:
    services.queue_credit_note(credit_note)


@receiver(payment_changed, dispatch_uid="notifications.send_receipt")
def send_receipt(*, event: PaymentEvent, **_kwargs: Any) -> None:
    services.queue_receipt(event)


@receiver(reminder_due, dispatch_uid="notifications.send_reminder")
def send_reminder(*, follow_up: FollowUp, **_kwargs: Any) -> None:
    services.queue_reminder(follow_up)
