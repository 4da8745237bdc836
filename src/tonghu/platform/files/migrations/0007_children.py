"""Whom an export names stands with it, so that the log of taking it can be found by a child."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """What is stored already names nobody."""

    dependencies = [("files", "0006_numbered")]
    operations = [
        migrations.AddField(
            model_name="storedfile", name="children", field=models.JSONField(db_default=[], default=list)
        ),
    ]
