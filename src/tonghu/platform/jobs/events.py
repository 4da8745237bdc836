"""Acts on jobs that the log keeps."""

from __future__ import annotations

from typing import Final

from tonghu.platform.audit.kinds import kind, subject_kind

JOB: Final = subject_kind("job", zh="任务", en="job")
TRIED_AGAIN: Final = kind(
    "jobs.tried_again", zh="让失败的{subject}重新执行", en="had the failed {subject} tried again", data=("kind",)
)
RESUMED: Final = kind(
    "jobs.resumed", zh="让已取消的{subject}继续执行", en="had the cancelled {subject} go on", data=("kind",)
)
DROPPED: Final = kind("jobs.dropped", zh="放弃了失败的{subject}", en="dropped the failed {subject}", data=("kind",))
