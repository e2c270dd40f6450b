from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("administration", "0008_buffers_of_teachers"),
        ("bookings", "0009_places_and_standing_overrides"),
    ]

    operations = [
        migrations.AddField(
            model_name="resource",
            name="buffer_after_minutes",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="minutes free after"),
        ),
        migrations.AddField(
            model_name="resource",
            name="buffer_before_minutes",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="minutes free before"),
        ),
        migrations.AddField(
            model_name="bookingresource",
            name="buffer_after_minutes",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="bookingresource",
            name="buffer_before_minutes",
            field=models.PositiveSmallIntegerField(default=0),
        ),
    ]
