"""What somebody decided on a row stays when the row goes; rows remember in which state they saw their card."""

import django.contrib.postgres.fields
from django.db import migrations, models
from django.db.models.deletion import CASCADE, PROTECT

from tonghu.intake.models import Choice
from tonghu.platform.scope.policies import Protect, may

HERE = "institution_id = (SELECT scope.institution())"
OWN_ROWS = f"{HERE} AND {may('intake.upload')}"
#: An answer names its batch and its hospital in one key, as rows do.
KEYS = """
SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true);
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE intake_answer ADD CONSTRAINT answer_of_a_batch FOREIGN KEY (batch_id, institution_id)
  REFERENCES intake_batch (id, institution_id);
"""


class Migration(migrations.Migration):
    """An answer is written once, read by whoever imports, and never changed."""

    dependencies = [("intake", "0003_keys")]
    operations = [
        migrations.AddField("row", "card_state", models.CharField(blank=True, db_default="", max_length=20)),
        migrations.AddField("row", "answered", models.BigIntegerField(null=True)),
        # Rights on a protected table are held column by column: see Protect.
        migrations.RunSQL("GRANT UPDATE (card_state, answered) ON intake_row TO tonghu_app", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="Answer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content_key", models.BinaryField()),
                ("card", models.BigIntegerField(null=True)),
                ("card_version", models.IntegerField(null=True)),
                ("choice", models.CharField(choices=Choice.choices, max_length=8)),
                (
                    "changed",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=CASCADE,
                        related_name="answers",
                        to="intake.batch",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(db_constraint=False, db_index=False, on_delete=PROTECT, to="network.institution"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["institution", "content_key"], name="intake_answer_by_content"),
                    models.Index(
                        condition=models.Q(("card__isnull", False)),
                        fields=["institution", "card"],
                        name="intake_answer_by_card",
                    ),
                ],
            },
        ),
        migrations.RunSQL(KEYS, "ALTER TABLE intake_answer DROP CONSTRAINT answer_of_a_batch"),
        Protect("intake_answer", read=OWN_ROWS, insert=OWN_ROWS),
    ]
