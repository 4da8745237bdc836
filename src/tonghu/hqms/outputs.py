"""The result folder: whole or not at all.

Every file is written under a temporary name beside its place and renamed when all of them are complete, so nobody
ever opens half a result. What the folder or the disk refuses ends in one line, and the temporary files go.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from tonghu.errors import InputRefused
from tonghu.in_place import put_in_place

CASES, FINDINGS, SUMMARY, MARKED = "cases.csv", "findings.csv", "summary.json", "marked.xlsx"
MARKED_BEFORE = "marked-previous.xlsx"
#: What stands in the marked workbook in front of the file's own columns, and all that is printed of it.
MARKED_HEADS = ("数据行号", "病案号", "出院日期", "问题", "病种分组", "触发编码", "诊断位置", "年龄（岁）")


class Outputs:
    """The files of one run in the making: ``with Outputs(folder) as out: … out.path(CASES) … out.publish()``.

    Raises InputRefused where the folder cannot be made or written to; the context turns a full disk into one too.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made_folder = not folder.exists()
        self._names: list[str] = []
        with refusals(folder):
            folder.mkdir(parents=True, exist_ok=True)
            # The work lies inside the result folder: on the same disk, so that a rename is all that publishing takes.
            self.work = Path(tempfile.mkdtemp(prefix=".tonghu-", dir=folder))

    def __enter__(self) -> Outputs:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        if self._made_folder:
            with contextlib.suppress(OSError):
                self.folder.rmdir()  # only when nothing was published into it
        if isinstance(error, OSError):
            raise refusal(error, self.folder) from error

    def spare(self, *given: Path) -> None:
        """Refuse to put a result in the place of a file that the user gave: their only copy may be there."""
        for name in (CASES, FINDINGS, SUMMARY, MARKED):
            for file in given:
                if (self.folder / name).exists() and (self.folder / name).samefile(file):
                    raise InputRefused(
                        f"结果文件 {name} 会覆盖您给出的文件 {file}：请用 --out 指定其他目录，或将该文件改名",
                        f"The result {name} would replace the file that you gave, {file}: name another folder with "
                        "--out, or rename that file",
                    )

    @property
    def has_old_workbook(self) -> bool:
        """Whether the folder holds the marked workbook of an earlier check."""
        return (self.folder / MARKED).exists()

    def path(self, name: str) -> Path:
        """Where to write the file that will be called `name`."""
        if name not in self._names:
            self._names.append(name)
        return self.work / name

    def publish(self) -> tuple[Path, ...]:
        """Give every file its name; returns where they are.

        A marked workbook of an earlier check, which somebody may have written into, is kept under another name: what
        stands together under the names of results belongs together.
        """
        if MARKED not in self._names and self.has_old_workbook:
            (self.folder / MARKED).replace(self.folder / MARKED_BEFORE)
        for name in self._names:
            put_in_place(self.work / name, self.folder / name)
        return tuple(self.folder / name for name in self._names)


@contextlib.contextmanager
def refusals(folder: Path) -> Iterator[None]:
    """Turn what the operating system refuses about `folder` into one clear line."""
    try:
        yield
    except OSError as error:
        raise refusal(error, folder) from error


def refusal(error: OSError, folder: Path) -> InputRefused:
    """The one line for a folder that is not writable, a full disk, and anything else the system says."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return InputRefused(
            f"磁盘空间不足，无法写入结果目录 {folder}；未留下任何结果文件，请清理空间或改用其他目录",
            f"No space left for the result folder {folder}; no result file was left behind: free some space or choose "
            "another folder",
        )
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return InputRefused(
            f"结果目录 {folder} 不是目录：请用 --out 指定一个目录",
            f"The result folder {folder} is not a folder: name one with --out",
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return InputRefused(
            f"结果目录 {folder} 不可写：请更换目录，或关闭正在打开的结果文件后重试",
            f"The result folder {folder} cannot be written to: choose another, or close result files that are open",
        )
    reason = os.strerror(error.errno) if error.errno else str(error)
    return InputRefused(f"无法写入结果目录 {folder}：{reason}", f"Cannot write to the result folder {folder}: {reason}")
