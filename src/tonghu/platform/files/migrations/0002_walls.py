"""Who sees files and their records; nobody deletes one."""

from django.db import migrations

from tonghu.platform.audit.history import ProtectHistory
from tonghu.platform.scope.policies import IN_SCOPE, OWN, Protect, may, system

UPKEEP = system("upkeep")
OF_THE_SYSTEM = "(person_id IS NULL AND system = (SELECT scope.system()))"
TAKEN = f"({IN_SCOPE} AND {may('files.take')})"
SEEN = f"{OWN} OR {OF_THE_SYSTEM} OR ({IN_SCOPE} AND {may('files.view')}) OR {TAKEN} OR {UPKEEP}"


class Migration(migrations.Migration):
    """Puts files, their history and their downloads behind row-level security."""

    dependencies = [("files", "0001_initial")]
    operations = [
        Protect(
            "files_storedfile",
            read=SEEN,
            insert="person_id = (SELECT scope.person()) AND post_id IS NOT DISTINCT FROM (SELECT scope.post()) "
            "OR person_id IS NULL AND system = (SELECT scope.system())",
            update=f"{OWN} OR {OF_THE_SYSTEM} OR {TAKEN} OR {UPKEEP}",
            actors=("destroyed_by_id",),
        ),
        ProtectHistory("files_storedfile_event", read=SEEN),
        Protect(
            "files_download",
            read="EXISTS (SELECT 1 FROM files_storedfile WHERE files_storedfile.id = file_id)",
            insert=f"{OWN} AND post_id IS NOT DISTINCT FROM (SELECT scope.post()) AND EXISTS (SELECT 1 FROM files_storedfile WHERE files_storedfile.id = file_id)",
        ),
    ]
