"""Jobs that store files, for workers that are killed over them. Their vault is named by ``SAMPLE_VAULT``."""

from __future__ import annotations

import os
from pathlib import Path

from tonghu.platform.files import vault
from tonghu.platform.files.services import store
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import job

if "SAMPLE_VAULT" in os.environ:  # in the worker; the test itself replaces the folder for each test
    vault.folder = lambda: Path(os.environ["SAMPLE_VAULT"])


@job("sample.store", zh="样例：保存文件", en="Sample: store files")
def store_files(run: Run, *, files: int) -> dict[str, int]:
    for n in range(files):
        run.once(
            f"file-{n}",
            lambda n=n: store([b"a,b\n", b"%d\n" % n], name=f"{n}.csv", purpose_name="export", by=run.scope).pk,
        )
        run.report(n + 1, files, "files")
    return {"files": files}
