"""Rows that wait know whether filling the card's blanks from them writes anything, so that the preview says so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Rows of before are said to fill something, as they were; they go within a day."""

    dependencies = [("intake", "0008_document_key")]
    operations = [
        migrations.AddField("row", "fills", models.BooleanField(default=True, db_default=True)),
        # Rights on a protected table are held column by column: see Protect.
        migrations.RunSQL("GRANT UPDATE (fills) ON intake_row TO tonghu_app", migrations.RunSQL.noop),
    ]
