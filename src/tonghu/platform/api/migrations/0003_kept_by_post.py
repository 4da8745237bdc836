"""Answers that are kept for a repeated call are kept for the post that called: people hold several."""

from collections.abc import Iterator

import django.db.models.deletion
from django.db import migrations, models

from tonghu.platform.scope.policies import MIGRATION, system

UPKEEP = system("upkeep")
PERSON, CLIENT = "person_id = (SELECT scope.person())", "client_id = (SELECT scope.client())"
BEFORE = f"({PERSON} OR {CLIENT})"
NOW = f"(({PERSON} AND post_id = (SELECT scope.post())) OR {CLIENT})"
#: Answers are kept for a day: those of before belong to no post, and nobody gets them again.
CONSTRAINT = """
-- squawk-ignore ban-drop-constraint
ALTER TABLE api_keptanswer DROP CONSTRAINT answer_kept_once;
-- squawk-ignore disallowed-unique-constraint, constraint-missing-not-valid
ALTER TABLE api_keptanswer ADD CONSTRAINT answer_kept_once_a_post
  UNIQUE NULLS NOT DISTINCT (person_id, post_id, client_id, operation, key);
"""
BACK = """
ALTER TABLE api_keptanswer DROP CONSTRAINT answer_kept_once_a_post;
ALTER TABLE api_keptanswer ADD CONSTRAINT answer_kept_once
  UNIQUE NULLS NOT DISTINCT (person_id, client_id, operation, key);
"""


def alter(own: str) -> Iterator[str]:
    """Write the policies anew, with what makes an answer one's own."""
    yield f"ALTER POLICY api_keptanswer_read ON api_keptanswer USING (({own} OR {UPKEEP}) OR {MIGRATION})"
    yield f"ALTER POLICY api_keptanswer_insert ON api_keptanswer WITH CHECK (({own}) OR {MIGRATION})"
    yield (
        f"ALTER POLICY api_keptanswer_update ON api_keptanswer "
        f"USING (({own}) OR {MIGRATION}) WITH CHECK (({own}) OR {MIGRATION})"
    )


class Migration(migrations.Migration):
    """The same call from another post is another call."""

    dependencies = [("api", "0002_walls"), ("accounts", "0004_appointing")]
    operations = [
        migrations.AddField(
            model_name="keptanswer",
            name="post",
            field=models.ForeignKey(
                db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+",
                to="accounts.post",
            ),
        ),
        migrations.RunSQL(
            CONSTRAINT,
            BACK,
            state_operations=[
                migrations.RemoveConstraint(model_name="keptanswer", name="answer_kept_once"),
                migrations.AddConstraint(
                    model_name="keptanswer",
                    constraint=models.UniqueConstraint(
                        fields=("person", "post", "client", "operation", "key"), name="answer_kept_once_a_post",
                        nulls_distinct=False,
                    ),
                ),
            ],
        ),
        migrations.RunSQL(tuple(alter(NOW)), tuple(alter(BEFORE))),
    ]  # fmt: skip
