"""A card in force keeps its child on the lists, and brings one back that an undone import took off them."""

from pathlib import Path

from django.db import migrations

BACK = (Path(__file__).parent.parent / "back.sql").read_text(encoding="utf-8")
UNDO = """
DROP TRIGGER stays_listed ON patients_hospitalview;
DROP TRIGGER brings_its_child_back ON registry_card;
DROP TRIGGER brings_its_child ON registry_card;
DROP FUNCTION registry.stays_listed();
DROP FUNCTION registry.bring_back_one();
DROP FUNCTION registry.bring_back();
"""


class Migration(migrations.Migration):
    """Functions; no row changes."""

    dependencies = [("registry", "0021_numbered"), ("patients", "0012_taken_back")]
    operations = [migrations.RunSQL(BACK, UNDO)]
