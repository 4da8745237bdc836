"""Acts on files that the log keeps."""

from __future__ import annotations

from typing import Final

from tonghu.platform.audit.kinds import kind, subject_kind

FILE: Final = subject_kind("file", zh="文件", en="file")
TAKEN: Final = kind("files.taken", zh="下载了{subject}", en="took {subject}", data=("purpose",))
DESTROYED: Final = kind("files.destroyed", zh="销毁了{subject}", en="destroyed {subject}", data=("purpose", "why"))
