"""Rows remember that somebody chose for them, also when the choice is gone because the card moved on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A choice is set by people; what happens by itself leaves it alone."""

    dependencies = [("intake", "0004_answers")]
    operations = [
        migrations.AddField("row", "chosen", models.BooleanField(db_default=False)),
        # Rights on a protected table are held column by column: see Protect.
        migrations.RunSQL("GRANT UPDATE (chosen) ON intake_row TO tonghu_app", migrations.RunSQL.noop),
    ]
