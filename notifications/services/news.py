"""Who is told what about registering, invitations, signatures and money."""

from collections.abc import Mapping
from datetime import datetime

from administration.enums import MembershipChange, StudentChange
from administration.models import MembershipEvent, School, Student, StudentEvent, User
from bookings.models import WaitingListOffer
from finance.enums import InvoiceStatus, PaymentChange
from finance.models import CreditNote, FollowUp, InvoiceEvent, PaymentEvent
from learning.enums import SignatureChange
from learning.models import SignatureEvent
from notifications.enums import Event
from notifications.services.queueing import BOTH, News, queue, reader_of
from notifications.services.recipients import guardians_of


def queue_welcome(event: StudentEvent) -> None:
    """A student registered: greet them, with the way to a password."""
    if event.change != StudentChange.REGISTERED:
        return
    reader = reader_of(event.student.membership.user)
    news = News(Event.WELCOME, f"student:{event.student_id}", reader)
    queue([news], school_id=event.school_id, at=event.happened_at)


def queue_known_already(*, school: School, user: User, at: datetime) -> None:
    """Somebody registered with a known address: tell its owner, at most once an hour."""
    about = f"school:{school.pk}:{at:%Y-%m-%dT%H}"
    news = News(Event.KNOWN_ALREADY, about, reader_of(user))
    queue([news], school_id=school.pk, at=at)


def queue_invitation(event: MembershipEvent) -> None:
    """Somebody is offered a place on the staff, or reminded of the offer."""
    if event.change != MembershipChange.INVITED:
        return
    context = {
        "membership": event.membership_id,
        "inviter": str(event.made_by) if event.made_by else "",
    }
    reader = reader_of(event.membership.user)
    news = News(Event.INVITATION, f"invitation:{event.pk}", reader, context=context)
    queue([news], school_id=event.school_id, at=event.happened_at)


def queue_signature_request(event: SignatureEvent) -> None:
    """The teacher signed: ask the student to read it and sign."""
    if event.change != SignatureChange.TEACHER_SIGNED:
        return
    news = News(
        Event.SIGNATURE_REQUESTED,
        f"record:{event.record_id}",
        reader_of(event.student.membership.user),
        BOTH,
        {"record": event.record_id},
    )
    queue([news], school_id=event.school_id, at=event.happened_at)


def queue_offer(offer: WaitingListOffer) -> None:
    """A place or a time came free for somebody who waits: tell them at once, by every channel."""
    reader = reader_of(offer.entry.student.membership.user)
    news = News(Event.WAITING_OFFER, f"offer:{offer.pk}", reader, BOTH, {"offer": offer.pk})
    queue([news], school_id=offer.school_id, at=offer.offered_at)


def queue_invoice(event: InvoiceEvent) -> None:
    """An invoice was issued: send it to the student, and to the guardians of a minor."""
    if event.to_status != InvoiceStatus.ISSUED:
        return
    student, about = event.invoice.student, f"invoice:{event.invoice_id}"
    context = {"invoice": event.invoice_id}
    _queue_for_payers(Event.INVOICE, about, student, context, event.happened_at)


def queue_credit_note(note: CreditNote) -> None:
    """Something was taken off an invoice: send the credit note to whoever got the invoice."""
    about, context = f"credit_note:{note.pk}", {"credit_note": note.pk}
    _queue_for_payers(Event.CREDIT_NOTE, about, note.student, context, note.created_at)


def queue_receipt(event: PaymentEvent) -> None:
    """Money was received: say so in writing."""
    if event.change != PaymentChange.RECEIVED:
        return
    student, about = event.payment.student, f"payment:{event.payment_id}"
    context = {"payment": event.payment_id}
    _queue_for_payers(Event.RECEIPT, about, student, context, event.happened_at)


def queue_reminder(step: FollowUp) -> None:
    """An invoice is not paid: remind whoever got it."""
    about, context = f"reminder:{step.pk}", {"follow_up": step.pk}
    _queue_for_payers(Event.REMINDER, about, step.invoice.student, context, step.happened_at)


def _queue_for_payers(
    event: Event, about: str, student: Student, context: Mapping[str, object], at: datetime
) -> None:
    name = str(student)
    own = {**context, "audience": "student", "student": name}
    copy = {**context, "audience": "guardian", "student": name}
    guardians = guardians_of(student, student.school, at)
    news = [
        News(event, about, reader_of(student.membership.user), context=own),
        *(News(event, f"{about}:{student.pk}", reader, context=copy) for reader in guardians),
    ]
    queue(news, school_id=student.school_id, at=at)
