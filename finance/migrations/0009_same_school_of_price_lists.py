from django.db import migrations

from justdriving.kernel.operations import same_school


class Migration(migrations.Migration):
    dependencies = [("administration", "0008_buffers_of_teachers"), ("finance", "0008_price_lists")]

    operations = [
        same_school("finance_teacheratlevel", "teacher_id", "administration_teacher"),
        same_school("finance_teacheratlevel", "level_id", "finance_teacherlevel"),
        same_school("finance_pricelist", "department_id", "administration_department"),
        same_school("finance_pricerate", "price_list_id", "finance_pricelist"),
        same_school("finance_pricerate", "product_id", "finance_product"),
        same_school("finance_pricerate", "level_id", "finance_teacherlevel"),
    ]
