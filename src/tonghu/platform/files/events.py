"""Acts on files that the log keeps."""

from __future__ import annotations

from typing import Final

from tonghu.platform.audit.kinds import kind, subject_kind, word

FILE: Final = subject_kind("file", zh="文件", en="file")
TAKEN: Final = kind("files.taken", zh="下载了{subject}", en="took {subject}", data=("purpose",))
DESTROYED: Final = kind("files.destroyed", zh="销毁了{subject}", en="destroyed {subject}", data=("purpose", "why"))
#: What the log of exports calls the files of a purpose: kept in Chinese, read in both languages.
EXPORTS: Final = {
    "export": word("报告卡", en="report cards"),
    "marked_workbook": word("标注工作簿", en="marked workbook"),
}
