"""A file of an institution is its keeper's only from a post that reaches the institution: people change posts."""

from collections.abc import Iterator

from django.db import migrations

from tonghu.platform.scope.policies import IN_SCOPE, MIGRATION, OWN, OWN_HERE, may, system

UPKEEP = system("upkeep")
OF_THE_SYSTEM = "(person_id IS NULL AND system = (SELECT scope.system()))"
TAKEN = f"({IN_SCOPE} AND {may('files.take')})"


def alter(own: str) -> Iterator[str]:
    """Write the policies anew, with what makes a file one's own."""
    seen = f"({own} OR {OF_THE_SYSTEM} OR ({IN_SCOPE} AND {may('files.view')}) OR {TAKEN} OR {UPKEEP}) OR {MIGRATION}"
    changed = f"({own} OR {OF_THE_SYSTEM} OR {TAKEN} OR {UPKEEP}) OR {MIGRATION}"
    yield f"ALTER POLICY files_storedfile_read ON files_storedfile USING ({seen})"
    yield f"ALTER POLICY files_storedfile_event_read ON files_storedfile_event USING ({seen})"
    yield f"ALTER POLICY files_storedfile_update ON files_storedfile USING ({changed}) WITH CHECK ({changed})"


class Migration(migrations.Migration):
    """Downloads follow their file."""

    dependencies = [("files", "0004_why_destroyed"), ("network", "0002_scope_institutions")]
    operations = [migrations.RunSQL(tuple(alter(OWN_HERE)), tuple(alter(OWN)))]
