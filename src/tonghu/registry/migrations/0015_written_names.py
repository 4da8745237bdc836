"""What several hospitals call a code, for the search of codes; a piece of the system writes it, readers of cards read."""

import django.contrib.postgres.fields
from django.db import migrations, models

from tonghu.platform.scope.policies import Protect, may, system

JOB = system("names")


class Migration(migrations.Migration):
    """A table of its own, made anew by a job."""

    dependencies = [("registry", "0014_supplement_and_drafts")]
    operations = [
        migrations.CreateModel(
            name="WrittenName",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("list_id", models.CharField(max_length=20)),
                ("code", models.CharField(max_length=40, verbose_name="code")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("hospitals", models.IntegerField(verbose_name="hospitals")),
                ("typed", django.contrib.postgres.fields.ArrayField(models.TextField(), default=list)),
                ("made_at", models.DateTimeField(auto_now_add=True, verbose_name="time")),
            ],
            options={
                "verbose_name": "name of a code",
                "constraints": [models.UniqueConstraint(fields=("list_id", "code"), name="one_name_a_code")],
            },
        ),
        Protect("registry_writtenname", read=f"{JOB} OR {may('registry.read')}", insert=JOB, delete=JOB),
    ]
