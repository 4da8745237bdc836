"""A card of which the centre holds a version is voided by an auditor: what happens to a card, again.

The table of states, which says so, is filled by the migration that changed it last.
"""

from pathlib import Path

from django.db import migrations

CARDS = (Path(__file__).parent.parent / "cards.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Sites that are new have both already."""

    dependencies = [("registry", "0015_written_names")]
    operations = [migrations.RunSQL(CARDS, migrations.RunSQL.noop)]
