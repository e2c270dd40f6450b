from django.db import migrations

from justdriving.kernel.operations import same_school


class Migration(migrations.Migration):
    dependencies = [("bookings", "0007_what_came_free")]

    operations = [
        same_school("bookings_vacancy", "freed_by_id", "bookings_bookingtransition"),
        same_school("bookings_vacancy", "booking_id", "bookings_booking"),
        same_school("bookings_vacancy", "teacher_id", "administration_teacher"),
    ]
