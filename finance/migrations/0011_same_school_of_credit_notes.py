from django.db import migrations

from justdriving.kernel.operations import same_school


class Migration(migrations.Migration):
    dependencies = [
        ("administration", "0008_buffers_of_teachers"),
        ("bookings", "0012_due_by_kilometres"),
        ("finance", "0010_credit_notes"),
    ]

    operations = [
        same_school("finance_paymentallocation", "credit_note_id", "finance_creditnote"),
        same_school("finance_ledgerentry", "credit_note_id", "finance_creditnote"),
        same_school("finance_invoiceevent", "credit_note_id", "finance_creditnote"),
        same_school("finance_creditnote", "invoice_id", "finance_invoice"),
        same_school("finance_creditnote", "student_id", "administration_student"),
        same_school("finance_creditnote", "series_id", "finance_invoiceseries"),
        same_school(
            "finance_creditnote", "participation_transition_id", "bookings_participationtransition"
        ),
        same_school("finance_creditnoteline", "credit_note_id", "finance_creditnote"),
        same_school("finance_creditnoteline", "invoice_line_id", "finance_invoiceline"),
    ]
