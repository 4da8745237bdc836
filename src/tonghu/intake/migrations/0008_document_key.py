"""Rows that wait know the identity number of their child by its keyed hash: one stay may come under two record numbers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Rows of before have none: they are not asked about, and go within a day."""

    dependencies = [("intake", "0007_numbered")]
    operations = [
        migrations.AddField("row", "document_key", models.BinaryField(null=True)),
        # Rights on a protected table are held column by column: see Protect.
        migrations.RunSQL("GRANT UPDATE (document_key) ON intake_row TO tonghu_app", migrations.RunSQL.noop),
    ]
