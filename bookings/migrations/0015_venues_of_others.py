import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import phonenumber_field.modelfields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("administration", "0008_buffers_of_teachers"),
        ("bookings", "0014_prices_of_steps"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="VenueConfirmation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("period", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "change",
                    models.CharField(
                        choices=[
                            ("confirmed", "Confirmed"),
                            ("withdrawn", "Taken back"),
                            ("lapsed", "No longer holds"),
                        ],
                        max_length=16,
                    ),
                ),
                ("number", models.CharField(max_length=40)),
                ("happened_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="bookingresource",
            name="is_number_lapsed",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="bookingresource",
            name="venue_number",
            field=models.CharField(blank=True, max_length=40, verbose_name="confirmation number"),
        ),
        migrations.AddField(
            model_name="resource",
            name="contact_email",
            field=models.EmailField(blank=True, max_length=254, verbose_name="e-mail"),
        ),
        migrations.AddField(
            model_name="resource",
            name="contact_name",
            field=models.CharField(blank=True, max_length=120, verbose_name="contact"),
        ),
        migrations.AddField(
            model_name="resource",
            name="contact_phone",
            field=phonenumber_field.modelfields.PhoneNumberField(
                blank=True, max_length=128, region=None, verbose_name="phone"
            ),
        ),
        migrations.AddField(
            model_name="resource",
            name="directions",
            field=models.TextField(blank=True, max_length=1000, verbose_name="how to get there"),
        ),
        migrations.AddField(
            model_name="resource",
            name="max_bookings_per_day",
            field=models.PositiveSmallIntegerField(
                blank=True,
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="bookings a day, at most",
            ),
        ),
        migrations.AddField(
            model_name="resource",
            name="max_bookings_per_week",
            field=models.PositiveSmallIntegerField(
                blank=True,
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="bookings a week, at most",
            ),
        ),
        migrations.AddField(
            model_name="resource",
            name="owner",
            field=models.CharField(blank=True, max_length=120, verbose_name="belongs to"),
        ),
        migrations.AddField(
            model_name="resource",
            name="quota_since",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="lessontypeneed",
            name="kind",
            field=models.CharField(
                choices=[
                    ("vehicle", "Vehicle"),
                    ("room", "Room"),
                    ("track", "Track"),
                    ("skid_pad", "Skid pad"),
                    ("simulator", "Simulator"),
                    ("equipment", "Equipment"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="resource",
            name="kind",
            field=models.CharField(
                choices=[
                    ("vehicle", "Vehicle"),
                    ("room", "Room"),
                    ("track", "Track"),
                    ("skid_pad", "Skid pad"),
                    ("simulator", "Simulator"),
                    ("equipment", "Equipment"),
                ],
                max_length=16,
                verbose_name="kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="bookingresource",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_number_lapsed", False),
                    models.Q(("venue_number", ""), _negated=True),
                    _connector="OR",
                ),
                name="only_a_number_lapses",
            ),
        ),
        migrations.AddConstraint(
            model_name="resource",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("owner", ""), _negated=True),
                    models.Q(
                        ("max_bookings_per_day__isnull", True),
                        ("max_bookings_per_week__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="only_a_venue_of_others_has_a_quota",
            ),
        ),
        migrations.AddConstraint(
            model_name="resource",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("max_bookings_per_day__isnull", True),
                        ("max_bookings_per_day__gte", 1),
                        _connector="OR",
                    ),
                    models.Q(
                        ("max_bookings_per_week__isnull", True),
                        ("max_bookings_per_week__gte", 1),
                        _connector="OR",
                    ),
                ),
                name="venue_quota_lets_somebody_in",
            ),
        ),
        migrations.AddField(
            model_name="venueconfirmation",
            name="booking",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="venue_confirmations",
                to="bookings.booking",
            ),
        ),
        migrations.AddField(
            model_name="venueconfirmation",
            name="made_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="venueconfirmation",
            name="resource",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="bookings.resource",
            ),
        ),
        migrations.AddField(
            model_name="venueconfirmation",
            name="school",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="administration.school",
            ),
        ),
        migrations.AddConstraint(
            model_name="venueconfirmation",
            constraint=models.CheckConstraint(
                condition=models.Q(("change__in", ["confirmed", "withdrawn", "lapsed"])),
                name="venue_change_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="venueconfirmation",
            constraint=models.CheckConstraint(
                condition=models.Q(("number", ""), _negated=True),
                name="venue_change_names_a_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="venueconfirmation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("made_by__isnull", False), ("change", "lapsed"), _connector="OR"
                ),
                name="venue_change_has_an_actor",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="venueconfirmation",
            trigger=pgtrigger.compiler.Trigger(
                name="venue_history_is_final",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="64c9ceb1c156b2df841b861c433e9ed432440fcd",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_venue_history_is_final_3415a",
                    table="bookings_venueconfirmation",
                    when="BEFORE",
                ),
            ),
        ),
    ]
