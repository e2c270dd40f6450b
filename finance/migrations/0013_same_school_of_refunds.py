from django.db import migrations

from justdriving.kernel.operations import same_school


class Migration(migrations.Migration):
    dependencies = [("administration", "0008_buffers_of_teachers"), ("finance", "0012_refunds")]

    operations = [
        same_school("finance_ledgerentry", "refund_id", "finance_refund"),
        same_school("finance_refund", "student_id", "administration_student"),
        same_school("finance_refund", "payment_id", "finance_payment"),
        same_school("finance_refundevent", "refund_id", "finance_refund"),
    ]
