"""Whoever knows a child does not thereby read what another hospital did with it.

Three narrowings of what is read, beside the walls that are there, of which each let something of another hospital
through to a reader with a view of the same child: who there met the child first; which record number was parted there,
why and by whom; and, for a hospital that was let see a child, rows from the time when a view that was parted since
still stood for that child.
"""

from django.db import migrations

from tonghu.platform.scope.policies import MIGRATION

REACHED = "(SELECT scope.nationwide()) OR {place} = ANY ((SELECT scope.institutions())::bigint[])"
GIVEN = "({child}, {place}) IN (SELECT given.child_id, given.institution_id FROM scope.granted() AS given)"


def _is_the_childs(table: str, view: str) -> str:
    """Whether the view of a row of the past stands for the same child today, as far as the reader sees it."""
    return (
        f"EXISTS (SELECT 1 FROM patients_hospitalview AS held WHERE held.id = {table}.{view} "
        f"AND held.child_id = {table}.child_id OFFSET 0)"
    )


#: Which rows of a table are read at most.
NARROWED = {
    "patients_child_event": "pgh_institution IS NULL OR "
    + REACHED.format(place="pgh_institution")
    + " OR "
    + GIVEN.format(child="patients_child_event.id", place="pgh_institution"),
    "patients_split": REACHED.format(place="institution_id"),
    **{
        f"patients_{name}_event": REACHED.format(place="institution_id")
        + " OR "
        + _is_the_childs(f"patients_{name}_event", view)
        for name, view in (
            ("hospitalview", "id"), ("identifier", "view_id"), ("formername", "view_id"), ("guardian", "view_id"),
        )
    },
}  # fmt: skip


class Migration(migrations.Migration):
    """Who acts for the system reads as before."""

    dependencies = [("patients", "0014_above")]
    operations = [
        migrations.RunSQL(
            f"CREATE POLICY {table}_theirs ON {table} AS RESTRICTIVE FOR SELECT USING ({said} OR {MIGRATION})",
            f"DROP POLICY {table}_theirs ON {table}",
        )
        for table, said in NARROWED.items()
    ]
