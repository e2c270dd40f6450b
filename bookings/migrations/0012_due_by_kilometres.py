from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0011_things_keep_what_was_agreed"),
    ]

    operations = [
        migrations.AddField(
            model_name="resource",
            name="odometer_km",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="odometer, km"),
        ),
        migrations.AddField(
            model_name="resource",
            name="odometer_read_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="resourceduedate",
            name="due_km",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="due at km"),
        ),
    ]
