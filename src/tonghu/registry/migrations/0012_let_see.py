"""A hospital that another lets see a child reads that child's cards there as they were reported, while the grant holds.

Of the card it reads the reported version and nothing around it: who did what with it, findings and their explanations,
earlier versions and the history stay with the hospital and those above it.
"""

from collections.abc import Iterator
from importlib import import_module

from django.db import migrations

from tonghu.platform.scope.policies import MIGRATION

reported = import_module("tonghu.registry.migrations.0007_reported")
lists = import_module("tonghu.registry.migrations.0006_lists")
HERE, ABOVE, READ = reported.HERE, reported.ABOVE, reported.READ
#: Of the giver's rows of the child and no other's; asked once a statement, and only where a row is not the reader's own.
LET_SEE = "view_id = ANY ((SELECT registry.views_let_see())::bigint[])"
#: Whoever reads from above has no hospital of their own.
FROM_ABOVE = "(SELECT scope.institution()) IS NULL"
CARD = f"({HERE} OR (version = reported_version AND ({ABOVE} OR {LET_SEE}))) AND {READ}"
KEPT = f"institution_id IS DISTINCT FROM (SELECT scope.institution()) AND ({ABOVE} OR {LET_SEE}) AND {READ}"


def of_card(table: str, up_to: str) -> str:
    """Rows of a card of one's own hospital, else of one that is seen, as far as `up_to` says; row by row, see 0006."""
    seen = " OR ".join(
        f"EXISTS (SELECT 1 FROM {held} AS card WHERE card.id = {table}.card_id AND {up_to} OFFSET 0)"
        for held in ("registry_card", "registry_reportedcard")
    )
    return f"({HERE} OR {seen}) AND {READ}"


#: The version that was reported; those before it from above alone.
VERSION = of_card(
    "registry_cardversion",
    "registry_cardversion.number <= card.reported_version "
    f"AND ({FROM_ABOVE} OR registry_cardversion.number = card.reported_version)",
)
ACT = of_card("registry_act", f"{FROM_ABOVE} AND registry_act.version <= card.reported_version")
FOUND = lists.walls.OF_CARD.format(table="registry_finding", more=" OFFSET 0")
WALLS = {
    "registry_card": (CARD, reported.CARD),
    "registry_reportedcard": (KEPT, reported.KEPT),
    "registry_cardversion": (VERSION, reported.of_card("registry_cardversion", "number")),
    "registry_act": (ACT, reported.of_card("registry_act", "version")),
    "registry_finding": (
        f"({HERE} OR ({FROM_ABOVE} AND {FOUND})) AND {READ}",
        f"({HERE} OR {FOUND}) AND {READ}",
    ),
}
FUNCTION = """
GRANT USAGE, CREATE ON SCHEMA registry TO tonghu_resolver;

-- The views of children that other hospitals let the open scope's hospital see now.
CREATE FUNCTION registry.views_let_see() RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce(array_agg(held.id), '{}')
  FROM scope.granted() AS given JOIN patients_hospitalview AS held USING (child_id, institution_id)
$$;
ALTER FUNCTION registry.views_let_see() OWNER TO tonghu_resolver;
REVOKE CREATE ON SCHEMA registry FROM tonghu_resolver;
GRANT EXECUTE ON FUNCTION registry.views_let_see() TO tonghu_app, tonghu_owner;
"""


def walls(which: int) -> Iterator[str]:
    """The statements that put each condition: the new one (0) or the one before (1)."""
    put = "ALTER POLICY {0}_read ON {0} USING (({1}) OR {2})"
    return (put.format(table, said[which], MIGRATION) for table, said in WALLS.items())


class Migration(migrations.Migration):
    """Everybody else sees the same rows as before."""

    dependencies = [("registry", "0011_given_back"), ("patients", "0006_seen_at_once")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION registry.views_let_see()"),
        migrations.RunSQL(list(walls(0)), list(walls(1))),
    ]
