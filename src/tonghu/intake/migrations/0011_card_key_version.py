"""Rows of an exported file know which version of their card it held, so that what was edited in it is an edit."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Rows of before do not say; they go within a day."""

    dependencies = [("intake", "0010_headings")]
    operations = [
        migrations.AddField("row", "card_key_version", models.IntegerField(default=0, db_default=0)),
        # Rights on a protected table are held column by column: see Protect.
        migrations.RunSQL("GRANT UPDATE (card_key_version) ON intake_row TO tonghu_app", migrations.RunSQL.noop),
    ]
