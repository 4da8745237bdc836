"""A card and its view, and what belongs to a card, are held together by composite keys."""

from pathlib import Path
from typing import Any

from django.db import migrations, models
from django.db.models.deletion import CASCADE, PROTECT

ROOM = Path(__file__).parent.parent
KEYS = (ROOM / "keys.sql").read_text(encoding="utf-8")
CARDS = (ROOM / "migrations" / "cards_0011.sql").read_text(encoding="utf-8")
UNDO = """
ALTER TABLE registry_card DROP CONSTRAINT card_of_a_view;
ALTER TABLE registry_cardversion DROP CONSTRAINT version_of_a_card;
ALTER TABLE registry_finding DROP CONSTRAINT finding_on_a_card;
ALTER TABLE registry_act DROP CONSTRAINT act_on_a_card;
ALTER TABLE registry_draft DROP CONSTRAINT draft_of_a_card;
ALTER TABLE registry_card DROP CONSTRAINT a_card_its_hospital;
"""


def key(to: str, on_delete: Any = PROTECT, **more: Any) -> models.ForeignKey[Any, Any]:
    """A key that stands in a composite one."""
    return models.ForeignKey(to, on_delete, db_constraint=False, **more)


def institution(**more: Any) -> models.ForeignKey[Any, Any]:
    """The hospital of a row."""
    return key("network.institution", db_index=False, **more)


class Migration(migrations.Migration):
    """The composite keys come last, when the single ones are gone."""

    dependencies = [("registry", "0004_rules_key"), ("patients", "0003_known_children")]
    operations = [
        migrations.AlterField("card", "institution", institution(verbose_name="hospital")),
        migrations.AlterField("card", "child", key("patients.child", related_name="cards", verbose_name="child")),
        migrations.AlterField("card", "view", key("patients.hospitalview", related_name="cards", db_index=False)),
        migrations.AlterField("cardversion", "card", key("registry.card", related_name="versions", db_index=False)),
        migrations.AlterField("cardversion", "institution", institution()),
        migrations.AlterField("finding", "card", key("registry.card", related_name="findings", db_index=False)),
        migrations.AlterField("finding", "institution", institution()),
        migrations.AlterField("cardact", "card", key("registry.card", related_name="acts", db_index=False)),
        migrations.AlterField("cardact", "institution", institution()),
        migrations.AlterField("draft", "card", key("registry.card", CASCADE, null=True, related_name="drafts")),
        migrations.RunSQL(
            CARDS + KEYS,
            UNDO,
            state_operations=[
                migrations.AddConstraint(
                    model_name="card",
                    constraint=models.UniqueConstraint(fields=("id", "institution"), name="a_card_its_hospital"),
                ),
            ],
        ),
    ]
