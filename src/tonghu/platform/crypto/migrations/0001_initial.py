"""Which keys the database knows; only the owner writes it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Makes the table of keys' fingerprints."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="KeyRecord",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("use", models.CharField(max_length=4)),
                ("algorithm", models.CharField(max_length=20)),
                ("fingerprint", models.CharField(max_length=16)),
                ("added_at", models.DateTimeField(auto_now_add=True)),
                ("forgotten_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={"db_table": "crypto_key"},
        ),
        migrations.RunSQL(
            "REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON crypto_key FROM tonghu_app",
            "GRANT INSERT, UPDATE, DELETE ON crypto_key TO tonghu_app",
        ),
    ]
