"""Parting a view from a child that stood for two: the acts, who sees them, and the resolver's function."""

from pathlib import Path
from typing import Any

from django.db import migrations, models
from django.db.models.deletion import PROTECT

from tonghu.platform.scope.policies import Protect, may

SPLIT = (Path(__file__).parent.parent / "split.sql").read_text(encoding="utf-8")
SEEN = "EXISTS (SELECT 1 FROM patients_hospitalview AS held WHERE held.child_id = {child})"
EITHER = (
    f"({SEEN.format(child='patients_split.child_id')} OR {SEEN.format(child='parted_id')}) AND {may('children.read')}"
)


def key(to: str, **more: Any) -> models.ForeignKey[Any, Any]:
    """A key that leads nowhere back."""
    return models.ForeignKey(to, PROTECT, related_name="+", **more)


class Migration(migrations.Migration):
    """The act and its wall first: the function writes it."""

    dependencies = [("patients", "0003_known_children")]
    operations = [
        migrations.CreateModel(
            name="Split",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("record_number", models.CharField(max_length=20)),
                ("reason", models.CharField(max_length=400, verbose_name="reason")),
                ("person_id", models.BigIntegerField(editable=False, null=True)),
                ("post_id", models.BigIntegerField(editable=False, null=True)),
                ("who", models.TextField(default="", editable=False)),
                ("at", models.DateTimeField(verbose_name="time")),
                ("child", key("patients.child")),
                ("institution", key("network.institution", db_index=False)),
                ("parted", key("patients.child")),
                ("view", key("patients.hospitalview")),
            ],
            options={
                "verbose_name": "split",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("child", models.F("parted")), _negated=True), name="a_split_is_of_two"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="a_split_has_a_reason"
                    ),
                    models.UniqueConstraint(
                        fields=("institution", "record_number", "child"), name="parted_once_from_a_child"
                    ),
                ],
            },
        ),
        Protect("patients_split", read=EITHER),
        migrations.RunSQL(SPLIT, "DROP FUNCTION resolver.split"),
    ]
