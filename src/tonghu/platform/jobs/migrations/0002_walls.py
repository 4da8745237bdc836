"""Who sees and steers jobs. The queue's own tables hold numbers only and are open to the app."""

from django.db import migrations

from tonghu.platform.scope.policies import IN_SCOPE, OWN, Protect, may, system

WORKER, UPKEEP = system("worker"), system("upkeep")
CLIENTS_OWN = "client_id = (SELECT scope.client())"
#: A job of the system is seen by the piece that asked, and by who operates the site.
OF_THE_SYSTEM = f"(system <> '' AND (system = (SELECT scope.system()) OR {may('jobs.operate')}))"
MANAGED = f"(system = '' AND {IN_SCOPE} AND {may('jobs.manage')})"
SEEN = "EXISTS (SELECT 1 FROM jobs_job WHERE jobs_job.id = job_id)"


class Migration(migrations.Migration):
    """Puts jobs, their progress and their steps behind row-level security."""

    dependencies = [("jobs", "0001_initial"), ("api", "0002_walls"), ("procrastinate", "0041_post_retry_failed_job")]
    operations = [
        Protect(
            "jobs_job",
            read=f"{OWN} OR {CLIENTS_OWN} OR {OF_THE_SYSTEM} OR ({IN_SCOPE} AND {may('jobs.view')}) OR {MANAGED} "
            f"OR {WORKER} OR {UPKEEP}",
            # Nobody asks in another's name, nor from a post that is not the one they act from.
            insert="person_id = (SELECT scope.person()) AND post_id = (SELECT scope.post()) "
            f"OR {CLIENTS_OWN} AND post_id IS NULL OR person_id IS NULL AND system = (SELECT scope.system())",
            update=f"{OWN} OR {CLIENTS_OWN} OR {OF_THE_SYSTEM} OR {MANAGED} OR {WORKER}",
            delete=UPKEEP,
            actors=("decided_by_id",),
        ),
        # How far it is, and the wish to stop it, go with the job: what may be changed of them is decided by services.
        Protect("jobs_progress", read=SEEN, insert=SEEN, update=SEEN, delete=UPKEEP, actors=("cancel_asked_by_id",)),
        Protect("jobs_step", read=SEEN, insert=WORKER, delete=UPKEEP),
    ]
