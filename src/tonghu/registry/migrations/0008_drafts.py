"""A person may have begun several new cards: a draft of each."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    """Drafts that are there already get one key: a person had one of a new card."""

    dependencies = [("registry", "0007_reported")]
    operations = [
        migrations.AddField("draft", "begun", models.UUIDField(default=uuid.uuid4, editable=False)),
        migrations.RemoveConstraint("draft", "one_draft_of_a_new_card"),
        migrations.AddConstraint(
            "draft",
            models.UniqueConstraint(
                fields=["person_id", "institution", "begun"],
                condition=models.Q(card=None),
                name="one_draft_a_new_card",
            ),
        ),
    ]
