from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("administration", "0007_history_names_its_subject"),
    ]

    operations = [
        migrations.AddField(
            model_name="teacher",
            name="buffer_after_minutes",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="minutes free after"),
        ),
        migrations.AddField(
            model_name="teacher",
            name="buffer_before_minutes",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="minutes free before"),
        ),
    ]
