"""Walls that ask whether somebody sees a child ask once a statement for a reader of few hospitals, not once a row.

A hospital that sees five of 30,000 questions was asked of each whether it sees the two children: 50 ms for a number in
the menu, 90 ms for a list of merges. Its own children are few: they are read once, and each row is looked up among
them. For readers of many hospitals nothing changes: most of what they list is theirs, and a list ends after a page.
"""

from collections.abc import Iterator

from django.db import migrations

from tonghu.platform.scope.policies import MIGRATION, may

#: Of so many hospitals, the children are few enough to be read at once.
FEW = 20
FUNCTIONS = f"""
GRANT CREATE ON SCHEMA scope TO tonghu_resolver;

-- Whether the open scope reaches few hospitals.
CREATE FUNCTION scope.narrow() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT NOT scope.nationwide() AND cardinality(scope.institutions()) <= {FEW} $$;

-- The children of whom the open scope sees a hospital's view: what the wall of the views says, by their indexes.
CREATE FUNCTION scope.seen_children() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT held.child_id FROM unnest(scope.institutions()) AS place (id)
  JOIN patients_hospitalview AS held ON held.institution_id = place.id
  WHERE scope.may('children.read')
  UNION ALL
  SELECT held.child_id FROM scope.granted() AS given JOIN patients_hospitalview AS held USING (child_id, institution_id)
  WHERE scope.may('children.read')
$$;
ALTER FUNCTION scope.seen_children() OWNER TO tonghu_resolver;
REVOKE CREATE ON SCHEMA scope FROM tonghu_resolver;
GRANT EXECUTE ON FUNCTION scope.narrow(), scope.seen_children() TO tonghu_app, tonghu_owner, tonghu_resolver;
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
BY_ROW = "EXISTS (SELECT 1 FROM patients_hospitalview AS held WHERE held.child_id = {column} OFFSET 0)"
AT_ONCE = "{column} IN (SELECT seen.child FROM scope.seen_children() AS seen (child))"


def walls(*, at_once: bool) -> Iterator[str]:
    """The statements that put each condition again."""
    for table, (columns, both) in WALLS.items():
        seen, few = (f" {both} ".join(said.format(column=one) for one in columns) for said in (BY_ROW, AT_ONCE))
        if at_once:
            seen = f"CASE WHEN (SELECT scope.narrow()) THEN {few} ELSE {seen} END"
        more = (
            " OR patients_child_event.id = ANY ((SELECT scope.granted_children())::bigint[])"
            if table == "patients_child_event"
            else ""
        )
        yield f"ALTER POLICY {table}_read ON {table} USING ((({seen}{more}) AND {READ}) OR {MIGRATION})"


class Migration(migrations.Migration):
    """The same readers see the same rows as before."""

    dependencies = [("patients", "0005_groups")]
    operations = [
        migrations.RunSQL(FUNCTIONS, "DROP FUNCTION scope.seen_children(); DROP FUNCTION scope.narrow()"),
        migrations.RunSQL(list(walls(at_once=True)), list(walls(at_once=False))),
    ]
