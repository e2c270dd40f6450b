from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("finance", "0005_vat_codes_say_what_they_mean")]

    operations = [
        migrations.RunSQL(
            sql=[
                """
                UPDATE finance_vatcode
                SET treatment = CASE WHEN code = 'OUTLAY' THEN 'outlay' ELSE 'exempt' END
                WHERE rate_basis_points = 0
                """,
                """
                UPDATE finance_product SET kind = 'outlay' WHERE kind = 'other' AND vat_code_id IN (
                    SELECT id FROM finance_vatcode WHERE treatment = 'outlay')
                """,
            ],
            reverse_sql="UPDATE finance_product SET kind = 'other' WHERE kind = 'outlay'",
        )
    ]
