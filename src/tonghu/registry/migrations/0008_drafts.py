"""A person may have begun several new cards: a draft of each."""

import uuid

from django.db import migrations, models

ONE = models.UniqueConstraint(
    fields=["person_id", "institution", "begun"], condition=models.Q(card=None), name="one_draft_a_new_card"
)
#: Drafts that are there already get one key: a person had one of a new card. Tables of drafts are small.
CHANGE = (
    "ALTER TABLE registry_draft ADD COLUMN begun uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL",
    "-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX one_draft_of_a_new_card",
    "-- squawk-ignore require-concurrent-index-creation\n"
    "CREATE UNIQUE INDEX one_draft_a_new_card ON registry_draft (person_id, institution_id, begun) "
    "WHERE card_id IS NULL",
)
BACK = (
    "DROP INDEX one_draft_a_new_card",
    "ALTER TABLE registry_draft DROP COLUMN begun",
    "CREATE UNIQUE INDEX one_draft_of_a_new_card ON registry_draft (person_id, institution_id) WHERE card_id IS NULL",
)


class Migration(migrations.Migration):
    """By hand, so that each lock is said to be meant."""

    dependencies = [("registry", "0007_reported")]
    operations = [
        migrations.RunSQL(
            CHANGE,
            BACK,
            state_operations=[
                migrations.AddField("draft", "begun", models.UUIDField(default=uuid.uuid4, editable=False)),
                migrations.RemoveConstraint("draft", "one_draft_of_a_new_card"),
                migrations.AddConstraint("draft", ONE),
            ],
        )
    ]
