"""Lists over a million cards: whatever narrows one has an index in the order of the list; and what belongs to cards is
judged by the rows that are shown.

The walls of findings, versions and acts asked which cards of the country somebody sees, all at once, where PostgreSQL
expected many rows, also for a list that ends after fifty. With OFFSET 0 it asks row by row.
"""

from collections.abc import Iterator
from importlib import import_module

from django.db import migrations, models

from tonghu.platform.scope.policies import MIGRATION

walls = import_module("tonghu.registry.migrations.0002_walls")
#: What narrows lists of several hospitals, by the name of its index; each ends with the card's number. Whoever reads
#: those sees reported cards alone, so a card comes into these indexes when it is reported: no import pays for them.
INDEXES = {
    "card_by_newest_in_state": ("state", "id"),
    "card_by_group": ("scope_group", "id"),
    "card_by_subgroup": ("iccc3_subgroup", "id"),
    "card_by_month_and_state": ("archive_month", "state", "id"),
    "card_by_age": ("age_years", "id"),
    "card_by_residence": ("residence_code", "id"),
}
#: Tables of what belongs to a card, and the column that counts versions.
OF_CARDS = {"registry_cardversion": "number", "registry_finding": "", "registry_act": "version"}
REPORTED = models.Q(first_reported_at__isnull=False)


def policies(fence: str) -> Iterator[str]:
    """The statements that put each condition again, its sub-select ending in `fence`."""
    for table, number in OF_CARDS.items():
        more = walls.UP_TO_REPORTED.format(table=table, number=number) if number else ""
        seen = walls.OF_CARD.format(table=table, more=more + fence)
        yield f"ALTER POLICY {table}_read ON {table} USING ((({walls.HERE} OR {seen}) AND {walls.READ}) OR {MIGRATION})"


class Migration(migrations.Migration):
    """The same readers see the same rows as before."""

    dependencies = [("registry", "0005_keys")]
    operations = [
        migrations.RunSQL(
            [
                "-- squawk-ignore require-concurrent-index-creation\n"
                f"CREATE INDEX {name} ON registry_card ({', '.join(columns)}) WHERE first_reported_at IS NOT NULL"
                for name, columns in INDEXES.items()
            ],
            [f"DROP INDEX {name}" for name in INDEXES],
            state_operations=[
                migrations.AddIndex("card", models.Index(fields=columns, name=name, condition=REPORTED))
                for name, columns in INDEXES.items()
            ],
        ),
        migrations.RunSQL(list(policies(" OFFSET 0")), list(policies(""))),
    ]
