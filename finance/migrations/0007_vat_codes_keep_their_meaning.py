import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("finance", "0006_existing_codes_say_it_too")]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='product',
            trigger=pgtrigger.compiler.Trigger(name='outlays_carry_an_outlay_code', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE passed_on boolean;', func="\n                    SELECT treatment = 'outlay' INTO passed_on\n                    FROM finance_vatcode WHERE id = NEW.vat_code_id;\n                    IF NEW.kind <> 'lesson' AND (NEW.kind = 'outlay') <> passed_on THEN\n                        RAISE EXCEPTION 'product % and its VAT code disagree', NEW.name\n                            USING ERRCODE = 'check_violation',\n                                  CONSTRAINT = 'outlays_carry_an_outlay_code';\n                    END IF;\n                    RETURN NEW;\n                ", hash='8fbdc19e932b3d896b22db50404707168287833c', operation='INSERT OR UPDATE', pgid='pgtrigger_outlays_carry_an_outlay_code_e4c0d', table='finance_product', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='vatcode',
            trigger=pgtrigger.compiler.Trigger(name='vat_code_keeps_its_meaning', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."code" IS DISTINCT FROM (NEW."code") OR OLD."treatment" IS DISTINCT FROM (NEW."treatment"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='f98107a16d706fe1266a4263d787541bd18b2fe7', operation='UPDATE', pgid='pgtrigger_vat_code_keeps_its_meaning_8c48b', table='finance_vatcode', when='BEFORE')),
        ),
    ]
