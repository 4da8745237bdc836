"""Who reads how points stood, and that the job that sums up writes it."""

from django.db import migrations

from tonghu.platform.scope.policies import IN_SCOPE, Protect, may, system

JOB = system("summary")


class Migration(migrations.Migration):
    """Read as the arrivals are; written by the job alone."""

    dependencies = [("surveillance", "0004_standing")]
    operations = [
        Protect(
            "surveillance_standing",
            read=f"{JOB} OR (((SELECT scope.nationwide()) OR {IN_SCOPE}) AND {may('surveillance.view')})",
            insert=JOB,
            update=JOB,
            delete=JOB,
        ),
    ]
