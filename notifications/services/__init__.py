"""The use cases of messages: put into the outbox, deliver, hear what became of them."""

from notifications.services.account_mail import queue_account_mail
from notifications.services.booking_news import queue_booking_news
from notifications.services.delivery import claim, deliver, deliver_due, settle
from notifications.services.news import (
    queue_credit_note,
    queue_invitation,
    queue_invoice,
    queue_known_already,
    queue_offer,
    queue_receipt,
    queue_reminder,
    queue_signature_request,
    queue_welcome,
)
from notifications.services.queueing import News, Reader, queue, reader_of
from notifications.services.reports import record_report
from notifications.services.seat_news import queue_seats
from notifications.services.sick_day_news import queue_sick_day
from notifications.services.wakeup import nudge

__all__ = [
    "News",
    "Reader",
    "claim",
    "deliver",
    "deliver_due",
    "nudge",
    "queue",
    "queue_account_mail",
    "queue_booking_news",
    "queue_credit_note",
    "queue_invitation",
    "queue_invoice",
    "queue_known_already",
    "queue_offer",
    "queue_receipt",
    "queue_reminder",
    "queue_seats",
    "queue_sick_day",
    "queue_signature_request",
    "queue_welcome",
    "reader_of",
    "record_report",
    "settle",
]
