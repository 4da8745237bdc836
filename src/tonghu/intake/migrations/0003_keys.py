"""Rows and findings name their batch and its hospital in one key: none is put into another hospital's batch."""

from django.db import migrations, models
from django.db.models.deletion import CASCADE, PROTECT

KEYS = """
SELECT set_config('tonghu.scope', '{"system": "migration", "may": ["*"]}', true);
-- squawk-ignore disallowed-unique-constraint, constraint-missing-not-valid
ALTER TABLE intake_batch ADD CONSTRAINT a_batch_its_hospital UNIQUE (id, institution_id);
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE intake_row ADD CONSTRAINT row_of_a_batch FOREIGN KEY (batch_id, institution_id)
  REFERENCES intake_batch (id, institution_id);
-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint
ALTER TABLE intake_row_finding ADD CONSTRAINT finding_of_a_batch FOREIGN KEY (batch_id, institution_id)
  REFERENCES intake_batch (id, institution_id);
"""
UNDO = """
ALTER TABLE intake_row DROP CONSTRAINT row_of_a_batch;
ALTER TABLE intake_row_finding DROP CONSTRAINT finding_of_a_batch;
ALTER TABLE intake_batch DROP CONSTRAINT a_batch_its_hospital;
"""


def of_a_batch(name: str, back: str) -> list[migrations.AlterField]:
    """Let go of a table's two single keys."""
    batch = models.ForeignKey("intake.batch", CASCADE, related_name=back, db_index=False, db_constraint=False)
    institution = models.ForeignKey("network.institution", PROTECT, db_index=False, db_constraint=False)
    return [migrations.AlterField(name, "batch", batch), migrations.AlterField(name, "institution", institution)]


class Migration(migrations.Migration):
    """One key takes the place of two, so staging checks less than before."""

    dependencies = [("intake", "0002_walls")]
    operations = [
        *of_a_batch("row", "rows"),
        *of_a_batch("rowfinding", "findings"),
        migrations.RunSQL(
            KEYS,
            UNDO,
            state_operations=[
                migrations.AddConstraint(
                    model_name="batch",
                    constraint=models.UniqueConstraint(fields=("id", "institution"), name="a_batch_its_hospital"),
                ),
            ],
        ),
    ]
