from django.db import migrations

from justdriving.kernel.operations import same_school


class Migration(migrations.Migration):
    dependencies = [
        ("administration", "0002_same_school"),
        ("bookings", "0002_same_school"),
        ("finance", "0001_initial"),
    ]

    operations = [
        same_school("finance_product", "lesson_type_id", "bookings_lessontype"),
        same_school("finance_product", "vat_code_id", "finance_vatcode"),
        same_school("finance_financesettings", "signup_fee_id", "finance_product"),
        same_school("finance_checkout", "invoice_id", "finance_invoice"),
        same_school("finance_payment", "student_id", "administration_student"),
        same_school("finance_payment", "checkout_id", "finance_checkout"),
        same_school("finance_paymentallocation", "payment_id", "finance_payment"),
        same_school("finance_paymentallocation", "invoice_id", "finance_invoice"),
        same_school("finance_paymentevent", "payment_id", "finance_payment"),
        same_school("finance_ledgerentry", "student_id", "administration_student"),
        same_school(
            "finance_ledgerentry", "participation_transition_id", "bookings_participationtransition"
        ),
        same_school("finance_ledgerentry", "student_event_id", "administration_studentevent"),
        same_school("finance_ledgerentry", "payment_id", "finance_payment"),
        same_school("finance_invoice", "student_id", "administration_student"),
        same_school("finance_invoice", "series_id", "finance_invoiceseries"),
        same_school("finance_invoiceline", "invoice_id", "finance_invoice"),
        same_school("finance_invoiceline", "entry_id", "finance_ledgerentry"),
        same_school("finance_invoiceline", "vat_code_id", "finance_vatcode"),
        same_school("finance_invoiceevent", "invoice_id", "finance_invoice"),
        same_school("finance_invoiceevent", "payment_id", "finance_payment"),
    ]
