"""A merge that was said above hospitals keeps for which: it opens nothing of a hospital elsewhere.

Of merges of before it is what the authority of the post that said them is in charge of. Where no such post is known it
stays empty, and such a merge opens nothing by a grant.
"""

from pathlib import Path

from django.db import migrations, models

HERE = Path(__file__).parent.parent
ABOVE, BEFORE = ((HERE / name).read_text(encoding="utf-8") for name in ("above.sql", "held.sql"))
SCOPE = """SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true)"""
#: A code's own range: zeros at its end stand for whatever lies below it.
OF_POSTS = """
UPDATE patients_merge AS act SET region_from = place.region_code, region_to = CASE
    WHEN place.region_code = '000000' THEN '999999'
    WHEN right(place.region_code, 4) = '0000' THEN lpad((place.region_code::integer + 10000)::text, 6, '0')
    WHEN right(place.region_code, 2) = '00' THEN lpad((place.region_code::integer + 100)::text, 6, '0')
    ELSE lpad((place.region_code::integer + 1)::text, 6, '0') END
FROM accounts_post AS held JOIN network_institution AS place ON place.id = held.institution_id
WHERE held.id = act.post_id AND act.of_hospital IS NULL AND place.kind = 'authority'
"""
REPLACED = ("scope.granted", "resolver.merge", "resolver.undo_merge")
ADDED = ("resolver.parted(bigint, bigint)", "resolver.may_undo(bigint)", "resolver.books_of(bigint)")


def before(name: str) -> str:
    """A function as the migration before made it."""
    begins = BEFORE.index(f"CREATE OR REPLACE FUNCTION {name}(")
    return BEFORE[begins : BEFORE.index("$$;\n", begins) + len("$$;")]


UNDO = "\n".join([*(before(name) for name in REPLACED), *(f"DROP FUNCTION {name};" for name in ADDED)])


def code(*, editable: bool) -> "models.Field[str | None, str | None]":
    """An end of a range of region codes, compared as bytes."""
    return models.CharField(max_length=6, null=True, editable=editable, db_collation="C")


class Migration(migrations.Migration):
    """The columns, what they were, then the functions that write and ask them."""

    dependencies = [("patients", "0013_held")]
    operations = [
        *(
            migrations.AddField(model, name, code(editable=model == "mergeevent"))
            for model in ("merge", "mergeevent")
            for name in ("region_from", "region_to")
        ),
        migrations.RunSQL((SCOPE, OF_POSTS), migrations.RunSQL.noop),
        migrations.RunSQL(ABOVE, UNDO),
    ]
