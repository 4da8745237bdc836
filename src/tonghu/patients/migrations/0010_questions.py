"""The menu's number of questions for an authority, asked of all at once."""

from pathlib import Path

from django.db import migrations

QUESTIONS = (Path(__file__).parent.parent / "questions.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """A function; no row changes."""

    dependencies = [("patients", "0009_rests")]
    operations = [migrations.RunSQL(QUESTIONS, "DROP FUNCTION resolver.questions_of_region(integer)")]
