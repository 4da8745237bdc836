"""Cards say how many items of their supplement are still asked; drafts keep reasons too, and colleagues know of them.

Cards in hand are counted with the next nightly check: the items that are asked belong to the key of the rules.
"""

from importlib import import_module
from pathlib import Path

from django.db import migrations, models

import tonghu.registry.models.sealed

TOLD = (Path(__file__).parent.parent / "drafts.sql").read_text(encoding="utf-8")
COLUMNS = import_module("tonghu.registry.migrations.0010_requests").COLUMNS
VIEW = (
    "CREATE OR REPLACE VIEW registry_seencard WITH (security_invoker = true) AS "
    f"SELECT {COLUMNS}, false AS in_correction, requested_by, to_supplement FROM registry_card UNION ALL "
    f"SELECT {COLUMNS}, true, requested_by, to_supplement FROM registry_reportedcard"
)
BEFORE = (
    "DROP VIEW registry_seencard",
    "CREATE VIEW registry_seencard WITH (security_invoker = true) AS "
    f"SELECT {COLUMNS}, false AS in_correction, requested_by FROM registry_card UNION ALL "
    f"SELECT {COLUMNS}, true, requested_by FROM registry_reportedcard",
)
TO_SUPPLEMENT = models.SmallIntegerField("to supplement", default=0, db_default=0, editable=False)


class Migration(migrations.Migration):
    """The columns first, then the view and the function that know them."""

    dependencies = [("registry", "0013_brought_by")]
    operations = [
        migrations.AddField("card", "to_supplement", TO_SUPPLEMENT),
        # Rights on a protected table are held column by column: see Protect.
        migrations.RunSQL("GRANT UPDATE (to_supplement) ON registry_card TO tonghu_app", migrations.RunSQL.noop),
        migrations.AddField("reportedcard", "to_supplement", TO_SUPPLEMENT),
        migrations.RunSQL(VIEW, BEFORE),
        migrations.AddField(
            "draft", "reasons", tonghu.registry.models.sealed.SealedBytes(null=True, place="registry.draft_reasons")
        ),
        migrations.AddField("draft", "who", models.TextField(default="", db_default="", editable=False)),
        migrations.RunSQL("GRANT UPDATE (reasons) ON registry_draft TO tonghu_app", migrations.RunSQL.noop),
        migrations.RunSQL(
            TOLD, "DROP FUNCTION registry.drafts_told(); DROP POLICY registry_draft_told ON registry_draft"
        ),
    ]
