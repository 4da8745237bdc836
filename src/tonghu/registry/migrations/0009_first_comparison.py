"""What the first comparison of an imported card finds counts as there at first."""

from pathlib import Path

from django.db import migrations

CARDS = (Path(__file__).parent / "cards_0011.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """The function is put again; sites that are new have it already."""

    dependencies = [("registry", "0008_drafts")]
    operations = [migrations.RunSQL(CARDS, migrations.RunSQL.noop)]
