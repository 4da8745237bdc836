"""Whoever asked for the voiding of a reported card does not void it: what happens to a card, again."""

from pathlib import Path

from django.db import migrations

CARDS = (Path(__file__).parent.parent / "cards.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Sites that are new have it already."""

    dependencies = [("registry", "0017_changed_of_month")]
    operations = [migrations.RunSQL(CARDS, migrations.RunSQL.noop)]
