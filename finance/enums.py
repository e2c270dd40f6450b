"""The words of money, and the table of what may become of an invoice."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ProductKind(models.TextChoices):
    LESSON = "lesson", _("Lesson")
    SIGNUP_FEE = "signup_fee", _("Sign-up fee")
    OUTLAY = "outlay", _("Outlay, passed on")
    OTHER = "other", _("Other")


class VatTreatment(models.TextChoices):
    """What a VAT code does to the accounts: outlays are neither turnover nor VAT base."""

    TAXABLE = "taxable", _("With VAT")
    EXEMPT = "exempt", _("Exempt from VAT")
    OUTLAY = "outlay", _("Outlay: money passed on, not the school’s turnover")


class RateEffect(models.TextChoices):
    """What a line of a price list does: it sets the price, or comes on top of it."""

    PRICE = "price", _("The price")
    ADD = "add", _("Comes on top, as an amount")
    PERCENT = "percent", _("Comes on top, in % of the price")


class Step(models.TextChoices):
    """A step on the way to a price."""

    STANDARD = "standard", _("Standard")
    RATE = "rate", _("Price list")
    SURCHARGE = "surcharge", _("Surcharge")
    DISCOUNT = "discount", _("Discount")


class DiscountKind(models.TextChoices):
    FAMILY = "family", _("Siblings and other family")
    EARLY_BIRD = "early_bird", _("Whoever books early")
    PROFILE = "profile", _("Who is young, or has a document")
    MANUAL = "manual", _("Given by hand, with a reason")


class Stacking(models.TextChoices):
    """What holds when somebody gets several discounts at once."""

    BEST = "best", _("Only the best one")
    ADD_UP = "add_up", _("They add up, to a limit")
    IN_ORDER = "in_order", _("One after the other, each of what is left")


class ProductFilter(models.TextChoices):
    """What the owner looks for in the price list."""

    ALL = "", _("Everything sold")
    LESSON = "lesson", _("Lessons")
    FEE = "fee", _("Fees and other things")
    OUTLAY = "outlay", _("Outlays, without VAT")
    PUT_AWAY = "put_away", _("No longer sold")


class PriceListFilter(models.TextChoices):
    ALL = "", _("All price lists")
    NOW = "now", _("Holding now")
    COMING = "coming", _("To come")
    OVER = "over", _("Over")


class DiscountFilter(models.TextChoices):
    ALL = "", _("All discounts")
    NOW = "now", _("Given now")
    PUT_AWAY = "put_away", _("No longer given")


class InvoiceStatus(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("invoice", "Draft")
    ISSUED = "issued", pgettext_lazy("invoice", "To pay")
    PART_PAID = "part_paid", pgettext_lazy("invoice", "Partly paid")
    PAID = "paid", pgettext_lazy("invoice", "Paid")
    CREDITED = "credited", pgettext_lazy("invoice", "Credited")
    DISCARDED = "discarded", pgettext_lazy("invoice", "Discarded")


OPEN_INVOICE = (InvoiceStatus.ISSUED, InvoiceStatus.PART_PAID)
"""Invoices that somebody still owes."""

I = InvoiceStatus  # noqa: E741 -- the table below reads better
INVOICE_MOVES: dict[InvoiceStatus, frozenset[InvoiceStatus]] = {
    I.DRAFT: frozenset({I.ISSUED, I.DISCARDED}),
    I.ISSUED: frozenset({I.PART_PAID, I.PAID, I.CREDITED}),
    I.PART_PAID: frozenset({I.ISSUED, I.PAID, I.CREDITED}),
    I.PAID: frozenset({I.ISSUED, I.PART_PAID, I.CREDITED}),
    I.CREDITED: frozenset(),
    I.DISCARDED: frozenset(),
}
"""A payment may be taken back from an invoice, so paid is no end; credited and discarded are."""

NEVER_ISSUED = (I.DRAFT, I.DISCARDED)


class Document(models.TextChoices):
    """What has a run of numbers of its own."""

    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")


class CreditCause(models.TextChoices):
    OFFICE = "office", pgettext_lazy("credit", "Corrected by the office")
    WAIVER = "waiver", pgettext_lazy("credit", "The fee was waived")
    CANCELLATION = "cancellation", pgettext_lazy("credit", "The lesson was cancelled")


class InvoiceFilter(models.TextChoices):
    """What the office looks for in the list of invoices."""

    ALL = "", _("All invoices")
    OPEN = "open", _("Not paid")
    OVERDUE = "overdue", _("Overdue")
    PAID = "paid", pgettext_lazy("invoices", "Paid")


class EntryKind(models.TextChoices):
    LESSON_CHARGE = "lesson_charge", _("Lesson")
    NO_SHOW_FEE = "no_show_fee", _("No-show")
    CANCELLATION_FEE = "cancellation_fee", _("Late cancellation")
    SIGNUP_FEE = "signup_fee", _("Sign-up fee")
    CREDIT_NOTE = "credit_note", _("Credit note")
    PAYMENT = "payment", _("Payment")
    REFUND = "refund", _("Refund")
    REFUND_RETURNED = "refund_returned", _("Refund that came back")
    REMINDER_FEE = "reminder_fee", _("Reminder fee")
    CORRECTION = "correction", _("Correction")


CHARGES_OF_LESSONS = (
    EntryKind.LESSON_CHARGE,
    EntryKind.NO_SHOW_FEE,
    EntryKind.CANCELLATION_FEE,
)
LESSENING = (EntryKind.PAYMENT, EntryKind.CREDIT_NOTE, EntryKind.REFUND_RETURNED)
"""Entries after which the student owes less."""


class GatewayName(models.TextChoices):
    NONE = "none", _("No online payment")
    DEMO = "demo", _("Demonstration")
    STRIPE = "stripe", "Stripe"


class CheckoutStatus(models.TextChoices):
    OPEN = "open", pgettext_lazy("checkout", "Open")
    PAID = "paid", pgettext_lazy("checkout", "Paid")
    EXPIRED = "expired", pgettext_lazy("checkout", "Expired")


class PaymentMethod(models.TextChoices):
    CARD = "card", _("Card")
    MOBILE_PAY = "mobile_pay", _("MobilePay")
    TRANSFER = "transfer", _("Bank transfer")
    CASH = "cash", _("Cash")
    OTHER = "other", _("Other")


class PaymentStatus(models.TextChoices):
    RECEIVED = "received", pgettext_lazy("payment", "Received")
    IN_REVIEW = "in_review", pgettext_lazy("payment", "To be looked at")


class PaymentFlag(models.TextChoices):
    AMOUNT = "amount", _("The amount differs from what was asked")
    CURRENCY = "currency", _("The currency differs from what was asked")


class PaymentChange(models.TextChoices):
    RECEIVED = "received", pgettext_lazy("payment", "Received")
    FLAGGED = "flagged", pgettext_lazy("payment", "To be looked at")


class RefundStatus(models.TextChoices):
    REQUESTED = "requested", pgettext_lazy("refund", "To be approved")
    APPROVED = "approved", pgettext_lazy("refund", "To be paid out")
    SENT = "sent", pgettext_lazy("refund", "On its way")
    SUCCEEDED = "succeeded", pgettext_lazy("refund", "Paid back")
    FAILED = "failed", pgettext_lazy("refund", "Failed")
    DECLINED = "declined", pgettext_lazy("refund", "Declined")


R = RefundStatus
REFUND_MOVES: dict[RefundStatus, frozenset[RefundStatus]] = {
    R.REQUESTED: frozenset({R.APPROVED, R.DECLINED}),
    R.APPROVED: frozenset({R.SENT, R.SUCCEEDED, R.DECLINED}),
    R.SENT: frozenset({R.SUCCEEDED, R.FAILED}),
    R.SUCCEEDED: frozenset({R.FAILED}),
    R.FAILED: frozenset(),
    R.DECLINED: frozenset(),
}
"""A bank may send back what a gateway called paid; nothing else goes backwards."""

NO_REFUND = (R.FAILED, R.DECLINED)
"""What holds no money of its payment any more."""
WAITING_REFUND = (R.REQUESTED, R.APPROVED, R.SENT)


class ReminderAction(models.TextChoices):
    """What a step of the ladder says to whoever has not paid."""

    FRIENDLY = "friendly", _("Friendly reminder before the due date")
    REMINDER = "reminder", _("Reminder")
    FEE = "fee", _("Reminder with a fee")
    FINAL = "final", _("Last notice before debt collection")


class FollowUpKind(models.TextChoices):
    """A line in the log of an invoice that is not paid."""

    STEP = "step", pgettext_lazy("follow-up", "Reminder")
    NOTE = "note", pgettext_lazy("follow-up", "Note")
    PAUSED = "paused", pgettext_lazy("follow-up", "Reminders paused")
    RESUMED = "resumed", pgettext_lazy("follow-up", "Reminders resumed")


class AgeBucket(models.TextChoices):
    """For how many days an amount has been overdue."""

    NOT_DUE = "not_due", _("Not due")
    TO_30 = "to_30", _("1–30 days")
    TO_60 = "to_60", _("31–60 days")
    TO_90 = "to_90", _("61–90 days")
    OVER_90 = "over_90", _("Over 90 days")


class AgeingOrder(models.TextChoices):
    """In what order the office reads who owes what."""

    MOST = "", _("Most to pay first")
    OLDEST = "oldest", _("Longest overdue first")
    NAME = "name", _("By name")
