"""What the log of acts keeps of imports."""

from __future__ import annotations

from typing import Final

from tonghu.platform.audit.kinds import kind, subject_kind

BATCH: Final = subject_kind("batch", zh="导入批次", en="import")

UPLOADED: Final = kind("intake.uploaded", zh="上传了{subject}的文件", en="uploaded the file of {subject}")
#: Rows that were shown by name and are beside no card: no child is known of them yet.
ROWS_SEEN: Final = kind(
    "intake.rows_seen",
    zh="查看了{subject}中尚无报告卡的 {count} 行，行号：{rows}",
    en="looked at {count} rows of {subject} that have no card yet, their numbers: {rows}",
    data=("count", "rows"),
)
CONFIRMED: Final = kind(
    "intake.confirmed",
    zh="确认了{subject}（{number}）：新建 {created}，更新 {updated}，未变 {unchanged}，"
    "略过 {skipped}，未能导入 {failed}",
    en="confirmed {subject} ({number}): {created} created, {updated} updated, {unchanged} unchanged, {skipped} left "
    "out, {failed} failed",
    data=("number", "created", "updated", "unchanged", "skipped", "failed"),
)
DISCARDED: Final = kind("intake.discarded", zh="放弃了{subject}", en="discarded {subject}")
UNDONE: Final = kind(
    "intake.undone",
    zh="撤销了{subject}（{number}）：作废 {voided}，恢复原内容 {restored}，保留 {kept}",
    en="took back {subject} ({number}): {voided} voided, {restored} put back, {kept} kept",
    data=("number", "voided", "restored", "kept"),
)
