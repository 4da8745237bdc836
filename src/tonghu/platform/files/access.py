"""Who may see files. Everybody sees, takes and withdraws their own, from a post that reaches its institution."""

from __future__ import annotations

from typing import Final

from tonghu.platform.scope.permissions import declare

VIEW: Final = declare(
    "files.view",
    zh="查看本单位文件", en="See the institution's files",
    effect_zh="查看本范围内他人上传或导出的文件清单、期限和销毁记录，不能下载内容。",
    effect_en="Sees the list of files that others in scope stored, their lives and ends; cannot take their content.",
    of_patients=True,
)  # fmt: skip
TAKE: Final = declare(
    "files.take",
    zh="下载本单位文件", en="Take the institution's files",
    effect_zh="下载本范围内他人上传或导出的文件，每次下载都有记录，文件名带下载人标记。",
    effect_en="Takes files that others in scope stored; every download is recorded and marked with who took it.",
    of_patients=True,
)  # fmt: skip
