"""The words of messages: how they travel, what they tell, and what becomes of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")


class Event(models.TextChoices):
    """What a message tells; each has its words in ``templates/messages/<event>.txt``."""

    WELCOME = "welcome", _("Welcome")
    KNOWN_ALREADY = "known_already", _("Registered again")
    INVITATION = "invitation", _("Invitation")
    BOOKING_REQUESTED = "booking_requested", _("Lesson requested")
    BOOKING_TO_ANSWER = "booking_to_answer", _("Request to answer")
    BOOKING_CONFIRMED = "booking_confirmed", _("Lesson confirmed")
    BOOKING_MOVED = "booking_moved", _("Lesson moved")
    BOOKING_CHANGED = "booking_changed", _("Lesson changed")
    BOOKING_CANCELLED = "booking_cancelled", _("Lesson cancelled")
    BOOKING_DECLINED = "booking_declined", _("Request declined")
    BOOKING_EXPIRED = "booking_expired", _("Request ran out")
    WAITING_OFFER = "waiting_offer", _("A place is offered")
    SEATS_GIVEN = "seats_given", _("Seats in several sessions")
    SICK_DAY = "sick_day", _("The teacher is ill")
    SIGNATURE_REQUESTED = "signature_requested", _("Lesson to sign")
    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")
    RECEIPT = "receipt", _("Receipt")
    REMINDER = "reminder", _("Reminder of an invoice")
    PASSWORD_RESET = "password_reset", _("New password")
    UNKNOWN_ACCOUNT = "unknown_account", _("New password asked for an unknown address")
    EMAIL_CONFIRMATION = "email_confirmation", _("Confirm the address")
    ACCOUNT_NOTICE = "account_notice", _("The account was changed")


class MessageStatus(models.TextChoices):
    QUEUED = "queued", pgettext_lazy("message", "Waiting")
    SENDING = "sending", pgettext_lazy("message", "Being sent")
    SENT = "sent", pgettext_lazy("message", "Sent")
    DELIVERED = "delivered", pgettext_lazy("message", "Delivered")
    FAILED = "failed", pgettext_lazy("message", "Failed")
    SUPPRESSED = "suppressed", pgettext_lazy("message", "Not needed")
    UNKNOWN = "unknown", pgettext_lazy("message", "Uncertain")


class Outcome(models.TextChoices):
    """What one attempt at sending came to."""

    TAKEN = "taken", pgettext_lazy("attempt", "Taken by the provider")
    REFUSED = "refused", pgettext_lazy("attempt", "Refused for good")
    NOT_TAKEN = "not_taken", pgettext_lazy("attempt", "Not taken, try again")
    UNKNOWN = "unknown", pgettext_lazy("attempt", "No clear answer")


class Untrue(models.TextChoices):
    """Why a message was not sent after all."""

    LESSON_DIFFERS = "lesson_differs", pgettext_lazy("untrue", "The lesson is no longer like that")
    MOVED_AGAIN = "moved_again", pgettext_lazy("untrue", "The lesson was moved again")
    PLACE_GIVEN_UP = "place_given_up", pgettext_lazy("untrue", "The place was given up")
    ANSWERED = "answered", pgettext_lazy("untrue", "It was answered already")
    SIGNED = "signed", pgettext_lazy("untrue", "It was signed already")
    CORRECTED = "corrected", pgettext_lazy("untrue", "It was corrected meanwhile")
    CREDITED = "credited", pgettext_lazy("untrue", "The invoice was credited")
    PAID = "paid", pgettext_lazy("untrue", "The invoice was paid meanwhile")
    PAUSED = "paused", pgettext_lazy("untrue", "The reminders were paused")
    IN_REVIEW = "in_review", pgettext_lazy("untrue", "The payment is being looked at")
    RAN_OUT = "ran_out", pgettext_lazy("untrue", "The time to answer ran out")
    NOBODY = "nobody", pgettext_lazy("untrue", "There is nobody to tell any more")


AT_LEAST_ONCE = frozenset({Event.BOOKING_CANCELLED, Event.BOOKING_DECLINED, Event.BOOKING_EXPIRED})
"""Sent again when nobody can say whether they left: two are better than none. For every other
event one too few is better than one too many."""

LEFT = (MessageStatus.SENT, MessageStatus.DELIVERED)
