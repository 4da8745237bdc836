"""Jobs that store files, for workers that are killed over them. Their vault is the test's."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tonghu.platform.files import vault
from tonghu.platform.files.services import store
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import job


def prepare(in_vault: str) -> None:
    """In a worker: the vault of the test."""
    vault.folder = lambda: Path(in_vault)


def keep(pieces: list[bytes], name: str, run: Run) -> int:
    return store(pieces, name=name, purpose_name="discharge_upload", by=run.scope).pk


@job("sample.store", zh="样例：保存文件", en="Sample: store files")
def store_files(run: Run, *, files: int) -> dict[str, int]:
    for n in range(files):
        pieces = [b"a,b\n", b"%d\n" % n]
        run.once(f"file-{n}", partial(keep, pieces, f"{n}.csv", run))
        run.report(n + 1, files, "files")
    return {"files": files}
