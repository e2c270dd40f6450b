from django.db import migrations

from justdriving.kernel.operations import same_school


class Migration(migrations.Migration):
    dependencies = [("administration", "0005_what_lessons_ask_of_students")]

    operations = [
        same_school("administration_studentdocument", "student_id", "administration_student"),
    ]
