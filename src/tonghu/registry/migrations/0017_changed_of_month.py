"""What changed of a month since it was locked is found without reading the whole month of the country."""

from django.db import migrations, models
from django.db.models import Q

NAME, FIELDS = "card_by_month_and_change", ("archive_month", "changed_at", "id")


class Migration(migrations.Migration):
    """Reported cards alone are in it, as in the others of ``OF_REPORTED``: no import pays for it."""

    dependencies = [("registry", "0016_void_reported")]
    operations = [
        migrations.RunSQL(
            "-- squawk-ignore require-concurrent-index-creation\n"
            f"CREATE INDEX {NAME} ON registry_card ({', '.join(FIELDS)}) WHERE first_reported_at IS NOT NULL",
            f"DROP INDEX {NAME}",
            state_operations=[
                migrations.AddIndex(
                    "card", models.Index(fields=FIELDS, name=NAME, condition=Q(first_reported_at__isnull=False))
                )
            ],
        ),
    ]
