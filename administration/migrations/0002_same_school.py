from django.db import migrations

from justdriving.kernel.operations import same_school


class Migration(migrations.Migration):
    dependencies = [("administration", "0001_initial")]

    operations = [
        same_school("administration_membership", "department_id", "administration_department"),
        same_school("administration_teacher", "membership_id", "administration_membership"),
        same_school("administration_teacherdepartment", "teacher_id", "administration_teacher"),
        same_school(
            "administration_teacherdepartment", "department_id", "administration_department"
        ),
        same_school("administration_student", "membership_id", "administration_membership"),
        same_school("administration_student", "department_id", "administration_department"),
        same_school("administration_student", "teacher_id", "administration_teacher"),
        same_school("administration_guardian", "student_id", "administration_student"),
        same_school("administration_studentevent", "student_id", "administration_student"),
    ]
