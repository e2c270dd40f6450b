from django.db import migrations

from justdriving.kernel.operations import same_school


class Migration(migrations.Migration):
    dependencies = [("bookings", "0015_venues_of_others")]

    operations = [
        same_school("bookings_venueconfirmation", "booking_id", "bookings_booking"),
        same_school("bookings_venueconfirmation", "resource_id", "bookings_resource"),
    ]
