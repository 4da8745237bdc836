"""The keeper of a docking client changes with its secret, and not without."""

from pathlib import Path

from django.db import migrations

KEEPER = (Path(__file__).parent.parent / "keeping.sql").read_text(encoding="utf-8")
UNDO = "DROP TRIGGER guard_keeper ON api_dockingclient; DROP FUNCTION scope.guard_keeper();"


class Migration(migrations.Migration):
    """Adds a trigger."""

    dependencies = [("api", "0005_kept_by")]
    operations = [migrations.RunSQL(KEEPER, UNDO)]
