"""A job asked for at an institution is its asker's only from a post that reaches the institution: people change posts."""

from collections.abc import Iterator

from django.db import migrations

from tonghu.platform.scope.policies import IN_SCOPE, MIGRATION, OWN, OWN_HERE, may, system

WORKER, UPKEEP = system("worker"), system("upkeep")
CLIENTS_OWN = "client_id = (SELECT scope.client())"
OF_THE_SYSTEM = f"(system <> '' AND (system = (SELECT scope.system()) OR {may('jobs.operate')}))"
MANAGED = f"(system = '' AND {IN_SCOPE} AND {may('jobs.manage')})"


def alter(own: str) -> Iterator[str]:
    """Write the policies anew, with what makes a job one's own."""
    changed = f"{own} OR {CLIENTS_OWN} OR {OF_THE_SYSTEM} OR {MANAGED} OR {WORKER}"
    seen = f"{changed} OR ({IN_SCOPE} AND {may('jobs.view')}) OR {UPKEEP}"
    yield f"ALTER POLICY jobs_job_read ON jobs_job USING (({seen}) OR {MIGRATION})"
    yield (
        f"ALTER POLICY jobs_job_update ON jobs_job USING (({changed}) OR {MIGRATION}) "
        f"WITH CHECK (({changed}) OR {MIGRATION})"
    )


class Migration(migrations.Migration):
    """How far a job is, and its steps, follow the job."""

    dependencies = [("jobs", "0002_walls"), ("network", "0002_scope_institutions")]
    operations = [migrations.RunSQL(tuple(alter(OWN_HERE)), tuple(alter(OWN)))]
