"""Who is one with whom by an index, and questions, acts and their history judged by the rows that are shown.

The walls that ask whether somebody sees a child did so for all children of the country at once where PostgreSQL expected
many rows, also for a list that ends after ten. With OFFSET 0 it asks row by row.
"""

from collections.abc import Iterator

from django.db import migrations, models
from django.db.models.functions import Coalesce

from tonghu.platform.scope.policies import MIGRATION, may

#: A second for a million children.
INDEX = """
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX child_by_group ON patients_child ((coalesce(one_with_id, id)));
"""
READ = may("children.read")
#: Tables and their columns that name children, and whether a reader sees both or one of them.
WALLS = {
    "patients_mergeproposal": (("first_id", "second_id"), "AND"),
    "patients_merge": (("kept_id", "merged_id"), "OR"),
    "patients_merge_event": (("kept_id", "merged_id"), "OR"),
    "patients_split": (("patients_split.child_id", "parted_id"), "OR"),
    "patients_child_event": (("patients_child_event.id",), "OR"),
}


def walls(fence: str) -> Iterator[str]:
    """The statements that put each condition again, its sub-selects ending in `fence`."""
    for table, (columns, both) in WALLS.items():
        seen = f" {both} ".join(
            f"EXISTS (SELECT 1 FROM patients_hospitalview AS held WHERE held.child_id = {column}{fence})"
            for column in columns
        )
        more = (
            " OR patients_child_event.id = ANY ((SELECT scope.granted_children())::bigint[])"
            if table == "patients_child_event"
            else ""
        )
        yield f"ALTER POLICY {table}_read ON {table} USING ((({seen}{more}) AND {READ}) OR {MIGRATION})"


class Migration(migrations.Migration):
    """The same readers see the same rows as before."""

    dependencies = [("patients", "0004_split")]
    operations = [
        migrations.RunSQL(
            INDEX,
            "DROP INDEX child_by_group",
            state_operations=[
                migrations.AddIndex("child", models.Index(Coalesce("one_with", "id"), name="child_by_group"))
            ],
        ),
        migrations.RunSQL(list(walls(" OFFSET 0")), list(walls(""))),
    ]
