"""Rows know whether they seem cut off, shifted or unreadable: such rows wait for a person."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Rows of before are taken as they were looked at; they go within a day."""

    dependencies = [("intake", "0012_renames")]
    operations = [
        migrations.AddField(
            "row",
            "damage",
            models.CharField(
                blank=True,
                choices=[
                    ("ragged", "More or fewer cells than the header"),
                    ("unreadable", "A date or number became unreadable"),
                    ("empties", "Many filled fields would become blank"),
                ],
                db_default="",
                max_length=10,
            ),
        ),
        # Rights on a protected table are held column by column: see Protect.
        migrations.RunSQL("GRANT UPDATE (damage) ON intake_row TO tonghu_app", migrations.RunSQL.noop),
    ]
