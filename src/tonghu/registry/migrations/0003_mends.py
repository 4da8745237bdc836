"""The numbers of bulk mends."""

from django.db import migrations


class Migration(migrations.Migration):
    """One sequence for the site: a number names one bulk mend, wherever it was."""

    dependencies = [("registry", "0002_walls")]
    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE registry_mend_number; GRANT USAGE ON SEQUENCE registry_mend_number TO tonghu_app",
            "DROP SEQUENCE registry_mend_number",
        )
    ]
