"""Nobody but who checked the chain says that it was checked."""

from django.db import migrations

ANYBODY = "(SELECT scope.entry()) IS NOT NULL"
CHECKER = "(kind NOT IN ('audit.checked', 'audit.chain_broken') OR (SELECT scope.system()) = 'chain')"


class Migration(migrations.Migration):
    """The verdict on the chain, which every reader of the log is shown, comes from the scope that walks it."""

    dependencies = [("audit", "0002_events")]
    operations = [
        migrations.RunSQL(
            f"ALTER POLICY audit_event_insert ON audit_event WITH CHECK ({ANYBODY} AND {CHECKER})",
            f"ALTER POLICY audit_event_insert ON audit_event WITH CHECK ({ANYBODY})",
        ),
    ]
