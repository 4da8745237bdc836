"""Why a file was taken; what was taken before this says nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The column has a default in the database, so that rows from before stay as they are."""

    dependencies = [("files", "0002_walls")]
    operations = [
        migrations.AddField(
            model_name="download",
            name="reason",
            field=models.CharField(db_default="", default="", max_length=400, verbose_name="reason"),
        ),
    ]
