"""A card of which the centre holds a version is voided by an auditor: the table of states and its trigger again."""

from pathlib import Path

from django.db import migrations

from tonghu.registry.states_table import fill

CARDS = (Path(__file__).parent.parent / "cards.sql").read_text(encoding="utf-8")
SCOPE = """SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true)"""
OPEN = "ALTER TABLE registry_transition NO FORCE ROW LEVEL SECURITY"
CLOSED = "ALTER TABLE registry_transition FORCE ROW LEVEL SECURITY"


class Migration(migrations.Migration):
    """Sites that are new have both already."""

    dependencies = [("registry", "0015_written_names")]
    operations = [
        # No policy lets anybody write the table; its owner does, while it is not held to policies.
        migrations.RunSQL((SCOPE, OPEN, *fill(), CLOSED), migrations.RunSQL.noop),
        migrations.RunSQL(CARDS, migrations.RunSQL.noop),
    ]
