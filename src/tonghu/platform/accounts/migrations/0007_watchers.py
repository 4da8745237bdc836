"""Nobody opens or closes the account of whoever watches them."""

from pathlib import Path

from django.db import migrations

WATCHERS = (Path(__file__).parent.parent / "watchers.sql").read_text(encoding="utf-8")
UNDO = "DROP TRIGGER guard_watcher ON accounts_person; DROP FUNCTION scope.guard_watcher();"


class Migration(migrations.Migration):
    """Adds a trigger."""

    dependencies = [("accounts", "0006_ends")]
    operations = [migrations.RunSQL(WATCHERS, UNDO)]
