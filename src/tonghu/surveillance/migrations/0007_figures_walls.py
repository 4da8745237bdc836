"""Who reads figures: an authority those of the regions in its range, points among them; the job writes them."""

from django.db import migrations

from tonghu.platform.scope.policies import Protect, may, system

JOB = system("summary")
IN_RANGE = (
    'region_code COLLATE "C" >= (SELECT scope.region_from()) AND region_code COLLATE "C" < (SELECT scope.region_to())'
)
READ = f"{JOB} OR ({may('surveillance.view')} AND {IN_RANGE})"


class Migration(migrations.Migration):
    """Counts name nobody, yet a small one may tell: nobody reads beyond their region, and the public reads none."""

    dependencies = [("surveillance", "0006_figures")]
    operations = [
        Protect("surveillance_figure", read=READ, insert=JOB, update=JOB, delete=JOB),
        Protect("surveillance_figureofpoint", read=READ, insert=JOB, update=JOB, delete=JOB),
        Protect(
            "surveillance_figuresmade", read=f"{JOB} OR {may('surveillance.view')}", insert=JOB, update=JOB, delete=JOB
        ),
    ]
