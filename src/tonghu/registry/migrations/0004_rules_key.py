"""Which rules a card's findings are of, and how the tally is added up."""

from pathlib import Path

from django.db import migrations, models

TALLY = (Path(__file__).parent / "tally_0004.sql").read_text(encoding="utf-8")
MAY_FOLD = (
    "CREATE POLICY registry_tally_fold ON registry_tally FOR DELETE TO tonghu_owner "
    "USING ((SELECT scope.system()) = 'summary')",
    "CREATE POLICY registry_tally_folded ON registry_tally FOR SELECT TO tonghu_owner "
    "USING ((SELECT scope.system()) = 'summary')",
)


class Migration(migrations.Migration):
    """The column has a default in the database: imports name the columns that they bring."""

    dependencies = [("registry", "0003_mends")]
    operations = [
        migrations.AddField(
            model_name="card",
            name="rules_key",
            field=models.CharField(db_default="", default="", editable=False, max_length=16),
        ),
        # Rights on a protected table are held column by column: see Protect.
        migrations.RunSQL("GRANT UPDATE (rules_key) ON registry_card TO tonghu_app", migrations.RunSQL.noop),
        migrations.RunSQL(
            (TALLY, *MAY_FOLD),
            "DROP FUNCTION registry.fold_tally; DROP POLICY registry_tally_fold ON registry_tally; "
            "DROP POLICY registry_tally_folded ON registry_tally",
        ),
    ]
