from django.db import migrations

from justdriving.kernel.operations import same_school


class Migration(migrations.Migration):
    dependencies = [("administration", "0002_same_school"), ("bookings", "0001_initial")]

    operations = [
        same_school("bookings_weeklyavailability", "teacher_id", "administration_teacher"),
        same_school("bookings_absence", "teacher_id", "administration_teacher"),
        same_school("bookings_closedday", "department_id", "administration_department"),
        same_school("bookings_cancellationstep", "terms_id", "bookings_cancellationterms"),
        same_school("bookings_lessontype", "cancellation_terms_id", "bookings_cancellationterms"),
        same_school("bookings_lessontypeneed", "lesson_type_id", "bookings_lessontype"),
        same_school("bookings_resource", "department_id", "administration_department"),
        same_school("bookings_resourceoutage", "resource_id", "bookings_resource"),
        same_school("bookings_booking", "department_id", "administration_department"),
        same_school("bookings_booking", "lesson_type_id", "bookings_lessontype"),
        same_school("bookings_booking", "teacher_id", "administration_teacher"),
        same_school("bookings_booking", "cancellation_terms_id", "bookings_cancellationterms"),
        same_school("bookings_bookingresource", "booking_id", "bookings_booking"),
        same_school("bookings_bookingresource", "resource_id", "bookings_resource"),
        same_school("bookings_participation", "booking_id", "bookings_booking"),
        same_school("bookings_participation", "student_id", "administration_student"),
        same_school("bookings_participation", "place_id", "bookings_bookingresource"),
        same_school("bookings_occupancy", "booking_id", "bookings_booking"),
        same_school("bookings_occupancy", "resource_id", "bookings_resource"),
        same_school("bookings_bookingtransition", "booking_id", "bookings_booking"),
        same_school("bookings_participationtransition", "participation_id", "bookings_participation"),
        same_school("bookings_participationtransition", "booking_transition_id", "bookings_bookingtransition"),
    ]
