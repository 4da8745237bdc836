"""Which grants a split, or a merge taken back, has ended: for the log."""

from pathlib import Path

from django.db import migrations

PARTED = (Path(__file__).parent.parent / "parted.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """A function; no row changes."""

    dependencies = [("patients", "0010_questions")]
    operations = [migrations.RunSQL(PARTED, "DROP FUNCTION resolver.ended_by_parting(bigint, bigint)")]
