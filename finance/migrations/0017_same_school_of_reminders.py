from django.db import migrations

from justdriving.kernel.operations import same_school


class Migration(migrations.Migration):
    dependencies = [("finance", "0016_reminders")]

    operations = [
        same_school("finance_followup", "invoice_id", "finance_invoice"),
        same_school("finance_ledgerentry", "follow_up_id", "finance_followup"),
    ]
