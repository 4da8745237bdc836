"""Merges are said by whoever holds a view of each side; a grant opens what its giver calls one child.

Merges of before belong to the hospital of the post that said them; those of other posts stand as said above hospitals.
"""

from pathlib import Path

from django.db import migrations, models

HERE = Path(__file__).parent.parent
HELD, BEFORE = ((HERE / name).read_text(encoding="utf-8") for name in ("held.sql", "resolver.sql"))
SCOPE = """SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true)"""
OF_POSTS = """
UPDATE patients_merge AS act SET of_hospital = place.id
FROM accounts_post AS held JOIN network_institution AS place ON place.id = held.institution_id
WHERE held.id = act.post_id AND place.kind <> 'authority'
"""


def before(name: str) -> str:
    """A function as the first migrations made it."""
    begins = BEFORE.index(f"CREATE FUNCTION {name}(")
    ends = BEFORE.index("$$;\n", begins) + len("$$;")
    return BEFORE[begins:ends].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


REPLACED = ("scope.granted_children", "scope.granted", "resolver.merge", "resolver.undo_merge", "resolver.dismiss")
UNDO = "\n".join([*(before(name) for name in REPLACED), "DROP FUNCTION resolver.holds(bigint);"])


class Migration(migrations.Migration):
    """The column, what it was, then the functions that write and ask it."""

    dependencies = [("patients", "0012_taken_back")]
    operations = [
        migrations.AddField("merge", "of_hospital", models.BigIntegerField(editable=False, null=True)),
        migrations.AddField("mergeevent", "of_hospital", models.BigIntegerField(null=True)),
        migrations.RunSQL((SCOPE, OF_POSTS), migrations.RunSQL.noop),
        migrations.RunSQL(HELD, UNDO),
    ]
