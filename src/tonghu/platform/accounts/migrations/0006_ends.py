"""The past of a post stays, and its deputies end with it, whoever writes."""

from pathlib import Path

from django.db import migrations

ENDS = (Path(__file__).parent.parent / "ends.sql").read_text(encoding="utf-8")
UNDO = """
DROP TRIGGER ends_deputies ON accounts_post;
DROP FUNCTION scope.end_deputies();
DROP TRIGGER guard ON accounts_post;
DROP FUNCTION scope.guard_post();
"""


class Migration(migrations.Migration):
    """Adds two triggers."""

    dependencies = [("accounts", "0005_other_departments")]
    operations = [migrations.RunSQL(ENDS, UNDO)]
