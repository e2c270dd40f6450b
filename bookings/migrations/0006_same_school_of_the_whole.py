from django.db import migrations

from justdriving.kernel.operations import same_school


class Migration(migrations.Migration):
    dependencies = [("administration", "0006_same_school_of_documents"), ("bookings", "0005_whole_calendar")]

    operations = [
        same_school("bookings_weeklyavailability", "department_id", "administration_department"),
        same_school("bookings_availabilityexception", "teacher_id", "administration_teacher"),
        same_school("bookings_availabilityexception", "department_id", "administration_department"),
        same_school("bookings_importedcalendar", "teacher_id", "administration_teacher"),
        same_school("bookings_absence", "imported_from_id", "bookings_importedcalendar"),
        same_school("bookings_openinghours", "department_id", "administration_department"),
        same_school("bookings_eligibilityrule", "lesson_type_id", "bookings_lessontype"),
        same_school("bookings_resourceduedate", "resource_id", "bookings_resource"),
        same_school("bookings_studentgroup", "department_id", "administration_department"),
        same_school("bookings_groupmember", "group_id", "bookings_studentgroup"),
        same_school("bookings_groupmember", "student_id", "administration_student"),
        same_school("bookings_sessiontemplate", "department_id", "administration_department"),
        same_school("bookings_sessiontemplate", "lesson_type_id", "bookings_lessontype"),
        same_school("bookings_sessiontemplate", "teacher_id", "administration_teacher"),
        same_school("bookings_sessiontemplate", "group_id", "bookings_studentgroup"),
        same_school("bookings_sessiontemplate", "continues_id", "bookings_sessiontemplate"),
        same_school("bookings_sessiontemplateresource", "template_id", "bookings_sessiontemplate"),
        same_school("bookings_sessiontemplateresource", "resource_id", "bookings_resource"),
        same_school("bookings_skippedsession", "template_id", "bookings_sessiontemplate"),
        same_school("bookings_booking", "group_id", "bookings_studentgroup"),
        same_school("bookings_booking", "template_id", "bookings_sessiontemplate"),
        same_school("bookings_booking", "replaces_id", "bookings_booking"),
        same_school("bookings_calendarfeed", "membership_id", "administration_membership"),
        same_school("bookings_bookingtransition", "from_teacher_id", "administration_teacher"),
        same_school("bookings_bookingtransition", "to_teacher_id", "administration_teacher"),
        same_school("bookings_bookingtransition", "cancellation_reason_id", "bookings_cancellationreason"),
        same_school("bookings_bookingsettings", "department_id", "administration_department"),
        same_school("bookings_sickday", "teacher_id", "administration_teacher"),
        same_school("bookings_sickday", "absence_id", "bookings_absence"),
        same_school("bookings_sickdaylesson", "sick_day_id", "bookings_sickday"),
        same_school("bookings_sickdaylesson", "booking_id", "bookings_booking"),
        same_school("bookings_sickdaylesson", "transition_id", "bookings_bookingtransition"),
        same_school("bookings_sickdaylesson", "restored_id", "bookings_booking"),
        same_school("bookings_waitinglistentry", "student_id", "administration_student"),
        same_school("bookings_waitinglistentry", "lesson_type_id", "bookings_lessontype"),
        same_school("bookings_waitinglistentry", "booking_id", "bookings_booking"),
        same_school("bookings_waitinglistentry", "teacher_id", "administration_teacher"),
        same_school("bookings_waitinglistentry", "department_id", "administration_department"),
        same_school("bookings_waitinglistoffer", "entry_id", "bookings_waitinglistentry"),
        same_school("bookings_waitinglistoffer", "booking_id", "bookings_booking"),
        same_school("bookings_waitinglistoffer", "freed_by_id", "bookings_bookingtransition"),
    ]
