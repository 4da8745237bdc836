"""Exports of many cards are asked for and made by a job: what was asked for, and why."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tonghu.platform.scope.policies import OWN_HERE, Protect, may


class Migration(migrations.Migration):
    """A table of its own; whoever asked reads it, nobody changes it."""

    dependencies = [
        ("registry", "0022_brings_back"),
        ("network", "0002_scope_institutions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="CardExport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("layout", models.CharField(max_length=4)),
                ("kind", models.CharField(max_length=4)),
                (
                    "cards",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("filters", models.TextField()),
                ("reason", models.CharField(max_length=400, verbose_name="reason")),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                (
                    "institution",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="network.institution",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"verbose_name": "export of report cards"},
        ),
        Protect("registry_cardexport", read=OWN_HERE, insert=f"{OWN_HERE} AND {may('registry.export')}"),
    ]
