"""A view that only an undone import brought leaves the lists: a column, what asks it, and what empties it.

No row changes: what imports that were undone before this left behind stays as it is.
"""

import re
from functools import reduce
from pathlib import Path

from django.db import migrations, models
from django.db.models import Q

HERE = Path(__file__).parent.parent
BACK, SEARCH, QUESTIONS = (
    (HERE / name).read_text(encoding="utf-8") for name in ("back.sql", "search.sql", "questions.sql")
)
AGAIN = f"{SEARCH}\n{QUESTIONS}".replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
#: What the functions ask of the new column.
ASKED = (
    r"\s+AND (?:NOT )?EXISTS \(SELECT FROM patients_hospitalview[^)]*taken_back IS [^)]*\)",
    r"\s+AND (?:held\.)?taken_back IS NULL",
)
BEFORE = reduce(lambda sql, asked: re.sub(asked, "", sql), ASKED, AGAIN)
UNDO = """
DROP TRIGGER speaks_of_it ON patients_guardian;
DROP TRIGGER speaks_of_it ON patients_identifier;
DROP TRIGGER speaks_of_it ON patients_consent;
DROP TRIGGER speaks_of_it ON patients_grant;
DROP FUNCTION resolver.back_on_the_lists();
"""
#: None of the rows is in it: one look through the table.
INDEX = """
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX view_off_the_lists ON patients_hospitalview (id) WHERE taken_back IS NOT NULL;
"""


class Migration(migrations.Migration):
    """The column, then what asks it, then what empties it."""

    dependencies = [("patients", "0011_parted")]
    operations = [
        migrations.AddField(
            "hospitalview", "taken_back", models.BigIntegerField("off the lists", blank=True, null=True)
        ),
        migrations.AddField("hospitalviewevent", "taken_back", models.BigIntegerField(blank=True, null=True)),
        migrations.RunSQL(
            INDEX,
            "DROP INDEX view_off_the_lists",
            state_operations=[
                migrations.AddIndex(
                    "hospitalview",
                    models.Index(fields=["id"], name="view_off_the_lists", condition=Q(taken_back__isnull=False)),
                )
            ],
        ),
        migrations.RunSQL(AGAIN, BEFORE),
        migrations.RunSQL(BACK, UNDO),
    ]
