"""Whoever brought the file that a colleague confirmed is an author too; every version says what it changed.

The card's functions are put again: sites that are new have them already. Which imports a colleague confirmed is known
to the importing room, whose migration names those of before.
"""

from pathlib import Path

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q

CARDS = (Path(__file__).parent.parent / "cards.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """The column first, then the functions that know it."""

    dependencies = [("registry", "0012_let_see")]
    operations = [
        migrations.AddField("cardversion", "brought_by", models.BigIntegerField(null=True, editable=False)),
        migrations.RunSQL(CARDS, migrations.RunSQL.noop),
        AddConstraintNotValid(
            "cardversion",
            models.CheckConstraint(condition=Q(changed__len__gte=1), name="a_version_says_what_it_changed"),
        ),
    ]
