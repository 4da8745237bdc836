"""Whoever contradicts the child of their record number is a child of their own, and a person is asked."""

from pathlib import Path

from django.db import migrations, models

APART = (Path(__file__).parent.parent / "apart.sql").read_text(encoding="utf-8")
GROUNDS = [
    ("record_number", "One record number, two documents"),
    ("document", "One document, two children"),
    ("names", "One record number, two names and birth dates"),
]


class Migration(migrations.Migration):
    """The function, and the ground that it gives."""

    dependencies = [("patients", "0006_seen_at_once")]
    operations = [
        migrations.AlterField(
            model_name="mergeproposal",
            name="ground",
            field=models.CharField(choices=GROUNDS, max_length=20, verbose_name="ground"),
        ),
        migrations.RunSQL(APART, "DROP FUNCTION resolver.apart(bigint, bigint[], bigint[])"),
    ]
