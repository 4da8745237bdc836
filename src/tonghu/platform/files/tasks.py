"""Periodic jobs of the files room: lives end, and what nobody claims is removed."""

from __future__ import annotations

from functools import partial

from django.db.models import QuerySet
from django.utils import timezone

from tonghu.platform.files import vault
from tonghu.platform.files.models import StoredFile
from tonghu.platform.files.services import destroy
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import job
from tonghu.platform.operations.logs import log


def _over() -> QuerySet[StoredFile]:
    return StoredFile.objects.filter(destroyed_at=None, ends_at__lte=timezone.now())


@job(
    "files.end_lives", zh="销毁到期的文件", en="Destroy files whose time is over",
    cron="*/5 * * * *", system="upkeep", due=lambda: _over().exists(),
)  # fmt: skip
def end_lives(run: Run) -> dict[str, int]:
    """Destroy every file whose life is over."""
    with run.open():
        over = list(_over().values_list("pk", flat=True))
    for n, number in enumerate(over, 1):
        run.once(f"file-{number}", partial(_end, number, run))
        run.report(n, len(over), "files")
    return {"destroyed": len(over)}


@job(
    "files.sweep", zh="清除无主的文件内容", en="Remove what no file claims",
    cron="41 * * * *", system="upkeep",
)  # fmt: skip
def sweep(run: Run) -> dict[str, int]:
    """Remove from the vault what no living row names: uploads that were broken off, files destroyed before a crash."""
    removed = 0
    for place, complete in vault.old_places():
        with run.open():
            claimed = complete and StoredFile.objects.filter(place=place, destroyed_at=None).exists()
        if not claimed:
            vault.remove(place)
            removed += 1
    if removed:
        log.info("files.swept", rows=removed)
    return {"removed": removed}


def _end(number: int, run: Run) -> None:
    destroy(file=number, by=run.scope, why=StoredFile.End.LIFE)
