"""Zero reports say why they were signed beside a waiting file, and since when there are cards against them."""

from django.db import migrations, models

from tonghu.platform.scope.policies import MIGRATION, may, system

OWN = f"institution_id = (SELECT scope.institution()) AND {may('surveillance.sign')}"
#: The job that looks for cards against them notes since when.
WITH_JOB = f"(({OWN}) OR {system('calendar')}) OR {MIGRATION}"
BEFORE = f"({OWN}) OR {MIGRATION}"
UPDATES = "ALTER POLICY surveillance_zeroreport_update ON surveillance_zeroreport USING ({0}) WITH CHECK ({0})"
DESPITE = models.CharField("why it was signed beside a waiting file", max_length=400, blank=True, db_default="")
SINCE = models.DateTimeField("contradicted by cards", null=True)


class Migration(migrations.Migration):
    """The columns here and in the history, and that the job may write."""

    dependencies = [("surveillance", "0008_arrivals_as_seen")]
    operations = [
        migrations.AddField("zeroreport", "despite", DESPITE),
        migrations.AddField("zeroreport", "contradicted_at", SINCE),
        migrations.AddField("zeroreportevent", "despite", models.CharField(max_length=400, blank=True, db_default="")),
        migrations.AddField("zeroreportevent", "contradicted_at", models.DateTimeField(null=True)),
        # Rights on a protected table are held column by column: see Protect.
        migrations.RunSQL(
            "GRANT UPDATE (contradicted_at) ON surveillance_zeroreport TO tonghu_app", migrations.RunSQL.noop
        ),
        migrations.RunSQL(UPDATES.format(WITH_JOB), UPDATES.format(BEFORE)),
    ]
