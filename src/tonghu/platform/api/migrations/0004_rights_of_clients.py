"""The database bounds what somebody hands to a docking client: rights of their own post, never longer than issued."""

from pathlib import Path

from django.db import migrations

from tonghu.platform.api.rights import of_patients

GUARD = (Path(__file__).parent.parent / "rights.sql").read_text(encoding="utf-8")
UNDO = """
DROP TRIGGER guard ON api_dockingclient;
DROP FUNCTION scope.guard_docking_client;
GRANT UPDATE (client_id, name, environment, permissions, networks, issued_by_id, issued_at) ON api_dockingclient TO tonghu_app;
"""


class Migration(migrations.Migration):
    """Adds the function and the guard."""

    dependencies = [("api", "0003_kept_by_post")]
    operations = [
        migrations.RunSQL(of_patients(), "DROP FUNCTION scope.of_patients"),
        migrations.RunSQL(GUARD, UNDO),
    ]
