from django.db import migrations

from justdriving.kernel.operations import same_school


class Migration(migrations.Migration):
    dependencies = [("administration", "0009_student_cards"), ("finance", "0014_discounts")]

    operations = [
        same_school("finance_discountproduct", "discount_id", "finance_discount"),
        same_school("finance_discountproduct", "product_id", "finance_product"),
        same_school("finance_discountgrant", "discount_id", "finance_discount"),
        same_school("finance_discountgrant", "student_id", "administration_student"),
        same_school("finance_familymember", "family_id", "finance_family"),
        same_school("finance_familymember", "student_id", "administration_student"),
        same_school("finance_invoicelinepart", "line_id", "finance_invoiceline"),
        same_school("finance_invoicelinepart", "discount_id", "finance_discount"),
    ]
