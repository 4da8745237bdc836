"""Jobs that store files, for workers that are killed over them. Their vault is the test's."""

from __future__ import annotations

from pathlib import Path

from tonghu.platform.files import vault
from tonghu.platform.files.services import store
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import job


def prepare(in_vault: str) -> None:
    """In a worker: the vault of the test."""
    vault.folder = lambda: Path(in_vault)


@job("sample.store", zh="样例：保存文件", en="Sample: store files")
def store_files(run: Run, *, files: int) -> dict[str, int]:
    for n in range(files):
        run.once(
            f"file-{n}",
            lambda n=n: store([b"a,b\n", b"%d\n" % n], name=f"{n}.csv", purpose_name="export", by=run.scope).pk,
        )
        run.report(n + 1, files, "files")
    return {"files": files}
