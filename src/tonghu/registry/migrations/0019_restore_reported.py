"""A voided card of which the centre holds a version is restored by an auditor: the table of states says of which cards."""

from pathlib import Path

from django.db import migrations, models

from tonghu.registry.states_table import fill

CARDS = (Path(__file__).parent.parent / "cards.sql").read_text(encoding="utf-8")
SCOPE = """SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true)"""
OPEN = "ALTER TABLE registry_transition NO FORCE ROW LEVEL SECURITY"
CLOSED = "ALTER TABLE registry_transition FORCE ROW LEVEL SECURITY"


class Migration(migrations.Migration):
    """The trigger asks the new column."""

    dependencies = [("registry", "0018_void_requests")]
    operations = [
        migrations.AddField("transition", "centre_holds", models.BooleanField(null=True)),
        # No policy lets anybody write the table; its owner does, while it is not held to policies.
        migrations.RunSQL((SCOPE, OPEN, *fill(), CLOSED), migrations.RunSQL.noop),
        migrations.RunSQL(CARDS, migrations.RunSQL.noop),
    ]
