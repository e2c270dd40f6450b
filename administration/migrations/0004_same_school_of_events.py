from django.db import migrations

from justdriving.kernel.operations import same_school


class Migration(migrations.Migration):
    dependencies = [("administration", "0003_history_of_settings_and_members")]

    operations = [
        same_school("administration_membershipevent", "membership_id", "administration_membership"),
    ]
