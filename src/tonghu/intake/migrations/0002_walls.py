"""Who reads and changes imports and the rows that wait: the hospital's own people; the tidying job removes late ones."""

from django.db import migrations

from tonghu.platform.audit.history import ProtectHistory
from tonghu.platform.scope.policies import Protect, may, system

HERE = "institution_id = (SELECT scope.institution())"
UPLOAD = may("intake.upload")
UPKEEP = system("upkeep")
SEEN = f"({HERE} AND ({UPLOAD} OR {may('registry.read')})) OR {UPKEEP}"
OWN_ROWS = f"{HERE} AND {UPLOAD}"


class Migration(migrations.Migration):
    """Puts batches, their history, rows and findings behind row-level security."""

    dependencies = [("intake", "0001_initial"), ("registry", "0002_walls"), ("audit", "0001_history")]
    operations = [
        Protect(
            "intake_batch",
            read=SEEN,
            insert=f"{OWN_ROWS} AND person_id = (SELECT scope.person())",
            update=f"({HERE} AND ({UPLOAD} OR {may('intake.undo')})) OR {UPKEEP}",
        ),
        ProtectHistory("intake_batch_event", read=SEEN),
        Protect(
            "intake_row",
            read=f"({OWN_ROWS}) OR {UPKEEP}",
            insert=OWN_ROWS,
            update=OWN_ROWS,
            delete=f"({OWN_ROWS}) OR {UPKEEP}",
        ),
        Protect(
            "intake_row_finding",
            read=f"({OWN_ROWS}) OR {UPKEEP}",
            insert=OWN_ROWS,
            delete=f"({OWN_ROWS}) OR {UPKEEP}",
        ),
    ]
