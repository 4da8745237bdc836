"""Rows know themselves whether they would give their card another name, whatever state that card is in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Rows of before say what ``why`` said of them; they go within a day."""

    dependencies = [("intake", "0011_card_key_version")]
    operations = [
        migrations.AddField("row", "renames", models.BooleanField(default=False, db_default=False)),
        migrations.RunSQL(
            'SELECT set_config(\'tonghu.scope\', \'{"system": "migration", "may": ["*"]}\', true);'
            "UPDATE intake_row SET renames = true WHERE why = 'renames'",
            migrations.RunSQL.noop,
        ),
        # Rights on a protected table are held column by column: see Protect.
        migrations.RunSQL("GRANT UPDATE (renames) ON intake_row TO tonghu_app", migrations.RunSQL.noop),
    ]
