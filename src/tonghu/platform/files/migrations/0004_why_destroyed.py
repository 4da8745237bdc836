"""Why a file was destroyed has a name that pages can say; the database does not change."""

from django.db import migrations, models

WHY = [
    ("life_ended", "its time was over"),
    ("batch_confirmed", "its batch was confirmed"),
    ("batch_discarded", "its batch was discarded"),
    ("record_removed", "its record was removed"),
    ("withdrawn", "withdrawn by its owner"),
]


class Migration(migrations.Migration):
    """State alone: a verbose name makes no SQL."""

    dependencies = [("files", "0003_reason")]
    operations = [
        migrations.AlterField(
            model_name="storedfile",
            name="destroyed_why",
            field=models.CharField(blank=True, choices=WHY, default="", max_length=20, verbose_name="why destroyed"),
        )
    ]
