"""Who may bring files in, and take an import back."""

from __future__ import annotations

from typing import Final

from tonghu.platform.scope.permissions import declare

UPLOAD: Final = declare(
    "intake.upload",
    zh="导入出院数据", en="Import discharge data",
    effect_zh="上传本机构的出院病案首页文件，核对后生成或更新报告卡。",
    effect_en="Uploads the own institution's discharge files and, after a look, makes or updates report cards.",
    of_patients=True,
)  # fmt: skip
TAKE_MARKED: Final = declare(
    "intake.take_marked",
    zh="下载标注工作簿", en="Take marked workbooks",
    effect_zh="生成并下载导入文件的标注工作簿（应报告住院的全部栏目）；每次下载写明事由，有记录和水印，文件随导入结束销毁。",
    effect_en="Has the marked workbook of an import made and takes it: the reportable stays, all columns. Each taking "
    "has a reason, is logged and marked; the file ends with its import.",
    of_patients=True,
)  # fmt: skip
UNDO: Final = declare(
    "intake.undo",
    zh="撤销导入", en="Undo an import",
    effect_zh="在归档月锁定之前整批撤销一次导入；导入后改动过的报告卡保留。",
    effect_en="Takes a whole import back until its month is locked; cards changed since stay.",
    of_patients=True,
)  # fmt: skip
