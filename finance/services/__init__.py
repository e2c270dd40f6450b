"""The only writers of money."""

from finance.services.allocating import put_against, take_back
from finance.services.billing import bill_participation, bill_registration, issue_invoice
from finance.services.catalogue import open_books, save_product, save_settings, save_vat_code
from finance.services.checkouts import confirm_payment, settle_checkout, start_checkout
from finance.services.crediting import issue_credit_note
from finance.services.discounts import (
    grant_discount,
    join_families,
    leave_family,
    save_discount,
    save_stacking,
    withdraw_discount,
)
from finance.services.payments import register_manual_payment
from finance.services.price_lists import (
    place_teachers,
    remove_rate,
    save_level,
    save_price_list,
    save_rate,
)
from finance.services.refunding import (
    approve_refund,
    decline_refund,
    pay_out,
    record_refund,
    request_refund,
)
from finance.services.reminders import remove_step, save_step, send_reminders
from finance.services.reminding import (
    note_follow_up,
    pause_reminders,
    remind,
    remind_all,
    resume_reminders,
)
from finance.services.waiving import waive_fee
from finance.services.webhooks import receive_webhook, retry_unread_webhooks

__all__ = [
    "approve_refund",
    "bill_participation",
    "bill_registration",
    "confirm_payment",
    "decline_refund",
    "grant_discount",
    "issue_credit_note",
    "issue_invoice",
    "join_families",
    "leave_family",
    "note_follow_up",
    "open_books",
    "pause_reminders",
    "pay_out",
    "place_teachers",
    "put_against",
    "receive_webhook",
    "record_refund",
    "register_manual_payment",
    "remind",
    "remind_all",
    "remove_rate",
    "remove_step",
    "request_refund",
    "resume_reminders",
    "retry_unread_webhooks",
    "save_discount",
    "save_level",
    "save_price_list",
    "save_product",
    "save_rate",
    "save_settings",
    "save_stacking",
    "save_step",
    "save_vat_code",
    "send_reminders",
    "settle_checkout",
    "start_checkout",
    "take_back",
    "waive_fee",
    "withdraw_discount",
]
