"""What things cost, what was billed, what was paid."""

from finance.models.catalogue import FinanceSettings, Product, VatCode
from finance.models.credits import CreditNote, CreditNoteLine
from finance.models.discounts import (
    Discount,
    DiscountGrant,
    DiscountProduct,
    Family,
    FamilyMember,
    InvoiceLinePart,
)
from finance.models.invoices import Invoice, InvoiceEvent, InvoiceLine, InvoiceSeries
from finance.models.ledger import LedgerEntry
from finance.models.payments import (
    Checkout,
    GatewayEvent,
    Payment,
    PaymentAllocation,
    PaymentEvent,
)
from finance.models.price_lists import PriceList, PriceRate, TeacherAtLevel, TeacherLevel
from finance.models.refunds import Refund, RefundEvent
from finance.models.reminders import FollowUp, ReminderStep

__all__ = [
    "Checkout",
    "CreditNote",
    "CreditNoteLine",
    "Discount",
    "DiscountGrant",
    "DiscountProduct",
    "Family",
    "FamilyMember",
    "FinanceSettings",
    "FollowUp",
    "GatewayEvent",
    "Invoice",
    "InvoiceEvent",
    "InvoiceLine",
    "InvoiceLinePart",
    "InvoiceSeries",
    "LedgerEntry",
    "Payment",
    "PaymentAllocation",
    "PaymentEvent",
    "PriceList",
    "PriceRate",
    "Product",
    "Refund",
    "RefundEvent",
    "ReminderStep",
    "TeacherAtLevel",
    "TeacherLevel",
    "VatCode",
]
