from django.db import migrations

from justdriving.kernel.operations import same_school


class Migration(migrations.Migration):
    dependencies = [
        ("administration", "0004_same_school_of_events"),
        ("bookings", "0003_buffers_are_agreed"),
        ("learning", "0001_initial"),
    ]

    operations = [
        same_school("learning_planmodule", "plan_id", "learning_lessonplan"),
        same_school("learning_planstep", "module_id", "learning_planmodule"),
        same_school("learning_studentplan", "student_id", "administration_student"),
        same_school("learning_studentplan", "lesson_plan_id", "learning_lessonplan"),
        same_school("learning_lessonrecord", "participation_id", "bookings_participation"),
        same_school("learning_lessonrecord", "student_id", "administration_student"),
        same_school("learning_lessonrecord", "student_plan_id", "learning_studentplan"),
        same_school("learning_lessonrecord", "teacher_id", "administration_teacher"),
        same_school("learning_lessonrecord", "supersedes_id", "learning_lessonrecord"),
        same_school("learning_recordedstep", "record_id", "learning_lessonrecord"),
        same_school("learning_recordedstep", "step_id", "learning_planstep"),
        same_school("learning_signature", "record_id", "learning_lessonrecord"),
        same_school("learning_signature", "student_id", "administration_student"),
        same_school("learning_signatureevent", "signature_id", "learning_signature"),
        same_school("learning_signatureevent", "record_id", "learning_lessonrecord"),
        same_school("learning_signatureevent", "student_id", "administration_student"),
    ]
