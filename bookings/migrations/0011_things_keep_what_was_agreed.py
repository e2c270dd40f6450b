from django.db import migrations

# Until now a thing was kept free for as long as its booking's teacher.
AS_THE_TEACHER = """
    UPDATE bookings_bookingresource AS used
    SET buffer_before_minutes = booking.buffer_before_minutes,
        buffer_after_minutes = booking.buffer_after_minutes
    FROM bookings_booking AS booking
    WHERE booking.id = used.booking_id
      AND (booking.buffer_before_minutes > 0 OR booking.buffer_after_minutes > 0)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0010_buffers_of_things"),
    ]

    operations = [
        migrations.RunSQL(AS_THE_TEACHER, migrations.RunSQL.noop),
    ]
