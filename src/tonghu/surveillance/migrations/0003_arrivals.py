"""The triggers on the cards that keep what of each month has arrived."""

from pathlib import Path

from django.db import migrations

ARRIVALS = (Path(__file__).parent / "arrivals_0003.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Adds the triggers; cards come after it."""

    dependencies = [("surveillance", "0002_walls"), ("registry", "0002_walls")]
    operations = [migrations.RunSQL(ARRIVALS, "DROP SCHEMA surveillance CASCADE")]
