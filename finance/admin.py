"""Money for platform administrators: the price list may be corrected, what was billed may not."""

from django.contrib import admin

from administration.admin import ReadOnlyAdmin, RecordAdmin, SchoolAdmin
from finance.models import (
    Checkout,
    CreditNote,
    CreditNoteLine,
    Discount,
    DiscountGrant,
    DiscountProduct,
    Family,
    FamilyMember,
    FinanceSettings,
    FollowUp,
    GatewayEvent,
    Invoice,
    InvoiceEvent,
    InvoiceLine,
    InvoiceLinePart,
    InvoiceSeries,
    LedgerEntry,
    Payment,
    PaymentAllocation,
    PaymentEvent,
    PriceList,
    PriceRate,
    Product,
    Refund,
    RefundEvent,
    ReminderStep,
    TeacherAtLevel,
    TeacherLevel,
    VatCode,
)


@admin.register(Product)
class ProductAdmin(SchoolAdmin):
    list_display = ["kind", "price_minor", "vat_code", "is_active"]
    list_filter = ["school", "kind", "is_active"]
    list_select_related = ["school", "vat_code"]


@admin.register(VatCode)
class VatCodeAdmin(SchoolAdmin):
    list_display = ["code", "treatment", "rate_basis_points", "is_active"]


@admin.register(PriceList)
class PriceListAdmin(SchoolAdmin):
    list_display = ["name", "department", "valid_from", "valid_until"]
    list_filter = ["school"]
    list_select_related = ["school", "department"]


@admin.register(PriceRate)
class PriceRateAdmin(SchoolAdmin):
    list_display = ["name", "price_list", "product", "effect", "amount_minor", "percent"]
    list_filter = ["school", "effect"]
    list_select_related = ["school", "price_list", "product"]


@admin.register(TeacherLevel)
class TeacherLevelAdmin(SchoolAdmin):
    list_display = ["name", "is_active"]


@admin.register(TeacherAtLevel)
class TeacherAtLevelAdmin(SchoolAdmin):
    list_display = ["teacher_id", "level"]
    list_select_related = ["school", "level"]


@admin.register(Discount)
class DiscountAdmin(SchoolAdmin):
    list_display = ["name", "kind", "percent", "fixed_minor", "valid_from", "is_active"]
    list_filter = ["school", "kind", "is_active"]


@admin.register(DiscountProduct)
class DiscountProductAdmin(SchoolAdmin):
    list_display = ["discount", "product"]
    list_select_related = ["school", "discount", "product"]


@admin.register(DiscountGrant)
class DiscountGrantAdmin(ReadOnlyAdmin):
    list_display = ["student_id", "discount", "reason", "granted_by", "granted_at"]
    list_select_related = ["school", "discount", "granted_by"]


@admin.register(Family)
class FamilyAdmin(ReadOnlyAdmin):
    list_display = ["pk", "created_at"]


@admin.register(FamilyMember)
class FamilyMemberAdmin(ReadOnlyAdmin):
    list_display = ["family_id", "student_id"]


@admin.register(InvoiceLinePart)
class InvoiceLinePartAdmin(ReadOnlyAdmin):
    list_display = ["label", "amount_minor", "discount_id"]


@admin.register(FinanceSettings)
class FinanceSettingsAdmin(SchoolAdmin):
    """The Stripe account is bound here, by us, and never taken from a payment's metadata."""

    list_display = ["gateway", "stripe_account", "payment_days", "invoice_prefix"]


@admin.register(InvoiceSeries)
class InvoiceSeriesAdmin(ReadOnlyAdmin):
    list_display = ["document", "code", "next_number"]


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ["number", "student", "status", "total_minor", "currency", "due_on"]
    list_filter = ["school", "status"]
    list_select_related = ["school", "student__membership__user"]
    search_fields = ["number", "student__membership__user__full_name"]


@admin.register(InvoiceLine)
class InvoiceLineAdmin(ReadOnlyAdmin):
    list_display = ["description", "quantity", "total_minor", "vat_minor"]


@admin.register(InvoiceEvent)
class InvoiceEventAdmin(ReadOnlyAdmin):
    list_display = ["from_status", "to_status", "happened_at", "made_by"]
    list_select_related = ["school", "made_by"]


@admin.register(CreditNote)
class CreditNoteAdmin(ReadOnlyAdmin):
    list_display = ["number", "student", "cause", "total_minor", "currency", "issued_on"]
    list_filter = ["school", "cause"]
    list_select_related = ["school", "student__membership__user"]
    search_fields = ["number", "student__membership__user__full_name"]


@admin.register(CreditNoteLine)
class CreditNoteLineAdmin(ReadOnlyAdmin):
    list_display = ["description", "quantity", "total_minor", "vat_minor"]


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    list_display = ["student", "kind", "amount_minor", "currency", "posted_at"]
    list_filter = ["school", "kind"]
    list_select_related = ["school", "student__membership__user"]


@admin.register(Checkout)
class CheckoutAdmin(ReadOnlyAdmin):
    list_display = ["gateway", "external_id", "amount_minor", "status", "started_at"]
    list_filter = ["school", "gateway", "status"]
    search_fields = ["external_id"]


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ["student", "amount_minor", "currency", "method", "status", "flag"]
    list_filter = ["school", "method", "status", "flag"]
    list_select_related = ["school", "student__membership__user"]
    search_fields = ["external_id", "reference"]


@admin.register(PaymentAllocation)
class PaymentAllocationAdmin(ReadOnlyAdmin):
    list_display = ["payment_id", "invoice_id", "amount_minor", "created_at"]


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    list_display = ["student", "amount_minor", "currency", "method", "status", "requested_at"]
    list_filter = ["school", "status", "gateway"]
    list_select_related = ["school", "student__membership__user"]
    search_fields = ["external_id"]


@admin.register(RefundEvent)
class RefundEventAdmin(ReadOnlyAdmin):
    list_display = ["from_status", "to_status", "happened_at", "made_by"]
    list_select_related = ["school", "made_by"]


@admin.register(ReminderStep)
class ReminderStepAdmin(ReadOnlyAdmin):
    list_display = ["days", "action", "fee_minor", "blocks_booking"]


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnlyAdmin):
    list_display = ["invoice_id", "kind", "days", "action", "note", "happened_at", "made_by"]
    list_filter = ["school", "kind"]
    list_select_related = ["school", "made_by"]


@admin.register(PaymentEvent)
class PaymentEventAdmin(ReadOnlyAdmin):
    list_display = ["change", "happened_at", "made_by"]
    list_select_related = ["school", "made_by"]


@admin.register(GatewayEvent)
class GatewayEventAdmin(RecordAdmin):
    list_display = ["provider", "kind", "external_id", "received_at", "processed_at"]
    list_filter = ["provider", "kind"]
    search_fields = ["external_id"]
