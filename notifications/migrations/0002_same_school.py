from django.db import migrations

from justdriving.kernel.operations import same_school


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]

    operations = [
        same_school("notifications_messageattempt", "message_id", "notifications_message"),
    ]
